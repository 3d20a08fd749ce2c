"""What a refusal of the network means: for the message, its number's pace, and when it is tried again."""

from dataclasses import replace
from datetime import datetime, timedelta

from domain.channels.channels import Channel
from domain.conversations.contents import TemplateMessage, file_of
from domain.conversations.messages import Message, with_outcome
from domain.conversations.status import AttemptOutcome, MessageStatus
from domain.conversations.threads import Thread
from domain.files.media import without_upload
from domain.outbound.failures import ABOUT_TOKENS, Remedy, verdict
from domain.outbound.outbox import LONGEST_WAIT, RETRIED_FOR, OutboxItem
from domain.outbound.pace import (
    PAIR_EVERY,
    PROBE_EVERY,
    for_channel,
    pair_used_up,
    slowed_down,
    spread,
    stopped,
    without_templates,
)
from domain.ports.bundle import Ports
from domain.ports.network import Rejected
from domain.ports.store import Transaction
from domain.use_cases.channels.templates import note_template
from domain.use_cases.marks import failed, give_back, hold_unit
from domain.use_cases.outbound.channel_health import degrade
from domain.use_cases.outbound.own_failures import GAVE_UP
from domain.use_cases.outbound.queue import hold, queue_again

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=10)
PAIR_LIMIT = 131056
SPAM_LIMIT = 131048
NUMBER_LIMITS = frozenset({4, 80007, 130429, 131057})
"""Codes that speak of the number, its account or its app: none of its messages would go now."""

FILE_NOT_KNOWN = frozenset({100, 131008, 131009, 131052, 131053})
"""Codes the network has for a file's id that it does not know, or not any more."""


async def forgot_file(tx: Transaction, message: Message, channel: Channel, item: OutboxItem, code: int | None) -> bool:
    """Whether the network forgot the file's id, which was got for an earlier message; then it is forgotten here too."""
    file_id = file_of(message.content)
    if code not in FILE_NOT_KNOWN or file_id is None:
        return False
    file = (await tx.media([file_id])).get(file_id)
    assert file is not None, "it was there when it left"
    used = next((each for each in file.uploads if each.number == channel.phone_number_id), None)
    if used is None or used.uploaded_at >= item.queued_at:
        return False
    tx.save(without_upload(file, channel.phone_number_id))
    return True


async def rejected(
    ports: Ports,
    tx: Transaction,
    message: Message,
    thread: Thread,
    channel: Channel,
    item: OutboxItem,
    ours: OutboxItem | None,
    attempt: int | None,
    result: Rejected,
    now: datetime,
) -> None:
    """`attempt` None: its file was refused, before the message could leave."""
    ended = message
    if attempt is not None:
        refused = AttemptOutcome.REFUSED
        ended = with_outcome(message, attempt, refused, code=result.code, reason=result.message)
    if ours is not None and await forgot_file(tx, message, channel, ours, result.code):
        tx.save(ended, hold(ours, now))
        return
    if isinstance(message.content, TemplateMessage):
        await note_template(tx, message.content.template, result.code, now)
    judged = verdict(result.code, result.message)
    if judged.remedy is Remedy.FAIL:
        if attempt in (None, message.attempt):
            await give_back(ports, tx, failed(ports, tx, ended, judged.failure, now), now)
        else:
            tx.save(ended)
        leave_queue(tx, ours)
        return
    if judged.remedy is Remedy.CHANNEL:
        degrade(tx, channel, judged.failure, now, token=result.code in ABOUT_TOKENS)
    until = await slow_down(tx, thread, channel, item, judged.remedy, result, now)
    if ours is None:
        await not_sent_after_all(ports, tx, ended, attempt, now)
    elif judged.remedy is Remedy.CHANNEL:
        # The number holds it, and lets it go the moment it has a new token.
        tx.save(replace(ended, held_until=until), hold(ours, min(ours.due_at, now)))
    else:
        await try_later(ports, tx, ended, ours, until, now)


async def slow_down(
    tx: Transaction,
    thread: Thread,
    channel: Channel,
    item: OutboxItem,
    remedy: Remedy,
    result: Rejected,
    now: datetime,
) -> datetime:
    """What a refusal means for the pace of the number, or of this person alone; when this item may be tried again."""
    retry_after = min(LONGEST_WAIT, timedelta(seconds=result.retry_after_s or 0))
    if result.code == PAIR_LIMIT:
        tx.save(replace(thread, pair_next_at=pair_used_up(now)))
        pause = min(PAIR_EVERY * 2 ** min(item.tries, 16), LONGEST_PAUSE)
        return now + max(retry_after, spread(pause, f"{item.id}/{item.tries}"))
    await hold_unit(tx, item.id)
    pace = for_channel(await tx.pace(channel.id), channel, now)
    if remedy is Remedy.CHANNEL:
        tx.save(stopped(pace, now))
        return now + PROBE_EVERY
    if result.code == SPAM_LIMIT:
        tx.save(without_templates(pace, now, retry_after))
    elif result.code in NUMBER_LIMITS or retry_after:
        slower = slowed_down(pace, now, retry_after)
        tx.save(slower)
        return slower.held_until or now
    return now + max(retry_after, pause_before(item))


async def not_sent_after_all(
    ports: Ports, tx: Transaction, message: Message, attempt: int | None, now: datetime
) -> None:
    """The worker was given up and then heard that nothing was sent: what was unknown may leave after all."""
    is_free = await tx.outbox_item(message.id) is None
    if is_free and attempt == message.attempt and message.status is MessageStatus.UNKNOWN:
        queue_again(ports, tx, message, now, due_at=now + FIRST_PAUSE)
    else:
        tx.save(message)


async def try_later(
    ports: Ports, tx: Transaction, message: Message, ours: OutboxItem, due_at: datetime, now: datetime
) -> None:
    """Try again then, if that is before the session ends and within a day; else FAILED."""
    if due_at >= await _deadline(tx, ours, message):
        await give_back(ports, tx, failed(ports, tx, message, GAVE_UP, now), now)
        tx.remove(ours)
        return
    tx.save(replace(message, held_until=due_at), hold(ours, due_at))


async def _deadline(tx: Transaction, item: OutboxItem, message: Message) -> datetime:
    latest = item.queued_at + RETRIED_FOR
    thread = (await tx.threads([item.thread])).get(item.thread)
    free_form = not isinstance(message.content, TemplateMessage)
    if free_form and thread is not None and thread.session is not None:
        return min(latest, thread.session.expires_at)
    return latest


def pause_before(item: OutboxItem) -> timedelta:
    """Doubling, up to ten minutes, spread."""
    return spread(min(FIRST_PAUSE * 2 ** min(item.tries, 16), LONGEST_PAUSE), f"{item.id}/{item.tries}")


def leave_queue(tx: Transaction, item: OutboxItem | None) -> None:
    if item is not None:
        tx.remove(item)
