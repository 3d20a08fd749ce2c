"""What would come of a send now, without sending."""

from datetime import datetime
from typing import TypeAlias

import strawberry
from strawberry import Info

import schema.types.channels.channels
from domain.ids import ChannelId
from domain.use_cases.outbound.sending.preflight import Foreseen, Intended, preflight
from domain.use_cases.outbound.sending.start import StartThread
from schema.context import Context
from schema.engine.readable import WrongInput, check_readable
from schema.types.channels.channels import DailyAllowance
from schema.types.conversations.sending import (
    MessageSendInput,
    MessageSendTemplateInput,
    template_to_send,
    what_to_send,
)
from schema.types.conversations.starting import ThreadStartInput, what_to_start
from schema.types.errors import UserError, to_user_errors

Send: TypeAlias = MessageSendInput | MessageSendTemplateInput | ThreadStartInput


@strawberry.input(one_of=True, description="The send in question, just as it would be asked for: one of these.")
class MessagePreflightInput:
    send: strawberry.Maybe[MessageSendInput] = strawberry.field(description="What `messageSend` would be given.")
    send_template: strawberry.Maybe[MessageSendTemplateInput] = strawberry.field(
        description="What `messageSendTemplate` would be given."
    )
    start: strawberry.Maybe[ThreadStartInput] = strawberry.field(description="What `threadStart` would be given.")


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
    intended: strawberry.Private[Intended | None]

    @strawberry.field(
        description="How many conversations may be begun in a day with the business account it would go from; null"
        " where there is no such thread or number."
    )
    async def daily_allowance(self, info: Info[Context, None]) -> DailyAllowance | None:
        id = await _number_of(info.context, self.intended) if self.intended is not None else None
        channel = await info.context.loaders.channels.load(id) if id is not None else None
        return (
            await schema.types.channels.channels.daily_allowance(info.context, channel) if channel is not None else None
        )


async def foreseen(context: Context, input: MessagePreflightInput) -> MessagePreflight:
    send = _send_in(input)
    try:
        check_readable(send)
        intended = _intended(send)
    except WrongInput as wrong:
        return _told(Foreseen(wrong.refusal), None)
    return _told(await preflight(context.ports, context.acting, intended), intended)


def _told(answer: Foreseen, intended: Intended | None) -> MessagePreflight:
    return MessagePreflight(
        sendable=answer.refusal is None,
        user_errors=to_user_errors(answer.refusal) if answer.refusal is not None else [],
        consumes_quota=answer.takes_unit,
        held_until=answer.not_before,
        intended=intended,
    )


def _send_in(input: MessagePreflightInput) -> Send:
    given = input.send or input.send_template or input.start
    assert given is not None, "an input with @oneOf holds one"
    return given.value


def _intended(send: Send) -> Intended:
    match send:
        case MessageSendInput():
            return what_to_send(send)
        case MessageSendTemplateInput():
            return template_to_send(send)
        case ThreadStartInput():
            return what_to_start(send)


async def _number_of(context: Context, intended: Intended) -> ChannelId | None:
    """The number it would leave from."""
    if isinstance(intended, StartThread):
        return intended.channel
    thread = await context.loaders.threads.load(intended.thread)
    return thread.channel if thread is not None else None
