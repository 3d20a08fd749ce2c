"""Contacts: the people who write, and the names the network knows them by."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry import Info

import schema.types.conversations.threads
import schema.types.desk.tickets
from domain import contacts
from domain.contacts import IdentityKind, PhoneLabel
from domain.ids import ContactId
from domain.ports.reads import ThreadFilter, TicketFilter
from domain.text.names import contact_name
from schema.context import Context
from schema.engine.readable import readable
from schema.engine.values import ids
from schema.engine.values.enums import describe
from schema.engine.values.ids import Node
from schema.engine.values.pages import After, Connection, First, PageArguments, connection, page_ask, read
from schema.engine.values.scalars import PhoneNumber
from schema.types.lazy import ThreadConnection, TicketConnection
from schema.types.names import MessageSender

ORDER = "contacts"

describe(
    IdentityKind,
    "What kind of name somebody is known by.",
    {
        "WA_ID": "The network's id of a person who shows their number: its digits.",
        "BUSINESS_SCOPED_ID": "The network's id of a person as this business knows them, with or without a number.",
        "USERNAME": "The name a person chose in WhatsApp in place of a number. They may change it.",
        "PHONE": "A phone number in E.164 form.",
    },
)
describe(
    PhoneLabel,
    "What a number is used for.",
    {"PHONE": "A telephone.", "MOBILE": "A mobile phone.", "WHATSAPP": "The number they write from."},
)


@strawberry.type(description="A number of a contact.")
class ContactPhone:
    number: PhoneNumber = strawberry.field(description="In E.164 form.")
    label: PhoneLabel = strawberry.field(description="What it is used for.")


@strawberry.type(description="One name of a contact, and how it came to be known as theirs.")
class ContactIdentity:
    kind: IdentityKind = strawberry.field(description="What kind of name.")
    value: str = strawberry.field(description="The name itself, as the network spells it.")
    evidence: str = strawberry.field(description="What told us that it is theirs, in words.")
    since: datetime = strawberry.field(description="When it was first known.")


@strawberry.type(description="A person who writes to the business, whatever names the network knows them by.")
class Contact(Node, MessageSender):
    name: str | None = strawberry.field(
        description="As the people here call them; null until somebody enters it. `displayName` is what to show."
    )
    profile_name: str | None = strawberry.field(
        description="As they call themselves in WhatsApp. They may write anything there; null where it was not told."
    )
    phones: list[ContactPhone] = strawberry.field(description="Their numbers; empty where none is known.")
    email: str | None = strawberry.field(description="Where they are reached by mail; null where unknown.")
    wa_id: str | None = strawberry.field(
        description="The network's id: a number's digits. Null for people who hide their number behind a username."
    )
    business_scoped_id: str | None = strawberry.field(
        description="The network's id of them for this business alone; null where it has not been told."
    )
    username: str | None = strawberry.field(description="The name they chose in WhatsApp; null where they have none.")
    opted_out_at: datetime | None = strawberry.field(
        description="Said stop: nothing business-initiated goes to them; replies in a session do. Null otherwise."
    )
    marketing_opted_out_at: datetime | None = strawberry.field(
        description="Stopped marketing in WhatsApp: MARKETING templates do not go. Null otherwise."
    )
    key: strawberry.Private[ContactId]

    @strawberry.field(description="Every name the network knows this person by, and how we came to know it.")
    async def identities(self, info: Info[Context, None]) -> list[ContactIdentity]:
        known = await info.context.loaders.identities.load(self.key)
        return [
            ContactIdentity(kind=one.key.kind, value=one.key.value, evidence=one.evidence, since=one.since)
            for one in known
        ]

    @strawberry.field(
        description="What was said with them, one thread for each of your numbers; newest activity first."
    )
    async def threads(self, info: Info[Context, None], first: First = None, after: After = None) -> ThreadConnection:
        return await schema.types.conversations.threads.page(
            info.context, ThreadFilter(contact=self.key), PageArguments(first, after)
        )

    @strawberry.field(description="Their tickets, newest first.")
    async def tickets(self, info: Info[Context, None], first: First = None, after: After = None) -> TicketConnection:
        return await schema.types.desk.tickets.page(
            info.context, TicketFilter(contact=self.key), PageArguments(first, after)
        )

    @classmethod
    def of(cls, contact: contacts.Contact) -> Self:
        return cls(
            id=ids.CONTACT.encode(contact.id),
            display_name=contact_name(contact),
            name=contact.name,
            profile_name=contact.profile_name,
            phones=[ContactPhone(number=PhoneNumber(phone.number), label=phone.label) for phone in contact.phones],
            email=contact.email,
            wa_id=contact.wa_id,
            business_scoped_id=contact.business_scoped_id,
            username=contact.username,
            opted_out_at=contact.opted_out_at,
            marketing_opted_out_at=contact.marketing_opted_out_at,
            key=contact.id,
        )


async def loaded(context: Context, id: ContactId) -> Contact | None:
    """The contact; where it turned out to be somebody known already, the one they are."""
    contact = await context.loaders.contacts.load(id)
    while contact is not None and contact.merged_into is not None:
        contact = await context.loaders.contacts.load(contact.merged_into)
    return Contact.of(contact) if contact else None


async def existing(context: Context, id: ContactId) -> Contact:
    """The contact that a row of ours names."""
    contact = await loaded(context, id)
    assert contact is not None, f"contact {id} is named and not there"
    return contact


async def page(
    context: Context, *, query: str | None = None, first: int | None = None, after: str | None = None
) -> Connection[Contact]:
    ask = page_ask(ORDER, first, after)
    found = await read(ask, context.reads.contacts(context.organization, ask, readable(query, "query")))
    return connection(found, ORDER, Contact.of)
