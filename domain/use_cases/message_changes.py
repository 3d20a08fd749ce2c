"""What happens to a message after it was sent: reactions, edits, deletions, marks, and what waited for it to come.

Whatever speaks of a message that is not known yet is parked, 30 days at most, and applied once the message is here.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from domain.conversations.contents import Content, MediaMessage
from domain.conversations.messages import Direction, Message, with_reaction
from domain.conversations.status import MessageStatus, arrived
from domain.conversations.versions import changed, taken_back
from domain.events import MessageChange, MessageChanged
from domain.files.media import Media, MediaState
from domain.files.names import plain_type, titled
from domain.ids import ChannelId, ContactId, MediaId, MessageId
from domain.moderation.quarantine import Policy, screened_again
from domain.people.actors import ByContact, ByPhoneApp
from domain.ports.store import Transaction
from domain.updates import (
    PARKED_FOR,
    AwaitedReply,
    DeletionReceived,
    EditReceived,
    IncomingContent,
    IncomingMedia,
    ParkedUpdate,
    ReactionReceived,
    StatusReported,
    UpdateKey,
    Waiting,
)
from domain.use_cases.marks import after_report, attempt_of, give_back, reported_mark, sane_time, status_events
from domain.use_cases.work import Work


def apply_reaction(tx: Transaction, message: Message, update: ReactionReceived, contact: ContactId) -> Message:
    by = ByPhoneApp(message.from_number) if update.echoed else ByContact(contact)
    at = sane_time(update.sent_at, update.place.received_at)
    after = with_reaction(message, update.emoji, by, at)
    if after != message:
        tx.save(after)
    if after.shown_reactions != message.shown_reactions:
        tx.record(MessageChanged(after.thread, after.id, MessageChange.REACTION))
    return after


def may_change(message: Message, update: EditReceived | DeletionReceived) -> bool:
    """Only who sent a message changes it or takes it back."""
    return message.direction is (Direction.OUTBOUND if update.echoed else Direction.INBOUND)


def apply_edit(work: Work, message: Message, update: EditReceived, policy: Policy) -> Message:
    """The message as its sender changed it, judged anew. A file stays what it is; the words under it may change."""
    if not may_change(message, update):
        return message
    at = sane_time(update.sent_at, update.place.received_at)
    if isinstance(update.content, IncomingMedia) and isinstance(message.spoken, MediaMessage):
        content: Content = replace(message.spoken, caption=update.content.caption)
    else:
        content = kept_content(work, message.channel, message.id, update.content, update.place)
    after = screened_again(message, changed(message, content, at), update.content, policy, update.place.received_at)
    if after.is_quarantined is not message.is_quarantined:
        work.tx.record(MessageChanged(after.thread, after.id, MessageChange.QUARANTINE))
    return _saved(work.tx, message, after, MessageChange.EDIT)


def apply_deletion(tx: Transaction, message: Message, update: DeletionReceived) -> Message:
    if not may_change(message, update):
        return message
    at = sane_time(update.sent_at, update.place.received_at)
    return _saved(tx, message, taken_back(message, at), MessageChange.DELETION)


async def apply_status(work: Work, message: Message, report: StatusReported, *, learns_id: bool = True) -> Message:
    """The message after a report, saved with its mark and events, and refunded where it failed.

    `learns_id` is False where another message here goes by the network id that the report tells.
    """
    attempt = attempt_of(message, report)
    mark = reported_mark(work, message, report, attempt)
    after = after_report(message, report, mark, learns_id=learns_id)
    if message.status is MessageStatus.QUEUED and arrived(after.status):
        after = replace(after, not_before=None)
    work.tx.save(after, mark)
    work.tx.record(*status_events(message, after))
    if after.status is MessageStatus.FAILED and attempt == after.attempt:
        await give_back(work, after)
    return after


def kept_content(
    work: Work, channel: ChannelId, message: MessageId, content: IncomingContent, place: UpdateKey
) -> Content:
    """The content as kept; a file becomes a media row whose bytes are fetched later."""
    if not isinstance(content, IncomingMedia):
        return content
    mime_type = plain_type(content.mime_type)
    media = Media(
        organization=work.tx.organization,
        id=MediaId(work.new_id()),
        kind=content.kind,
        state=MediaState.PENDING,
        mime_type=mime_type,
        created_at=place.received_at,
        channel=channel,
        message=message,
        network_id=content.network_id,
        file_name=titled(content.kind, content.file_name, mime_type),
        sha256=content.sha256,
        voice=content.voice,
        animated=content.animated,
        due_at=place.received_at,
        cause=place.delivery,
    )
    work.tx.save(media)
    return MediaMessage(media.id, content.caption)


def _saved(tx: Transaction, before: Message, after: Message, change: MessageChange) -> Message:
    if after != before:
        tx.save(after)
        tx.record(MessageChanged(after.thread, after.id, change))
    return after


async def apply_parked(
    work: Work,
    message: Message,
    waiting: Sequence[ParkedUpdate],
    contact: ContactId,
    policy: Policy,
) -> Message:
    """The message after all that came before its network id was known here."""
    for parked in waiting:
        if parked.parked_at > work.now - PARKED_FOR:
            message = await _applied(work, message, parked.update, contact, policy)
        work.tx.remove(parked)
    return message


async def _applied(
    work: Work,
    message: Message,
    update: Waiting,
    contact: ContactId,
    policy: Policy,
) -> Message:
    match update:
        case ReactionReceived():
            return apply_reaction(work.tx, message, update, contact)
        case EditReceived():
            return apply_edit(work, message, update, policy)
        case DeletionReceived():
            return apply_deletion(work.tx, message, update)
        case StatusReported():
            is_ours = message.direction is Direction.OUTBOUND
            return await apply_status(work, message, update) if is_ours else message
        case AwaitedReply(message=reply):
            await _answered_by(work.tx, message, reply)
            return message
        case _:
            assert_never(update)


async def _answered_by(tx: Transaction, message: Message, reply: MessageId) -> None:
    """Tell the reply which message it answers, now that it is here."""
    found = (await tx.messages([reply])).get(reply)
    if found is not None and found.thread == message.thread and found.reply_to is None:
        _saved(tx, found, replace(found, reply_to=message.id), MessageChange.EDIT)


def replies_of(waiting: Sequence[ParkedUpdate]) -> list[MessageId]:
    """The messages that waited to be told what they answer."""
    return [parked.update.message for parked in waiting if isinstance(parked.update, AwaitedReply)]
