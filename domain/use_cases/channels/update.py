"""Changing a connected number: its name, how it is worked with, its token and secret, and its profile.

A new token is shown to the network first, outside any transaction: one that does not reach the number's account changes
nothing. A new secret is taken at once, and the one before it for a while longer.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.channels.channels import AssignmentRule, AssignmentStrategy, Channel, ProblemCode
from domain.channels.drafts import missing_permissions
from domain.channels.health.problems import ended
from domain.channels.numbers import NumberFacts
from domain.channels.profiles import BusinessProfile, ProfileChange, profile_fault
from domain.error_codes import ErrorCode
from domain.errors import Refusal, Refused, forbidden, invalid, not_found
from domain.given import UNSET, Left
from domain.ids import ChannelId
from domain.outbound.pace import at_rest
from domain.people.actors import Actor, Right
from domain.people.organizations import NAME_LIMIT, User, normal_skills, skills_fault
from domain.people.teams import Team
from domain.ports.bundle import Ports
from domain.ports.network import TokenFacts
from domain.ports.store import Transaction
from domain.tickets import ReopenPolicy
from domain.use_cases.again import again_on_collision
from domain.use_cases.channels.discover import failure, read_secret, read_token, token_refusal
from domain.use_cases.channels.health import keep_channel
from domain.use_cases.channels.tokens import token_of

FORMER_SECRET_FOR = timedelta(hours=48)
"""So long what is signed with the secret before is taken too: changing it in both places takes a while."""

IDLE_HOURS_LIMIT = 8760  # a year
ASSIGNED_LIMIT = 100  # users, and teams

_OF_TOKEN = (
    ProblemCode.TOKEN_INVALID,
    ProblemCode.TOKEN_EXPIRING,
    ProblemCode.PERMISSION_MISSING,
    ProblemCode.WEBHOOK_NOT_SUBSCRIBED,
)
"""What a token that the network takes, with all its permissions, ends."""


@dataclass(frozen=True, slots=True)
class UpdateChannel:
    """None leaves as it is; of the idle hours None is never, and UNSET leaves them."""

    channel: ChannelId
    name: str | None = None
    access_token: str | None = None
    app_secret: str | None = None
    send_read_receipts: bool | None = None
    reopen_policy: ReopenPolicy | None = None
    close_after_idle_hours: int | Left | None = UNSET
    assignment: AssignmentRule | None = None
    profile: ProfileChange | None = None

    @property
    def asks_network(self) -> bool:
        return self.access_token is not None or self.profile is not None


@dataclass(frozen=True, slots=True)
class _Told:
    """What the network said: of the new token, and what the profile is now."""

    token: str | None = None
    facts: TokenFacts | None = None
    profile: BusinessProfile | None = None


async def update_channel(ports: Ports, actor: Actor, command: UpdateChannel) -> Channel | Refusal:
    """Refuses FORBIDDEN, INVALID, NOT_FOUND (the number, a user, a team), PERMISSION_MISSING (naming them),
    CHANNEL_UNAVAILABLE (it is not connected, or the network can't be asked now), and what the network refuses of a
    profile. What is refused changes nothing here; a profile that was written before stays written.
    """
    if not actor.may(Right.CHANNELS):
        return forbidden("change channels")
    if refusal := _fault(command):
        return refusal
    channel = await _seen(ports, actor, command)
    if not isinstance(channel, Channel):
        return channel
    told = await _ask(ports, channel, command) if command.asks_network else _Told()
    if not isinstance(told, _Told):
        return told
    return await _keep(ports, actor, command, told)


def _fault(command: UpdateChannel) -> Refusal | None:
    if command.name is not None and not 1 <= len(command.name.strip()) <= NAME_LIMIT:
        return invalid(f"A name has 1 to {NAME_LIMIT} characters.", "name")
    if command.access_token is not None and isinstance(token := read_token(command.access_token), Refused):
        return token
    if command.app_secret is not None and isinstance(secret := read_secret(command.app_secret), Refused):
        return secret
    hours = command.close_after_idle_hours
    if isinstance(hours, int) and not 1 <= hours <= IDLE_HOURS_LIMIT:
        return invalid(f"From 1 to {IDLE_HOURS_LIMIT:,} hours, or null for never.", "closeAfterIdleHours")
    if command.assignment is not None and (refusal := _rule_fault(command.assignment)):
        return refusal
    return profile_fault(command.profile, "profile") if command.profile is not None else None


def _rule_fault(rule: AssignmentRule) -> Refusal | None:
    named = bool(rule.users or rule.teams or rule.skills)
    if rule.strategy is AssignmentStrategy.NONE and named:
        return invalid("With NONE nobody is named: work waits for whoever takes it.", "assignment", "strategy")
    for members, name in ((rule.users, "userIds"), (rule.teams, "teamIds")):
        if len(members) > ASSIGNED_LIMIT:
            return invalid(f"At most {ASSIGNED_LIMIT}.", "assignment", name)
    fault = skills_fault(rule.skills)
    return invalid(fault, "assignment", "skills") if fault is not None else None


@again_on_collision
async def _seen(ports: Ports, actor: Actor, command: UpdateChannel) -> Channel | Refusal:
    async with ports.store.transaction(actor.organization) as tx:
        channel = await tx.row(Channel, command.channel)
        return await _refusal(tx, channel, command) or channel or not_found("channel", "channelId")


async def _refusal(tx: Transaction, channel: Channel | None, command: UpdateChannel) -> Refusal | None:
    if channel is None:
        return not_found("channel", "channelId")
    if not channel.can_send and (command.asks_network or command.app_secret is not None):
        words = "The number is not connected. Connect it again: its token, secret and profile are asked for there."
        return Refused(ErrorCode.CHANNEL_UNAVAILABLE, words, ("channelId",))
    return await _members_refusal(tx, command.assignment) if command.assignment is not None else None


async def _members_refusal(tx: Transaction, rule: AssignmentRule) -> Refusal | None:
    users = await tx.by_ids(User, rule.users) if rule.users else {}
    for id in rule.users:
        user = users.get(id)
        if user is None:
            return not_found("user", "assignment", "userIds")
        if not user.active:
            return invalid(f"{user.name} is not active any more.", "assignment", "userIds")
    teams = await tx.by_ids(Team, rule.teams) if rule.teams else {}
    if any(id not in teams for id in rule.teams):
        return not_found("team", "assignment", "teamIds")
    return None


# ---------------------------------------------------------------- what the network says


async def _ask(ports: Ports, channel: Channel, command: UpdateChannel) -> _Told | Refusal:
    told = _Told()
    if command.access_token is not None:
        checked = await _checked(ports, channel, command)
        if not isinstance(checked, _Told):
            return checked
        told = checked
    if command.profile is None:
        return told
    token = told.token or token_of(ports.vault, channel)
    if token is None:
        return Refused(ErrorCode.CHANNEL_UNAVAILABLE, "The number has no token that opens. Give it a new one first.")
    return await _with_profile(ports, channel, command.profile, token, told)


async def _checked(ports: Ports, channel: Channel, command: UpdateChannel) -> _Told | Refusal:
    """The token, if it is good, reaches this number with all it needs, and the account's messages come here."""
    token, field = read_token(command.access_token), "accessToken"
    assert isinstance(token, str), "it was looked at before"
    facts = await ports.network.token_facts(token)
    if not isinstance(facts, TokenFacts):
        return failure("Checking the token", facts, field)
    own_secret = bool(command.app_secret or channel.app_secret)
    if refusal := token_refusal(ports, facts, field, own_secret=own_secret):
        return refusal
    if missing := missing_permissions(facts.permissions):
        told = f"The token lacks the permission {', '.join(missing)}."
        return Refused(ErrorCode.PERMISSION_MISSING, told, (field,))
    numbers = await ports.network.numbers(token, channel.account)
    if not isinstance(numbers, list):
        return failure("Reading the number's account with this token", numbers, field)
    if all(each.id != channel.phone_number_id for each in numbers):
        return invalid("This token is of another account: it does not reach this number. The old one stays.", field)
    failed = await ports.network.subscribe(token, channel.account)
    if failed is not None:
        return failure("Subscribing to the account's messages", failed, field)
    return _Told(token, facts)


async def _with_profile(
    ports: Ports, channel: Channel, change: ProfileChange, token: str, told: _Told
) -> _Told | Refusal:
    failed = await ports.network.change_profile(token, channel.phone_number_id, change)
    if failed is not None:
        return failure("Writing the business profile", failed, "profile")
    number = await ports.network.number(token, channel.phone_number_id)
    if not isinstance(number, NumberFacts):
        return told
    profile = await ports.network.profile(token, number)
    return replace(told, profile=profile) if isinstance(profile, BusinessProfile) else told


# ---------------------------------------------------------------- what is kept


@again_on_collision
async def _keep(ports: Ports, actor: Actor, command: UpdateChannel, told: _Told) -> Channel | Refusal:
    """It may be otherwise than it was before the network was asked, so everything is asked again."""
    now = ports.clock.now()
    async with ports.store.transaction(actor.organization) as tx:
        channel = await tx.row(Channel, command.channel)
        if refusal := await _refusal(tx, channel, command):
            return refusal
        assert channel is not None, "that was looked at"
        after = _worked_with(channel, command)
        if command.app_secret is not None:
            secret = read_secret(command.app_secret)
            assert isinstance(secret, str), "it was looked at before"
            after = _with_secret(ports, after, secret, now)
        if told.profile is not None:
            after = replace(after, profile=told.profile)
        if told.token is not None and told.facts is not None:
            after = _with_token(ports, after, told.token, told.facts, now)
            tx.save(at_rest(after, now))  # what waited for it goes at once
        return keep_channel(tx, channel, after, now)


def _worked_with(channel: Channel, command: UpdateChannel) -> Channel:
    hours, rule = command.close_after_idle_hours, command.assignment
    if rule is not None:
        users, teams = tuple(dict.fromkeys(rule.users)), tuple(dict.fromkeys(rule.teams))
        rule = replace(rule, users=users, teams=teams, skills=normal_skills(rule.skills))
    receipts = command.send_read_receipts
    return replace(
        channel,
        name=command.name.strip() if command.name is not None else channel.name,
        send_read_receipts=channel.send_read_receipts if receipts is None else receipts,
        reopen_policy=command.reopen_policy or channel.reopen_policy,
        close_after_idle_hours=channel.close_after_idle_hours if hours is UNSET else hours,
        assignment=rule or channel.assignment,
    )


def _with_secret(ports: Ports, channel: Channel, secret: str, now: datetime) -> Channel:
    """The one in use becomes the former one, for a while; the same one again changes nothing."""
    named = ports.vault.print(secret)
    if named == channel.app_secret_print:
        return channel
    sealed = ports.vault.seal(channel.organization, "app_secret", secret)
    after = replace(channel, app_secret=sealed, app_secret_print=named)
    if channel.app_secret is None:
        return after
    return replace(
        after,
        former_app_secret=channel.app_secret,
        former_app_secret_print=channel.app_secret_print,
        former_secret_until=now + FORMER_SECRET_FOR,
    )


def _with_token(ports: Ports, channel: Channel, token: str, facts: TokenFacts, now: datetime) -> Channel:
    after = channel
    for code in _OF_TOKEN:
        after = ended(after, code, now)
    return replace(
        after,
        access_token=ports.vault.seal(channel.organization, "access_token", token),
        token_valid=True,
        token_expires_at=facts.expires_at,
        webhook_subscribed=True,
        missing_permissions=(),
        check_due_at=now,
        read_at=None,
    )
