"""Two contacts that are one person, and the way back.

A contact that was merged in keeps its row, and each name and thread remembers whose it was. So parting is never a
guess: what came by a name goes with that name, also what came after the merge.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from domain.contacts import Contact, Joined, Own
from domain.ids import ContactId

Contacts = Mapping[ContactId, Contact]
"""A contact and all who were merged into it, at any depth."""


def by_itself(contact: Contact) -> Own:
    """What is known of this contact alone."""
    if contact.joined is not None:
        return contact.joined.own
    return Own(
        name=contact.name,
        profile_name=contact.profile_name,
        wa_id=contact.wa_id,
        business_scoped_id=contact.business_scoped_id,
        username=contact.username,
        email=contact.email,
        phones=contact.phones,
        opted_out_at=contact.opted_out_at,
        marketing_opted_out_at=contact.marketing_opted_out_at,
        marketing_told_at=contact.marketing_told_at,
    )


def knowing(contact: Contact, own: Own) -> Contact:
    """The contact with something else known of itself; what it shows beside that is for `shown` to say."""
    if contact.joined is not None:
        return replace(contact, joined=replace(contact.joined, own=own))
    return _showing(contact, own)


def shown(contact: Contact, contacts: Contacts) -> Contact:
    """The contact with what it shows: its own, and where it has nothing, what those have who were merged in."""
    own = _of_all(contact, contacts)
    if contact.joined is None:
        return _showing(contact, own)
    choices = _choices(contact, contacts)
    stopped = [each.marketing_opted_out_at for each in choices if each.marketing_opted_out_at is not None]
    told = [each.marketing_told_at for each in choices if each.marketing_told_at is not None]
    return _showing(
        contact,
        replace(
            own,
            marketing_opted_out_at=min(stopped, default=None),
            marketing_told_at=max(told, default=None),
        ),
    )


def merged(kept: Contact, other: Contact, *, by_network: bool) -> tuple[Contact, Contact]:
    """Both with the other merged into the kept one; what that shows is for `shown` to say."""
    before = kept.joined or Joined(by_itself(kept), ())
    return (
        replace(kept, joined=replace(before, others=(*before.others, other.id))),
        replace(other, merged_into=kept.id, merged_by_network=by_network),
    )


def parted(kept: Contact, other: Contact) -> tuple[Contact, Contact]:
    """The undoing of `merged`, whatever else was merged or parted meanwhile."""
    others = tuple(each for each in kept.joined.others if each != other.id) if kept.joined is not None else ()
    alone = _showing(replace(kept, joined=None), by_itself(kept))
    return (
        replace(kept, joined=replace(kept.joined, others=others)) if kept.joined is not None and others else alone,
        replace(other, merged_into=None, merged_by_network=False),
    )


def all_in(contact: Contact, contacts: Contacts) -> Iterator[Contact]:
    """The contact and everybody who was merged into it, at any depth."""
    yield contact
    for id in contact.joined.others if contact.joined is not None else ():
        yield from all_in(contacts[id], contacts)


def homes_of(home: ContactId, contacts: Contacts) -> set[ContactId]:
    """The contacts of which the network proved that they are one person with this one."""
    found = {home}
    while True:
        proven = [
            (each.id, each.merged_into)
            for each in contacts.values()
            if each.merged_by_network and each.merged_into is not None
        ]
        more = {id for pair in proven if found & set(pair) for id in pair} - found
        if not more:
            return found
        found |= more


def _of_all(contact: Contact, contacts: Contacts) -> Own:
    own = by_itself(contact)
    if contact.joined is None:
        return own
    for id in contact.joined.others:
        own = _together(own, _of_all(contacts[id], contacts), contact.joined.said)
    return own


def _together(own: Own, other: Own, said: tuple[str, ...]) -> Own:
    """Who said stop once has said it. What they chose of marketing in WhatsApp is for `shown` to say."""
    return Own(
        name=own.name if "name" in said else own.name or other.name,
        profile_name=own.profile_name or other.profile_name,
        wa_id=own.wa_id or other.wa_id,
        business_scoped_id=own.business_scoped_id or other.business_scoped_id,
        username=own.username or other.username,
        email=own.email if "email" in said else own.email or other.email,
        phones=own.phones if "phones" in said else tuple(dict.fromkeys((*own.phones, *other.phones))),
        opted_out_at=_earlier(own.opted_out_at, other.opted_out_at),
    )


def _choices(contact: Contact, contacts: Contacts) -> list[Own]:
    """What each in a contact chose of marketing in WhatsApp. A person known by two names chose what they chose last;
    of several whom people here merged, one who takes it does not speak for one who stopped it."""
    by_person: list[list[Own]] = [[]]

    def look_at(each: Contact, person: list[Own]) -> None:
        person.append(by_itself(each))
        for other in (contacts[id] for id in (each.joined.others if each.joined is not None else ())):
            if other.merged_by_network:
                look_at(other, person)
            else:
                by_person.append([])
                look_at(other, by_person[-1])

    look_at(contact, by_person[0])
    return [_chosen(person) for person in by_person]


def _chosen(person: list[Own]) -> Own:
    told = [each for each in person if each.marketing_told_at is not None]
    stopped = [each.marketing_opted_out_at for each in person if each.marketing_opted_out_at is not None]
    return max(told, key=_marketing_told) if told else Own(marketing_opted_out_at=min(stopped, default=None))


def _showing(contact: Contact, own: Own) -> Contact:
    return replace(
        contact,
        name=own.name,
        profile_name=own.profile_name,
        wa_id=own.wa_id,
        business_scoped_id=own.business_scoped_id,
        username=own.username,
        email=own.email,
        phones=own.phones,
        opted_out_at=own.opted_out_at,
        marketing_opted_out_at=own.marketing_opted_out_at,
        marketing_told_at=own.marketing_told_at,
    )


def _marketing_told(own: Own) -> str:
    return own.marketing_told_at.isoformat() if own.marketing_told_at is not None else ""


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one is not None and other is not None else one or other
