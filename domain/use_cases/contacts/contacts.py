"""What people here say of a contact: a name, an address, and whether they asked to be left alone."""

from dataclasses import dataclass, replace

from domain.contacts import Contact
from domain.errors import Refusal, forbidden, invalid, not_found
from domain.given import UNSET, Left
from domain.ids import ContactId
from domain.people.actors import Actor, Right
from domain.people.organizations import NAME_LIMIT
from domain.ports.bundle import Ports
from domain.ports.store import Transaction
from domain.use_cases.again import again_on_collision
from domain.use_cases.people.people import email_fault


@dataclass(frozen=True, slots=True)
class UpdateContact:
    """What is left out stays; None clears."""

    contact: ContactId
    name: str | Left | None = UNSET
    email: str | Left | None = UNSET
    opted_out: bool | Left | None = UNSET


@again_on_collision
async def update_contact(ports: Ports, actor: Actor, command: UpdateContact) -> Contact | Refusal:
    """The contact as it is from now on; where it turned out to be somebody known already, the one they are.

    Refuses FORBIDDEN, INVALID, NOT_FOUND.
    """
    if not actor.may(Right.CONTACTS):
        return forbidden("change contacts")
    if refusal := _fault(command):
        return refusal
    async with ports.store.transaction(actor.organization) as tx:
        before = await _surviving(tx, command.contact)
        if before is None:
            return not_found("contact", "contactId")
        opted_out_at = before.opted_out_at
        if command.opted_out is not UNSET:
            opted_out_at = (opted_out_at or ports.clock.now()) if command.opted_out else None
        after = replace(
            before,
            name=before.name if command.name is UNSET else (command.name or "").strip() or None,
            email=before.email if command.email is UNSET else (command.email or "").strip() or None,
            opted_out_at=opted_out_at,
        )
        if after != before:
            tx.save(after)
    return after


async def _surviving(tx: Transaction, id: ContactId) -> Contact | None:
    contact = (await tx.contacts([id])).get(id)
    while contact is not None and contact.merged_into is not None:
        contact = (await tx.contacts([contact.merged_into])).get(contact.merged_into)
    return contact


def _fault(command: UpdateContact) -> Refusal | None:
    if isinstance(command.name, str) and len(command.name.strip()) > NAME_LIMIT:
        return invalid(f"A name has at most {NAME_LIMIT} characters.", "name")
    if isinstance(command.email, str) and command.email.strip() and (fault := email_fault(command.email)):
        return invalid(fault, "email")
    return None
