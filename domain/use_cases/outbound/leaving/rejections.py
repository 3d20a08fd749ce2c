"""What a refusal of the network means: for the message, its number's pace, and when it is tried again."""

from dataclasses import replace
from datetime import datetime, timedelta

from domain.channels.channels import Channel
from domain.conversations.contents import TemplateMessage, file_of
from domain.conversations.messages import Message, with_outcome
from domain.conversations.status import AttemptOutcome, MessageStatus
from domain.files.media import without_upload
from domain.outbound.failures import Remedy, verdict
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
from domain.ports.network import Rejected
from domain.ports.store import Transaction
from domain.use_cases.channels.health import degrade
from domain.use_cases.channels.templates import note_template
from domain.use_cases.marks import failed, give_back, hold_unit
from domain.use_cases.outbound.leaving.departure import Departure
from domain.use_cases.outbound.leaving.own_failures import GAVE_UP
from domain.use_cases.outbound.queue import hold, queue_again
from domain.use_cases.work import Work

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
    work: Work, departure: Departure, ours: OutboxItem | None, attempt: int | None, result: Rejected
) -> None:
    """`attempt` None: its file was refused, before the message could leave."""
    message, channel = departure.message, departure.channel
    ended = message
    if attempt is not None:
        refused = AttemptOutcome.REFUSED
        ended = with_outcome(message, attempt, refused, code=result.code, reason=result.message)
    if ours is not None and await forgot_file(work.tx, message, channel, ours, result.code):
        work.tx.save(ended, hold(ours, work.now))
        return
    if isinstance(message.content, TemplateMessage):
        await note_template(work.tx, message.content.template, result.code, work.now)
    judged = verdict(result.code, result.message)
    if judged.remedy is Remedy.FAIL:
        if attempt in (None, message.attempt):
            await give_back(work, failed(work, ended, judged.failure))
        else:
            work.tx.save(ended)
        leave_queue(work.tx, ours)
        return
    if judged.problem is not None:
        degrade(work.tx, channel, judged.problem, judged.failure, work.now)
    until = await slow_down(work, departure, judged.remedy, result)
    if ours is None:
        await not_sent_after_all(work, ended, attempt)
    elif judged.remedy is Remedy.CHANNEL:
        # The number holds it, and lets it go the moment it has a new token.
        work.tx.save(replace(ended, not_before=until), hold(ours, min(ours.due_at, work.now)))
    else:
        await try_later(work, ended, ours, until)


async def slow_down(work: Work, departure: Departure, remedy: Remedy, result: Rejected) -> datetime:
    """What a refusal means for the pace of the number, or of this person alone; when this item may be tried again."""
    item, thread, channel = departure.item, departure.thread, departure.channel
    retry_after = min(LONGEST_WAIT, timedelta(seconds=result.retry_after_s or 0))
    if result.code == PAIR_LIMIT:
        work.tx.save(replace(thread, pair_next_at=pair_used_up(work.now)))
        pause = min(PAIR_EVERY * 2 ** min(item.tries, 16), LONGEST_PAUSE)
        return work.now + max(retry_after, spread(pause, f"{item.id}/{item.tries}"))
    await hold_unit(work.tx, item.id)
    pace = for_channel(await work.tx.pace(channel.id), channel, work.now)
    if remedy is Remedy.CHANNEL:
        work.tx.save(stopped(pace, work.now))
        return work.now + PROBE_EVERY
    if result.code == SPAM_LIMIT:
        work.tx.save(without_templates(pace, work.now, retry_after))
    elif result.code in NUMBER_LIMITS or retry_after:
        slower = slowed_down(pace, work.now, retry_after)
        work.tx.save(slower)
        return slower.not_before or work.now
    return work.now + max(retry_after, pause_before(item))


async def not_sent_after_all(work: Work, message: Message, attempt: int | None) -> None:
    """The worker was given up and then heard that nothing was sent: what was unknown may leave after all."""
    is_free = await work.tx.row(OutboxItem, message.id) is None
    if is_free and attempt == message.attempt and message.status is MessageStatus.UNKNOWN:
        queue_again(work, message, due_at=work.now + FIRST_PAUSE)
    else:
        work.tx.save(message)


async def try_later(work: Work, message: Message, ours: OutboxItem, due_at: datetime) -> None:
    """Try again then, if that is before the session ends and within a day; else FAILED."""
    if due_at >= await _deadline(work.tx, ours, message):
        await give_back(work, failed(work, message, GAVE_UP))
        work.tx.remove(ours)
        return
    work.tx.save(replace(message, not_before=due_at), hold(ours, due_at))


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
