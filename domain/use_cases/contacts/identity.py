"""Whom an update speaks of: the contact known by the names it tells, made, renamed, or joined of two.

One webhook that shows a number and a business-scoped id proves that both are the same person: two contacts that were
known by one each become one. Threads are never joined: each goes on answering the name it came from. What is told goes
to the contact whose name it came by, also where that one was merged into another.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from domain.channels.channels import Channel
from domain.contacts import (
    Contact,
    Identity,
    IdentityKey,
    IdentityKind,
    Own,
    Person,
    Phone,
    PhoneLabel,
    keys_of,
    may_be_one,
    names_told,
    number_variants,
)
from domain.conversations.threads import Thread, thread_among
from domain.errors import WriteConflict
from domain.ids import ContactId
from domain.merging import all_in, by_itself, homes_of, knowing, shown
from domain.moderation.quarantine import own_name
from domain.ports.store import Look
from domain.use_cases.contacts.joining import join_into, with_joined
from domain.use_cases.contacts.people import People

SURE = frozenset({IdentityKind.WA_ID, IdentityKind.BUSINESS_SCOPED_ID})  # a phone may be shared, a user name passed on


def known(people: People, person: Person) -> Contact | None:
    """The contact whom the surest of a person's names belongs to."""
    return next(iter(_holders(people, keys_of(person))), None)


async def contact_of(people: People, person: Person, evidence: str = "named so in a message") -> Contact:
    """The one contact of a person: found, joined of those known by one of their names, or new."""
    contact = known(people, person)
    sure = _sure_homes(people, person)
    if len(sure) > 1 and all(may_be_one(as_known(people, sure[0]), as_known(people, each)) for each in sure[1:]):
        contact = await join(people, _holders(people, [key for key in keys_of(person) if key.kind in SURE]), person)
    return told_names(people, contact or _new_contact(people), person, evidence)


async def heard_of(people: People, thread: Thread, person: Person, evidence: str) -> None:
    """What the network told of whom we write to here, other than by a message of theirs: names, and whose they are too.

    Where it wrote to another number than it was given, that number is this one's: nobody else has it.
    """
    thread = held_thread(people, thread)
    before = people.contacts[thread.contact]
    other_number = bool(thread.wa_id and person.wa_id) and person.wa_id not in number_variants(thread.wa_id or "")
    known_as = as_known(people, thread.home)
    whom = replace(known_as, wa_id=None) if other_number else known_as
    proven = [home for home in _sure_homes(people, person) if may_be_one(whom, as_known(people, home))]
    roots = {thread.contact: before} | {root.id: root for root in (_root_of(people, home) for home in proven)}
    contact = await join(people, [*roots.values()], person, thread.home)
    told_names(people, contact, person, evidence, home=thread.home if other_number else None, otherwise=thread.home)
    after = answering(people.threads[thread.id], person)
    if after != people.threads[thread.id]:
        people.threads[thread.id] = after
        people.tx.save(after)


def as_known(people: People, home: ContactId) -> Person:
    """A person as the network knows them: by what is told of one contact, and of those it proved to be the same."""
    own = [by_itself(people.contacts[id]) for id in sorted(homes_of(home, people.contacts))]
    return Person(
        wa_id=next((each.wa_id for each in own if each.wa_id), None),
        business_scoped_id=next((each.business_scoped_id for each in own if each.business_scoped_id), None),
    )


def held_thread(people: People, thread: Thread) -> Thread:
    """A thread that was looked at before anything was locked, as it is held. Raises `WriteConflict`."""
    if thread.id not in people.threads:
        raise WriteConflict  # its contact was merged, or parted, since
    return people.threads[thread.id]


async def may_join(look: Look, person: Person, contact: ContactId) -> bool:
    """Whether it may come out that a person's names are those of several contacts, one of which is this; as it looks
    before anything is locked."""
    seen = await look.identities(sorted({*keys_of(person), *names_told(person)}))
    return len({contact, *(identity.contact for identity in seen)}) > 1


async def hold_person(people: People, person: Person, contact: ContactId, *, joins: bool) -> None:
    """Read and lock whoever goes by a person's names, and a contact that may be them too.

    `joins`: as `may_join` saw it, and the turn for it is taken. Raises `WriteConflict` where it looks otherwise now.
    """
    keys = sorted({*keys_of(person), *names_told(person)})
    people.identities = {identity.key: identity for identity in await people.tx.identities(keys)}
    ids = sorted({contact, *(identity.contact for identity in people.identities.values())})
    if len(ids) > 1:
        if not joins:
            raise WriteConflict
        await people.tx.identities_of(ids)
    people.contacts = await with_joined(people.tx, await people.tx.contacts(ids))
    people.threads = {thread.id: thread for thread in await people.tx.threads_of(ids)}


def told_names(
    people: People,
    contact: Contact,
    person: Person,
    evidence: str,
    *,
    home: ContactId | None = None,
    otherwise: ContactId | None = None,
) -> Contact:
    """The contact with what this update says of it; what it leaves out stays.

    A name goes to whose it was, a new one to whose the surest of the others is, else to `otherwise` or the contact
    itself; all of them to `home`, where that is given: whom the update spoke of.
    """
    people.contacts.setdefault(contact.id, contact)
    whose = home or next(_homes(people, contact.id, keys_of(person)), otherwise or contact.id)

    def owner(*kinds: IdentityKind) -> ContactId:
        keys = [key for key in (*keys_of(person), *names_told(person)) if key.kind in kinds]
        return home or next(_homes(people, contact.id, keys), whose)

    def with_names(id: ContactId, own: Own) -> Own:
        name = own_name(person.profile_name, people.policy) if id == whose else None
        number = person.wa_id if id == owner(IdentityKind.WA_ID) else None
        scoped_id = person.business_scoped_id if id == owner(IdentityKind.BUSINESS_SCOPED_ID) else None
        username = own_name(person.username, people.policy) if id == owner(IdentityKind.USERNAME) else None
        return replace(
            own,
            profile_name=name or own.profile_name,
            wa_id=number or own.wa_id,
            business_scoped_id=scoped_id or own.business_scoped_id,
            username=username or own.username,
            phones=_with_phone(own.phones, number),
        )

    owners = [owner(kind) for kind in (IdentityKind.WA_ID, IdentityKind.BUSINESS_SCOPED_ID, IdentityKind.USERNAME)]
    for id in dict.fromkeys((whose, *owners)):
        learn(people, contact.id, id, lambda own, id=id: with_names(id, own))
    for key in names_told(person):
        named = people.identities.get(key)
        belongs = owner(key.kind)
        if named is None:
            named = Identity(people.tx.organization, people.new_id(), contact.id, key, evidence, people.now)
        elif key.kind is IdentityKind.USERNAME and named.contact != contact.id:  # given up by one, taken by another
            named = replace(named, contact=contact.id, evidence=evidence, since=people.now)
        else:
            continue
        people.identities[key] = replace(named, origin=belongs if belongs != contact.id else None)
        people.tx.save(people.identities[key])
    return people.contacts[contact.id]


def learn(people: People, contact: ContactId, home: ContactId, of: Callable[[Own], Own]) -> Contact:
    """The contact as it shows what is known from now on of one who is in it: itself, or somebody merged in."""
    before = {id: people.contacts[id] for id in (home, contact)}
    people.contacts[home] = knowing(before[home], of(by_itself(before[home])))
    people.contacts[contact] = shown(people.contacts[contact], people.contacts)
    people.tx.save(*(people.contacts[id] for id in before if people.contacts[id] != before[id]))
    return people.contacts[contact]


async def join(
    people: People, contacts: Sequence[Contact], person: Person, otherwise: ContactId | None = None
) -> Contact:
    """One contact of several of which the network proved that they are this person: the oldest, with what all have."""
    kept, *others = sorted(contacts, key=lambda each: (each.created_at, each.id))
    named = next(_homes(people, kept.id, keys_of(person)), otherwise)
    within = {each.id for each in all_in(kept, people.contacts)}
    into = named if named is not None and named in within else kept.id
    for other in others:
        await join_into(people, kept.id, other.id, parent=into, by_network=True)
    return people.contacts[kept.id]


def rename_threads(people: People, contact: ContactId, before: Person, renamed: Person) -> bool:
    """Threads that answered the old name answer the new one. Whether there were any."""
    old = number_variants(before.wa_id) if before.wa_id else ()
    homes = homes_in(people, contact, before)
    moved = False
    for thread in [each for each in people.threads.values() if each.contact == contact and each.home in homes]:
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
            people.threads[thread.id] = after
            people.tx.save(after)
            moved = True
    return moved


def thread_of(people: People, channel: Channel, contact: Contact, person: Person) -> Thread | None:
    """The person's thread here; of several, the one that answers the surest of their names, then the newest."""
    homes = homes_in(people, contact.id, person)
    return thread_among(people.threads.values(), channel.id, homes, person)


def home_of(people: People, contact: ContactId, person: Person) -> ContactId:
    """Whose the surest of a person's names is: the contact, or one that was merged into it."""
    return next(_homes(people, contact, keys_of(person)), contact)


def homes_in(people: People, contact: ContactId, person: Person) -> set[ContactId]:
    """Who of those in a contact the network knows to be this person."""
    held = [*_homes(people, contact, keys_of(person))] or [contact]
    return {id for home in held for id in homes_of(home, people.contacts)}


def answering(thread: Thread, person: Person) -> Thread:
    """Replies go to the name last seen here."""
    return replace(
        thread,
        wa_id=person.wa_id or thread.wa_id,
        business_scoped_id=person.business_scoped_id or thread.business_scoped_id,
    )


def _holders(people: People, keys: Sequence[IdentityKey]) -> list[Contact]:
    """The contacts that have these names, each once, the holder of the first name first."""
    held = (people.identities[key].contact for key in keys if key in people.identities)
    return [people.contacts[id] for id in dict.fromkeys(held) if id in people.contacts]


def _sure_homes(people: People, person: Person) -> list[ContactId]:
    """Whose the names are that can be nobody else's; each once."""
    keys = [key for key in keys_of(person) if key.kind in SURE and key in people.identities]
    return [*dict.fromkeys(people.identities[key].home for key in keys)]


def _root_of(people: People, home: ContactId) -> Contact:
    contact = people.contacts[home]
    while contact.merged_into is not None:
        contact = people.contacts[contact.merged_into]
    return contact


def _homes(people: People, contact: ContactId, keys: Sequence[IdentityKey]) -> Iterator[ContactId]:
    """Whose these names are, of those that are in this contact."""
    for key in keys:
        named = people.identities.get(key)
        if named is not None and named.contact == contact:
            yield named.home


def _new_contact(people: People) -> Contact:
    return Contact(people.tx.organization, ContactId(people.new_id()), people.now)


def _with_phone(phones: tuple[Phone, ...], number: str | None) -> tuple[Phone, ...]:
    """The number they write from is one of their phones, in whichever form it stands there already."""
    if number is None:
        return phones
    forms = {f"+{variant}" for variant in number_variants(number)}
    if any(phone.number in forms for phone in phones):
        return phones
    return (*phones, Phone(f"+{number}", PhoneLabel.WHATSAPP))
