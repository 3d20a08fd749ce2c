"""The root of reading."""

from typing import Annotated

import strawberry
from strawberry import Info

import schema.types.channels.channels
import schema.types.channels.connecting
import schema.types.channels.templates
import schema.types.contacts.contacts
import schema.types.conversations.library
import schema.types.conversations.message_preflight
import schema.types.conversations.threads
import schema.types.counting.quota
import schema.types.desk.tickets
import schema.types.events
import schema.types.files.media_rules
import schema.types.nodes
import schema.types.people.teams
import schema.types.people.users
from domain.channels.templates import TemplateStatus
from domain.conversations.library import LibraryItemKind
from schema.context import Context
from schema.engine import limits
from schema.engine.values import ids as global_ids
from schema.engine.values.ids import Node
from schema.engine.values.pages import After, Before, Connection, First, Last, PageArguments
from schema.engine.values.scalars import EventCursor
from schema.types.channels.channels import Channel
from schema.types.channels.connecting import ChannelPrerequisite, ConnectTerms
from schema.types.channels.templates import Template
from schema.types.contacts.contacts import Contact
from schema.types.conversations.library import LibraryItem
from schema.types.conversations.message_preflight import MessagePreflight, MessagePreflightInput
from schema.types.conversations.threads import Thread, ThreadConnection, ThreadFilterArgument, ThreadOrderArgument
from schema.types.counting.quota import Quota
from schema.types.desk.tickets import Ticket, TicketConnection, TicketFilterArgument, TicketOrderArgument
from schema.types.events import EventConnection
from schema.types.files.media_rules import MediaRule
from schema.types.people.organization import Viewer
from schema.types.people.teams import Team
from schema.types.people.users import User


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
        return await schema.types.nodes.node(info.context, id)

    @strawberry.field(
        description="Several things with ids at once, in the order asked for; null in the place of each that nothing"
        " here has."
    )
    async def nodes(
        self,
        info: Info[Context, None],
        ids: Annotated[list[strawberry.ID], strawberry.argument(description=f"At most {limits.IDS} of them.")],
    ) -> list[Node | None]:
        return await schema.types.nodes.nodes(info.context, ids)

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
        return await schema.types.conversations.threads.page(
            info.context,
            await schema.types.conversations.threads.conditions(info.context, filter),
            PageArguments(first, after, last, before),
            order_by,
        )

    @strawberry.field(description="One thread; null where there is none with this id.")
    async def thread(
        self,
        info: Info[Context, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="The thread's id.")],
    ) -> Thread | None:
        return await schema.types.conversations.threads.loaded(info.context, global_ids.THREAD.asked(id))

    @strawberry.field(description="Tickets, newest first unless ordered otherwise.")
    async def tickets(
        self,
        info: Info[Context, None],
        first: First = None,
        after: After = None,
        filter: TicketFilterArgument = None,
        order_by: TicketOrderArgument = None,
    ) -> TicketConnection:
        return await schema.types.desk.tickets.page(
            info.context, schema.types.desk.tickets.conditions(filter), PageArguments(first, after), order_by
        )

    @strawberry.field(description="One ticket; null where there is none with this id.")
    async def ticket(
        self,
        info: Info[Context, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="The ticket's id.")],
    ) -> Ticket | None:
        return await schema.types.desk.tickets.loaded(info.context, global_ids.TICKET.asked(id))

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
        return await schema.types.contacts.contacts.page(info.context, query=query, first=first, after=after)

    @strawberry.field(description="One contact; null where there is none with this id.")
    async def contact(
        self,
        info: Info[Context, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="The contact's id.")],
    ) -> Contact | None:
        return await schema.types.contacts.contacts.loaded(info.context, global_ids.CONTACT.asked(id))

    @strawberry.field(description="Your business numbers, oldest first, with those that are disconnected.")
    async def channels(self, info: Info[Context, None]) -> list[Channel]:
        return await schema.types.channels.channels.every(info.context)

    @strawberry.field(
        description="What has to be in place before a number can be connected, and how far that can be checked from"
        " here."
    )
    async def channel_prerequisites(
        self,
        info: Info[Context, None],
        draft_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="A sign-in that is looked at as well; left out, null or run out: none is."),
        ] = None,
    ) -> list[ChannelPrerequisite]:
        draft = global_ids.CONNECTION_DRAFT.asked(draft_id) if draft_id is not None else None
        return await schema.types.channels.connecting.needed_first(info.context, draft)

    @strawberry.field(description="The terms that connecting a number means agreeing to, as they stand today.")
    def connect_terms(self) -> ConnectTerms:
        return schema.types.channels.connecting.terms()

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
        return await schema.types.channels.templates.page(
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
        return await schema.types.conversations.library.page(
            info.context, first=first, after=after, kinds=kinds, query=query
        )

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
        return await schema.types.people.users.page(info.context, first=first, after=after, query=query)

    @strawberry.field(description="Every team, by name.")
    async def teams(self, info: Info[Context, None]) -> list[Team]:
        return await schema.types.people.teams.every(info.context)

    @strawberry.field(description="This month's conversations.")
    async def quota(self, info: Info[Context, None]) -> Quota:
        return await schema.types.counting.quota.current(info.context)

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
        return await schema.types.conversations.message_preflight.foreseen(info.context, input)

    @strawberry.field(description="What WhatsApp takes, by kind and direction: the table that refuses files, too.")
    def media_rules(self) -> list[MediaRule]:
        return schema.types.files.media_rules.every()

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
        return await schema.types.events.page(info.context, first=first, after=after, thread_id=thread_id)
