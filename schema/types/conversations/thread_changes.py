"""What is done with a thread: read, handed over, closed and reopened."""

import strawberry
from strawberry import Info

from domain.conversations import threads
from domain.use_cases.conversations.threads import (
    AssignThread,
    MarkRead,
    assign_thread,
    close_thread,
    mark_read,
    reopen_thread,
)
from domain.use_cases.outbound.show_typing import show_typing
from schema.context import Context
from schema.engine.values import ids
from schema.engine.values.given import user_or_left
from schema.types.conversations.threads import Thread, existing
from schema.types.errors import UserError, user_errors
from schema.types.inputs import EXPECTED_OWNER, NEW_OWNER, done


@strawberry.input(description="What somebody has read.")
class ThreadMarkReadInput:
    thread_id: strawberry.ID = strawberry.field(description="Where.")
    up_to_message_id: strawberry.ID | None = strawberry.field(
        default=None, description="Up to and including this message; left out or null: all there is."
    )
    tell_contact: bool | None = strawberry.field(
        default=None, description="Blue ticks on the contact's phone; the channel's setting where left out or null."
    )


@strawberry.type(description="The thread as it is now, or why nothing was marked.")
class ThreadMarkReadPayload:
    thread: Thread | None = strawberry.field(default=None, description="The thread; null where it was refused.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Where somebody is writing.")
class ThreadTypingInput:
    thread_id: strawberry.ID = strawberry.field(description="In which thread; its session has to be open.")


@strawberry.type(description="The thread, or why its contact sees nobody writing.")
class ThreadTypingPayload:
    thread: Thread | None = strawberry.field(default=None, description="The thread; null where it was refused.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Who shall look after a thread.")
class ThreadAssignInput:
    thread_id: strawberry.ID = strawberry.field(description="Which thread; its newest ticket goes with it.")
    owner_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(description=NEW_OWNER)
    expected_owner_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(description=EXPECTED_OWNER)


@strawberry.type(description="The thread as it is now, or why it was not handed over.")
class ThreadAssignPayload:
    thread: Thread | None = strawberry.field(default=None, description="The thread; null where it was refused.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="A thread that is done.")
class ThreadCloseInput:
    thread_id: strawberry.ID = strawberry.field(description="Which thread; its newest ticket is closed with it.")


@strawberry.type(description="The closed thread, or why it stays open.")
class ThreadClosePayload:
    thread: Thread | None = strawberry.field(default=None, description="The thread; null where it was refused.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="A thread to go on with.")
class ThreadReopenInput:
    thread_id: strawberry.ID = strawberry.field(description="Which thread; its newest ticket is opened with it.")


@strawberry.type(description="The open thread, or why it stays closed.")
class ThreadReopenPayload:
    thread: Thread | None = strawberry.field(default=None, description="The thread; null where it was refused.")
    user_errors: list[UserError] = user_errors()


async def read(info: Info[Context, None], input: ThreadMarkReadInput) -> ThreadMarkReadPayload:
    context = info.context
    command = MarkRead(
        thread=ids.THREAD.given(input.thread_id, "threadId"),
        up_to=ids.MESSAGE.given_or_none(input.up_to_message_id, "upToMessageId"),
        tell_contact=input.tell_contact,
    )
    thread = done(await mark_read(context.ports, context.acting, command))
    return ThreadMarkReadPayload(thread=await _as_it_is_now(context, thread))


async def typing(info: Info[Context, None], input: ThreadTypingInput) -> ThreadTypingPayload:
    context = info.context
    thread = done(await show_typing(context.ports, context.acting, ids.THREAD.given(input.thread_id, "threadId")))
    return ThreadTypingPayload(thread=await existing(context, thread.id))


async def assign(info: Info[Context, None], input: ThreadAssignInput) -> ThreadAssignPayload:
    context = info.context
    command = AssignThread(
        thread=ids.THREAD.given(input.thread_id, "threadId"),
        owner=user_or_left(input.owner_id, "ownerId"),
        expected_owner=user_or_left(input.expected_owner_id, "expectedOwnerId"),
    )
    thread = done(await assign_thread(context.ports, context.acting, command))
    return ThreadAssignPayload(thread=await _as_it_is_now(context, thread))


async def close(info: Info[Context, None], input: ThreadCloseInput) -> ThreadClosePayload:
    context = info.context
    thread = done(await close_thread(context.ports, context.acting, ids.THREAD.given(input.thread_id, "threadId")))
    return ThreadClosePayload(thread=await _as_it_is_now(context, thread))


async def reopen(info: Info[Context, None], input: ThreadReopenInput) -> ThreadReopenPayload:
    context = info.context
    thread = done(await reopen_thread(context.ports, context.acting, ids.THREAD.given(input.thread_id, "threadId")))
    return ThreadReopenPayload(thread=await _as_it_is_now(context, thread))


async def _as_it_is_now(context: Context, thread: threads.Thread) -> Thread:
    await context.read_on(thread.organization, thread)
    return await existing(context, thread.id)
