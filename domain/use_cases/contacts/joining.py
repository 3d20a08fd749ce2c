"""One contact merged into another, or parted from it, with the names, threads and tickets of both.

Rows are read and locked by whoever asks; what changes is staged, and the people has it.
"""

from collections.abc import Callable, Collection
from dataclasses import replace

from domain.contacts import Contact
from domain.events import TicketChanged
from domain.ids import ContactId, ThreadId
from domain.merging import all_in, merged, parted, shown
from domain.ports.store import Look
from domain.use_cases.contacts.people import People
from domain.use_cases.ticketing import record_thread


async def shown_for(look: Look, id: ContactId) -> Contact | None:
    """The contact; where it was merged into another, the one that is shown for it."""
    contact = (await look.contacts([id])).get(id)
    while contact is not None and contact.merged_into is not None:
        contact = (await look.contacts([contact.merged_into])).get(contact.merged_into)
    return contact


async def with_joined(look: Look, roots: dict[ContactId, Contact]) -> dict[ContactId, Contact]:
    """These contacts and everybody who was merged into them. Whoever locks comes by the contact that is shown."""
    found = dict(roots)
    while missing := sorted(
        {id for each in found.values() if each.joined is not None for id in each.joined.others} - found.keys()
    ):
        found |= await look.contacts(missing)
    return found


async def join_into(people: People, kept: ContactId, other: ContactId, *, parent: ContactId, by_network: bool) -> None:
    """`other` is merged into `parent`, which is the kept contact or in it."""
    before = dict(people.contacts)
    people.contacts[parent], people.contacts[other] = merged(
        people.contacts[parent], people.contacts[other], by_network=by_network
    )
    _show(people, before, kept)
    for identity in await people.tx.identities_of([other]):
        people.identities[identity.key] = replace(identity, contact=kept, origin=identity.home)
        people.tx.save(people.identities[identity.key])
    await _move_threads(people, other, kept, lambda _: True)


async def part(people: People, contact: ContactId, other: ContactId) -> None:
    """`other` is itself again, with whoever was merged into it; `contact` is the one that was shown for it."""
    before = dict(people.contacts)
    gone = {each.id for each in all_in(people.contacts[other], people.contacts)}
    parent = people.contacts[other].merged_into
    assert parent is not None, "whoever asks has looked"
    people.contacts[parent], people.contacts[other] = parted(people.contacts[parent], people.contacts[other])
    _show(people, before, other, contact)
    for identity in await people.tx.identities_of([contact]):
        if identity.home in gone:
            people.identities[identity.key] = replace(
                identity, contact=other, origin=None if identity.home == other else identity.home
            )
            people.tx.save(people.identities[identity.key])
    await _move_threads(people, contact, other, lambda home: home in gone)


def _show(people: People, before: dict[ContactId, Contact], *roots: ContactId) -> None:
    for root in roots:
        people.contacts[root] = shown(people.contacts[root], people.contacts)
    people.tx.save(*(each for id, each in people.contacts.items() if each != before.get(id)))


async def _move_threads(people: People, of: ContactId, to: ContactId, goes: Callable[[ContactId], bool]) -> None:
    moved: set[ThreadId] = set()
    for thread in [each for each in people.threads.values() if each.contact == of and goes(each.home)]:
        after = replace(thread, contact=to, origin=None if thread.home == to else thread.home)
        people.threads[thread.id] = after
        record_thread(people.tx, thread, after)
        moved.add(thread.id)
    await _move_tickets(people, of, to, moved)


async def _move_tickets(people: People, of: ContactId, to: ContactId, threads: Collection[ThreadId]) -> None:
    for ticket in await people.tx.tickets_of([of]):
        if ticket.thread not in threads:
            continue
        after = replace(ticket, contact=to)
        if ticket.id in people.tickets:
            people.tickets[ticket.id] = after
        people.tx.save(after)
        people.tx.record(TicketChanged(ticket.thread, ticket.id, ("contact",)))
