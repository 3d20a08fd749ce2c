"""Threads, their sessions, and what is done with them."""

from datetime import datetime
from typing import Annotated, Self, TypeAlias

import strawberry
from strawberry import Info

import schema.types.channels.channels
import schema.types.contacts.contacts
import schema.types.conversations.messages
import schema.types.desk.tickets
import schema.types.people.organization
import schema.types.people.users
from domain.conversations import sessions, threads
from domain.conversations.messages import Direction, Source
from domain.conversations.sessions import SessionState, state_of
from domain.conversations.threads import ThreadStatus
from domain.ids import MessageId, ThreadId
from domain.ports.reads import ThreadAsk, ThreadOrder, TicketFilter
from domain.ports.reads import ThreadFilter as Conditions
from domain.tickets import TicketStatus
from schema.context import Context
from schema.engine.values import ids, pages
from schema.engine.values.enums import OrderDirection, describe
from schema.engine.values.ids import Node
from schema.engine.values.pages import After, Before, Connection, First, Last, PageArguments, connection, page_ask
from schema.engine.values.scalars import EventCursor
from schema.types.inputs import check_filter
from schema.types.lazy import Channel, Contact, Message, Ticket, TicketConnection, User

describe(
    ThreadStatus,
    "Whether anything is left to do in a thread.",
    {
        "OPEN": "Somebody has to answer, or waits for an answer.",
        "CLOSED": "Done, until the contact writes again.",
    },
)
describe(
    SessionState,
    "Whether free-form messages may be sent now.",
    {
        "OPEN": "They may, until `expiresAt`.",
        "CLOSED": "The contact's last message is 24 hours old or older: templates only.",
        "NEVER_OPENED": "The contact has never written: templates only.",
    },
)
describe(
    ThreadOrder,
    "What threads are ordered by.",
    {
        "LAST_ACTIVITY": "When something was last said.",
        "CREATED_AT": "When the first message came or went.",
        "SESSION_EXPIRY": "When the session ends; threads that never had one come last, whichever the direction.",
    },
    name="ThreadOrderField",
)


@strawberry.type(description="The 24 hours after the contact last wrote, in which free-form messages may be sent.")
class Session:
    state: SessionState = strawberry.field(description="As it is at this read; it closes by itself at `expiresAt`.")
    opened_at: datetime | None = strawberry.field(
        description="When its first message was sent; messages that extend it leave it alone. Null where the contact"
        " never wrote."
    )
    expires_at: datetime | None = strawberry.field(
        description="24 hours after the contact's newest message; at this instant it is closed. Null where the contact"
        " never wrote."
    )
    newest: strawberry.Private[MessageId | None]

    @strawberry.field(description="The inbound message that opened or last extended it; null where there is none.")
    async def opened_by(self, info: Info[Context, None]) -> Message | None:
        return (
            await schema.types.conversations.messages.loaded(info.context, self.newest)
            if self.newest is not None
            else None
        )

    @classmethod
    def of(cls, session: sessions.Session | None, now: datetime) -> Self:
        return cls(
            state=state_of(session, now),
            opened_at=session.opened_at if session else None,
            expires_at=session.expires_at if session else None,
            newest=session.last_by if session else None,
        )


@strawberry.type(description="Everything said between one contact and one of your numbers.")
class Thread(Node):
    status: ThreadStatus = strawberry.field(
        description="Open or closed; on help desk numbers always as its newest ticket."
    )
    last_activity_at: datetime = strawberry.field(description="When something was last said, by either side.")
    unread_count: int = strawberry.field(
        description="Inbound messages after the last one that anybody here marked read: the team's count, the same for"
        " every viewer."
    )
    last_source: Source = strawberry.field(description="By what way the last message went or came.")
    created_at: datetime = strawberry.field(description="When the first message came or went.")
    row: strawberry.Private[threads.Thread]

    @strawberry.field(description="Who is written with.")
    async def contact(self, info: Info[Context, None]) -> Contact:
        return await schema.types.contacts.contacts.existing(info.context, self.row.contact)

    @strawberry.field(description="Which of your numbers they write with.")
    async def channel(self, info: Info[Context, None]) -> Channel:
        return await schema.types.channels.channels.existing(info.context, self.row.channel)

    @strawberry.field(
        description="The newest ticket of this thread; null where the channel feeds the shared inbox and not the help"
        " desk."
    )
    async def ticket(self, info: Info[Context, None]) -> Ticket | None:
        return (
            await schema.types.desk.tickets.loaded(info.context, self.row.ticket)
            if self.row.ticket is not None
            else None
        )

    @strawberry.field(description="All tickets of this thread, newest first.")
    async def tickets(self, info: Info[Context, None], first: First = None, after: After = None) -> TicketConnection:
        return await schema.types.desk.tickets.page(
            info.context, TicketFilter(thread=self.row.id), PageArguments(first, after)
        )

    @strawberry.field(description="Who looks after it; null while nobody does.")
    async def owner(self, info: Info[Context, None]) -> User | None:
        return (
            await schema.types.people.users.loaded(info.context, self.row.owner) if self.row.owner is not None else None
        )

    @strawberry.field(description="Whether free-form messages may be sent now, and until when.")
    def session(self, info: Info[Context, None]) -> Session:
        return Session.of(self.row.session, info.context.now)

    @strawberry.field(
        description="What was said, oldest first. Ask with `last` for the newest, and go back with `before`."
    )
    async def messages(
        self,
        info: Info[Context, None],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Message]:
        order = f"messages of {self.row.id}"
        ask = page_ask(order, first, after, last, before)
        return await schema.types.conversations.messages.page(info.context, self.row.id, ask, order)

    @strawberry.field(description="The newest message; null where nothing was said yet.")
    async def last_message(self, info: Info[Context, None]) -> Message | None:
        id = self.row.last_message
        return await schema.types.conversations.messages.loaded(info.context, id) if id is not None else None

    @strawberry.field(
        description="The log's position this read reflects: subscribe with it as `after` and nothing falls between."
    )
    async def cursor(self, info: Info[Context, None]) -> EventCursor:
        return await schema.types.people.organization.newest_place(info.context)

    @classmethod
    def of(cls, thread: threads.Thread) -> Self:
        return cls(
            id=ids.THREAD.encode(thread.id),
            status=thread.status,
            last_activity_at=thread.last_activity_at,
            unread_count=thread.unread_count,
            last_source=thread.last_source,
            created_at=thread.created_at,
            row=thread,
        )


@strawberry.type(description="Threads, a page at a time.")
class ThreadConnection(Connection[Thread]):
    conditions: strawberry.Private[Conditions]

    @strawberry.field(description="How many there are now, exactly. Counted only where asked for, at a price.")
    async def total_count(self, info: Info[Context, None]) -> int:
        context = info.context
        return await context.reads.thread_count(context.organization, self.conditions, context.now)


@strawberry.input(description="Which threads. All that is given has to hold; an empty list asks nothing.")
class ThreadFilter:
    channel_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="On one of these numbers.")
    last_message_direction: Direction | None = strawberry.field(
        default=None, description="Whose turn it was last: INBOUND where the contact wrote last."
    )
    sources: list[Source] | None = strawberry.field(
        default=None, description="The last message went or came by one of these ways."
    )
    statuses: list[ThreadStatus] | None = strawberry.field(default=None, description="In one of these states.")
    ticket_statuses: list[TicketStatus] | None = strawberry.field(
        default=None, description="Their newest ticket is in one of these states."
    )
    owner_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Owned by one of these users.")
    unassigned: bool | None = strawberry.field(default=None, description="True: without an owner. False: with one.")
    unread: bool | None = strawberry.field(default=None, description="True: with unread messages. False: without.")
    session: SessionState | None = strawberry.field(default=None, description="Their session is in this state now.")
    contact_id: strawberry.ID | None = strawberry.field(default=None, description="With this contact.")
    active_since: datetime | None = strawberry.field(
        default=None, description="Something was said at this instant or later."
    )


@strawberry.input(name="ThreadOrder", description="Which threads come first.")
class ThreadOrderInput:
    field: ThreadOrder = strawberry.field(description="What they are ordered by.")
    direction: OrderDirection = strawberry.field(description="Which end comes first.")


ThreadFilterArgument: TypeAlias = Annotated[
    ThreadFilter | None, strawberry.argument(description="Only threads like these; left out or null: all.")
]
ThreadOrderArgument: TypeAlias = Annotated[
    ThreadOrderInput | None,
    strawberry.argument(description="Which come first; left out or null: LAST_ACTIVITY, DESC."),
]


async def loaded(context: Context, id: ThreadId) -> Thread | None:
    thread = await context.loaders.threads.load(id)
    return Thread.of(thread) if thread else None


async def existing(context: Context, id: ThreadId) -> Thread:
    """The thread that a row or an event of ours names."""
    thread = await loaded(context, id)
    assert thread is not None, f"thread {id} is named and not there"
    return thread


async def page(
    context: Context,
    conditions: Conditions,
    arguments: PageArguments,
    order_by: ThreadOrderInput | None = None,
) -> ThreadConnection:
    by = order_by.field if order_by else ThreadOrder.LAST_ACTIVITY
    descending = order_by is None or order_by.direction is OrderDirection.DESC
    order = f"threads by {by} {'down' if descending else 'up'}"
    ask = ThreadAsk(arguments.ask(order), conditions, by, descending)
    found = await pages.read(ask.page, context.reads.threads(context.organization, ask, context.now))
    rows = connection(found, order, Thread.of)
    return ThreadConnection(edges=rows.edges, nodes=rows.nodes, page_info=rows.page_info, conditions=conditions)


async def conditions(context: Context, filter: ThreadFilter | None) -> Conditions:
    if filter is None:
        return Conditions()
    check_filter(filter)
    asked = ids.CONTACT.asked(filter.contact_id) if filter.contact_id is not None else None
    contact = await schema.types.contacts.contacts.loaded(context, asked) if asked is not None else None
    return Conditions(
        channels=ids.CHANNEL.asked_all(filter.channel_ids),
        statuses=tuple(filter.statuses or ()),
        ticket_statuses=tuple(filter.ticket_statuses or ()),
        sources=tuple(filter.sources or ()),
        owners=ids.USER.asked_all(filter.owner_ids),
        contact=contact.key if contact is not None else asked,  # who was merged into another is asked for as that one
        last_direction=filter.last_message_direction,
        unassigned=filter.unassigned,
        unread=filter.unread,
        session=filter.session,
        active_since=filter.active_since,
    )


# ---------------------------------------------------------------- read, hand over, close, reopen
