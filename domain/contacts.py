"""Contacts, and the names under which the network knows a person.

A contact is found by network id, then business-scoped id, then phone, with the variants that the network itself
treats as one: Brazil's ninth digit, Argentina's 9 and Mexico's 1 after the country code.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from domain.ids import ContactId, OrganizationId
from domain.text.numbers import plain_number, typed_number


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
class Own:
    """What is known of a contact by itself, whoever was merged into it."""

    name: str | None = None
    profile_name: str | None = None
    wa_id: str | None = None
    business_scoped_id: str | None = None
    username: str | None = None
    email: str | None = None
    phones: tuple[Phone, ...] = ()
    opted_out_at: datetime | None = None
    marketing_opted_out_at: datetime | None = None
    marketing_told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """What it takes to part a contact from those who were merged into it."""

    own: Own
    others: tuple[ContactId, ...]  # merged into this one, the first first
    said: tuple[str, ...] = ()  # fields that people here have set since: what the others have there is not shown


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
    merged_by_network: bool = False  # it proved that both are one person; else somebody here said so
    joined: Joined | None = None  # where others were merged into it: what it shows is theirs too


K = TypeVar("K", Contact, Own)


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
    origin: ContactId | None = None  # whose it was before that contact was merged into this one

    @property
    def home(self) -> ContactId:
        """Whose name it is, whichever contact that one was merged into."""
        return self.origin or self.contact


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


def digits_looked_for(query: str) -> tuple[str, ...]:
    """What to look for in the digits of numbers, each by itself, where a text is a number or a part of one; else none.

    A number may be typed as it is dialled at home or from abroad: what is dialled before it is in no stored number.
    """
    found = plain_number(query)
    if found is None:
        return ()
    is_abroad, digits = found
    whole = number_variants(typed_number(query) or digits) if is_abroad else (digits.lstrip("0"),)
    return tuple(dict.fromkeys(each for each in (digits or "00", *whole) if each))


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


class Named(Protocol):
    """Whoever has a number or an id of their own: a contact, or a person as the network names them."""

    @property
    def wa_id(self) -> str | None: ...

    @property
    def business_scoped_id(self) -> str | None: ...


def may_be_one(one: Named, other: Named) -> bool:
    """Whether two may be the same person: a number or an id of their own tells them apart."""
    same_number = not (one.wa_id and other.wa_id) or other.wa_id in number_variants(one.wa_id)
    ids = {one.business_scoped_id, other.business_scoped_id} - {None}
    return same_number and len(ids) <= 1


def with_marketing_choice(known: K, *, stopped: bool, at: datetime) -> K:
    """A contact who stopped marketing in WhatsApp, or takes it again; what was chosen earlier and told later counts no
    more."""
    if known.marketing_told_at is not None and at < known.marketing_told_at:
        return known
    stopped_at = (known.marketing_opted_out_at or at) if stopped else None
    return replace(known, marketing_opted_out_at=stopped_at, marketing_told_at=at)


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
