"""Looking after connected numbers: the network is asked once a minute for each token, however many numbers use it.

What ends by itself is ended, and what waited for that goes out. The network's own trouble, or its silence, says nothing
of a number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from domain.channels.channels import REQUIRED_PERMISSIONS, Channel, Problem, ProblemCode
from domain.channels.health.problems import begun, ended, expired, hearing, stopped_by
from domain.channels.health.readings import with_number_facts
from domain.channels.numbers import AccountFacts
from domain.ids import BusinessAccountId, ChannelId, OrganizationId
from domain.outbound.pace import believed, running
from domain.ports.bundle import Ports
from domain.ports.network import TokenFacts
from domain.ports.store import Transaction
from domain.use_cases.again import again_on_collision
from domain.use_cases.channels.health import keep_channel
from domain.use_cases.channels.tokens import token_of

EVERY = timedelta(minutes=1)
READ_EVERY = timedelta(hours=1)
"""How often an account's numbers and the subscription to its messages are looked at."""

WARNED_BEFORE = timedelta(days=7)
"""So long before its end a token is told to expire."""


@dataclass(frozen=True, slots=True)
class _Shared:
    """A token, and the numbers that speak with it as it was sealed for each."""

    token: str
    sealed: dict[ChannelId, str | None]
    asked_at: datetime
    to_read: set[BusinessAccountId]


async def look_after(ports: Ports, organization: OrganizationId, *channels: ChannelId) -> None:
    """Those that are due, with all others of the same token."""
    for shared in await _taken(ports, organization, channels):
        facts = await ports.network.token_facts(shared.token)
        if not isinstance(facts, TokenFacts):
            continue
        await _noted(ports, organization, shared, partial(with_token_facts, facts, shared.asked_at))
        if facts.valid:
            for account in sorted(shared.to_read):
                await _read(ports, organization, shared, account)


async def _read(ports: Ports, organization: OrganizationId, shared: _Shared, account: BusinessAccountId) -> None:
    """The account's numbers and its subscription, which is mended here where it can be."""
    network, token, asked_at = ports.network, shared.token, ports.clock.now()
    about = await network.account_facts(token, account)
    numbers = await network.numbers(token, account)
    subscribed = await network.is_subscribed(token, account, network.app_id)
    if subscribed is False:
        subscribed = await network.subscribe(token, account) is None
    known = {each.id: each for each in numbers} if isinstance(numbers, list) else {}

    def read(channel: Channel, now: datetime) -> Channel:
        if channel.account != account:
            return channel
        after = replace(channel, read_at=asked_at)
        if isinstance(about, AccountFacts):
            after = hearing(replace(after, business_verified=about.verified), "verified", asked_at)
        if (facts := known.get(channel.phone_number_id)) is not None:
            after = with_number_facts(after, facts, asked_at, now)
        return with_subscription(after, subscribed, asked_at, now) if isinstance(subscribed, bool) else after

    await _noted(ports, organization, shared, read)


@again_on_collision
async def _taken(ports: Ports, organization: OrganizationId, due: Sequence[ChannelId]) -> list[_Shared]:
    """The tokens to ask about: taken in a transaction, so that no other worker asks about them in this minute."""
    now = ports.clock.now()
    async with ports.store.transaction(organization, background=True) as tx:
        every = [each for each in await tx.all_of(Channel) if each.check_due_at is not None]
        tokens = {each.id: token_of(ports.vault, each) if each.can_send else None for each in every}
        asked = {tokens[each.id] for each in every if each.id in due and _is_due(each, now)} - {None}
        taken: dict[str, _Shared] = {}
        for each in every:
            token = tokens[each.id]
            if token in asked and token is not None:
                shared = taken.setdefault(token, _Shared(token, {}, now, set()))
                shared.sealed[each.id] = each.access_token
                if each.read_at is None or each.read_at + READ_EVERY <= now or each.read_at > now:
                    shared.to_read.add(each.account)
            elif not (each.id in due and _is_due(each, now)):
                continue
            await _resume(tx, keep_channel(tx, each, _in_time(each, now), now), now)
    return list(taken.values())


def _is_due(channel: Channel, now: datetime) -> bool:
    return channel.check_due_at is not None and channel.check_due_at <= now


def _in_time(channel: Channel, now: datetime) -> Channel:
    """The channel without what time has ended; when it is looked after next."""
    after = expired(channel, now)
    if after.former_secret_until is not None and after.former_secret_until <= now:
        after = replace(after, former_app_secret=None, former_app_secret_print=None, former_secret_until=None)
    if not after.can_send:
        return replace(after, check_due_at=None)
    ends = [each.expires_at for each in after.problems if each.expires_at is not None]
    return replace(after, check_due_at=min([now + EVERY, *ends]))


async def _resume(tx: Transaction, channel: Channel, now: datetime) -> None:
    """What waited for the end of a problem goes out."""
    if stopped_by(channel) is not None or not channel.can_send or channel.access_token is None:
        return
    pace = await tx.pace(channel.id)
    if pace is not None and pace.stopped:
        tx.save(running(believed(pace, now)))


@again_on_collision
async def _noted(
    ports: Ports, organization: OrganizationId, shared: _Shared, change: Callable[[Channel, datetime], Channel]
) -> None:
    """Whatever became of a number meanwhile stands: one that has another token is passed over."""
    now = ports.clock.now()
    async with ports.store.transaction(organization, background=True) as tx:
        for channel in await tx.all_of(Channel):
            if channel.can_send and channel.access_token == shared.sealed.get(channel.id, ""):
                kept = keep_channel(tx, channel, change(channel, now), now)
                await _resume(tx, kept, now)


def with_subscription(channel: Channel, subscribed: bool, asked_at: datetime, now: datetime) -> Channel:
    after = replace(channel, webhook_subscribed=subscribed)
    if subscribed:
        return ended(after, ProblemCode.WEBHOOK_NOT_SUBSCRIBED, asked_at)
    message = "WhatsApp does not send this account's messages here, and subscribing to them was refused."
    hint = "Give the app full control of the WhatsApp account in Meta's business settings; it is tried again by itself."
    problem = Problem(ProblemCode.WEBHOOK_NOT_SUBSCRIBED, message, hint, since=now, told_at=asked_at)
    return begun(after, problem, now)


def with_token_facts(facts: TokenFacts, asked_at: datetime, channel: Channel, now: datetime) -> Channel:
    """The channel as what the network says of its token makes it."""

    def problem(code: ProblemCode, message: str, hint: str, expires_at: datetime | None = None) -> Problem:
        return Problem(code, message, hint, since=now, expires_at=expires_at, told_at=asked_at)

    if not facts.valid:
        message = "The access token is no longer accepted."
        hint = "Give the number a new access token; what waits goes out then."
        return begun(channel, problem(ProblemCode.TOKEN_INVALID, message, hint), now)
    after = replace(ended(channel, ProblemCode.TOKEN_INVALID, asked_at), token_expires_at=facts.expires_at)
    missing = tuple(name for name in REQUIRED_PERMISSIONS if name not in facts.permissions)
    if missing:
        message = f"The access token lacks the permission {', '.join(missing)}."
        hint = "Give the app this permission in Meta's business settings, then give the number a new access token."
        after = begun(after, problem(ProblemCode.PERMISSION_MISSING, message, hint), now)
    elif channel.missing_permissions:
        after = ended(after, ProblemCode.PERMISSION_MISSING, asked_at)
    after = replace(after, missing_permissions=missing)
    if facts.expires_at is None or facts.expires_at - now > WARNED_BEFORE:
        return ended(after, ProblemCode.TOKEN_EXPIRING, asked_at)
    hint = "Give the number a new access token before; one of a system user can be made that never expires."
    expiring = problem(ProblemCode.TOKEN_EXPIRING, "The access token expires soon.", hint, facts.expires_at)
    return begun(after, expiring, now)
