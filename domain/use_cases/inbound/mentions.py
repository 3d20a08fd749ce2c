"""People whom an update names beside what it is about: whom a marked message went to, who reacted, changed, took back.

Most of them are known under all that is said of them. That is seen without locking anything, so that marks, of which
there are three a message, are in nobody's way.
"""

from collections.abc import Collection, Mapping, Sequence

from domain.contacts import Contact, Identity, IdentityKey, Person, names_told
from domain.conversations.threads import Thread
from domain.ids import ContactId, MessageId
from domain.ports.store import Look
from domain.updates import DeletionReceived, EditReceived, ReactionReceived, StatusReported, Update, record_id
from domain.use_cases.contacts.identity import contact_of, heard_of, known
from domain.use_cases.inbound.batch import Batch, News
from domain.use_cases.marks import read_callback

EVIDENCE = "named so in a mark or reaction"


def mentioned(update: Update) -> Person | None:
    match update:
        case StatusReported(person=person):
            return person
        case ReactionReceived(person=person) | EditReceived(person=person) | DeletionReceived(person=person):
            return person
        case _:
            return None


async def news_of(look: Look, updates: Sequence[Update]) -> News:
    """Of those that are mentioned, who goes by a name that is not known to be theirs."""
    people = {record_id(each.place): person for each in updates if (person := mentioned(each)) is not None}
    if not people:
        return News()
    keys = sorted({key for person in people.values() for key in names_told(person)})
    held = {identity.key: identity for identity in await look.identities(keys)}
    unnamed = await _without_a_name(look, held, people.values())
    new = {id: person for id, person in people.items() if _is_news(person, held, unnamed)}
    callbacks = {record_id(each.place): each.callback for each in updates if isinstance(each, StatusReported)}
    ours = {id: named[0] for id in new if (named := read_callback(callbacks.get(id))) is not None}
    return News(new, await _threads_of(look, ours))


async def receive_mention(batch: Batch, update: Update) -> None:
    """Take up what an update says of a person beside what it is about. Who is nobody's contact stays so."""
    person = batch.news.people.get(record_id(update.place))
    if person is None:
        return
    thread = batch.news.threads.get(record_id(update.place))
    if thread is not None:
        await heard_of(batch, batch.threads[thread.id], person, EVIDENCE)
    elif known(batch, person) is not None:
        await contact_of(batch, person, EVIDENCE)


async def _without_a_name(
    look: Look, held: Mapping[IdentityKey, Identity], people: Collection[Person]
) -> dict[ContactId, Contact]:
    """Contacts that nobody knows what to call, of those whose name is told."""
    keys = [key for person in people if person.profile_name for key in names_told(person) if key in held]
    ids = sorted({held[key].contact for key in keys})
    found = await look.contacts(ids) if ids else {}
    return {id: each for id, each in found.items() if each.profile_name is None}


def _is_news(person: Person, held: Mapping[IdentityKey, Identity], unnamed: Collection[ContactId]) -> bool:
    names = names_told(person)
    contacts = {held[key].contact for key in names if key in held}
    is_named = person.profile_name is None or not any(each in unnamed for each in contacts)
    return len(contacts) > 1 or not is_named or any(key not in held for key in names)


async def _threads_of(look: Look, messages: Mapping[str, MessageId]) -> dict[str, Thread]:
    if not messages:
        return {}
    found = await look.messages(sorted(set(messages.values())))
    threads = await look.threads(sorted({each.thread for each in found.values()})) if found else {}
    return {record: threads[found[id].thread] for record, id in messages.items() if id in found}
