"""Messages, how far they got, and sending them."""

from datetime import datetime
from typing import Self

import strawberry
import structlog
from strawberry import Info

import schema.types.conversations.threads
from domain.conversations import contents as said
from domain.conversations import messages, sendable, status, versions
from domain.conversations.contents import Filled
from domain.conversations.messages import Direction, Source
from domain.conversations.previews import PREVIEW_LIMIT
from domain.conversations.status import AttemptOutcome, MessageStatus
from domain.error_codes import ErrorCode
from domain.errors import Refusal
from domain.ids import MessageId, ThreadId
from domain.ports.reads import PageAsk
from domain.use_cases.moderation.quarantine import release_message
from domain.use_cases.outbound.react import React, react
from domain.use_cases.outbound.send import SendContent, SendTemplate, send_content, send_template
from domain.use_cases.outbound.send_item import SendItem, send_item
from domain.use_cases.outbound.send_media import FILES_LIMIT, SendMedia, send_media
from schema.context import Context
from schema.engine.readable import WrongInput
from schema.engine.values import ids
from schema.engine.values.enums import describe
from schema.engine.values.ids import Node
from schema.engine.values.pages import Connection, connection, read
from schema.engine.values.scalars import PhoneNumber
from schema.types.conversations import contents
from schema.types.conversations.contents import MessageContent
from schema.types.conversations.senders import sender
from schema.types.errors import UserError, to_user_error, to_user_errors, user_errors
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
            held_until=message.held_until if message.status is MessageStatus.QUEUED else None,
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


@strawberry.input(description="A free-form text.")
class TextInput:
    body: str = strawberry.field(
        description=f"1 to {said.TEXT_LIMIT} characters, WhatsApp's marks and all; not only spaces."
    )
    preview_url: bool | None = strawberry.field(
        default=False, description="Whether WhatsApp shall show a preview of its first link."
    )


@strawberry.input(description="A place.")
class LocationInput:
    latitude: float = strawberry.field(description="In degrees, -90 to 90, north positive.")
    longitude: float = strawberry.field(description="In degrees, -180 to 180, east positive.")
    name: str | None = strawberry.field(default=None, description="What the place is called.")
    address: str | None = strawberry.field(default=None, description="Where it is, in words.")


@strawberry.input(description="Somebody's entry of an address book. It needs a number or a mail address.")
class ContactCardInput:
    name: str = strawberry.field(description="What they are called.")
    phones: list[str] = strawberry.field(description="Their numbers, written as the contact shall see them.")
    emails: list[str] | None = strawberry.field(default=None, description="Their mail addresses.")
    organization: str | None = strawberry.field(default=None, description="Where they work.")


@strawberry.input(description="One answer to choose.")
class InteractiveOptionInput:
    id: str = strawberry.field(
        description="Comes back as `optionId`; each its own."
        f" At most {sendable.BUTTON_ID_LIMIT} characters on a button, {sendable.ROW_ID_LIMIT} in a list."
    )
    title: str = strawberry.field(
        description=f"What is written on it: at most {sendable.BUTTON_TITLE_LIMIT} characters on a button, where each"
        f" has its own, {sendable.ROW_TITLE_LIMIT} in a list."
    )
    description: str | None = strawberry.field(
        default=None,
        description=f"A small line below, at most {sendable.ROW_DESCRIPTION_LIMIT} characters. Makes it a list.",
    )


@strawberry.input(
    description=f"A question with answers to tap. Up to {sendable.BUTTONS_LIMIT} options without descriptions become"
    f" buttons, up to {sendable.ROWS_LIMIT} a list."
)
class InteractiveInput:
    body: str = strawberry.field(
        description=f"The question: at most {sendable.BUTTONS_BODY_LIMIT} characters over buttons,"
        f" {sendable.LIST_BODY_LIMIT} over a list."
    )
    options: list[InteractiveOptionInput] = strawberry.field(
        description=f"1 to {sendable.ROWS_LIMIT} answers, in order."
    )
    button_label: str | None = strawberry.field(
        default=None,
        description=f"What opens the list, at most {sendable.LIST_LABEL_LIMIT} characters; needed for a list only.",
    )


@strawberry.input(description="Files to send. Each becomes a message of its own, in this order.")
class MediaInput:
    media_ids: list[strawberry.ID] = strawberry.field(
        description=f"1 to {FILES_LIMIT} files whose bytes are here: READY. Where one is refused, none is sent."
    )
    caption: str | None = strawberry.field(
        default=None,
        description=f"Words under the first, {said.CAPTION_LIMIT} characters at most; left out or null for none."
        " WhatsApp shows none with sounds and stickers.",
    )


@strawberry.input(one_of=True, description="What to send: exactly one of these.")
class MessageContentInput:
    text: strawberry.Maybe[TextInput] = strawberry.field(description="A free-form text.")
    media: strawberry.Maybe[MediaInput] = strawberry.field(description="One file or several.")
    location: strawberry.Maybe[LocationInput] = strawberry.field(description="A place.")
    contacts: strawberry.Maybe[list[ContactCardInput]] = strawberry.field(
        description=f"1 to {sendable.CARDS_LIMIT} contact cards."
    )
    interactive: strawberry.Maybe[InteractiveInput] = strawberry.field(description="A question with answers to tap.")
    library_item_id: strawberry.Maybe[strawberry.ID] = strawberry.field(
        description="An item of the library, as it is now: a file as that file, a link as words with the link below."
    )


@strawberry.input(description="A free-form message. It goes only within 24 hours of the contact's last one.")
class MessageSendInput:
    thread_id: strawberry.ID = strawberry.field(description="Where to say it.")
    content: MessageContentInput = strawberry.field(description="What to say.")
    reply_to_id: strawberry.ID | None = strawberry.field(
        default=None, description="The message of this thread that it answers; left out or null for none."
    )
    via: Source | None = strawberry.field(
        default=Source.WHATSAPP, description="By what way; WHATSAPP is the one there is for now."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Your own name for this send, 1 to 200 characters. Sent again with the same key, the same message"
        " comes back and nothing is sent twice.",
    )


@strawberry.type(description="What was queued, or why nothing was.")
class MessageSendPayload:
    message: Message | None = strawberry.field(
        default=None, description="The message, QUEUED; follow its status by subscription. Null where it was refused."
    )
    messages: list[Message] = strawberry.field(
        default_factory=list, description="All that was queued: what WhatsApp takes only in parts becomes several."
    )
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="A value for one of a template's blanks.")
class TemplateParameterInput:
    component: str = strawberry.field(description="Where the blank stands: header, body or button:N, counted from 0.")
    name: str = strawberry.field(description="Its name, or its place counted from 1.")
    value: str = strawberry.field(
        description="What to put there: no line break, no tab, no more than four spaces in a row."
    )


@strawberry.input(description="A template to send. It goes at any time.")
class MessageSendTemplateInput:
    thread_id: strawberry.ID = strawberry.field(description="Where to send it.")
    template_id: strawberry.ID = strawberry.field(description="A template of the account of the thread's number.")
    automation: str | None = strawberry.field(
        default=None,
        description="Shown as the sender, for sends by a program; without effect where a user sends.",
    )
    parameters: list[TemplateParameterInput] | None = strawberry.field(
        default=None, description="A value for every blank; left out or null where it has none."
    )
    header_media_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The file above the text, where the template's header is one: READY, and of the header's kind. Left"
        " out or null where it is not.",
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Your own name for this send, 1 to 200 characters. Sent again with the same key, the same message"
        " comes back and nothing is sent twice.",
    )


@strawberry.type(description="What was queued, or why nothing was.")
class MessageSendTemplatePayload:
    message: Message | None = strawberry.field(
        default=None, description="The message, QUEUED; follow its status by subscription. Null where it was refused."
    )
    user_errors: list[UserError] = user_errors()


async def send(info: Info[Context, None], input: MessageSendInput) -> MessageSendPayload:
    context = info.context
    match await _sent(context, input):
        case messages.Message() as message:
            queued = [message]
        case list() as queued:
            pass
        case refusal:
            return MessageSendPayload(user_errors=[to_user_error(refusal)])
    await context.read_on(queued[0].organization)
    shown = [await existing(context, message.id) for message in queued]
    return MessageSendPayload(message=shown[0], messages=shown)


async def _sent(context: Context, input: MessageSendInput) -> messages.Message | list[messages.Message] | Refusal:
    match what_to_send(input):
        case SendMedia() as asked:
            return await send_media(context.ports, context.acting, asked)
        case SendItem() as asked:
            return await send_item(context.ports, context.acting, asked)
        case SendContent() as asked:
            return await send_content(context.ports, context.acting, asked)


def what_to_send(input: MessageSendInput) -> SendContent | SendMedia | SendItem:
    if input.via not in (None, Source.WHATSAPP):
        raise WrongInput("Messages go by WHATSAPP; there is no other way yet.", "via")
    if input.content.media is not None:
        return _media_asked(input, input.content.media.value)
    if input.content.library_item_id is not None:
        return _item_asked(input, input.content.library_item_id.value)
    return _asked(input)


async def send_by_template(info: Info[Context, None], input: MessageSendTemplateInput) -> MessageSendTemplatePayload:
    context = info.context
    match await send_template(context.ports, context.acting, template_to_send(input)):
        case messages.Message(id=id, organization=organization):
            await context.read_on(organization)
            return MessageSendTemplatePayload(message=await existing(context, id))
        case refusal:
            return MessageSendTemplatePayload(user_errors=to_user_errors(refusal))


def template_to_send(input: MessageSendTemplateInput) -> SendTemplate:
    return SendTemplate(
        thread=ids.THREAD.given(input.thread_id, "threadId"),
        template=ids.TEMPLATE.given(input.template_id, "templateId"),
        values=values_in(input.parameters),
        header_media=ids.MEDIA.given_or_none(input.header_media_id, "headerMediaId"),
        automation=input.automation,
        idempotency_key=input.idempotency_key,
    )


def values_in(parameters: list[TemplateParameterInput] | None) -> tuple[Filled, ...]:
    return tuple(Filled(each.component, each.name, each.value) for each in parameters or ())


def _asked(input: MessageSendInput) -> SendContent:
    return SendContent(
        thread=ids.THREAD.given(input.thread_id, "threadId"),
        content=_content(input.content),
        reply_to=ids.MESSAGE.given_or_none(input.reply_to_id, "replyToId"),
        idempotency_key=input.idempotency_key,
    )


def _media_asked(input: MessageSendInput, files: MediaInput) -> SendMedia:
    return SendMedia(
        thread=ids.THREAD.given(input.thread_id, "threadId"),
        files=tuple(
            ids.MEDIA.given(id, "content", "media", "mediaIds", str(place)) for place, id in enumerate(files.media_ids)
        ),
        caption=files.caption,
        reply_to=ids.MESSAGE.given_or_none(input.reply_to_id, "replyToId"),
        idempotency_key=input.idempotency_key,
    )


def _item_asked(input: MessageSendInput, item: strawberry.ID) -> SendItem:
    return SendItem(
        thread=ids.THREAD.given(input.thread_id, "threadId"),
        item=ids.LIBRARY_ITEM.given(item, "content", "libraryItemId"),
        reply_to=ids.MESSAGE.given_or_none(input.reply_to_id, "replyToId"),
        idempotency_key=input.idempotency_key,
    )


def _content(content: MessageContentInput) -> sendable.Sendable:
    if content.text is not None:
        return said.Text(content.text.value.body, bool(content.text.value.preview_url))
    if content.location is not None:
        place = content.location.value
        return said.Location(place.latitude, place.longitude, place.name, place.address)
    if content.contacts is not None:
        return said.ContactCards(tuple(_card(card) for card in content.contacts.value))
    if content.interactive is not None:
        question = content.interactive.value
        options = tuple(said.Option(each.id, each.title, each.description or None) for each in question.options)
        return said.Interactive(question.body, options, question.button_label or None)
    raise WrongInput("Say what to send.", "content")


def _card(card: ContactCardInput) -> said.ContactCard:
    return said.ContactCard(card.name, tuple(card.phones), tuple(card.emails or ()), card.organization or None)


# ---------------------------------------------------------------- reacting


@strawberry.input(description="An emoji on a message, within 24 hours of the contact's last one.")
class MessageReactInput:
    message_id: strawberry.ID = strawberry.field(description="A message of theirs or ours, not older than 30 days.")
    emoji: str = strawberry.field(description="One emoji; empty takes yours away. The team has one on a message.")
    idempotency_key: str | None = strawberry.field(
        default=None, description="Your own name for this reaction, 1 to 200 characters."
    )


@strawberry.type(description="The message with its reactions, or why nothing changed.")
class MessageReactPayload:
    message: Message | None = strawberry.field(
        default=None, description="The message. If the network refuses the reaction, it goes again. Null if refused."
    )
    user_errors: list[UserError] = user_errors()


async def put_reaction(info: Info[Context, None], input: MessageReactInput) -> MessageReactPayload:
    context = info.context
    asked = React(ids.MESSAGE.given(input.message_id, "messageId"), input.emoji, input.idempotency_key)
    match await react(context.ports, context.acting, asked):
        case messages.Message(id=id, organization=organization):
            await context.read_on(organization)
            return MessageReactPayload(message=await existing(context, id))
        case refusal:
            return MessageReactPayload(user_errors=[to_user_error(refusal)])


# ---------------------------------------------------------------- releasing


@strawberry.input(description="A quarantined message to show again.")
class MessageReleaseInput:
    message_id: strawberry.ID = strawberry.field(description="The message. One released before stays as it is.")


@strawberry.type(description="The message as everybody sees it now, or why it stays hidden.")
class MessageReleasePayload:
    message: Message | None = strawberry.field(default=None, description="The message; null where it was refused.")
    user_errors: list[UserError] = user_errors()


async def release(info: Info[Context, None], input: MessageReleaseInput) -> MessageReleasePayload:
    context = info.context
    message_id = ids.MESSAGE.given(input.message_id, "messageId")
    match await release_message(context.ports, context.acting, message_id):
        case messages.Message(id=id, organization=organization):
            log.info("message.released", organization=organization, message=id, by=context.acting.key)
            await context.read_on(organization)
            return MessageReleasePayload(message=await existing(context, id))
        case refusal:
            return MessageReleasePayload(user_errors=[to_user_error(refusal)])
