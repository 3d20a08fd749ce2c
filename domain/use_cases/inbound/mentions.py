"""People whom an update names beside what it is about: whom a marked message went to, who reacted, changed, took back,
and whose thread it is in which the message stands that one of theirs answers.

Most of them are known under all that is said of them. That is seen without locking anything, so that marks, of which
there are three a message, are in nobody's way.
"""

from collections.abc import Collection, Mapping, Sequence

from domain.channels.channels import Channel
from domain.contacts import Contact, Identity, IdentityKey, Person, may_be_one, names_told
from domain.conversations.threads import Thread
from domain.ids import ChannelId, ContactId, MessageId, PhoneNumberId, Wamid
from domain.ports.store import Look
from domain.updates import (
    DeletionReceived,
    EditReceived,
    MessageReceived,
    ReactionReceived,
    StatusReported,
    Update,
    record_id,
)
from domain.use_cases.contacts.identity import as_known, contact_of, heard_of, held_thread, known
from domain.use_cases.inbound.batch import Batch, Mentions
from domain.use_cases.marks import read_callback

EVIDENCE = "named so in a mark or reaction"
BY_ANSWER = "answered what was written to them"


def mentioned(update: Update) -> Person | None:
    match update:
        case StatusReported(person=person):
            return person
        case ReactionReceived(person=person) | EditReceived(person=person) | DeletionReceived(person=person):
            return person
        case MessageReceived(person=person, reply_to=reply_to) if reply_to is not None:
            return person
        case _:
            return None


async def mentions_of(look: Look, channels: Mapping[PhoneNumberId, Channel], updates: Sequence[Update]) -> Mentions:
    """Of those that are mentioned, who goes by a name that is not known to be theirs."""
    people = {record_id(each.place): person for each in updates if (person := mentioned(each)) is not None}
    if not people:
        return Mentions()
    keys = sorted({key for person in people.values() for key in names_told(person)})
    held = {identity.key: identity for identity in await look.identities(keys)}
    unnamed = await _without_a_name(look, held, people.values())
    new = {id: person for id, person in people.items() if _is_unknown(person, held, unnamed)}
    fresh = [each for each in updates if record_id(each.place) in new]
    ours = {record_id(each.place): named[0] for each in fresh if (named := _marked(each)) is not None}
    answered = {record_id(each.place): pair for each in fresh if (pair := _answered(each, channels)) is not None}
    return Mentions(new, await _threads_of(look, ours, answered))


def _marked(update: Update) -> tuple[MessageId, int] | None:
    return read_callback(update.callback) if isinstance(update, StatusReported) else None


def _answered(update: Update, channels: Mapping[PhoneNumberId, Channel]) -> tuple[ChannelId, Wamid] | None:
    if not isinstance(update, MessageReceived) or update.reply_to is None or update.place.number is None:
        return None
    return channels[update.place.number].id, update.reply_to


async def receive_mention(batch: Batch, update: Update) -> None:
    """Take up what an update says of a person beside what it is about. Who is nobody's contact stays so."""
    person = batch.mentions.people.get(record_id(update.place))
    if person is None:
        return
    thread = batch.mentions.threads.get(record_id(update.place))
    if thread is not None:
        here = held_thread(batch, thread)
        if not isinstance(update, MessageReceived):
            await heard_of(batch, here, person, EVIDENCE)
        elif may_be_one(as_known(batch, here.home), person):  # else they answer what was written to somebody else
            await heard_of(batch, here, person, BY_ANSWER)
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


def _is_unknown(person: Person, held: Mapping[IdentityKey, Identity], unnamed: Collection[ContactId]) -> bool:
    names = names_told(person)
    contacts = {held[key].contact for key in names if key in held}
    is_named = person.profile_name is None or not any(each in unnamed for each in contacts)
    return len(contacts) > 1 or not is_named or any(key not in held for key in names)


async def _threads_of(
    look: Look, marked: Mapping[str, MessageId], answered: Mapping[str, tuple[ChannelId, Wamid]]
) -> dict[str, Thread]:
    sent = await look.messages(sorted(set(marked.values()))) if marked else {}
    quoted = await look.messages_by_wamid(sorted(set(answered.values()))) if answered else {}
    found = {record: sent[id].thread for record, id in marked.items() if id in sent}
    found |= {record: quoted[pair].thread for record, pair in answered.items() if pair in quoted}
    threads = await look.threads(sorted(set(found.values()))) if found else {}
    return {record: threads[id] for record, id in found.items()}
