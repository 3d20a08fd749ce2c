"""Messages, how far they got, and sending them."""

from datetime import datetime
from typing import Self

import strawberry
import structlog
from strawberry import Info

import schema.types.conversations.threads
from domain.conversations import contents as said
from domain.conversations import messages, status, versions
from domain.conversations.messages import Direction, Source
from domain.conversations.previews import PREVIEW_LIMIT
from domain.conversations.status import AttemptOutcome, MessageStatus
from domain.error_codes import ErrorCode
from domain.ids import MessageId, ThreadId
from domain.ports.reads import PageAsk
from schema.context import Context
from schema.engine.values import ids
from schema.engine.values.enums import describe
from schema.engine.values.ids import Node
from schema.engine.values.pages import Connection, connection, read
from schema.engine.values.scalars import PhoneNumber
from schema.types.conversations import contents
from schema.types.conversations.contents import MessageContent
from schema.types.conversations.senders import sender
from schema.types.lazy import Thread
from schema.types.names import MessageSender

log = structlog.stdlib.get_logger()

describe(
    Direction,
    "Which way a message went.",
    {
        "INBOUND": "From the contact to us.",
        "OUTBOUND": "From us to the contact.",
        "INTERNAL": "A note between users: never sent, never in a session or quota.",
    },
)
describe(
    Source,
    "By what way a message goes or came.",
    {"WHATSAPP": "WhatsApp.", "EMAIL": "Electronic mail.", "CALL": "A telephone call."},
)
describe(
    MessageStatus,
    "How far a message got. Reports come in any order; the furthest counts, a failure less than a delivery.",
    {
        "RECEIVED": "It came in; the one status of what contacts write.",
        "QUEUED": "It waits to leave.",
        "UNKNOWN": "The network gave no answer: it may or may not have gone. It is never sent again by itself.",
        "SENT": "The network has it. One tick.",
        "DELIVERED": "It is on the contact's phone. Two ticks.",
        "READ": "The contact opened it. Blue ticks.",
        "PLAYED": "The contact listened to it; for voice notes.",
        "FAILED": "It did not go; `failure` says why.",
    },
)
describe(
    AttemptOutcome,
    "What became of one try to hand a message to the network.",
    {
        "ACCEPTED": "The network took it.",
        "REFUSED": "The network said no.",
        "NOT_SENT": "The network was not reached; nothing left.",
        "UNKNOWN": "No answer came: it may have been taken.",
    },
)


@strawberry.type(description="One report of how far a message got.")
class StatusMark:
    status: MessageStatus = strawberry.field(description="How far, by this report.")
    at: datetime = strawberry.field(description="When that was, by the network's clock.")
    reported_at: datetime = strawberry.field(description="When this server heard of it.")
    attempt: int | None = strawberry.field(description="The attempt it speaks of; null for inbound messages.")


@strawberry.type(description="One try to hand a message to the network.")
class SendAttempt:
    number: int = strawberry.field(description="From 1.")
    at: datetime = strawberry.field(description="When it was tried.")
    outcome: AttemptOutcome = strawberry.field(description="What became of it.")
    code: int | None = strawberry.field(description="The network's error code; null where it gave none.")
    message: str | None = strawberry.field(description="The network's words, or what went wrong on the way; else null.")


@strawberry.type(description="Why a message did not arrive.")
class MessageFailure:
    code: int | None = strawberry.field(description="The network's code; null where it gave none.")
    refusal: ErrorCode | None = strawberry.field(
        description="Set where our own rules stopped it, such as SESSION_CLOSED at the moment it was to leave."
    )
    title: str = strawberry.field(description="What happened, for a person.")
    hint: str = strawberry.field(description="What a person can do about it.")
    retryable: bool = strawberry.field(description="Whether sending it again may help.")


@strawberry.type(description="An emoji somebody put on a message.")
class Reaction:
    emoji: str = strawberry.field(description="The emoji; one for each person.")
    at: datetime = strawberry.field(description="When they put it there.")
    reaction: strawberry.Private[messages.Reaction]

    @strawberry.field(description="Who put it there.")
    async def by(self, info: Info[Context, None]) -> MessageSender:
        return await sender(info.context, self.reaction.by)


@strawberry.type(description="The advertisement or post that led the contact here.")
class Referral:
    source_url: str = strawberry.field(description="Where it stands.")
    headline: str | None = strawberry.field(description="Its headline; null where it has none.")
    body: str | None = strawberry.field(description="Its text; null where it has none.")
    source_id: str | None = strawberry.field(description="The network's id of it; null where it was not told.")


@strawberry.type(description="What a message said before.")
class MessageVersion:
    until: datetime = strawberry.field(description="When it was changed or taken back.")
    version: strawberry.Private[messages.Version]

    @strawberry.field(description="What it said until then.")
    def content(self) -> MessageContent:
        return contents.shown(self.version.content)


@strawberry.type(description="One message between a contact and one of your numbers.")
class Message(Node):
    direction: Direction = strawberry.field(description="In or out.")
    status: MessageStatus = strawberry.field(description="How far it got: RECEIVED from the start for what came in.")
    failure: MessageFailure | None = strawberry.field(description="Why it did not arrive; null unless FAILED.")
    source: Source = strawberry.field(description="By what way it goes or came.")
    attempts: list[SendAttempt] = strawberry.field(
        description="Each finished try to hand it to the network, oldest first; empty for what came in."
    )
    held_until: datetime | None = strawberry.field(
        description="Queued, and held back until then by pace or a pause; null where nothing holds it."
    )
    sent_at: datetime = strawberry.field(
        description="When the sender's phone says it was sent. Shown as told, also where that cannot be."
    )
    received_at: datetime = strawberry.field(description="When it reached this server.")
    delivered_at: datetime | None = strawberry.field(
        description="When it was on the contact's phone; null while that is not known."
    )
    read_at: datetime | None = strawberry.field(
        description="When the contact opened it. Null where it was not read, and where the contact keeps read receipts"
        " off."
    )
    edited_at: datetime | None = strawberry.field(description="When its sender last changed it; null where never.")
    deleted_at: datetime | None = strawberry.field(
        description="When its sender took it back: `content` is RemovedContent then. Null where they did not."
    )
    from_number: PhoneNumber | None = strawberry.field(
        name="from", description="The number it was sent from; null for people who hide theirs."
    )
    to_number: PhoneNumber | None = strawberry.field(
        name="to", description="The number it was sent to; null for people who hide theirs."
    )
    forwarded: bool = strawberry.field(description="Whether its sender passed it on from another chat.")
    referral: Referral | None = strawberry.field(
        description="The advertisement or post that led the contact here; null where none did."
    )
    row: strawberry.Private[messages.Message]

    @strawberry.field(description="Where it was said.")
    async def thread(self, info: Info[Context, None]) -> Thread:
        return await schema.types.conversations.threads.existing(info.context, self.row.thread)

    @strawberry.field(
        description="Who wrote it: the contact, a user, an integration, a workflow, or the phone's own app."
    )
    async def sender(self, info: Info[Context, None]) -> MessageSender:
        return await sender(info.context, self.row.author)

    @strawberry.field(description="What it says.")
    def content(self) -> MessageContent:
        return contents.shown(self.row.content)

    @strawberry.field(
        description="One line for a list, a quote or a notification, whatever the content: the words without marks, or"
        f" what stands in their place, as Photo. At most {PREVIEW_LIMIT} characters, never empty; tells nothing of what"
        " is withheld."
    )
    async def preview(self, info: Info[Context, None]) -> str:
        content = self.row.content
        file = await info.context.loaders.media.load(content.media) if isinstance(content, said.MediaMessage) else None
        return await info.context.loaders.previews.load((content, file))

    @strawberry.field(description="Every mark the network reported, oldest first, also those that came late or twice.")
    async def status_history(self, info: Info[Context, None]) -> list[StatusMark]:
        marks = await info.context.loaders.marks.load(self.row.id)
        return [
            StatusMark(status=mark.status, at=mark.at, reported_at=mark.reported_at, attempt=mark.attempt)
            for mark in marks
        ]

    @strawberry.field(
        description="What the network sent, as JSON text, also of quarantined messages. Supervisors and administrators"
        " only; null for others, and for what was written here."
    )
    def original(self, info: Info[Context, None]) -> str | None:
        return self.row.original if info.context.sees("Message.original") else None

    @strawberry.field(
        description="Earlier contents of a changed or deleted message, oldest first; of a quarantined one, last what it"
        " says, until it was hidden. Empty for all but supervisors and administrators."
    )
    def versions(self, info: Info[Context, None]) -> list[MessageVersion]:
        if not info.context.sees("Message.versions"):
            return []
        return [MessageVersion(until=each.until, version=each) for each in versions.told_so_far(self.row)]

    @strawberry.field(description="The message it answers; null where it answers none, or one that is not here.")
    async def reply_to(self, info: Info[Context, None]) -> "Message | None":
        return await loaded(info.context, self.row.reply_to) if self.row.reply_to is not None else None

    @strawberry.field(description="The emoji people put on it; empty where there are none.")
    def reactions(self) -> list[Reaction]:
        return [Reaction(emoji=each.emoji, at=each.at, reaction=each) for each in self.row.shown_reactions]

    @classmethod
    def of(cls, message: messages.Message) -> Self:
        return cls(
            id=ids.MESSAGE.encode(message.id),
            direction=message.direction,
            status=message.status,
            failure=_failure(message.failure) if message.failure else None,
            source=message.source,
            attempts=_finished(message.attempts),
            held_until=message.not_before if message.status is MessageStatus.QUEUED else None,
            sent_at=message.sent_at,
            received_at=message.received_at,
            delivered_at=message.delivered_at,
            read_at=message.read_at,
            edited_at=message.edited_at,
            deleted_at=message.deleted_at,
            from_number=PhoneNumber(message.from_number) if message.from_number else None,
            to_number=PhoneNumber(message.to_number) if message.to_number else None,
            forwarded=message.forwarded,
            referral=_referral(message.referral) if message.referral else None,
            row=message,
        )


async def loaded(context: Context, id: MessageId) -> Message | None:
    message = await context.loaders.messages.load(id)
    return Message.of(message) if message else None


async def existing(context: Context, id: MessageId) -> Message:
    """The message that a row or an event of ours names: content may go, the row stays."""
    message = await loaded(context, id)
    assert message is not None, f"message {id} is named and not there"
    return message


async def page(context: Context, thread: ThreadId, ask: PageAsk, order: str) -> Connection[Message]:
    found = await read(ask, context.reads.messages(context.organization, thread, ask))
    return connection(found, order, Message.of)


def _failure(failure: status.Failure) -> MessageFailure:
    return MessageFailure(
        code=failure.code,
        refusal=failure.refusal,
        title=failure.title,
        hint=failure.hint,
        retryable=failure.retryable,
    )


def _finished(attempts: tuple[status.Attempt, ...]) -> list[SendAttempt]:
    return [
        SendAttempt(number=each.number, at=each.at, outcome=each.outcome, code=each.code, message=each.message)
        for each in attempts
        if each.outcome is not None
    ]


def _referral(referral: messages.Referral) -> Referral:
    return Referral(
        source_url=referral.source_url,
        headline=referral.headline,
        body=referral.body,
        source_id=referral.source_id,
    )


# ---------------------------------------------------------------- sending


# ---------------------------------------------------------------- reacting


# ---------------------------------------------------------------- releasing
