"""Writing first: to a contact, or to a number that never wrote."""

import strawberry
from strawberry import Info

from domain.use_cases.outbound.sending.start import StartThread, start_thread
from schema.context import Context
from schema.engine.values import ids
from schema.types.conversations import messages, threads
from schema.types.conversations.messages import Message
from schema.types.conversations.sending import TemplateParameterInput, values_in
from schema.types.conversations.threads import Thread
from schema.types.errors import UserError, user_errors
from schema.types.inputs import done


@strawberry.input(
    description="Who to write to, and with what. Name a contact or a number. A thread that is there is gone on with."
)
class ThreadStartInput:
    channel_id: strawberry.ID = strawberry.field(description="The number of yours that writes.")
    contact_id: strawberry.ID | None = strawberry.field(
        default=None, description="The contact to write to; left out or null where `phoneNumber` says it."
    )
    phone_number: str | None = strawberry.field(
        default=None,
        description="The number to write to as people type it: with its country code, as +16505551234, or in the local"
        " form of the organization's country. One that never wrote becomes a contact. Left out or"
        " null where `contactId` says it.",
    )
    template_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="What to begin with: it is sent in a thread that is there as well. Left out or null only while a"
        " session is open; nothing is sent then.",
    )
    parameters: list[TemplateParameterInput] | None = strawberry.field(
        default=None, description="A value for every blank of the template; left out or null where it has none."
    )
    header_media_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The file above the template's text, where its header is one: READY, and of the header's kind. Left"
        " out or null where it is not.",
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Your own name for this start, 1 to 200 characters. Started again with the same key, the same"
        " thread and message come back and nothing is sent twice.",
    )


@strawberry.type(description="The thread, or why there is none.")
class ThreadStartPayload:
    thread: Thread | None = strawberry.field(
        default=None,
        description="The thread, open; where it was not open already, you own it and its ticket. Null where refused.",
    )
    existing: bool = strawberry.field(
        default=False, description="Whether the thread was there already: nobody gets a second one."
    )
    message: Message | None = strawberry.field(
        default=None, description="The template, QUEUED; null where none was sent."
    )
    user_errors: list[UserError] = user_errors()


async def start(info: Info[Context, None], input: ThreadStartInput) -> ThreadStartPayload:
    context = info.context
    started = done(await start_thread(context.ports, context.acting, what_to_start(input)))
    await context.read_on(started.thread.organization, started.thread, *([started.message] if started.message else []))
    return ThreadStartPayload(
        thread=await threads.existing(context, started.thread.id),
        existing=started.existing,
        message=await messages.existing(context, started.message.id) if started.message is not None else None,
    )


def what_to_start(input: ThreadStartInput) -> StartThread:
    return StartThread(
        channel=ids.CHANNEL.given(input.channel_id, "channelId"),
        contact=ids.CONTACT.given_or_none(input.contact_id, "contactId"),
        number=input.phone_number,
        template=ids.TEMPLATE.given_or_none(input.template_id, "templateId"),
        values=values_in(input.parameters),
        header_media=ids.MEDIA.given_or_none(input.header_media_id, "headerMediaId"),
        idempotency_key=input.idempotency_key,
    )
