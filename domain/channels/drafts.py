"""A sign-in at Meta that is not a channel yet: what its token reaches, for whom, and until when.

A draft's token is sealed as a channel's is. It is of whoever signed in and nobody else's, and runs out by itself.
"""

import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from domain.channels.channels import NUMBERS_PER_ACCOUNT, REQUIRED_PERMISSIONS, Channel, ChannelState
from domain.channels.numbers import (
    NO_RIGHT,
    AccountFacts,
    Held,
    NumberFacts,
    Obstacle,
    held_by,
    network_obstacle,
    place_obstacle,
)
from domain.ids import BusinessAccountId, ConnectionDraftId, OrganizationId, PhoneNumberId
from domain.people.actors import Actor, ByIntegration, ByUser
from domain.people.organizations import Organization

LIVES = timedelta(hours=1)
SIGN_IN_WITHIN = timedelta(minutes=15)
DRAFTS_KEPT = timedelta(days=1)  # after they ran out: a clock may have been wrong
CODE_TRIES = 3
CODE_PAUSE = timedelta(minutes=1)
LONG_PAUSE = timedelta(hours=1)
CODES_AT_ONCE = 3  # asked for in a row, before the long pause


@dataclass(frozen=True, slots=True)
class CodeTries:
    """How it goes with the code of one number: what was asked for, and how many wrong ones were entered."""

    number: PhoneNumberId
    asked: int = 0
    asked_at: datetime | None = None
    wrong: int = 0
    wait_until: datetime | None = None  # as the network said, or as it is known to do


@dataclass(frozen=True, slots=True)
class DraftAccount:
    """A business account that the token reaches. `in_full` is false where it lacks a right that connecting needs."""

    facts: AccountFacts
    numbers: tuple[NumberFacts, ...]
    in_full: bool = True


@dataclass(frozen=True, slots=True)
class ConnectionDraft:
    organization: OrganizationId
    id: ConnectionDraftId
    author: ByUser | ByIntegration
    created_at: datetime
    expires_at: datetime
    access_token: str | None = None  # sealed; None until the sign-in came back
    state_print: str | None = None  # of the word that the sign-in has to come back with; None once it did
    app_id: str | None = None
    permissions: tuple[str, ...] = ()
    accounts: tuple[DraftAccount, ...] = ()
    codes: tuple[CodeTries, ...] = ()

    def is_of(self, actor: Actor) -> bool:
        return self.author == actor.author

    def is_good(self, now: datetime) -> bool:
        """Whether something can be connected from it."""
        return self.access_token is not None and now < self.expires_at

    def account(self, id: BusinessAccountId) -> DraftAccount | None:
        return next((each for each in self.accounts if each.facts.id == id), None)

    def place_of(self, number: PhoneNumberId) -> tuple[DraftAccount, NumberFacts] | None:
        return next(
            ((account, each) for account in self.accounts for each in account.numbers if each.id == number), None
        )

    def tries(self, number: PhoneNumberId) -> CodeTries:
        return next((each for each in self.codes if each.number == number), CodeTries(number))


@dataclass(frozen=True, slots=True)
class Registration:
    """The PIN that a number was registered with, kept before the network is asked: what comes after may fail.

    Its id is the number's at the network.
    """

    organization: OrganizationId
    id: str
    pin: str  # sealed
    at: datetime


def comes_back(draft: ConnectionDraft, state_print: str, now: datetime) -> bool:
    """Whether this is the word that the sign-in of a draft was begun with, in time and for the first time."""
    known = draft.state_print
    return known is not None and now < draft.expires_at and hmac.compare_digest(known, state_print)


def missing_permissions(granted: Collection[str]) -> list[str]:
    return [name for name in REQUIRED_PERMISSIONS if name not in granted]


def with_number(draft: ConnectionDraft, account: BusinessAccountId, number: NumberFacts) -> ConnectionDraft:
    """The draft with a number as it is now, or with one more."""

    def changed(each: DraftAccount) -> DraftAccount:
        if each.facts.id != account:
            return each
        others = [known for known in each.numbers if known.id != number.id]
        place = next((at for at, known in enumerate(each.numbers) if known.id == number.id), len(others))
        return replace(each, numbers=(*others[:place], number, *others[place:]))

    return replace(draft, accounts=tuple(changed(each) for each in draft.accounts))


def with_tries(draft: ConnectionDraft, tries: CodeTries) -> ConnectionDraft:
    others = tuple(each for each in draft.codes if each.number != tries.number)
    return replace(draft, codes=(*others, tries))


# ---------------------------------------------------------------- codes


def code_asked(tries: CodeTries, now: datetime) -> CodeTries:
    """One more code was sent; a new one may be entered wrongly as often as the first."""
    asked = tries.asked + 1
    pause = LONG_PAUSE if asked % CODES_AT_ONCE == 0 else CODE_PAUSE
    return replace(tries, asked=asked, asked_at=now, wrong=0, wait_until=now + pause)


def code_wrong(tries: CodeTries, now: datetime) -> CodeTries:
    """One more was entered wrongly; after the last that counts there has to be a new code."""
    return replace(tries, wrong=min(tries.wrong + 1, CODE_TRIES))


def told_to_wait(tries: CodeTries, now: datetime, retry_after_s: float | None) -> CodeTries:
    """The network wants a pause; where it does not say how long, one as long as it is known to take."""
    pause = timedelta(seconds=retry_after_s) if retry_after_s else LONG_PAUSE
    return replace(tries, wait_until=max(now + pause, tries.wait_until or now))


def code_tries_left(tries: CodeTries) -> int:
    return CODE_TRIES - tries.wrong


def codes_left(tries: CodeTries) -> int:
    """Codes that may be asked for before the long pause."""
    return CODES_AT_ONCE - tries.asked % CODES_AT_ONCE


# ---------------------------------------------------------------- what can be connected


@dataclass(frozen=True, slots=True)
class Taken:
    """Which numbers are connected, and how many of each account here."""

    numbers: dict[PhoneNumberId, Held]
    counts: dict[BusinessAccountId, int]

    def left(self, account: BusinessAccountId) -> int:
        return max(0, NUMBERS_PER_ACCOUNT - self.counts.get(account, 0))

    def is_full(self, account: BusinessAccountId) -> bool:
        return self.left(account) == 0


def taken(channels: Sequence[Channel], elsewhere: Collection[PhoneNumberId] = ()) -> Taken:
    """`elsewhere` are numbers of other organizations."""
    live = [each for each in channels if each.state is not ChannelState.DISCONNECTED]
    counts: dict[BusinessAccountId, int] = {}
    for each in live:
        counts[each.account] = counts.get(each.account, 0) + 1
    here = {each.phone_number_id: held_by(each.destination) for each in live}
    return Taken({number: Held.ELSEWHERE for number in elsewhere} | here, counts)


def obstacle_of(draft: ConnectionDraft, account: DraftAccount, number: NumberFacts, by: Taken) -> Obstacle | None:
    """Why a number of a draft can't be connected now; None where it can."""
    if missing_permissions(draft.permissions) or not account.in_full:
        return NO_RIGHT
    held = by.numbers.get(number.id)
    return place_obstacle(held, full=by.is_full(account.facts.id)) or network_obstacle(number)


# ---------------------------------------------------------------- what is needed first


class PrerequisiteState(StrEnum):
    MET = "MET"
    MISSING = "MISSING"
    UNCHECKED = "UNCHECKED"


@dataclass(frozen=True, slots=True)
class Prerequisite:
    name: str
    description: str
    state: PrerequisiteState


def prerequisites(organization: Organization, draft: ConnectionDraft | None) -> list[Prerequisite]:
    """What somebody has to have before a number is connected; without a draft, what only a sign-in tells is open."""
    display_name: bool | None = None
    administrator: bool | None = None
    if draft is not None:
        names = [each.name_approved for account in draft.accounts for each in account.numbers]
        display_name = True if True in names else (False if False in names else None)
        reached = any(account.in_full for account in draft.accounts)
        administrator = reached and not missing_permissions(draft.permissions)
    return [
        _needed("Legal name", "The company's name as it is registered; `organizationUpdate` enters it as `legalName`.",
                bool(organization.legal_name)),
        _needed("Display name", "The name that people see in WhatsApp, approved by the network.", display_name),
        _needed("Website", "The company's address on the web; `organizationUpdate` enters it.",
                bool(organization.website)),
        _needed("Company email", "Where the company is reached by mail; `organizationUpdate` enters it.",
                bool(organization.email)),
        _needed("Administrator right", "Full control of the business and its WhatsApp account at Meta, with the"
                f" permissions {' and '.join(REQUIRED_PERMISSIONS)}.", administrator),
        _needed("Access to the number", "Somebody who can read its text messages or take its calls now.", None),
        _needed("Calls reach a person", "The number takes voice calls, and no menu of a telephone system answers them"
                " now.", None),
    ]  # fmt: skip


def _needed(name: str, description: str, met: bool | None) -> Prerequisite:
    states = {True: PrerequisiteState.MET, False: PrerequisiteState.MISSING, None: PrerequisiteState.UNCHECKED}
    return Prerequisite(name, description, states[met])
