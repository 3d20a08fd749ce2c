"""What a person does about a message on its way out: send it again, take it back, say what became of it."""

import strawberry
from strawberry import Info

from domain.conversations import messages
from domain.use_cases.outbound.cancel import cancel
from domain.use_cases.outbound.retry import Retry, retry
from domain.use_cases.outbound.settle import Settle, settle
from schema.context import Context
from schema.engine.values import ids
from schema.types.conversations.messages import Message, existing
from schema.types.errors import UserError, user_errors
from schema.types.inputs import done


@strawberry.input(description="A failed message to send again.")
class MessageRetryInput:
    message_id: strawberry.ID = strawberry.field(description="A FAILED message whose failure is `retryable`.")
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Your own name for this try, 1 to 200 characters. Sent again with the same key, it is not tried"
        " another time.",
    )


@strawberry.type(description="The message with a new attempt, or why there is none.")
class MessageRetryPayload:
    message: Message | None = strawberry.field(
        default=None, description="The message, QUEUED again, at the place where it stood. Null where it was refused."
    )
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="A queued message to take back.")
class MessageCancelInput:
    message_id: strawberry.ID = strawberry.field(description="A QUEUED message.")


@strawberry.type(description="The message taken back, or why it is not.")
class MessageCancelPayload:
    message: Message | None = strawberry.field(
        default=None, description="The message, FAILED with CANCELLED. Null where it has left, or is leaving now."
    )
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="What somebody knows of a message that the network said nothing of.")
class MessageSettleInput:
    message_id: strawberry.ID = strawberry.field(description="An UNKNOWN message.")
    was_sent: bool = strawberry.field(
        description="True: it went, and is SENT. False: it did not, and is FAILED and `retryable`; what it took of the"
        " month is not given back, and pays for sending it again."
    )


@strawberry.type(description="The settled message, or why it is not.")
class MessageSettlePayload:
    message: Message | None = strawberry.field(
        default=None,
        description="The message. What the network reports later still wins. Null where its outcome was known.",
    )
    user_errors: list[UserError] = user_errors()


async def send_again(info: Info[Context, None], input: MessageRetryInput) -> MessageRetryPayload:
    context = info.context
    command = Retry(ids.MESSAGE.given(input.message_id, "messageId"), input.idempotency_key)
    return MessageRetryPayload(message=await _shown(context, done(await retry(context.ports, context.acting, command))))


async def take_back(info: Info[Context, None], input: MessageCancelInput) -> MessageCancelPayload:
    context = info.context
    id = ids.MESSAGE.given(input.message_id, "messageId")
    return MessageCancelPayload(message=await _shown(context, done(await cancel(context.ports, context.acting, id))))


async def say_what_became(info: Info[Context, None], input: MessageSettleInput) -> MessageSettlePayload:
    context = info.context
    command = Settle(ids.MESSAGE.given(input.message_id, "messageId"), input.was_sent)
    return MessageSettlePayload(
        message=await _shown(context, done(await settle(context.ports, context.acting, command)))
    )


async def _shown(context: Context, message: messages.Message) -> Message:
    await context.read_on(message.organization, message)
    return await existing(context, message.id)
