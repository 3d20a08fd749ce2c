"""Templates as the network has them: read all of an account again, when somebody asks and by itself.

The network is asked outside any transaction; what it told is stored in one. Several may read at once: what was
heard since a reading began is newer than it, and stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from domain.channels.channels import Channel, ProblemCode
from domain.channels.template_sync import EVERY, LEASE, Compared, TemplateSync, compared, pause_after, soon
from domain.channels.templates import Template, TemplateStatus
from domain.error_codes import ErrorCode
from domain.errors import Refusal, Refused, forbidden, not_found
from domain.events import TemplateChanged
from domain.ids import BusinessAccountId, ChannelId, OrganizationId, TemplateId
from domain.outbound.failures import SEALED, Remedy, verdict
from domain.people.actors import Actor, Right
from domain.ports.bundle import Ports
from domain.ports.network import Failed, NotSent, Rejected, Unanswered
from domain.ports.store import Transaction
from domain.use_cases.again import again_on_collision
from domain.use_cases.channels.tokens import token_of

STOPPED = {132015: TemplateStatus.PAUSED, 132016: TemplateStatus.DISABLED}
ABOUT_TEMPLATES = frozenset({132000, 132001, 132007, 132008, 132012, 132018, *STOPPED})
"""Codes the network has for a template that is not as it is known here."""

LATER = "The network can't be asked now. Try again in a minute."


@dataclass(frozen=True, slots=True)
class Synced:
    """How many templates came, changed and went since they were last read."""

    added: int
    changed: int
    removed: int


@dataclass(frozen=True, slots=True)
class TemplateReading:
    """A channel through which an account's templates are read, and when that began."""

    account: BusinessAccountId
    token: str
    began: datetime
    claimed: TemplateSync | None = None  # set where a worker reads because it is due


async def sync_templates(ports: Ports, actor: Actor, channel: ChannelId) -> Synced | Refusal:
    """Read every template of the account that a channel belongs to.

    Refuses FORBIDDEN, NOT_FOUND, CHANNEL_UNAVAILABLE (also where the network can't be asked now), PERMISSION_MISSING,
    INVALID with the network's words.
    """
    if not actor.may(Right.LIBRARY):
        return forbidden("read the templates from the network")
    reading = await _through(ports, actor, channel)
    if not isinstance(reading, TemplateReading):
        return reading
    read = await ports.network.templates(reading.token, actor.organization, reading.account, reading.began)
    if not isinstance(read, list):
        return refusal_of(read)
    return await _keep(ports, actor.organization, reading, read)


@again_on_collision
async def _through(ports: Ports, actor: Actor, channel: ChannelId) -> TemplateReading | Refusal:
    began = ports.clock.now()
    async with ports.store.transaction(actor.organization) as tx:
        found = await tx.row(Channel, channel)
    if found is None:
        return not_found("channel", "channelId")
    token = token_or_refusal(ports, found)
    return TemplateReading(found.account, token, began) if isinstance(token, str) else token


async def sync_due(ports: Ports, organization: OrganizationId, account: BusinessAccountId) -> Synced | None:
    """Read an account's templates, if they are still due and nobody else is at it; None where that came to nothing."""
    reading = await _claim(ports, organization, account)
    if reading is None:
        return None
    read = await ports.network.templates(reading.token, organization, account, reading.began)
    if not isinstance(read, list):
        await _put_off(ports, organization, reading, read)
        return None
    return await _keep(ports, organization, reading, read)


def turn_of(account: BusinessAccountId) -> str:
    """The turn of whoever adds to an account: its numbers are counted, its templates known by name and language."""
    return f"account/{account}"


async def read_again(tx: Transaction, account: BusinessAccountId, now: datetime) -> None:
    """Have all templates of an account read soon: what is known of them is not all, or not right."""
    known = await tx.template_sync(account)
    sync = soon(known or TemplateSync(tx.organization, account, None), now)
    if sync != known:
        tx.save(sync)


async def note_template(tx: Transaction, id: TemplateId, code: int | None, now: datetime) -> None:
    """What the network's refusal of a send says of the template: others that wait with it are not to be tried too."""
    if code not in ABOUT_TEMPLATES:
        return
    template = await tx.row(Template, id)
    assert template is not None, "it was there when it left"
    await read_again(tx, template.account, now)
    status = STOPPED.get(code, template.status)
    if status is not template.status:
        tx.save(replace(template, status=status, heard_at=now))
        tx.record(TemplateChanged(template.id))


async def keep_told(tx: Transaction, account: BusinessAccountId, read: Sequence[Template], began: datetime) -> Compared:
    """Store what a reading found, and tell of what is new in it."""
    found = compared(await tx.templates_of(account), read, began)
    news = (*found.added, *found.changed, *found.removed)
    tx.save(*news, *found.same)
    tx.record(*(TemplateChanged(template.id) for template in news))
    return found


async def read_from_now_on(tx: Transaction, account: BusinessAccountId, began: datetime) -> None:
    """An account whose templates were read: again in some hours, unless something was told that is sooner."""
    known = await tx.template_sync(account)
    is_open = known is not None and known.due_at is not None and known.due_at > began
    due_at = known.due_at if known is not None and is_open else began + EVERY
    tx.save(TemplateSync(tx.organization, account, due_at, began))


def token_or_refusal(ports: Ports, channel: Channel) -> str | Refused:
    """The token to speak of templates with; CHANNEL_UNAVAILABLE where none opens, or the channel is not connected."""
    if not _has_token(channel):
        return Refused(ErrorCode.CHANNEL_UNAVAILABLE, f"The number {channel.phone_number} is not connected.")
    token = token_of(ports.vault, channel)
    return token if token is not None else Refused(ErrorCode.CHANNEL_UNAVAILABLE, f"{SEALED.title}. {SEALED.hint}")


def _has_token(channel: Channel) -> bool:
    return channel.can_send and channel.access_token is not None


def refusal_of(failed: Failed) -> Refused:
    """What the network's refusal of a question about templates means to a person."""
    match failed:
        case NotSent() | Unanswered():
            return Refused(ErrorCode.CHANNEL_UNAVAILABLE, LATER)
        case Rejected(code=code, message=message):
            judged = verdict(code, message)
            words = f"{judged.failure.title}. {judged.failure.hint}"
            if judged.problem is ProblemCode.PERMISSION_MISSING:
                return Refused(ErrorCode.PERMISSION_MISSING, words)
            if judged.problem is not None or judged.remedy is Remedy.LATER:
                return Refused(ErrorCode.CHANNEL_UNAVAILABLE, words)
            return Refused(ErrorCode.INVALID, f"The network refused it: {message}")
        case _:
            assert_never(failed)


# ---------------------------------------------------------------- by itself


@again_on_collision
async def _claim(ports: Ports, organization: OrganizationId, account: BusinessAccountId) -> TemplateReading | None:
    now = ports.clock.now()
    async with ports.store.transaction(organization, background=True) as tx:
        sync = await tx.template_sync(account)
        if sync is None or sync.due_at is None or sync.due_at > now:
            return None
        channels = await tx.all_of(Channel)
        token = any_token(ports, account, channels)
        if not isinstance(token, str):
            sealed = any(each.account == account and _has_token(each) for each in channels)
            # Not before a number of the account is connected, or the key to a token is back.
            tx.save(replace(sync, due_at=now + EVERY if sealed else None))
            return None
        claimed = replace(sync, due_at=now + LEASE, begun_at=now, tries=sync.tries + 1)
        tx.save(claimed)
    return TemplateReading(account, token, now, claimed)


def any_token(ports: Ports, account: BusinessAccountId, channels: Sequence[Channel]) -> str | Refused:
    """The token of a number of the account, rather one known to be good; CHANNEL_UNAVAILABLE where none opens."""
    own = sorted(
        (each for each in channels if each.account == account and _has_token(each)),
        key=lambda each: not each.token_valid,
    )
    refusal = Refused(ErrorCode.CHANNEL_UNAVAILABLE, "No number of the template's account is connected.")
    for each in own:
        token = token_or_refusal(ports, each)
        if isinstance(token, str):
            return token
        refusal = token
    return refusal


@again_on_collision
async def _put_off(ports: Ports, organization: OrganizationId, reading: TemplateReading, failed: Failed) -> None:
    now = ports.clock.now()
    asked_s = failed.retry_after_s if isinstance(failed, Rejected) else None
    async with ports.store.transaction(organization, background=True) as tx:
        sync = await tx.template_sync(reading.account)
        if sync is not None and sync == reading.claimed:
            tx.save(replace(sync, due_at=now + max(pause_after(sync), timedelta(seconds=asked_s or 0))))


@again_on_collision
async def _keep(
    ports: Ports, organization: OrganizationId, reading: TemplateReading, read: Sequence[Template]
) -> Synced:
    async with ports.store.transaction(organization, background=reading.claimed is not None) as tx:
        await tx.take_turns([turn_of(reading.account)])
        found = await keep_told(tx, reading.account, read, reading.began)
        sync = await tx.template_sync(reading.account)
        if sync is not None and sync == reading.claimed:
            tx.save(replace(sync, due_at=reading.began + EVERY, tries=0))
        else:
            await read_from_now_on(tx, reading.account, reading.began)
    return Synced(len(found.added), len(found.changed), len(found.removed))
