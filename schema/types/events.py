"""Events of the log as the API shows them: one type for each kind, what they name read when it is asked for."""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

import strawberry
from strawberry import Info

import schema.types.channels.channels
import schema.types.channels.templates
import schema.types.conversations.messages
import schema.types.conversations.threads
import schema.types.counting.quota
import schema.types.desk.tickets
from domain import events
from domain.conversations.status import MessageStatus
from domain.events import LoggedEvent, MessageChange, SessionChange, event_id, thread_of
from domain.ids import ChannelId, MessageId, OrganizationId, TemplateId, ThreadId, TicketId
from domain.ports.reads import Head
from schema.context import Context
from schema.engine.api_error import ApiError, Code
from schema.engine.values import ids, pages
from schema.engine.values.cursors import CursorInvalid
from schema.engine.values.enums import describe
from schema.engine.values.scalars import EventCursor
from schema.types.lazy import Channel, Message, Quota, Session, Template, Thread, Ticket

describe(
    MessageChange,
    "What changed about a message.",
    {
        "REACTION": "Somebody put an emoji on it, or took theirs away.",
        "EDIT": "Its sender changed the text.",
        "DELETION": "Its sender took it back.",
        "MEDIA": "Its file was fetched, or could not be.",
        "QUARANTINE": "It was hidden, or released.",
    },
)
describe(
    SessionChange,
    "What happened to a session. EXPIRING comes an hour before the end that then stands.",
    {
        "OPENED": "The contact wrote after 24 hours or more, or for the first time.",
        "EXTENDED": "The contact wrote again: the 24 hours begin anew.",
        "EXPIRING": "It ends in an hour unless the contact writes.",
        "EXPIRED": "It ended: templates only from now on.",
    },
)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in whose log an event stands, and in which thread it happened."""

    organization: OrganizationId
    epoch: str
    position: int
    thread: ThreadId | None


@strawberry.interface(
    description="Something that happened. What it names is read when you ask, and so may be newer than the event."
)
class InboxEvent:
    at: datetime = strawberry.field(description="When it was recorded.")
    spot: strawberry.Private[Spot]

    @strawberry.field(
        description="The event's for ever, the same by every exit: what came twice has the same one. It is no `Node`'s."
    )
    def id(self) -> strawberry.ID:
        return ids.EVENT.encode(event_id(self.spot.organization, self.spot.position, self.at))

    @strawberry.field(
        description="Its place in the log. Subscribe with it as `after` to go on behind it, on any of these fields."
    )
    def cursor(self, info: Info[Context, None]) -> EventCursor:
        spot = self.spot
        return EventCursor(info.context.cursors.encode(spot.organization, spot.epoch, spot.position))

    @strawberry.field(
        description="The thread it happened in; null for what concerns a number, a template or the organization."
    )
    async def thread(self, info: Info[Context, None]) -> Thread | None:
        thread = self.spot.thread
        return await schema.types.conversations.threads.loaded(info.context, thread) if thread is not None else None


@strawberry.type(description="A message came in, or was queued to go out.")
class MessageAdded(InboxEvent):
    message_id: strawberry.Private[MessageId]

    @strawberry.field(description="The message.")
    async def message(self, info: Info[Context, None]) -> Message:
        return await schema.types.conversations.messages.existing(info.context, self.message_id)


@strawberry.type(description="A message got further, or failed. `status` is what it was by this event.")
class MessageStatusChanged(InboxEvent):
    message_id: strawberry.Private[MessageId]
    status: MessageStatus = strawberry.field(description="How far it had got then; `message.status` may be further.")

    @strawberry.field(description="The message as it is now.")
    async def message(self, info: Info[Context, None]) -> Message:
        return await schema.types.conversations.messages.existing(info.context, self.message_id)


@strawberry.type(description="Something else about a message changed.")
class MessageChanged(InboxEvent):
    message_id: strawberry.Private[MessageId]
    message_change: MessageChange = strawberry.field(description="What changed.")

    @strawberry.field(description="The message as it is now.")
    async def message(self, info: Info[Context, None]) -> Message:
        return await schema.types.conversations.messages.existing(info.context, self.message_id)


@strawberry.type(description="A session opened, was extended, or came near its end.")
class SessionChanged(InboxEvent):
    thread_id: strawberry.Private[ThreadId]
    session_change: SessionChange = strawberry.field(description="What happened to it.")

    @strawberry.field(description="The session as it is now.")
    async def session(self, info: Info[Context, None]) -> Session:
        thread = await schema.types.conversations.threads.existing(info.context, self.thread_id)
        return schema.types.conversations.threads.Session.of(thread.row.session, info.context.now)


@strawberry.type(description="A thread's status, owner or unread count changed.")
class ThreadChanged(InboxEvent):
    pass


@strawberry.type(description="A ticket was opened or changed.")
class TicketChanged(InboxEvent):
    ticket_id: strawberry.Private[TicketId]
    changed: list[str] = strawberry.field(
        description="Names of the fields and properties that changed, such as status, owner or priority."
    )

    @strawberry.field(description="The ticket as it is now.")
    async def ticket(self, info: Info[Context, None]) -> Ticket:
        return await schema.types.desk.tickets.existing(info.context, self.ticket_id)


@strawberry.type(description="A number was connected, changed, or got into or out of trouble.")
class ChannelChanged(InboxEvent):
    channel_id: strawberry.Private[ChannelId]

    @strawberry.field(description="The number as it is now.")
    async def channel(self, info: Info[Context, None]) -> Channel:
        return await schema.types.channels.channels.existing(info.context, self.channel_id)


@strawberry.type(description="A template came, changed or went.")
class TemplateChanged(InboxEvent):
    template_id: strawberry.Private[TemplateId]

    @strawberry.field(description="The template as it is now.")
    async def template(self, info: Info[Context, None]) -> Template:
        return await schema.types.channels.templates.existing(info.context, self.template_id)


@strawberry.type(
    description="A conversation of the month was used or given back, or there are more or fewer of them now."
)
class QuotaChanged(InboxEvent):
    @strawberry.field(description="The month as it is now.")
    async def quota(self, info: Info[Context, None]) -> Quota:
        return await schema.types.counting.quota.current(info.context)


EVENT_TYPES = (
    MessageAdded,
    MessageStatusChanged,
    MessageChanged,
    SessionChanged,
    ThreadChanged,
    TicketChanged,
    ChannelChanged,
    TemplateChanged,
    QuotaChanged,
)
"""All there are: the schema names them, since its fields answer the interface."""


def event_object(logged: LoggedEvent, organization: OrganizationId, epoch: str) -> InboxEvent:
    """The object a subscription's field resolves to for one event of an organization's log."""
    at = logged.at
    spot = Spot(organization, epoch, logged.position, thread_of(logged.event))
    match logged.event:
        case events.MessageAdded(message=message):
            return MessageAdded(at=at, spot=spot, message_id=message)
        case events.MessageStatusChanged(message=message, status=status):
            return MessageStatusChanged(at=at, spot=spot, message_id=message, status=status)
        case events.MessageChanged(message=message, change=change):
            return MessageChanged(at=at, spot=spot, message_id=message, message_change=change)
        case events.SessionChanged(thread=thread, change=change):
            return SessionChanged(at=at, spot=spot, thread_id=thread, session_change=change)
        case events.ThreadChanged():
            return ThreadChanged(at=at, spot=spot)
        case events.TicketChanged(ticket=ticket, changed=changed):
            return TicketChanged(at=at, spot=spot, ticket_id=ticket, changed=list(changed))
        case events.ChannelChanged(channel=channel):
            return ChannelChanged(at=at, spot=spot, channel_id=channel)
        case events.TemplateChanged(template=template):
            return TemplateChanged(at=at, spot=spot, template_id=template)
        case events.QuotaChanged():
            return QuotaChanged(at=at, spot=spot)
    assert_never(logged.event)


# ---------------------------------------------------------------- the log as pages


@strawberry.type(description="Where a page of events lies.")
class EventPageInfo:
    has_next_page: bool = strawberry.field(description="More has happened since: ask with `after: endCursor`.")
    end_cursor: EventCursor | None = strawberry.field(
        description="The last event's cursor, good for subscribing too; null on an empty page."
    )


@strawberry.type(description="One event together with its place.")
class EventEdge:
    cursor: EventCursor = strawberry.field(description="The event's place in the log.")
    node: InboxEvent = strawberry.field(description="The event itself.")


@strawberry.type(description="A page of the event log, oldest first.")
class EventConnection:
    edges: list[EventEdge] = strawberry.field(description="The events with their places.")
    nodes: list[InboxEvent] = strawberry.field(description="The events alone, in the same order.")
    page_info: EventPageInfo = strawberry.field(description="Whether there is more, and how to ask for it.")


async def page(
    context: Context, *, first: int | None, after: EventCursor | None, thread_id: strawberry.ID | None
) -> EventConnection:
    """From the oldest event kept, or behind `after`. CURSOR_INVALID and CURSOR_EXPIRED as subscriptions say them."""
    size = pages.page_size(first)
    thread = await _thread(context, thread_id) if thread_id is not None else None
    organization = context.organization
    head = await context.loaders.heads.load(organization)
    position = await _position(context, after, head) if after is not None else 0
    logged = await context.reads.events(organization, position, size + 1, thread)
    if after is not None and position + 1 < await context.reads.first_position(organization):
        raise ApiError(Code.CURSOR_EXPIRED, "The log no longer goes back that far. Read again, and go on from there.")
    edges = [_edge(context, each, organization, head.epoch) for each in logged[:size]]
    return EventConnection(
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=EventPageInfo(has_next_page=len(logged) > size, end_cursor=edges[-1].cursor if edges else None),
    )


async def _thread(context: Context, thread_id: strawberry.ID) -> ThreadId:
    id = ids.THREAD.asked(thread_id)
    if await context.loaders.threads.load(id) is None:
        raise ApiError(Code.NOT_FOUND, "There is no such thread.")
    return id


async def _position(context: Context, after: EventCursor, head: Head) -> int:
    organization = context.organization
    try:
        place = context.cursors.decode(after, organization)
    except CursorInvalid as error:
        raise ApiError(Code.CURSOR_INVALID, str(error)) from None
    if place.epoch != head.epoch:
        raise ApiError(Code.CURSOR_EXPIRED, "The log no longer goes back that far. Read again, and go on from there.")
    if place.position > head.position:
        raise ApiError(Code.CURSOR_INVALID, str(CursorInvalid()))
    return place.position


def _edge(context: Context, logged: LoggedEvent, organization: OrganizationId, epoch: str) -> EventEdge:
    cursor = EventCursor(context.cursors.encode(organization, epoch, logged.position))
    return EventEdge(cursor=cursor, node=event_object(logged, organization, epoch))
