"""Contacts, and the names under which the network knows a person.

A contact is found by network id, then business-scoped id, then phone, with the variants that the network itself
treats as one: Brazil's ninth digit, Argentina's 9 and Mexico's 1 after the country code.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.ids import ContactId, OrganizationId

_TYPED = re.compile(r"\+([0-9][0-9 ().\-\u00a0\u2010-\u2013/]*)")


class IdentityKind(StrEnum):
    WA_ID = "WA_ID"
    BUSINESS_SCOPED_ID = "BUSINESS_SCOPED_ID"
    USERNAME = "USERNAME"
    PHONE = "PHONE"


class PhoneLabel(StrEnum):
    PHONE = "PHONE"
    MOBILE = "MOBILE"
    WHATSAPP = "WHATSAPP"


_WRITTEN_TO = (PhoneLabel.WHATSAPP, PhoneLabel.MOBILE, PhoneLabel.PHONE)


@dataclass(frozen=True, slots=True)
class Phone:
    number: str  # E.164, with the leading +
    label: PhoneLabel


@dataclass(frozen=True, slots=True)
class Contact:
    organization: OrganizationId
    id: ContactId
    created_at: datetime
    name: str | None = None  # set by people here
    profile_name: str | None = None  # set by the contact, untrusted
    wa_id: str | None = None  # digits, as the network last told it
    business_scoped_id: str | None = None
    username: str | None = None
    email: str | None = None
    phones: tuple[Phone, ...] = ()
    opted_out_at: datetime | None = None
    marketing_opted_out_at: datetime | None = None
    marketing_told_at: datetime | None = None  # when the network last told what they chose
    merged_into: ContactId | None = None  # the contact this one turned out to be


@dataclass(frozen=True, slots=True, order=True)
class IdentityKey:
    """One name of a person: kind and value, as looked up. Unique in an organization."""

    kind: IdentityKind
    value: str


@dataclass(frozen=True, slots=True)
class Identity:
    organization: OrganizationId
    id: str
    contact: ContactId
    key: IdentityKey
    evidence: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Who an update speaks of, as the network says it. At least one of the two ids is set."""

    wa_id: str | None = None
    business_scoped_id: str | None = None
    username: str | None = None
    profile_name: str | None = None

    @property
    def lane(self) -> str:
        """One text per person as this update names them, to keep their updates in order."""
        return self.wa_id or self.business_scoped_id or ""


def number_variants(digits: str) -> tuple[str, ...]:
    """A number without `+` and every form the network may use for the same person, itself first.

    Other countries have none: two numbers there are never one person by this rule.
    """
    other = _brazilian(digits) or _argentine(digits) or _mexican(digits)
    return (digits, other) if other else (digits,)


def typed_number(text: str) -> str | None:
    """The digits of a number in E.164 form as people type it, with spaces and signs between; None where it is none."""
    found = _TYPED.fullmatch(text.strip())
    digits = re.sub(r"\D", "", found.group(1)) if found else ""
    return digits if 7 <= len(digits) <= 15 and digits[0] != "0" else None


def answers_to(contact: Contact) -> Person | None:
    """By which names a contact can be written to: the network's where it told them, else the likeliest number."""
    if contact.wa_id is not None or contact.business_scoped_id is not None:
        return Person(contact.wa_id, contact.business_scoped_id)
    likeliest = sorted(contact.phones, key=lambda phone: _WRITTEN_TO.index(phone.label))
    numbers = (typed_number(phone.number) for phone in likeliest)
    return next((Person(wa_id=number) for number in numbers if number is not None), None)


def keys_of(person: Person) -> tuple[IdentityKey, ...]:
    """Where to look for a person, the surest name first."""
    keys: list[IdentityKey] = []
    variants = number_variants(person.wa_id) if person.wa_id else ()
    keys += [IdentityKey(IdentityKind.WA_ID, number) for number in variants]
    if person.business_scoped_id:
        keys.append(IdentityKey(IdentityKind.BUSINESS_SCOPED_ID, person.business_scoped_id))
    keys += [IdentityKey(IdentityKind.PHONE, f"+{number}") for number in variants]
    return tuple(keys)


def may_be_one(one: Contact, other: Contact) -> bool:
    """Whether two contacts may be the same person: a number or an id of their own tells them apart."""
    same_number = not (one.wa_id and other.wa_id) or other.wa_id in number_variants(one.wa_id)
    ids = {one.business_scoped_id, other.business_scoped_id} - {None}
    return same_number and len(ids) <= 1


def joined(kept: Contact, other: Contact) -> Contact:
    """A contact with what another record of the same person adds. Who said stop once has said it.

    What they chose of marketing in WhatsApp is what they chose last.
    """
    choices = [each for each in (kept, other) if each.marketing_told_at is not None]
    choice = max(choices, key=_marketing_told, default=None)
    return replace(
        kept,
        name=kept.name or other.name,
        profile_name=kept.profile_name or other.profile_name,
        wa_id=kept.wa_id or other.wa_id,
        business_scoped_id=kept.business_scoped_id or other.business_scoped_id,
        username=kept.username or other.username,
        email=kept.email or other.email,
        phones=tuple(dict.fromkeys((*kept.phones, *other.phones))),
        opted_out_at=_earlier(kept.opted_out_at, other.opted_out_at),
        marketing_opted_out_at=choice.marketing_opted_out_at
        if choice is not None
        else _earlier(kept.marketing_opted_out_at, other.marketing_opted_out_at),
        marketing_told_at=choice.marketing_told_at if choice is not None else None,
    )


def with_marketing_choice(contact: Contact, *, stopped: bool, at: datetime) -> Contact:
    """A contact who stopped marketing in WhatsApp, or takes it again; what was chosen earlier and told later counts no
    more."""
    if contact.marketing_told_at is not None and at < contact.marketing_told_at:
        return contact
    stopped_at = (contact.marketing_opted_out_at or at) if stopped else None
    return replace(contact, marketing_opted_out_at=stopped_at, marketing_told_at=at)


def names_told(person: Person) -> tuple[IdentityKey, ...]:
    """The names an update proves: what is kept as identities."""
    keys: list[IdentityKey] = []
    if person.wa_id:
        keys.append(IdentityKey(IdentityKind.WA_ID, person.wa_id))
    if person.business_scoped_id:
        keys.append(IdentityKey(IdentityKind.BUSINESS_SCOPED_ID, person.business_scoped_id))
    if person.username:
        keys.append(IdentityKey(IdentityKind.USERNAME, person.username))
    return tuple(keys)


def _marketing_told(contact: Contact) -> str:
    return contact.marketing_told_at.isoformat() if contact.marketing_told_at is not None else ""


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one is not None and other is not None else one or other


def _brazilian(digits: str) -> str | None:
    """55 AA 9XXXXXXXX and 55 AA XXXXXXXX: mobile numbers begin with 6 to 9 after the ninth digit."""
    if not digits.startswith("55"):
        return None
    area, rest = digits[2:4], digits[4:]
    if len(rest) == 9 and rest[0] == "9" and rest[1] in "6789":
        return f"55{area}{rest[1:]}"
    if len(rest) == 8 and rest[0] in "6789":
        return f"55{area}9{rest}"
    return None


def _argentine(digits: str) -> str | None:
    """54 9 AA… and 54 AA…, ten digits after the country code and the 9."""
    if digits.startswith("549") and len(digits) == 13:
        return f"54{digits[3:]}"
    if digits.startswith("54") and len(digits) == 12:
        return f"549{digits[2:]}"
    return None


def _mexican(digits: str) -> str | None:
    """52 1 AA… and 52 AA…, ten digits after the country code and the 1."""
    if digits.startswith("521") and len(digits) == 13:
        return f"52{digits[3:]}"
    if digits.startswith("52") and len(digits) == 12:
        return f"521{digits[2:]}"
    return None
