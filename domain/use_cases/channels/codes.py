"""A new number on an account, and the code that shows that somebody can be reached there."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from domain.channels.drafts import (
    CodeTries,
    ConnectionDraft,
    Taken,
    code_asked,
    code_tries_left,
    code_wrong,
    codes_left,
    told_to_wait,
    with_number,
    with_tries,
)
from domain.channels.network_refusals import is_wrong_code
from domain.channels.numbers import NumberFacts
from domain.channels.profiles import DISPLAY_NAME_LENGTH
from domain.error_codes import ErrorCode
from domain.errors import REFUSALS, Refusal, Refused, forbidden, invalid, not_found
from domain.ids import BusinessAccountId, ConnectionDraftId, PhoneNumberId
from domain.people.actors import Actor, Right
from domain.ports.bundle import Ports
from domain.ports.network import Failed, Rejected
from domain.text.numbers import typed_number
from domain.use_cases.again import again_on_collision
from domain.use_cases.channels.discover import failure
from domain.use_cases.channels.drafts import GONE, OpenDraft, open_draft

LANGUAGE = re.compile(r"[a-z]{2,3}([_-][A-Za-z]{2,4})?")
CODE = re.compile(r"[0-9]{6}")


@dataclass(frozen=True, slots=True)
class AddNumber:
    draft: ConnectionDraftId
    account: BusinessAccountId
    phone_number: str  # as typed
    display_name: str


@dataclass(frozen=True, slots=True)
class RequestCode:
    draft: ConnectionDraftId
    number: PhoneNumberId
    by_voice: bool = False
    language: str = "en"


@dataclass(frozen=True, slots=True)
class VerifyCode:
    draft: ConnectionDraftId
    number: PhoneNumberId
    code: str


@dataclass(frozen=True, slots=True)
class NumberNow:
    """A draft's number as it stands after what was asked, done or refused."""

    draft: ConnectionDraft
    taken: Taken
    number: NumberFacts
    refusal: Refusal | None = None
    retry_at: datetime | None = None
    tries_left: int | None = None


async def add_number(ports: Ports, actor: Actor, command: AddNumber) -> NumberNow | Refusal:
    """Put a number on an account of the draft.

    Refuses FORBIDDEN, NOT_FOUND, INVALID, PERSONAL_ACCOUNT, NUMBER_LINKED_ELSEWHERE, TOO_MANY_NUMBERS,
    PERMISSION_MISSING, DISPLAY_NAME_NOT_APPROVED, TRY_LATER, CHANNEL_UNAVAILABLE.
    """
    if not actor.may(Right.CHANNELS):
        return forbidden("connect channels")
    country = (await ports.reader.organization(actor.organization)).country
    digits = typed_number(command.phone_number) or typed_number(command.phone_number, country)
    if digits is None:
        return invalid("This is not a phone number with its country code, such as +48 601 234 567.", "phoneNumber")
    name = command.display_name.strip()
    if not 1 <= len(name) <= DISPLAY_NAME_LENGTH:
        return invalid(f"A display name has 1 to {DISPLAY_NAME_LENGTH} characters.", "displayName")
    found = await open_draft(ports, actor, command.draft)
    if not isinstance(found, OpenDraft):
        return found
    account = found.draft.account(command.account)
    if account is None:
        return not_found("business account in this sign-in", "businessAccountId")
    known = next((each for each in account.numbers if each.phone_number == f"+{digits}"), None)
    if known is not None:  # a try whose answer was lost: the network would say that it has it
        return NumberNow(found.draft, found.taken, known)
    added = await ports.network.add_number(found.token, command.account, f"+{digits}", name)
    if not isinstance(added, str):
        return failure("Adding the number", added, "phoneNumber")
    number = await ports.network.number(found.token, added)
    if not isinstance(number, NumberFacts):  # it is there; what it is like is asked again with its code
        number = NumberFacts(added, f"+{digits}", name, "PENDING", "NOT_VERIFIED")
    return await _changed(ports, found, number, lambda draft: with_number(draft, command.account, number))


async def request_code(ports: Ports, actor: Actor, command: RequestCode) -> NumberNow | Refusal:
    """Have a code sent to the number. A refusal of the network comes with the number, and when to try again.

    Refuses FORBIDDEN, NOT_FOUND, INVALID, and in `NumberNow.refusal` TRY_LATER and what else the network says.
    """
    if not actor.may(Right.CHANNELS):
        return forbidden("connect channels")
    if not LANGUAGE.fullmatch(command.language):
        return invalid("A language is a code such as en or pt_BR.", "language")
    found = await _number_of(ports, actor, command.draft, command.number)
    if not isinstance(found, tuple):
        return found
    open_one, number = found
    failed = await ports.network.request_code(
        open_one.token, command.number, by_voice=command.by_voice, language=command.language
    )
    now = ports.clock.now()

    def noted(tries: CodeTries) -> CodeTries:
        if failed is None:
            return code_asked(tries, now)
        return told_to_wait(tries, now, failed.retry_after_s) if isinstance(failed, Rejected) else tries

    after = await _tried(ports, open_one, number, noted)
    if isinstance(after, REFUSALS):
        return after
    tries = after.draft.tries(command.number)
    refusal = _as_refusal("Asking for a code", failed, "phoneNumberId")
    return replace(after, refusal=refusal, retry_at=_still(tries, now), tries_left=codes_left(tries))


async def verify_code(ports: Ports, actor: Actor, command: VerifyCode) -> NumberNow | Refusal:
    """Enter the code that came. A wrong one comes back with how many more the network takes.

    Refuses FORBIDDEN, NOT_FOUND, INVALID, and in `NumberNow.refusal` VERIFICATION_FAILED, TRY_LATER and others.
    """
    if not actor.may(Right.CHANNELS):
        return forbidden("connect channels")
    code = re.sub(r"[\s\u2010-\u2015-]", "", command.code)
    if not CODE.fullmatch(code):
        return Refused(ErrorCode.VERIFICATION_FAILED, "A code has six digits.", ("code",))
    found = await _number_of(ports, actor, command.draft, command.number)
    if not isinstance(found, tuple):
        return found
    open_one, number = found
    failed = await ports.network.verify_code(open_one.token, command.number, code)
    now = ports.clock.now()
    if failed is None:
        told = await ports.network.number(open_one.token, command.number)
        number = told if isinstance(told, NumberFacts) else replace(number, code_status="VERIFIED")

    def noted(tries: CodeTries) -> CodeTries:
        if failed is None:
            return CodeTries(tries.number)
        if not isinstance(failed, Rejected):
            return tries
        return code_wrong(tries, now) if is_wrong_code(failed) else told_to_wait(tries, now, failed.retry_after_s)

    after = await _tried(ports, open_one, number, noted)
    if isinstance(after, REFUSALS):
        return after
    if failed is None:
        return after
    tries = after.draft.tries(command.number)
    refusal = _as_refusal("Checking the code", failed, "code")
    return replace(after, refusal=refusal, retry_at=_still(tries, now), tries_left=code_tries_left(tries))


def _as_refusal(step: str, failed: Failed | None, field: str) -> Refusal | None:
    return None if failed is None else failure(step, failed, field)


def _still(tries: CodeTries, now: datetime) -> datetime | None:
    return tries.wait_until if tries.wait_until is not None and tries.wait_until > now else None


async def _number_of(
    ports: Ports, actor: Actor, id: ConnectionDraftId, number: PhoneNumberId
) -> tuple[OpenDraft, NumberFacts] | Refusal:
    found = await open_draft(ports, actor, id)
    if not isinstance(found, OpenDraft):
        return found
    place = found.draft.place_of(number)
    return (found, place[1]) if place is not None else not_found("number in this sign-in", "phoneNumberId")


async def _tried(
    ports: Ports, found: OpenDraft, number: NumberFacts, noted: Callable[[CodeTries], CodeTries]
) -> NumberNow | Refusal:
    def change(draft: ConnectionDraft) -> ConnectionDraft:
        place = draft.place_of(number.id)
        told = with_number(draft, place[0].facts.id, number) if place is not None else draft
        return with_tries(told, noted(told.tries(number.id)))

    return await _changed(ports, found, number, change)


@again_on_collision
async def _changed(
    ports: Ports, found: OpenDraft, number: NumberFacts, change: Callable[[ConnectionDraft], ConnectionDraft]
) -> NumberNow | Refusal:
    """The draft as it is by now, changed: another request may have done so meanwhile."""
    async with ports.store.transaction(found.draft.organization) as tx:
        draft = await tx.row(ConnectionDraft, found.draft.id)
        if draft is None:
            return GONE
        changed = change(draft)
        tx.save(changed)
    return NumberNow(changed, found.taken, number)
