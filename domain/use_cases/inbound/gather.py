"""Gathering: every row a batch may touch, and the turns it takes, told from its updates before one is applied."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from domain.channels.channels import Channel, Destination
from domain.contacts import IdentityKey, Person, keys_of, names_told
from domain.conversations.status import arrived
from domain.conversations.threads import Thread
from domain.errors import WriteConflict
from domain.ids import ContactId, PhoneNumberId, Wamid
from domain.moderation.quarantine import policy_of
from domain.updates import (
    AccountNews,
    DeletionReceived,
    EditReceived,
    IdentityChanged,
    Ignored,
    MarketingChosen,
    MessageEchoed,
    MessageReceived,
    ReactionReceived,
    StatusReported,
    TemplateTold,
    Update,
    record_id,
)
from domain.use_cases.contacts.identity import SURE, known, thread_of
from domain.use_cases.contacts.joining import with_joined
from domain.use_cases.inbound.batch import Batch
from domain.use_cases.inbound.mentions import mentions_of
from domain.use_cases.inbound.tickets import needs_ticket
from domain.use_cases.marks import read_callback
from domain.use_cases.message_changes import replies_of
from domain.use_cases.turns import JOINING, turn_of_message, turns_of_person


async def look_ahead(batch: Batch, updates: Sequence[Update]) -> tuple[str, ...]:
    """What can be seen before anything is locked: who is mentioned by a name that is not known to be theirs, and
    whether contacts may become one. The turns for both are returned."""
    batch.channels = {channel.phone_number_id: channel for channel in await batch.tx.all_of(Channel)}
    here = [each for each in updates if each.place.number in batch.channels]
    batch.mentions = await mentions_of(batch.tx.unheld, batch.channels, here)
    names = [_joining_names(batch, update) for update in updates]
    keys = {key for each, thread in names if len(each) > 1 or thread is not None for key in each}
    seen = await batch.tx.unheld.identities(sorted(keys)) if keys else []
    batch.identities = {identity.key: identity for identity in seen}
    batch.may_join = any(len(each) > 1 for each in _known_contacts(batch, updates))
    turns = {turn for person in batch.mentions.people.values() for turn in turns_of_person(person)}
    return (*turns, JOINING) if batch.may_join else tuple(turns)


async def gather(batch: Batch, updates: Sequence[Update]) -> None:
    """Everything the batch may touch, a statement a table, locked in the order of keys.

    Raises `WriteConflict` where contacts may become one and `look_ahead` did not see it.
    """
    tx = batch.tx
    if any(isinstance(update, EditReceived) for update in updates) or any(_named(batch, updates)):
        organization = await tx.settings()
        batch.policy, batch.stop_words = policy_of(organization), organization.stop_words
    await _gather_waiting(batch, updates)
    keys = {key for person in _named(batch, updates) for key in (*keys_of(person), *names_told(person))}
    identities = await tx.identities(sorted(keys)) if keys else []
    batch.identities = {identity.key: identity for identity in identities}
    contact_ids = sorted({identity.contact for identity in identities} | batch.mentions.contacts)
    if any(len(each) > 1 for each in _known_contacts(batch, updates)):
        if not batch.may_join:
            raise WriteConflict  # since it was looked at
        await tx.identities_of(contact_ids)
    batch.contacts = await with_joined(tx, await tx.contacts(contact_ids)) if contact_ids else {}
    batch.threads = {thread.id: thread for thread in await tx.threads_of(contact_ids)} if contact_ids else {}
    await _gather_messages(batch, updates)
    if batch.may_join or batch.takes_back(updates):
        authors = {(await batch.thread(each.thread)).contact for each in batch.messages.values()}
        await tx.tickets_of(sorted({*authors, *contact_ids}))
    ticket_ids = sorted({thread.ticket for thread in batch.threads.values() if thread.ticket is not None})
    batch.tickets = await tx.tickets(ticket_ids) if ticket_ids else {}
    if count := _tickets_at_most(batch, updates):
        first = await tx.next_ticket_numbers(count)
        batch.ticket_numbers = list(range(first, first + count))


def _tickets_at_most(batch: Batch, updates: Sequence[Update]) -> int:
    """How many tickets the batch may open: one for each person who writes to a help desk number and has none."""
    writers: set[tuple[PhoneNumberId, str]] = set()
    for update in updates:
        channel = batch.channels.get(update.place.number) if update.place.number is not None else None
        if not isinstance(update, MessageReceived) or channel is None:
            continue
        if not update.asks_for_ticket:
            continue
        contact = known(batch, update.person)
        thread = thread_of(batch, channel, contact, update.person) if contact is not None else None
        if channel.destination is Destination.HELP_DESK and needs_ticket(batch, channel, thread):
            writers.add((channel.phone_number_id, update.person.lane))
    return len(writers)


def people_of(updates: Sequence[Update]) -> Iterator[Person]:
    """Everybody whose contact the batch may have to know."""
    for update in updates:
        match update:
            case MessageReceived(person=person) | MessageEchoed(person=person):
                yield person
            case MarketingChosen(person=person):
                yield person
            case IdentityChanged(person=person, renamed=renamed):
                yield from (person, renamed)
            case ReactionReceived() | EditReceived() | DeletionReceived() | StatusReported():
                pass
            case AccountNews() | TemplateTold() | Ignored():
                pass
            case _:
                assert_never(update)


def _named(batch: Batch, updates: Sequence[Update]) -> Iterator[Person]:
    """Everybody whom the batch may learn of, or make known."""
    yield from people_of(updates)
    yield from batch.mentions.people.values()


def _joining_names(batch: Batch, update: Update) -> tuple[set[IdentityKey], Thread | None]:
    """The names by which an update may show that contacts are one person, and the thread of one of them."""
    record = record_id(update.place)
    people = [*people_of([update]), *([batch.mentions.people[record]] if record in batch.mentions.people else [])]
    keys = {key for person in people for key in keys_of(person)}
    if not isinstance(update, IdentityChanged):  # who that speaks of may be known by any name
        keys = {key for key in keys if key.kind in SURE}
    return keys, batch.mentions.threads.get(record)


def _known_contacts(batch: Batch, updates: Sequence[Update]) -> Iterator[set[ContactId]]:
    """Whose those names are."""
    for update in updates:
        keys, thread = _joining_names(batch, update)
        known = {batch.identities[key].contact for key in keys if key in batch.identities}
        yield known | ({thread.contact} if thread is not None else set())


async def _gather_waiting(batch: Batch, updates: Sequence[Update]) -> None:
    """What waits for a message that the batch brings, and what of ours waits to leave though it may have arrived."""
    if wamids := _wamids(batch, updates):
        for parked in await batch.tx.parked(sorted(wamids)):
            batch.parked.setdefault((parked.number, parked.wamid), []).append(parked)
    arrivals = [each for each in updates if isinstance(each, StatusReported) and arrived(each.status)]
    if ours := {named[0] for each in arrivals if (named := read_callback(each.callback))}:
        batch.items = await batch.tx.outbox_items(sorted(ours))


def _wamids(batch: Batch, updates: Sequence[Update]) -> set[tuple[PhoneNumberId, Wamid]]:
    return {
        (update.place.number, wamid)
        for update in updates
        if update.place.number is not None and update.place.number in batch.channels
        for wamid in wamids_of(update)
    }


async def _gather_messages(batch: Batch, updates: Sequence[Update]) -> None:
    wamids = _wamids(batch, updates)
    named = [read_callback(update.callback) for update in updates if isinstance(update, StatusReported)]
    ours = {each[0] for each in named if each is not None}
    ours |= {reply for waiting in batch.parked.values() for reply in replies_of(waiting)}
    if not wamids:
        return
    pairs = sorted((batch.channels[number].id, wamid) for number, wamid in wamids)
    for message in (await batch.tx.messages_by_wamid(pairs)).values():
        batch.put_message(message)
    missing = sorted(ours - batch.messages.keys())
    for message in (await batch.tx.messages(missing)).values() if missing else ():
        batch.put_message(message)


def turns_of_update(update: Update) -> Iterator[str]:
    """Whoever speaks of a message or person that is not known and whoever makes them known go one after the other, so
    that the second finds what the first left: the message, what waits for it, the contact."""
    for wamid in wamids_of(update) if update.place.number is not None else ():
        yield turn_of_message(update.place.number or "", wamid)
    for person in people_of([update]):
        yield from turns_of_person(person)


def wamids_of(update: Update) -> tuple[Wamid, ...]:
    match update:
        case MessageReceived(wamid=wamid, reply_to=reply_to) | MessageEchoed(wamid=wamid, reply_to=reply_to):
            return (wamid,) if reply_to is None else (wamid, reply_to)
        case ReactionReceived(target=target) | EditReceived(target=target) | DeletionReceived(target=target):
            return (target,)
        case StatusReported(wamid=wamid):
            return (wamid,)
        case IdentityChanged(wamid=wamid):
            return (wamid,) if wamid is not None else ()
        case MarketingChosen() | AccountNews() | TemplateTold() | Ignored():
            return ()
        case _:
            assert_never(update)
