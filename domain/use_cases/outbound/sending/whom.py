"""Whom we write to first: a contact that is here, the holder of a number, or somebody new; the thread reaching them."""

from dataclasses import dataclass

from domain.channels.channels import Channel
from domain.contacts import (
    Contact,
    Identity,
    IdentityKey,
    IdentityKind,
    Person,
    Phone,
    PhoneLabel,
    answers_to,
    keys_of,
    number_variants,
)
from domain.conversations.threads import Thread, thread_among
from domain.errors import Refusal, invalid, not_found
from domain.ids import ContactId
from domain.merging import by_itself, homes_of
from domain.ports.store import Look
from domain.text.numbers import typed_number
from domain.use_cases.contacts.joining import shown_for, with_joined
from domain.use_cases.work import Reading, Work

EVIDENCE = "written to under this number"


@dataclass(frozen=True, slots=True)
class Whom:
    """A contact, and the names to write to them by. A new one is known by the number alone."""

    contact: Contact
    person: Person
    home: ContactId  # whose the name is: the contact, or one that was merged into it
    is_new: bool = False


async def dialled(look: Look, typed: str | None) -> str | None:
    """The digits of a number as people typed it, which may be in the form of their organization's country."""
    if typed is None:
        return None
    return typed_number(typed) or typed_number(typed, (await look.settings()).country)


async def whom_by_number(reading: Reading, number: str, channel: Channel) -> Whom | Refusal:
    if number in number_variants(channel.phone_number.removeprefix("+")):
        return invalid("This is the number that would write.", "phoneNumber")
    holder = await _holder(reading.look, Person(wa_id=number))
    if holder is None:
        contact = _new_contact(reading, number)
        return Whom(contact, Person(wa_id=number), contact.id, is_new=True)
    contact = (await reading.look.contacts([holder.contact]))[holder.contact]
    home = contact
    if holder.home != contact.id:
        home = (await reading.look.unheld.contacts([holder.home]))[holder.home]
    wa_id = by_itself(home).wa_id
    known = wa_id if wa_id in number_variants(number) else None
    return Whom(contact, Person(wa_id=known or number), holder.home)


async def whom_by_contact(look: Look, id: ContactId | None) -> Whom | Refusal:
    """The contact; where it turned out to be somebody known already, the one they are."""
    shown = await shown_for(look.unheld, id) if id is not None else None
    contact = await shown_for(look, shown.id) if shown is not None else None
    if contact is None:
        return not_found("contact", "contactId")
    person = answers_to(contact)
    if person is None:
        return invalid("This contact has no number that could be written to.", "contactId")
    holder = await _holder(look.unheld, person) if contact.joined is not None else None
    return Whom(contact, person, holder.home if holder is not None and holder.contact == contact.id else contact.id)


async def _holder(look: Look, person: Person) -> Identity | None:
    """Whose a name is, a number in any of the forms the network may use for it; the surest name counts."""
    keys = keys_of(person)
    held = {identity.key: identity for identity in await look.identities(keys)}
    return next((held[key] for key in keys if key in held), None)


async def thread_there(look: Look, channel: Channel, whom: Whom) -> Thread | None:
    """The thread that reaches this person; one with another number of the same contact does not."""
    variants = number_variants(whom.person.wa_id) if whom.person.wa_id is not None else ()
    contacts = await with_joined(look.unheld, {whom.contact.id: whom.contact})
    reaching = [
        thread
        for thread in await look.threads_of([whom.contact.id])
        if thread.wa_id is None or not variants or thread.wa_id in variants
    ]
    return thread_among(reaching, channel.id, homes_of(whom.home, contacts), whom.person)


def _new_contact(reading: Reading, number: str) -> Contact:
    phone = Phone(f"+{number}", PhoneLabel.WHATSAPP)
    return Contact(reading.look.organization, ContactId(reading.new_id()), reading.now, wa_id=number, phones=(phone,))


def identities_of_new(work: Work, contact: Contact) -> tuple[Identity, ...]:
    """The new contact's number as the network would tell it, and as a number, in one form of all it may have.

    Names are unique. So of several who start with one person at once, in whichever form they write the number, one
    makes the contact and the others find it.
    """
    number = contact.wa_id or ""
    longest = max(number_variants(number), key=len)
    keys = (IdentityKey(IdentityKind.WA_ID, number), IdentityKey(IdentityKind.PHONE, f"+{longest}"))
    return tuple(
        Identity(contact.organization, work.new_id(), contact.id, key, EVIDENCE, contact.created_at) for key in keys
    )
