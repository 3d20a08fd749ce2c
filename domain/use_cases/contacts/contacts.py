"""What people here say of a contact: a name, an address, numbers, and whether they asked to be left alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
    number_variants,
)
from domain.errors import REFUSALS, Refusal, forbidden, invalid, not_found
from domain.given import UNSET, Left
from domain.ids import ContactId
from domain.merging import by_itself, knowing, shown
from domain.people.actors import Actor, Right
from domain.people.organizations import NAME_LIMIT
from domain.ports.bundle import Ports
from domain.ports.store import Look, Transaction
from domain.text.names import contact_name
from domain.text.numbers import NO_NUMBER, typed_number
from domain.use_cases.again import again_on_collision
from domain.use_cases.contacts.joining import shown_for
from domain.use_cases.contacts.merging import held_with_joined
from domain.use_cases.people.people import email_fault
from domain.use_cases.turns import JOINING, turns_of_person
from domain.use_cases.work import Work

PHONES_LIMIT = 20  # numbers of a contact


@dataclass(frozen=True, slots=True)
class CreateContact:
    name: str | None = None
    phones: tuple[Phone, ...] = ()
    """Numbers as people type them."""
    email: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateContact:
    """What is left out stays; None clears. `phones` are all there are from now on, as people type them."""

    contact: ContactId
    name: str | Left | None = UNSET
    email: str | Left | None = UNSET
    opted_out: bool | Left | None = UNSET
    phones: tuple[Phone, ...] | Left | None = UNSET


@again_on_collision
async def create_contact(ports: Ports, actor: Actor, asked: CreateContact) -> Contact | Refusal:
    """Refuses FORBIDDEN, and INVALID: also where a number is somebody's already, in whichever form it is known."""
    if not actor.may(Right.CONTACTS):
        return forbidden("create contacts")
    name, email = _trimmed(asked.name), _trimmed(asked.email)
    if refusal := _fault(name, email, asked.phones):
        return refusal
    if name is None and email is None and not asked.phones:
        return invalid("A contact has a name, a number or an address.")
    async with ports.store.transaction(actor.organization) as tx:
        phones = await _read(tx.unheld, asked.phones)
        if isinstance(phones, REFUSALS):
            return phones
        await tx.take_turns(_turns(phones))
        held = await _holders(tx, phones)
        if refusal := await _taken(tx.unheld, held, phones, None):
            return refusal
        work = Work.of(ports, tx, ports.clock.now())
        id = ContactId(ports.ids.new())
        contact = Contact(actor.organization, id, work.now, name=name, email=email, phones=phones)
        tx.save(contact, *_names(work, id, phones, held))
    return contact


@again_on_collision
async def update_contact(ports: Ports, actor: Actor, asked: UpdateContact) -> Contact | Refusal:
    """The contact as it is from now on; where it turned out to be somebody known already, the one they are.

    Of a merged contact, what is said here is shown as long as it is one; whether they asked to be left alone is said of
    all who are in it.
    Refuses FORBIDDEN, NOT_FOUND, and INVALID: also where a number is somebody else's.
    """
    if not actor.may(Right.CONTACTS):
        return forbidden("change contacts")
    name, email = _given(asked.name), _given(asked.email)
    numbers = () if asked.phones is UNSET else asked.phones or ()
    if refusal := _fault(name, email, numbers):
        return refusal
    async with ports.store.transaction(actor.organization) as tx:
        phones = await _read(tx.unheld, numbers)
        if isinstance(phones, REFUSALS):
            return phones
        await tx.take_turns(sorted({JOINING, *_turns(phones)}))
        contact = await shown_for(tx.unheld, asked.contact)
        if contact is None:
            return not_found("contact", "contactId")
        work = Work.of(ports, tx, ports.clock.now())
        own_names = await tx.identities_of([contact.id])
        held = await _holders(tx, phones)
        if refusal := await _taken(tx.unheld, held, phones, contact.id):
            return refusal
        contacts = await held_with_joined(tx, contact.id)
        if asked.phones is not UNSET:
            tx.save(*_names(work, contact.id, phones, held))
            tx.remove(*(each for each in own_names if _is_given_up(each, contact.id, phones)))
        before = dict(contacts)
        for id, each in before.items():
            contacts[id] = knowing(each, _with_choice(by_itself(each), asked.opted_out, work))
        said = Said(name, email, UNSET if asked.phones is UNSET else phones)
        contacts[contact.id] = said.of(contacts[contact.id])
        contacts[contact.id] = shown(contacts[contact.id], contacts)
        tx.save(*(each for id, each in contacts.items() if each != before[id]))
        return contacts[contact.id]


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a contact, and of nobody who was merged into it."""

    name: str | Left | None
    email: str | Left | None
    phones: tuple[Phone, ...] | Left

    def of(self, contact: Contact) -> Contact:
        own = by_itself(contact)
        after = knowing(
            contact,
            replace(
                own,
                name=own.name if self.name is UNSET else self.name,
                email=own.email if self.email is UNSET else self.email,
                phones=own.phones if self.phones is UNSET else self.phones,
            ),
        )
        if after.joined is None:
            return after
        given = {"name": self.name, "email": self.email, "phones": self.phones}
        fields = [field for field, value in given.items() if value is not UNSET]
        return replace(after, joined=replace(after.joined, said=tuple(dict.fromkeys((*after.joined.said, *fields)))))


def _with_choice(own: Own, opted_out: bool | Left | None, work: Work) -> Own:
    if opted_out is UNSET:
        return own
    return replace(own, opted_out_at=(own.opted_out_at or work.now) if opted_out else None)


def _given(text: str | Left | None) -> str | Left | None:
    return UNSET if text is UNSET else _trimmed(text)


def _trimmed(text: str | None) -> str | None:
    return (text or "").strip() or None


def _fault(name: str | Left | None, email: str | Left | None, phones: Sequence[Phone]) -> Refusal | None:
    if isinstance(name, str) and len(name) > NAME_LIMIT:
        return invalid(f"A name has at most {NAME_LIMIT} characters.", "name")
    if isinstance(email, str) and (fault := email_fault(email)):
        return invalid(fault, "email")
    if len(phones) > PHONES_LIMIT:
        return invalid(f"A contact has at most {PHONES_LIMIT} numbers.", "phones")
    return None


# Numbers


async def _read(look: Look, phones: Sequence[Phone]) -> tuple[Phone, ...] | Refusal:
    """The numbers in E.164 form, as read in the organization's country."""
    country = (await look.settings()).country if phones else None
    read: list[Phone] = []
    forms: set[str] = set()
    for index, phone in enumerate(phones):
        digits = typed_number(phone.number, country)
        if digits is None:
            return invalid(NO_NUMBER, "phones", str(index), "number")
        if digits in forms:
            return invalid("This number stands here twice.", "phones", str(index), "number")
        forms |= {*number_variants(digits)}
        read.append(replace(phone, number=f"+{digits}"))
    return tuple(read)


def _turns(phones: Sequence[Phone]) -> list[str]:
    return sorted({turn for phone in phones for turn in turns_of_person(_holder_of(phone))})


def _holder_of(phone: Phone) -> Person:
    return Person(wa_id=phone.number.removeprefix("+"))


async def _holders(tx: Transaction, phones: Sequence[Phone]) -> dict[IdentityKey, Identity]:
    """Who is known by these numbers, in whichever form."""
    keys = sorted({key for phone in phones for key in keys_of(_holder_of(phone))})
    return {identity.key: identity for identity in await tx.identities(keys)} if keys else {}


async def _taken(
    look: Look, held: dict[IdentityKey, Identity], phones: Sequence[Phone], contact: ContactId | None
) -> Refusal | None:
    """A number that a person carries is theirs alone; a telephone may stand where several are reached."""
    for index, phone in enumerate(phones):
        others = [held[key].contact for key in keys_of(_holder_of(phone)) if key in held]
        if phone.label is PhoneLabel.PHONE or not others or contact in others:
            continue
        name = contact_name((await look.contacts(others[:1]))[others[0]])
        return invalid(f"{name} has this number already.", "phones", str(index), "number")
    return None


def _names(
    work: Work, contact: ContactId, phones: Sequence[Phone], held: dict[IdentityKey, Identity]
) -> list[Identity]:
    """By which numbers a contact is known from now on, where nobody is yet."""
    new = [phone for phone in phones if not any(key in held for key in keys_of(_holder_of(phone)))]
    return [
        Identity(work.tx.organization, work.new_id(), contact, _key(phone), "entered by hand", work.now)
        for phone in new
    ]


def _key(phone: Phone) -> IdentityKey:
    """In one form of all that the number may have, so that it is nobody else's in another."""
    return IdentityKey(IdentityKind.PHONE, f"+{max(number_variants(phone.number.removeprefix('+')), key=len)}")


def _is_given_up(identity: Identity, contact: ContactId, phones: Sequence[Phone]) -> bool:
    kept = {f"+{form}" for phone in phones for form in number_variants(phone.number.removeprefix("+"))}
    return identity.key.kind is IdentityKind.PHONE and identity.home == contact and identity.key.value not in kept
