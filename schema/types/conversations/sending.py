"""Sending a message in a thread: what can be said, and by template."""

import asyncio

import strawberry
from strawberry import Info

from domain.conversations import contents as said
from domain.conversations import messages, sendable
from domain.conversations.contents import Filled
from domain.conversations.messages import Source
from domain.errors import Refusal
from domain.use_cases.outbound.sending.send import SendContent, SendTemplate, send_content, send_template
from domain.use_cases.outbound.sending.send_item import SendItem, send_item
from domain.use_cases.outbound.sending.send_media import FILES_LIMIT, SendMedia, send_media
from schema.context import Context
from schema.engine.readable import WrongInput
from schema.engine.values import ids
from schema.types.conversations.messages import Message, existing
from schema.types.errors import UserError, user_errors
from schema.types.inputs import done


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
    sent = done(await _sent(context, input))
    queued = [sent] if isinstance(sent, messages.Message) else sent
    await context.read_on(queued[0].organization, *queued)
    shown = await asyncio.gather(*(existing(context, message.id) for message in queued))
    return MessageSendPayload(message=shown[0], messages=list(shown))


async def _sent(context: Context, input: MessageSendInput) -> messages.Message | list[messages.Message] | Refusal:
    match what_to_send(input):
        case SendMedia() as command:
            return await send_media(context.ports, context.acting, command)
        case SendItem() as command:
            return await send_item(context.ports, context.acting, command)
        case SendContent() as command:
            return await send_content(context.ports, context.acting, command)


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
    message = done(await send_template(context.ports, context.acting, template_to_send(input)))
    await context.read_on(message.organization, message)
    return MessageSendTemplatePayload(message=await existing(context, message.id))


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
