"""Connecting a business number with a token of one's own.

The network is asked first, outside any transaction; then the channel, its templates and its names are stored at once.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from domain.channels.channels import (
    NUMBERS_PER_ACCOUNT,
    REQUIRED_PERMISSIONS,
    TERMS_VERSION,
    Channel,
    ChannelState,
    Destination,
    Terms,
)
from domain.channels.templates import Template
from domain.error_codes import ErrorCode
from domain.errors import Refusal, Refused, forbidden, invalid
from domain.events import ChannelChanged
from domain.ids import BusinessAccountId, ChannelId, PhoneNumberId
from domain.outbound.pace import at_rest
from domain.people.actors import Actor, Right
from domain.people.organizations import NAME_LIMIT
from domain.ports.bundle import Ports
from domain.ports.directory import Directory, DirectoryEntry
from domain.ports.network import AccountFacts, Failed, NotSent, NumberFacts, Rejected, Unanswered
from domain.ports.store import Transaction
from domain.use_cases.again import again_on_collision
from domain.use_cases.channels.templates import keep_told, read_from_now_on, turn_of

PIN = re.compile(r"[0-9]{6}")
NETWORK_ID = re.compile(r"[0-9]{1,32}")


@dataclass(frozen=True, slots=True)
class ConnectChannel:
    accept_terms: bool
    access_token: str | None
    account: BusinessAccountId
    number: PhoneNumberId
    app_secret: str | None = None
    name: str | None = None  # the number's display name where left out
    destination: Destination = Destination.HELP_DESK
    pin: str | None = None  # made where left out


@dataclass(frozen=True, slots=True)
class _Attempt:
    """Who connects what, with the token and the PIN that the network is asked with."""

    actor: Actor
    command: ConnectChannel
    token: str
    pin: str


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the network says of the number, its account and its templates."""

    account: AccountFacts
    number: NumberFacts
    templates: list[Template]
    read_at: datetime


async def connect_channel(ports: Ports, actor: Actor, command: ConnectChannel) -> Channel | Refusal:
    """Check the token, register the number where it is not, have its webhooks sent here, read its templates.

    Refuses FORBIDDEN, INVALID, PERMISSION_MISSING (naming them), VERIFICATION_FAILED, TOO_MANY_NUMBERS,
    CHANNEL_ALREADY_CONNECTED, NUMBER_LINKED_ELSEWHERE, CHANNEL_UNAVAILABLE (the network can't be asked now).
    """
    if not actor.may(Right.CHANNELS):
        return forbidden("connect channels")
    if refusal := _fault(command):
        return refusal
    if refusal := await _early_refusal(ports, actor, command):
        return refusal
    attempt = _Attempt(actor, command, command.access_token or "", command.pin or _made_pin(ports))
    facts = await _ask(ports, attempt)
    if not isinstance(facts, _Facts):
        return facts
    return await _keep(ports, attempt, facts)


@again_on_collision
async def _early_refusal(ports: Ports, actor: Actor, command: ConnectChannel) -> Refusal | None:
    """What the network need not be asked for. It may be otherwise when the answer is here, so it is asked again."""
    async with ports.store.transaction(actor.organization) as tx:
        return await _place_refusal(ports.directory, tx, command)


@again_on_collision
async def _keep(ports: Ports, attempt: _Attempt, facts: _Facts) -> Channel | Refusal:
    now, command = ports.clock.now(), attempt.command
    async with ports.store.transaction(attempt.actor.organization) as tx:
        await tx.take_turns([turn_of(command.account)])  # its numbers are counted, its templates compared
        if refusal := await _place_refusal(ports.directory, tx, command):
            return refusal
        if not await tx.enlist(DirectoryEntry.NUMBER, command.number, command.number):
            return _linked_elsewhere()
        await tx.enlist(DirectoryEntry.ACCOUNT, command.account, command.account)
        known = next((each for each in await tx.all_of(Channel) if each.phone_number_id == command.number), None)
        channel = _connected(ports, attempt, facts, known, now)
        tx.save(channel, at_rest(channel, now))  # what waited for a new token goes at once
        tx.record(ChannelChanged(channel.id))
        await keep_told(tx, command.account, facts.templates, facts.read_at)
        await read_from_now_on(tx, command.account, facts.read_at)
    return channel


def _fault(command: ConnectChannel) -> Refusal | None:
    if not command.accept_terms:
        return invalid("The terms have to be accepted before a number can be connected.", "acceptTerms")
    if not command.access_token or not command.access_token.strip():
        return invalid("A token is needed.", "accessToken")
    if len(command.access_token) > 4096 or not command.access_token.isascii() or not command.access_token.isprintable():
        return invalid("This is not a token.", "accessToken")
    if not NETWORK_ID.fullmatch(command.account):
        return invalid("A business account's id is a row of digits.", "businessAccountId")
    if not NETWORK_ID.fullmatch(command.number):
        return invalid("A phone number's id is a row of digits.", "phoneNumberId")
    if command.name is not None and not 1 <= len(command.name.strip()) <= NAME_LIMIT:
        return invalid(f"A name has 1 to {NAME_LIMIT} characters.", "name")
    if command.pin is not None and not PIN.fullmatch(command.pin):
        return invalid("A PIN has six digits.", "pin")
    return None


async def _place_refusal(directory: Directory, tx: Transaction, command: ConnectChannel) -> Refusal | None:
    """Whether the organization may have this number: not twice, not elsewhere, not one too many of its account."""
    channels = await tx.all_of(Channel)
    live = [each for each in channels if each.state is not ChannelState.DISCONNECTED]
    if any(each.phone_number_id == command.number for each in live):
        return Refused(
            ErrorCode.CHANNEL_ALREADY_CONNECTED,
            "This number is connected here already. Disconnect it first to connect it anew.",
            ("phoneNumberId",),
        )
    if sum(each.account == command.account for each in live) >= NUMBERS_PER_ACCOUNT:
        return Refused(
            ErrorCode.TOO_MANY_NUMBERS,
            f"A business account has at most {NUMBERS_PER_ACCOUNT} numbers.",
            ("businessAccountId",),
        )
    listed = await directory.find(DirectoryEntry.NUMBER, [command.number])
    if any(organization != tx.organization for _, organization, _ in listed):
        return _linked_elsewhere()
    return None


async def _ask(ports: Ports, attempt: _Attempt) -> _Facts | Refusal:
    command = attempt.command
    token_facts = await ports.network.token_facts(attempt.token)
    if isinstance(token_facts, Failed):
        return _no_answer(token_facts, "accessToken")
    if not token_facts.valid:
        return Refused(ErrorCode.INVALID, "The network says that this token is not valid.", ("accessToken",))
    missing = [name for name in REQUIRED_PERMISSIONS if name not in token_facts.permissions]
    if missing:
        return Refused(
            ErrorCode.PERMISSION_MISSING, f"The token lacks the permission {', '.join(missing)}.", ("accessToken",)
        )
    account = await ports.network.account_facts(attempt.token, command.account)
    if isinstance(account, Failed):
        return _no_answer(account, "businessAccountId")
    numbers = await ports.network.numbers(attempt.token, command.account)
    if isinstance(numbers, Failed):
        return _no_answer(numbers, "businessAccountId")
    number = next((each for each in numbers if each.id == command.number), None)
    if number is None:
        return invalid("The business account has no such number.", "phoneNumberId")
    if not number.code_verified:
        return Refused(
            ErrorCode.VERIFICATION_FAILED, "The number has to be verified by a code first.", ("phoneNumberId",)
        )
    return await _join(ports, attempt, account, number)


async def _join(ports: Ports, attempt: _Attempt, account: AccountFacts, number: NumberFacts) -> _Facts | Refusal:
    """Register only a number that is not connected: the network counts such calls."""
    token, command = attempt.token, attempt.command
    if not number.connected:
        failed = await ports.network.register(token, number.id, attempt.pin)
        if failed is not None:
            return _no_answer(failed, "pin" if command.pin else "phoneNumberId")
    failed = await ports.network.subscribe(token, command.account)
    if failed is not None:
        return _no_answer(failed, "businessAccountId")
    began = ports.clock.now()
    templates = await ports.network.templates(token, attempt.actor.organization, command.account, began)
    if isinstance(templates, Failed):
        return _no_answer(templates, "businessAccountId")
    return _Facts(account, number, templates, began)


def _connected(ports: Ports, attempt: _Attempt, facts: _Facts, known: Channel | None, now: datetime) -> Channel:
    """The channel, a new one or the same number connected again."""
    command, organization = attempt.command, attempt.actor.organization
    seal = ports.vault.seal
    base = known or Channel(
        organization=organization,
        id=ChannelId(ports.ids.new()),
        name=facts.number.display_name,
        phone_number=facts.number.phone_number,
        phone_number_id=command.number,
        account=command.account,
        destination=command.destination,
        state=ChannelState.CONNECTED,
        created_at=now,
    )
    secret = command.app_secret or None
    return replace(
        base,
        name=command.name.strip() if command.name else base.name,
        phone_number=facts.number.phone_number,
        account=command.account,
        destination=command.destination,
        state=ChannelState.CONNECTED,
        connected_at=now,
        access_token=seal(organization, "access_token", attempt.token),
        app_secret=seal(organization, "app_secret", secret) if secret else None,
        app_secret_print=ports.vault.print(secret) if secret else None,
        pin=seal(organization, "pin", attempt.pin),
        terms=Terms(attempt.actor.author, now, TERMS_VERSION),
        token_valid=True,
        webhook_subscribed=True,
        business_verified=facts.account.verified,
        quality_rating=facts.number.quality_rating,
        messaging_limit=facts.number.messaging_limit,
        throughput_per_second=facts.number.throughput_per_second,
        missing_permissions=(),
        problems=(),
    )


def _no_answer(failed: Failed, field: str) -> Refused:
    match failed:
        case Rejected(message=message):
            return Refused(ErrorCode.INVALID, f"The network refused it: {message}", (field,))
        case NotSent() | Unanswered():
            return Refused(ErrorCode.CHANNEL_UNAVAILABLE, "The network can't be asked now. Try again in a minute.")
        case _:
            assert_never(failed)


def _linked_elsewhere() -> Refused:
    return Refused(
        ErrorCode.NUMBER_LINKED_ELSEWHERE,
        "This number is connected elsewhere. It has to be disconnected there first.",
        ("phoneNumberId",),
    )


def _made_pin(ports: Ports) -> str:
    """Six digits from a random secret."""
    return str(int.from_bytes(ports.ids.secret().encode(), "big") % 1_000_000).zfill(6)
