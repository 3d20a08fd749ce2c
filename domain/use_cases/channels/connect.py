"""Connecting a business number, from a sign-in's draft or with a token of one's own.

The network is asked first, outside any transaction; then the channel, its templates and its names are stored at once.
Whatever stops it in between, a try that comes later finds what was done: a number that was registered is so with a PIN
that was kept before, and the rest can be asked for twice.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from domain.channels.channels import TERMS_VERSION, Channel, ChannelState, Destination, Terms
from domain.channels.drafts import Registration, missing_permissions, taken
from domain.channels.health.readings import with_number_facts
from domain.channels.network_refusals import is_wrong_pin
from domain.channels.numbers import (
    LINKED_ELSEWHERE,
    AccountFacts,
    NumberFacts,
    Obstacle,
    network_obstacle,
    place_obstacle,
)
from domain.channels.profiles import BusinessProfile, ProfileChange, profile_fault
from domain.channels.templates import Template
from domain.error_codes import ErrorCode
from domain.errors import REFUSALS, Refusal, Refused, forbidden, invalid
from domain.events import ChannelChanged
from domain.ids import BusinessAccountId, ChannelId, ConnectionDraftId, PhoneNumberId
from domain.outbound.pace import at_rest
from domain.people.actors import Actor, Right
from domain.people.organizations import NAME_LIMIT
from domain.ports.bundle import Ports
from domain.ports.directory import Directory, DirectoryEntry
from domain.ports.network import Rejected, TokenFacts
from domain.ports.store import Transaction
from domain.ports.system import Vault
from domain.use_cases.again import again_on_collision
from domain.use_cases.channels.disconnect import account_is_used
from domain.use_cases.channels.discover import failure, read_secret, read_token, token_refusal
from domain.use_cases.channels.drafts import DraftRoom, OpenDraft
from domain.use_cases.channels.health import found_its_number
from domain.use_cases.channels.templates import keep_told, read_from_now_on, turn_of

PIN = re.compile(r"[0-9]{6}")
NETWORK_ID = re.compile(r"[0-9]{1,32}")


@dataclass(frozen=True, slots=True)
class ConnectChannel:
    """What is connected, through a draft or an own token."""

    accept_terms: bool
    access_token: str | None
    account: BusinessAccountId
    number: PhoneNumberId
    app_secret: str | None = None
    name: str | None = None  # the number's display name where left out
    destination: Destination = Destination.HELP_DESK
    pin: str | None = None  # made where left out
    draft: ConnectionDraftId | None = None
    terms_version: str | None = None  # the present one where left out
    profile: ProfileChange | None = None


@dataclass(frozen=True, slots=True)
class _Attempt:
    """Who connects what, with the token and the PIN that the network is asked with."""

    actor: Actor
    command: ConnectChannel
    token: str
    pin: str
    pin_known: bool  # it was given, or registered with before; else it is made, and the number's once it is registered


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the network says of the number, its account and its templates."""

    account: AccountFacts
    number: NumberFacts
    profile: BusinessProfile | None = None
    templates: tuple[Template, ...] = ()
    read_at: datetime | None = None
    registered_with: str | None = None  # the PIN, where this try registered the number
    subscribed_now: bool = False
    """Whether it was this try that had the account's webhooks sent here."""


async def connect_channel(ports: Ports, actor: Actor, command: ConnectChannel) -> Channel | Refusal:
    """Check the token, register the number where it is not, have its webhooks sent here, read its templates.

    Refuses FORBIDDEN, INVALID, CONFLICT (terms that are not the present ones), NOT_FOUND (the draft),
    PERMISSION_MISSING (naming them), VERIFICATION_FAILED, DISPLAY_NAME_NOT_APPROVED, TOO_MANY_NUMBERS,
    CHANNEL_ALREADY_CONNECTED, NUMBER_LINKED_ELSEWHERE, PERSONAL_ACCOUNT, TRY_LATER,
    CHANNEL_UNAVAILABLE (the network can't be asked now, or has shut the number).
    What fails at the network is named by its step.
    """
    if not actor.may(Right.CHANNELS):
        return forbidden("connect channels")
    if refusal := _fault(command):
        return refusal
    attempt = await _begun(ports, actor, command)
    if not isinstance(attempt, _Attempt):
        return attempt
    found = await _ask(ports, attempt)
    if not isinstance(found, _Facts):
        return found
    registered = await _registered(ports, attempt, found)
    if not isinstance(registered, _Facts):
        return registered
    return await _joined(ports, attempt, registered)


# ---------------------------------------------------------------- what the network need not be asked for


def _fault(command: ConnectChannel) -> Refusal | None:
    if not command.accept_terms:
        return invalid("The terms have to be accepted before a number can be connected.", "acceptTerms")
    if command.terms_version not in (None, TERMS_VERSION):
        return Refused(
            ErrorCode.CONFLICT, "The terms have changed since. Read them again, then accept them.", ("termsVersion",)
        )
    if command.draft is not None and command.access_token is not None:
        return invalid("Either a sign-in or a token, not both.", "accessToken")
    if command.draft is None and isinstance(token := read_token(command.access_token), Refused):
        return token
    if command.app_secret and isinstance(secret := read_secret(command.app_secret), Refused):
        return secret
    if not NETWORK_ID.fullmatch(command.account):
        return invalid("A business account's id is a row of digits.", "businessAccountId")
    if not NETWORK_ID.fullmatch(command.number):
        return invalid("A phone number's id is a row of digits.", "phoneNumberId")
    if command.name is not None and not 1 <= len(command.name.strip()) <= NAME_LIMIT:
        return invalid(f"A name has 1 to {NAME_LIMIT} characters.", "name")
    if command.pin is not None and not PIN.fullmatch(command.pin):
        return invalid("A PIN has six digits.", "pin")
    return profile_fault(command.profile, "profile") if command.profile is not None else None


@again_on_collision
async def _begun(ports: Ports, actor: Actor, command: ConnectChannel) -> _Attempt | Refusal:
    """Whether it may be asked at all, and with what. It may be otherwise when the answer is here: it is asked again."""
    token = read_token(command.access_token) if command.draft is None else ""
    async with ports.store.transaction(actor.organization) as tx:
        if command.draft is not None:
            room = DraftRoom(ports.vault, ports.directory, ports.clock.now())
            open_one = await room.opened(tx, actor, command.draft)
            if not isinstance(open_one, OpenDraft):
                return open_one
            token = open_one.token
        if refusal := await _place_refusal(ports.directory, tx, command):
            return refusal
        pin = command.pin or await _known_pin(ports.vault, tx, command.number)
    assert isinstance(token, str), "it was looked at before"
    return _Attempt(actor, command, token, pin or _made_pin(ports), pin is not None)


async def _place_refusal(directory: Directory, tx: Transaction, command: ConnectChannel) -> Refusal | None:
    """Whether the organization may have this number: not twice, not elsewhere, not one too many of its account."""
    listed = await directory.find(DirectoryEntry.NUMBER, [command.number])
    elsewhere = [command.number] if any(organization != tx.organization for _, organization, _ in listed) else []
    by = taken(await tx.all_of(Channel), elsewhere)
    return _refused(place_obstacle(by.numbers.get(command.number), full=by.is_full(command.account)))


def _refused(obstacle: Obstacle | None) -> Refused | None:
    if obstacle is None:
        return None
    return Refused(obstacle.code, f"{obstacle.message} {obstacle.hint}", (obstacle.field,))


async def _known_pin(vault: Vault, tx: Transaction, number: PhoneNumberId) -> str | None:
    """The PIN that a try before this one registered the number with, or that it was connected with before."""
    registration = await tx.row(Registration, number)
    channel = next((each for each in await tx.all_of(Channel) if each.phone_number_id == number), None)
    for sealed in (registration.pin if registration else None, channel.pin if channel else None):
        pin = vault.open(tx.organization, "pin", sealed, channel=number) if sealed is not None else None
        if pin is not None:
            return pin
    return None


def _made_pin(ports: Ports) -> str:
    """Six digits from a random secret."""
    return str(int.from_bytes(ports.ids.secret().encode(), "big") % 1_000_000).zfill(6)


# ---------------------------------------------------------------- what the network says and does


async def _ask(ports: Ports, attempt: _Attempt) -> _Facts | Refusal:
    command = attempt.command
    of_token = "accessToken" if command.draft is None else "draftId"
    token_facts = await ports.network.token_facts(attempt.token)
    if not isinstance(token_facts, TokenFacts):
        return failure("Checking the token", token_facts, of_token)
    if refusal := token_refusal(ports, token_facts, of_token, own_secret=bool(command.app_secret)):
        return refusal
    if missing := missing_permissions(token_facts.permissions):
        lack = f"The token lacks the permission {', '.join(missing)}."
        return Refused(ErrorCode.PERMISSION_MISSING, lack, (of_token,))
    account = await ports.network.account_facts(attempt.token, command.account)
    if not isinstance(account, AccountFacts):
        return failure("Reading the business account", account, "businessAccountId")
    numbers = await ports.network.numbers(attempt.token, command.account)
    if not isinstance(numbers, list):
        return failure("Reading the account's numbers", numbers, "businessAccountId")
    number = next((each for each in numbers if each.id == command.number), None)
    if number is None:
        return invalid(
            "The business account has no such number. Choose one that channelDiscover lists, or add it.",
            "phoneNumberId",
        )
    return _refused(network_obstacle(number)) or _Facts(account, number)


async def _registered(ports: Ports, attempt: _Attempt, facts: _Facts) -> _Facts | Refusal:
    """Register only a number that is known not to be: the network counts such calls.

    The PIN is kept first. A registration stays where what comes after it fails, and the next try goes on with it.
    """
    if not facts.number.may_register:
        return facts
    kept = await _keep_pin(ports, attempt)
    failed = await ports.network.register(attempt.token, facts.number.id, kept.pin)
    if failed is not None:
        if isinstance(failed, Rejected):
            await _put_back(ports, kept)
        is_pins = isinstance(failed, Rejected) and (is_wrong_pin(failed) or attempt.command.pin is not None)
        return failure("Registering the number", failed, "pin" if is_pins else "phoneNumberId")
    now = await ports.network.number(attempt.token, facts.number.id)
    return replace(facts, number=now if isinstance(now, NumberFacts) else facts.number, registered_with=kept.pin)


@dataclass(frozen=True, slots=True)
class _KeptPin:
    """The PIN to register with, as it was stored, and what was stored before it."""

    pin: str
    stored: Registration
    before: Registration | None


@again_on_collision
async def _keep_pin(ports: Ports, attempt: _Attempt) -> _KeptPin:
    """A made PIN gives way to one that somebody keeps meanwhile: they may be registering the number right now."""
    organization, number = attempt.actor.organization, attempt.command.number
    async with ports.store.transaction(organization) as tx:
        before = await tx.row(Registration, number)
        theirs = (
            ports.vault.open(organization, "pin", before.pin, channel=number)
            if before is not None and not attempt.pin_known
            else None
        )
        pin = theirs or attempt.pin
        stored = Registration(organization, number, ports.vault.seal(organization, "pin", pin), ports.clock.now())
        tx.save(stored)
    return _KeptPin(pin, stored, before)


@again_on_collision
async def _put_back(ports: Ports, kept: _KeptPin) -> None:
    """The network said no to this PIN, so it is not the number's."""
    async with ports.store.transaction(kept.stored.organization) as tx:
        if await tx.row(Registration, kept.stored.id) != kept.stored:
            return  # somebody else's by now
        if kept.before is not None:
            tx.save(kept.before)
        else:
            tx.remove(kept.stored)


async def _joined(ports: Ports, attempt: _Attempt, facts: _Facts) -> Channel | Refusal:
    """Subscribe, read the rest and keep it. What was subscribed by this try is not where the rest fails."""
    command, token = attempt.command, attempt.token
    before = await ports.network.is_subscribed(token, command.account, ports.network.app_id)
    failed = await ports.network.subscribe(token, command.account)
    if failed is not None:
        return failure("Subscribing to the account's messages", failed, "businessAccountId")
    facts = replace(facts, subscribed_now=before is False)
    try:
        whole = await _read_back(ports, attempt, facts)
        done = await _keep(ports, attempt, whole) if isinstance(whole, _Facts) else whole
    except Exception:
        await _unsubscribed(ports, attempt, facts)
        raise
    if isinstance(done, REFUSALS):
        await _unsubscribed(ports, attempt, facts)
    return done


async def _unsubscribed(ports: Ports, attempt: _Attempt, facts: _Facts) -> None:
    """Unless somebody was faster: a number of the account is connected by now, here or elsewhere."""
    account = attempt.command.account
    if facts.subscribed_now and not await account_is_used(ports, account):
        await ports.network.unsubscribe(attempt.token, account)


async def _read_back(ports: Ports, attempt: _Attempt, facts: _Facts) -> _Facts | Refusal:
    command, token, network = attempt.command, attempt.token, ports.network
    if command.profile is not None:
        failed = await network.change_profile(token, command.number, command.profile)
        if failed is not None:
            return failure("Writing the business profile", failed, "profile")
    profile = await network.profile(token, facts.number)
    if not isinstance(profile, BusinessProfile | Rejected):
        return failure("Reading the business profile", profile, "phoneNumberId")
    began = ports.clock.now()
    templates = await network.templates(token, attempt.actor.organization, command.account, began)
    if not isinstance(templates, list):
        return failure("Reading the templates", templates, "businessAccountId")
    # A profile that may not be read is none: the number works without it.
    shown = profile if isinstance(profile, BusinessProfile) else None
    return replace(facts, profile=shown, templates=tuple(templates), read_at=began)


# ---------------------------------------------------------------- what is kept


@again_on_collision
async def _keep(ports: Ports, attempt: _Attempt, facts: _Facts) -> Channel | Refusal:
    now, command = ports.clock.now(), attempt.command
    read_at = facts.read_at or now
    async with ports.store.transaction(attempt.actor.organization) as tx:
        await tx.take_turns([turn_of(command.account)])  # its numbers are counted, its templates compared
        if refusal := await _place_refusal(ports.directory, tx, command):
            return refusal
        registration = await tx.row(Registration, command.number)
        if not await tx.enlist(DirectoryEntry.NUMBER, command.number, command.number):
            return Refused(
                LINKED_ELSEWHERE.code, f"{LINKED_ELSEWHERE.message} {LINKED_ELSEWHERE.hint}", (LINKED_ELSEWHERE.field,)
            )
        await tx.enlist(DirectoryEntry.ACCOUNT, command.account, command.account)
        others = {each.phone_number_id: each for each in await tx.all_of(Channel)}
        known = others.pop(command.number, None)
        found_its_number(tx, others.values(), command.number, now)
        channel = _connected(ports, attempt, facts, known, now)
        tx.save(channel, at_rest(channel, now))  # what waited for a new token goes at once
        if registration is not None:
            tx.remove(registration)  # the channel has its PIN now
        tx.record(ChannelChanged(channel.id))
        await keep_told(tx, command.account, facts.templates, read_at)
        await read_from_now_on(tx, command.account, read_at)
    return channel


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
    secret = read_secret(command.app_secret) if command.app_secret else None
    assert not isinstance(secret, Refused), "it was looked at before"
    pin = facts.registered_with or (attempt.pin if attempt.pin_known else None)  # a made one is not the number's
    connected = replace(
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
        pin=seal(organization, "pin", pin) if pin is not None else None,
        terms=Terms(attempt.actor.author, now, TERMS_VERSION),
        token_valid=True,
        webhook_subscribed=True,
        business_verified=facts.account.verified,
        quality_rating=facts.number.quality_rating,
        messaging_limit=facts.number.messaging_limit,
        throughput_per_second=facts.number.throughput_per_second,
        missing_permissions=(),
        problems=(),
        heard=(),
        check_due_at=now,
        read_at=now,
        profile=facts.profile or base.profile,
    )
    return with_number_facts(connected, facts.number, now, now)
