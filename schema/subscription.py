"""The root of listening.

These fields say what can be listened to and how it looks. The hub reads the log and executes the subscription's
document with each event as its root value, to which the field resolves; the generators here never run.
"""

from collections.abc import AsyncGenerator
from typing import Annotated, NoReturn, TypeAlias

import strawberry

from schema.engine.values.scalars import EventCursor
from schema.types.events import InboxEvent, MessageAdded, MessageStatusChanged

AfterEvent: TypeAlias = Annotated[
    EventCursor | None,
    strawberry.argument(
        description="Go on behind this place: everything since, then what happens. Left out or null: from now on."
        " CURSOR_EXPIRED where the log no longer goes back that far."
    ),
]
OfThread: TypeAlias = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Only in this thread; left out or null: in every thread the viewer sees."),
]


@strawberry.input(description="Which events. All that is given has to hold; an empty list asks nothing.")
class EventFilter:
    thread_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="In one of these threads.")
    channel_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="In a thread of one of these numbers, or of the number itself."
    )
    owner_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="In a thread that one of these users owns when the event is sent."
    )


@strawberry.type(
    description="Listening, over WebSocket (graphql-transport-ws) or Server-Sent Events. Every event comes once and in"
    " the log's order; none is dropped for a slow reader, whose connection is closed instead."
)
class Subscription:
    @strawberry.subscription(
        description="Everything that happens in one thread, in order: messages, their marks, the ticket, the session."
    )
    async def thread_events(
        self,
        thread_id: Annotated[
            strawberry.ID, strawberry.argument(description="The thread; NOT_FOUND where none has it.")
        ],
        after: AfterEvent = None,
    ) -> AsyncGenerator[InboxEvent, None]:
        _heard_from_the_hub()
        yield

    @strawberry.subscription(description="Everything the viewer may see, in order, for the inbox screen.")
    async def inbox_events(
        self,
        after: AfterEvent = None,
        filter: Annotated[
            EventFilter | None, strawberry.argument(description="Only events like these; left out or null: all.")
        ] = None,
    ) -> AsyncGenerator[InboxEvent, None]:
        _heard_from_the_hub()
        yield

    @strawberry.subscription(description="New messages only.")
    async def message_added(
        self, thread_id: OfThread = None, after: AfterEvent = None
    ) -> AsyncGenerator[MessageAdded, None]:
        _heard_from_the_hub()
        yield

    @strawberry.subscription(description="Sent, delivered, read, played and failed marks only: the read receipts.")
    async def message_status_changed(
        self, thread_id: OfThread = None, after: AfterEvent = None
    ) -> AsyncGenerator[MessageStatusChanged, None]:
        _heard_from_the_hub()
        yield


def _heard_from_the_hub() -> NoReturn:
    raise AssertionError("subscriptions are served by the hub")
