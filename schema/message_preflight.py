"""What would come of a send now, without sending."""

from datetime import datetime
from typing import TypeAlias

import strawberry
from strawberry import Info

import schema.channels
from domain.ids import ThreadId
from domain.use_cases.preflight import preflight
from schema.channels import DailyAllowance
from schema.context import Context
from schema.errors import UserError, to_user_error
from schema.inputs import WrongInput, check_readable
from schema.messages import MessageSendInput, MessageSendTemplateInput, template_to_send, what_to_send

Send: TypeAlias = MessageSendInput | MessageSendTemplateInput


@strawberry.input(one_of=True, description="The send in question, just as it would be asked for: one of these.")
class MessagePreflightInput:
    send: strawberry.Maybe[MessageSendInput] = strawberry.field(description="What `messageSend` would be given.")
    send_template: strawberry.Maybe[MessageSendTemplateInput] = strawberry.field(
        description="What `messageSendTemplate` would be given."
    )


@strawberry.type(description="What would come of a send now. By the time it is sent, something may have changed.")
class MessagePreflight:
    sendable: bool = strawberry.field(description="Whether it would be queued.")
    user_errors: list[UserError] = strawberry.field(
        description="Why it would not be: what the mutation would answer, each `field` being the path in the"
        " mutation's own `input`. Empty where it would be queued."
    )
    consumes_quota: bool = strawberry.field(
        description="Whether it would take one of the month's conversations. False where it would not be queued, and"
        " where the same was sent before with the same idempotency key."
    )
    held_until: datetime | None = strawberry.field(
        description="Later than now where pace or a pause holds the send back; null where nothing is known to."
    )
    thread: strawberry.Private[ThreadId | None]

    @strawberry.field(
        description="How many conversations may be begun in a day with the business account it would go from; null"
        " where there is no such thread."
    )
    async def daily_allowance(self, info: Info[Context, None]) -> DailyAllowance | None:
        loaders = info.context.loaders
        thread = await loaders.threads.load(self.thread) if self.thread is not None else None
        channel = await loaders.channels.load(thread.channel) if thread is not None else None
        return await schema.channels.daily_allowance(info.context, channel) if channel is not None else None


async def foreseen(context: Context, input: MessagePreflightInput) -> MessagePreflight:
    send = _send_in(input)
    try:
        check_readable(send)
        intended = what_to_send(send) if isinstance(send, MessageSendInput) else template_to_send(send)
    except WrongInput as wrong:
        return _told(wrong_input=wrong)
    answer = await preflight(context.ports, context.acting, intended)
    errors = [to_user_error(answer.refusal)] if answer.refusal is not None else []
    return MessagePreflight(
        sendable=not errors,
        user_errors=errors,
        consumes_quota=answer.takes_unit,
        held_until=None,
        thread=intended.thread,
    )


def _told(wrong_input: WrongInput) -> MessagePreflight:
    return MessagePreflight(
        sendable=False,
        user_errors=[to_user_error(wrong_input.refusal)],
        consumes_quota=False,
        held_until=None,
        thread=None,
    )


def _send_in(input: MessagePreflightInput) -> Send:
    given = input.send or input.send_template
    assert given is not None, "an input with @oneOf holds one"
    return given.value
