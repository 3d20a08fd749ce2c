"""The root of reading."""

from typing import Annotated

import strawberry
from strawberry import Info

import schema.channels
import schema.contacts
import schema.events
import schema.library
import schema.media_rules
import schema.message_preflight
import schema.nodes
import schema.quota
import schema.templates
import schema.threads
import schema.tickets
import schema.users
from domain.library import LibraryItemKind
from domain.templates import TemplateStatus
from schema import ids as global_ids
from schema import limits
from schema.channels import Channel
from schema.contacts import Contact
from schema.context import Context
from schema.events import EventConnection
from schema.ids import Node
from schema.library import LibraryItem
from schema.media_rules import MediaRule
from schema.message_preflight import MessagePreflight, MessagePreflightInput
from schema.organization import Viewer
from schema.pages import After, Before, Connection, First, Last
from schema.quota import Quota
from schema.scalars import EventCursor
from schema.templates import Template
from schema.threads import Thread, ThreadConnection, ThreadFilterArgument, ThreadOrderArgument
from schema.tickets import Ticket, TicketConnection, TicketFilterArgument, TicketOrderArgument
from schema.users import User


@strawberry.type(
    description="Reading. Everything belongs to the asker's organization; an id of another one is as unknown as one"
    " that never was."
)
class Query:
    @strawberry.field(description="Anything with an id; null where nothing here has it.")
    async def node(
        self,
        info: Info[Context, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="The id of what to read.")],
    ) -> Node | None:
        return await schema.nodes.node(info.context, id)

    @strawberry.field(
        description="Several things with ids at once, in the order asked for; null in the place of each that nothing"
        " here has."
    )
    async def nodes(
        self,
        info: Info[Context, None],
        ids: Annotated[list[strawberry.ID], strawberry.argument(description=f"At most {limits.IDS} of them.")],
    ) -> list[Node | None]:
        return await schema.nodes.nodes(info.context, ids)

    @strawberry.field(description="Who is asking: a user or an API key, with its role and organization.")
    def viewer(self, info: Info[Context, None]) -> Viewer:
        return Viewer(role=info.context.acting.role)

    @strawberry.field(description="Threads, newest activity first unless ordered otherwise.")
    async def threads(
        self,
        info: Info[Context, None],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: ThreadFilterArgument = None,
        order_by: ThreadOrderArgument = None,
    ) -> ThreadConnection:
        return await schema.threads.page(
            info.context,
            schema.threads.conditions(filter),
            first=first,
            after=after,
            last=last,
            before=before,
            order_by=order_by,
        )

    @strawberry.field(description="One thread; null where there is none with this id.")
    async def thread(
        self,
        info: Info[Context, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="The thread's id.")],
    ) -> Thread | None:
        return await schema.threads.loaded(info.context, global_ids.THREAD.asked(id))

    @strawberry.field(description="Tickets, newest first unless ordered otherwise.")
    async def tickets(
        self,
        info: Info[Context, None],
        first: First = None,
        after: After = None,
        filter: TicketFilterArgument = None,
        order_by: TicketOrderArgument = None,
    ) -> TicketConnection:
        return await schema.tickets.page(
            info.context, schema.tickets.conditions(filter), first=first, after=after, order_by=order_by
        )

    @strawberry.field(description="One ticket; null where there is none with this id.")
    async def ticket(
        self,
        info: Info[Context, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="The ticket's id.")],
    ) -> Ticket | None:
        return await schema.tickets.loaded(info.context, global_ids.TICKET.asked(id))

    @strawberry.field(description="People who wrote or were written to, newest first.")
    async def contacts(
        self,
        info: Info[Context, None],
        first: First = None,
        after: After = None,
        query: Annotated[
            str | None,
            strawberry.argument(
                description="Part of a name, profile name, user name, address or number; left out or null: all."
            ),
        ] = None,
    ) -> Connection[Contact]:
        return await schema.contacts.page(info.context, query=query, first=first, after=after)

    @strawberry.field(description="One contact; null where there is none with this id.")
    async def contact(
        self,
        info: Info[Context, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="The contact's id.")],
    ) -> Contact | None:
        return await schema.contacts.loaded(info.context, global_ids.CONTACT.asked(id))

    @strawberry.field(description="Your business numbers, oldest first, with those that are disconnected.")
    async def channels(self, info: Info[Context, None]) -> list[Channel]:
        return await schema.channels.every(info.context)

    @strawberry.field(description="Message templates by name, then language, as they were last read from the network.")
    async def templates(
        self,
        info: Info[Context, None],
        first: First = None,
        after: After = None,
        channel_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Those that this number can be asked to send; left out or null: all."),
        ] = None,
        statuses: Annotated[
            list[TemplateStatus] | None,
            strawberry.argument(description="In one of these states; left out, null or empty: in any."),
        ] = None,
        query: Annotated[
            str | None,
            strawberry.argument(description="Part of the name or the text, case left out; left out or null: all."),
        ] = None,
    ) -> Connection[Template]:
        return await schema.templates.page(
            info.context, first=first, after=after, channel_id=channel_id, statuses=statuses, query=query
        )

    @strawberry.field(description="What is kept ready to be sent again and again, by title.")
    async def library(
        self,
        info: Info[Context, None],
        first: First = None,
        after: After = None,
        kinds: Annotated[
            list[LibraryItemKind] | None,
            strawberry.argument(description="Of one of these kinds; left out, null or empty: of any."),
        ] = None,
        query: Annotated[
            str | None,
            strawberry.argument(
                description="Words or parts of words, all of which stand in title, words or link; case and accents are"
                " left out. Left out or null: all."
            ),
        ] = None,
    ) -> Connection[LibraryItem]:
        return await schema.library.page(info.context, first=first, after=after, kinds=kinds, query=query)

    @strawberry.field(description="Who works here, by name, with those who no longer do.")
    async def users(
        self,
        info: Info[Context, None],
        first: First = None,
        after: After = None,
        query: Annotated[
            str | None,
            strawberry.argument(description="Part of a name or address; left out or null: all."),
        ] = None,
    ) -> Connection[User]:
        return await schema.users.page(info.context, first=first, after=after, query=query)

    @strawberry.field(description="This month's conversations.")
    async def quota(self, info: Info[Context, None]) -> Quota:
        return await schema.quota.current(info.context)

    @strawberry.field(
        description="Whether a send would be queued now, and what it would take of the month: asked before sending,"
        " answered by the same rules. Nothing is kept of it and the network is asked nothing."
    )
    async def message_preflight(
        self,
        info: Info[Context, None],
        input: Annotated[
            MessagePreflightInput, strawberry.argument(description="The send in question, in one object.")
        ],
    ) -> MessagePreflight:
        return await schema.message_preflight.foreseen(info.context, input)

    @strawberry.field(description="What WhatsApp takes, by kind and direction: the table that refuses files, too.")
    def media_rules(self) -> list[MediaRule]:
        return schema.media_rules.every()

    @strawberry.field(
        description="The event log as pages: the same events, in the same order, as the subscriptions push. It goes"
        " back some days; a cursor from before that is CURSOR_EXPIRED."
    )
    async def events(
        self,
        info: Info[Context, None],
        first: First = None,
        after: Annotated[
            EventCursor | None,
            strawberry.argument(description="Go on behind this place; left out or null: from the oldest event kept."),
        ] = None,
        thread_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Only what happened in this thread; left out or null: everything."),
        ] = None,
    ) -> EventConnection:
        return await schema.events.page(info.context, first=first, after=after, thread_id=thread_id)
