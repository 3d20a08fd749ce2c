"""One person, two contacts: they are merged by people here, and parted again where that was wrong.

Threads are never joined by it, and each goes on answering the name it came from. So whatever comes meanwhile comes to
whom it was written by, and parting takes it along.
"""

from dataclasses import dataclass

from domain.contacts import Contact
from domain.errors import Refusal, WriteConflict, forbidden, invalid, not_found
from domain.ids import ContactId
from domain.merging import all_in
from domain.people.actors import Actor, Right
from domain.ports.bundle import Ports
from domain.ports.store import Transaction
from domain.use_cases.again import again_on_collision
from domain.use_cases.contacts.joining import join_into, part, shown_for, with_joined
from domain.use_cases.contacts.people import People
from domain.use_cases.turns import JOINING

MERGED_LIMIT = 100  # contacts in one


@dataclass(frozen=True, slots=True)
class MergeContacts:
    into: ContactId
    merged: ContactId


@dataclass(frozen=True, slots=True)
class SplitContact:
    contact: ContactId
    merged: ContactId


@dataclass(frozen=True, slots=True)
class Parted:
    contact: Contact
    split_off: Contact


@again_on_collision
async def merge_contacts(ports: Ports, actor: Actor, asked: MergeContacts) -> Contact | Refusal:
    """The contact that is both from now on. One that is in another already is taken for that one.

    Refuses FORBIDDEN, NOT_FOUND, INVALID where both are one contact, or would be of more than `MERGED_LIMIT`.
    """
    if not actor.may(Right.CONTACTS):
        return forbidden("merge contacts")
    if asked.into == asked.merged:
        return invalid("A contact can't be merged with itself.", "fromContactId")
    async with ports.store.transaction(actor.organization) as tx:
        await tx.take_turns([JOINING])
        into = await shown_for(tx.unheld, asked.into)
        if into is None:
            return not_found("contact", "intoContactId")
        other = await shown_for(tx.unheld, asked.merged)
        if other is None:
            return not_found("contact", "fromContactId")
        if into.id == other.id:
            return invalid("These are one contact already.", "fromContactId")
        people = await _hold(People.of(ports, tx, ports.clock.now()), into, other)
        if sum(1 for each in (into, other) for _ in all_in(people.contacts[each.id], people.contacts)) > MERGED_LIMIT:
            return invalid(f"At most {MERGED_LIMIT} contacts can be merged into one.", "fromContactId")
        await join_into(people, into.id, other.id, parent=into.id, by_network=False)
        return people.contacts[into.id]


@again_on_collision
async def split_contact(ports: Ports, actor: Actor, asked: SplitContact) -> Parted | Refusal:
    """Both contacts: what came by a name of the one that was merged in is its own again, whenever it came.

    Who was merged into that one goes along, and who is in the other stays: in whatever order contacts were merged, they
    can be parted in any.
    Refuses FORBIDDEN, NOT_FOUND, INVALID where the one is not in the other.
    """
    if not actor.may(Right.CONTACTS):
        return forbidden("split contacts")
    async with ports.store.transaction(actor.organization) as tx:
        await tx.take_turns([JOINING])
        contact = await shown_for(tx.unheld, asked.contact)
        if contact is None:
            return not_found("contact", "contactId")
        if not (await tx.unheld.contacts([asked.merged])):
            return not_found("contact", "fromContactId")
        people = await _hold(People.of(ports, tx, ports.clock.now()), contact)
        whole = people.contacts.get(asked.contact)
        if whole is None or asked.merged not in [each.id for each in all_in(whole, people.contacts)][1:]:
            return invalid("This contact is not merged into the other.", "fromContactId")
        await part(people, contact.id, asked.merged)
        return Parted(people.contacts[contact.id], people.contacts[asked.merged])


async def held_with_joined(tx: Transaction, *ids: ContactId) -> dict[ContactId, Contact]:
    """These contacts, which are shown, and all who are in them. Whoever asks has the turn of `JOINING`."""
    held = await tx.contacts(ids)
    if any(each.merged_into is not None for each in held.values()):
        raise WriteConflict  # merged since they were looked at
    return await with_joined(tx, held)


async def _hold(people: People, *contacts: Contact) -> People:
    """All that belongs to these contacts, locked in the order of everybody. A name is locked before its contact, so who
    writes meanwhile comes before this or after it."""
    ids = sorted(each.id for each in contacts)
    await people.tx.identities_of(ids)
    people.contacts = await held_with_joined(people.tx, *ids)
    people.threads = {thread.id: thread for thread in await people.tx.threads_of(ids)}
    await people.tx.tickets_of(ids)
    return people
