"""Whom an update speaks of: the contact known by the names it tells, made, renamed, or joined of two.

One webhook that shows a number and a business-scoped id proves that both are the same person: two contacts that were
known by one each become one. Threads are never joined: each goes on answering the name it came from.
"""

from collections.abc import Sequence
from dataclasses import replace

from domain.channels.channels import Channel
from domain.contacts import (
    Contact,
    Identity,
    IdentityKey,
    IdentityKind,
    Person,
    Phone,
    PhoneLabel,
    joined,
    keys_of,
    may_be_one,
    names_told,
    number_variants,
)
from domain.conversations.threads import Thread, thread_among
from domain.events import TicketChanged
from domain.ids import ContactId
from domain.moderation.quarantine import own_name
from domain.use_cases.inbound.batch import Batch
from domain.use_cases.ticketing import record_thread

SURE = frozenset({IdentityKind.WA_ID, IdentityKind.BUSINESS_SCOPED_ID})  # a phone may be shared, a user name passed on


def known(batch: Batch, person: Person) -> Contact | None:
    """The contact whom the surest of a person's names belongs to."""
    return next(iter(_holders(batch, keys_of(person))), None)


async def contact_of(batch: Batch, person: Person, evidence: str = "named so in a message") -> Contact:
    """The one contact of a person: found, joined of those known by one of their names, or new."""
    contact = known(batch, person)
    sure = _holders(batch, [key for key in keys_of(person) if key.kind in SURE])
    if len(sure) > 1 and all(may_be_one(sure[0], other) for other in sure[1:]):
        contact = await join(batch, sure)
    return told_names(batch, contact or _new_contact(batch, person), person, evidence)


def told_names(batch: Batch, contact: Contact, person: Person, evidence: str) -> Contact:
    """The contact with what this update says of it; what it leaves out stays."""
    renamed = replace(
        contact,
        profile_name=own_name(person.profile_name, batch.policy) or contact.profile_name,
        wa_id=person.wa_id or contact.wa_id,
        business_scoped_id=person.business_scoped_id or contact.business_scoped_id,
        username=own_name(person.username, batch.policy) or contact.username,
        phones=_with_phone(contact.phones, person),
    )
    if renamed != batch.contacts.get(contact.id):
        batch.tx.save(renamed)
    batch.contacts[renamed.id] = renamed
    for key in names_told(person):
        named = batch.identities.get(key)
        if named is None:
            named = Identity(batch.tx.organization, batch.new_id(), renamed.id, key, evidence, batch.now)
        elif key.kind is IdentityKind.USERNAME and named.contact != renamed.id:  # given up by one, taken by another
            named = replace(named, contact=renamed.id, evidence=evidence, since=batch.now)
        else:
            continue
        batch.identities[key] = named
        batch.tx.save(named)
    return renamed


async def join(batch: Batch, contacts: Sequence[Contact]) -> Contact:
    """One contact of several: the oldest, with the names, threads and tickets of all."""
    kept, *others = sorted(contacts, key=lambda each: (each.created_at, each.id))
    gone = [each.id for each in others]
    for other in others:
        kept = joined(kept, other)
        batch.contacts[other.id] = replace(other, merged_into=kept.id)
        batch.tx.save(batch.contacts[other.id])
    batch.contacts[kept.id] = kept
    batch.tx.save(kept)
    for identity in await batch.tx.identities_of(gone):
        batch.identities[identity.key] = replace(identity, contact=kept.id)
        batch.tx.save(batch.identities[identity.key])
    for thread in [each for each in batch.threads.values() if each.contact in gone]:
        batch.threads[thread.id] = replace(thread, contact=kept.id)
        record_thread(batch.tx, thread, batch.threads[thread.id])
    for ticket in await batch.tx.tickets_of(gone):
        moved = replace(ticket, contact=kept.id)
        if ticket.id in batch.tickets:
            batch.tickets[ticket.id] = moved
        batch.tx.save(moved)
        batch.tx.record(TicketChanged(ticket.thread, ticket.id, ("contact",)))
    return kept


def rename_threads(batch: Batch, contact: ContactId, before: Person, renamed: Person) -> bool:
    """Threads that answered the old name answer the new one. Whether there were any."""
    old = number_variants(before.wa_id) if before.wa_id else ()
    moved = False
    for thread in [each for each in batch.threads.values() if each.contact == contact]:
        by_number = renamed.wa_id is not None and thread.wa_id in old and thread.wa_id != renamed.wa_id
        by_id = (
            renamed.business_scoped_id is not None
            and thread.business_scoped_id is not None
            and thread.business_scoped_id != renamed.business_scoped_id
        )
        after = replace(
            thread,
            wa_id=renamed.wa_id if by_number else thread.wa_id,
            business_scoped_id=renamed.business_scoped_id if by_id else thread.business_scoped_id,
        )
        if after != thread:
            batch.threads[thread.id] = after
            batch.tx.save(after)
            moved = True
    return moved


def thread_of(batch: Batch, channel: Channel, contact: Contact, person: Person) -> Thread | None:
    """The person's thread here; of several, the one that answers the surest of their names, then the newest."""
    return thread_among(batch.threads.values(), channel.id, contact.id, person)


def answering(thread: Thread, person: Person) -> Thread:
    """Replies go to the name last seen here."""
    return replace(
        thread,
        wa_id=person.wa_id or thread.wa_id,
        business_scoped_id=person.business_scoped_id or thread.business_scoped_id,
    )


def _holders(batch: Batch, keys: Sequence[IdentityKey]) -> list[Contact]:
    """The contacts that have these names, each once, the holder of the first name first."""
    held = (batch.identities[key].contact for key in keys if key in batch.identities)
    return [batch.contacts[id] for id in dict.fromkeys(held) if id in batch.contacts]


def _new_contact(batch: Batch, person: Person) -> Contact:
    return Contact(batch.tx.organization, ContactId(batch.new_id()), batch.now)


def _with_phone(phones: tuple[Phone, ...], person: Person) -> tuple[Phone, ...]:
    """The number they write from is one of their phones, in whichever form it stands there already."""
    if person.wa_id is None:
        return phones
    forms = {f"+{variant}" for variant in number_variants(person.wa_id)}
    if any(phone.number in forms for phone in phones):
        return phones
    return (*phones, Phone(f"+{person.wa_id}", PhoneLabel.WHATSAPP))
