"""What is done to a message that is there: reacting to it, and showing one that is kept from everybody."""

import strawberry
from strawberry import Info

from domain.use_cases.moderation.quarantine import release_message
from domain.use_cases.outbound.react import React, react
from schema.context import Context
from schema.engine.values import ids
from schema.types.conversations.messages import Message, existing, log
from schema.types.errors import UserError, user_errors
from schema.types.inputs import done


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
    command = React(ids.MESSAGE.given(input.message_id, "messageId"), input.emoji, input.idempotency_key)
    message = done(await react(context.ports, context.acting, command))
    await context.read_on(message.organization, message)
    return MessageReactPayload(message=await existing(context, message.id))


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
    message = done(await release_message(context.ports, context.acting, message_id))
    log.info("message.released", organization=message.organization, message=message.id, by=context.acting.key)
    await context.read_on(message.organization, message)
    return MessageReleasePayload(message=await existing(context, message.id))
