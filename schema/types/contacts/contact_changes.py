"""What people and programs do to contacts: enter them, change them, say that two are one, and take that back."""

import strawberry
from strawberry import Info

from domain.contacts import Phone, PhoneLabel
from domain.use_cases.contacts.contacts import (
    PHONES_LIMIT,
    CreateContact,
    UpdateContact,
    create_contact,
    update_contact,
)
from domain.use_cases.contacts.merging import (
    MERGED_LIMIT,
    MergeContacts,
    SplitContact,
    merge_contacts,
    split_contact,
)
from schema.context import Context
from schema.engine.values import ids
from schema.engine.values.given import as_is, left_or
from schema.types.contacts.contacts import Contact, existing
from schema.types.errors import UserError, user_errors
from schema.types.inputs import done


@strawberry.input(description="A number of a contact.")
class ContactPhoneInput:
    number: str = strawberry.field(
        description="As people write it: with its country code, as +16505551234, or as it is dialled at home in the"
        " organization's country, where that is entered."
    )
    label: PhoneLabel = strawberry.field(
        description="What it is used for. A number that is not a PHONE belongs to one contact alone."
    )


@strawberry.input(description="Somebody who has not written yet. At least one of the three is given.")
class ContactCreateInput:
    name: str | None = strawberry.field(
        default=None, description="As the people here call them; at most 200 characters."
    )
    phones: list[ContactPhoneInput] | None = strawberry.field(
        default=None,
        description=f"Their numbers, at most {PHONES_LIMIT}. Whoever writes from one of them is this contact.",
    )
    email: str | None = strawberry.field(default=None, description="Where they are reached by mail.")


@strawberry.type(description="The new contact, or why there is none.")
class ContactCreatePayload:
    contact: Contact | None = strawberry.field(default=None, description="The contact; null where it was refused.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="What shall be different of a contact. What is left out stays; an explicit null clears.")
class ContactUpdateInput:
    contact_id: strawberry.ID = strawberry.field(description="Which contact.")
    name: strawberry.Maybe[str | None] = strawberry.field(
        description="As the people here call them; at most 200 characters."
    )
    phones: strawberry.Maybe[list[ContactPhoneInput] | None] = strawberry.field(
        description=f"All their numbers from now on, at most {PHONES_LIMIT}. What WhatsApp told of them stays known."
    )
    email: strawberry.Maybe[str | None] = strawberry.field(description="Where they are reached by mail.")
    opted_out: strawberry.Maybe[bool | None] = strawberry.field(
        description="True: they asked not to be written to. False or null: they take it back. What they chose of"
        " marketing in WhatsApp is theirs to change."
    )


@strawberry.type(description="The contact as it is now, or why it stays as it was.")
class ContactUpdatePayload:
    contact: Contact | None = strawberry.field(default=None, description="The contact; null where it was refused.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Two contacts that are one person.")
class ContactMergeInput:
    into_contact_id: strawberry.ID = strawberry.field(description="Who both are from now on.")
    from_contact_id: strawberry.ID = strawberry.field(
        description=f"Who is merged into it, with whoever was merged into that one; {MERGED_LIMIT} in all at most."
    )


@strawberry.type(description="The contact that is both, or why they stay two.")
class ContactMergePayload:
    contact: Contact | None = strawberry.field(default=None, description="The contact; null where it was refused.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Two contacts that were merged and are two people after all.")
class ContactSplitInput:
    contact_id: strawberry.ID = strawberry.field(description="The contact it was merged into.")
    from_contact_id: strawberry.ID = strawberry.field(description="The contact that was merged in.")


@strawberry.type(description="Both contacts, or why they stay one.")
class ContactSplitPayload:
    contact: Contact | None = strawberry.field(
        default=None, description="Who is left, as they are shown now; null where it was refused."
    )
    split_off: Contact | None = strawberry.field(
        default=None,
        description="Who was merged in, with all that came by their names, before and after; null where refused.",
    )
    user_errors: list[UserError] = user_errors()


async def create(info: Info[Context, None], input: ContactCreateInput) -> ContactCreatePayload:
    context = info.context
    asked = CreateContact(input.name, _phones(input.phones or []), input.email)
    contact = done(await create_contact(context.ports, context.acting, asked))
    await context.read_on(contact.organization, contact)
    return ContactCreatePayload(contact=await existing(context, contact.id))


async def update(info: Info[Context, None], input: ContactUpdateInput) -> ContactUpdatePayload:
    context = info.context
    asked = UpdateContact(
        ids.CONTACT.given(input.contact_id, "contactId"),
        as_is(input.name),
        as_is(input.email),
        as_is(input.opted_out),
        left_or(input.phones, _phones),
    )
    contact = done(await update_contact(context.ports, context.acting, asked))
    await context.read_on(contact.organization, contact)
    return ContactUpdatePayload(contact=await existing(context, contact.id))


async def merge(info: Info[Context, None], input: ContactMergeInput) -> ContactMergePayload:
    context = info.context
    asked = MergeContacts(
        ids.CONTACT.given(input.into_contact_id, "intoContactId"),
        ids.CONTACT.given(input.from_contact_id, "fromContactId"),
    )
    contact = done(await merge_contacts(context.ports, context.acting, asked))
    await context.read_on(contact.organization, contact)
    return ContactMergePayload(contact=await existing(context, contact.id))


async def split(info: Info[Context, None], input: ContactSplitInput) -> ContactSplitPayload:
    context = info.context
    asked = SplitContact(
        ids.CONTACT.given(input.contact_id, "contactId"), ids.CONTACT.given(input.from_contact_id, "fromContactId")
    )
    parted = done(await split_contact(context.ports, context.acting, asked))
    await context.read_on(parted.contact.organization, parted.contact, parted.split_off)
    return ContactSplitPayload(
        contact=await existing(context, parted.contact.id), split_off=await existing(context, parted.split_off.id)
    )


def _phones(given: list[ContactPhoneInput]) -> tuple[Phone, ...]:
    return tuple(Phone(each.number, each.label) for each in given)
