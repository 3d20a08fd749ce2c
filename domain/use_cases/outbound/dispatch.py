"""Dispatching: a queued message leaves, or is told why it does not.

Two transactions, and the network between them, inside neither: one claims the message and begins an attempt, one
settles what came of it, and is tried until it is written. Nothing is sent blind: the rules are asked again, and an
unknown outcome is never sent again. A file goes to the network first, by two more transactions: once for each number,
since its id can be sent again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import assert_never

from domain.channels.channels import Channel, ChannelState, Problem, ProblemCode, with_problem
from domain.channels.templates import not_sendable_reason
from domain.conversations.contents import (
    ContactCards,
    Interactive,
    Location,
    MediaMessage,
    TemplateMessage,
    Text,
    file_of,
)
from domain.conversations.messages import Message, leaving, with_mark, with_outcome
from domain.conversations.status import AttemptOutcome, Failure, MessageStatus
from domain.conversations.threads import Thread
from domain.error_codes import ErrorCode
from domain.events import ChannelChanged, MessageChange, MessageChanged
from domain.files.media import Media, MediaState, Upload, with_upload, without_upload
from domain.ids import MessageId, OrganizationId, PhoneNumberId, Wamid
from domain.moderation.quarantine import Policy
from domain.outbound.failures import ABOUT_TOKENS, SEALED, Remedy, verdict
from domain.outbound.outbox import LEASE, LONGEST_WAIT, RETRIED_FOR, TEMPLATE_NEXT, OutboxItem, is_lost
from domain.outbound.pace import (
    PAIR_EVERY,
    PROBE_EVERY,
    RateState,
    for_channel,
    free,
    pair_free_at,
    pair_taken,
    pair_used_up,
    running,
    slowed_down,
    spread,
    stopped,
    taken,
    without_templates,
)
from domain.people.actors import ByContact
from domain.ports.bundle import Ports
from domain.ports.files import BytesMissing
from domain.ports.network import (
    Accepted,
    Attachment,
    Failed,
    NotSent,
    Outgoing,
    ReactionTo,
    Rejected,
    SendResult,
    Unanswered,
)
from domain.ports.store import Transaction
from domain.updates import ParkedUpdate
from domain.use_cases.again import again_on_collision, until_written
from domain.use_cases.channels.templates import note_template
from domain.use_cases.channels.tokens import token_of
from domain.use_cases.files.intake import NotTheFile, unspoilt
from domain.use_cases.inbound.changes import apply_parked, turn_of
from domain.use_cases.marks import (
    callback_of,
    callback_of_reaction,
    failed,
    give_back,
    hold_unit,
    own_mark,
    status_events,
)
from domain.use_cases.outbound.queue import hold, queue_again
from domain.use_cases.outbound.send import opt_out_refusal

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=10)
PAIR_LIMIT = 131056
SPAM_LIMIT = 131048
NUMBER_LIMITS = frozenset({4, 80007, 130429, 131057})
"""Codes that speak of the number, its account or its app: none of its messages would go now."""

SESSION_OVER = Failure(
    "The session ended before it left",
    "Use a template, or wait until the contact writes again.",
    retryable=False,
    refusal=ErrorCode.SESSION_CLOSED,
)
GAVE_UP = Failure(
    "The network did not take it in time",
    "Send it again, or look at the channel's health.",
    retryable=True,
)


FILE_GONE = Failure("The file is not here any more", "Attach it again.", retryable=False)
UPLOAD_LEASE = timedelta(minutes=5)  # longer than an upload may take
FILE_NOT_KNOWN = frozenset({100, 131008, 131009, 131052, 131053})
"""Codes the network has for a file's id that it does not know, or not any more."""


@dataclass(frozen=True, slots=True)
class _ToUpload:
    """A file the network has to have before its message can leave."""

    item: OutboxItem
    file: Media
    number: PhoneNumberId
    token: str


@dataclass(frozen=True, slots=True)
class _Claimed:
    """What a claim hands to the network call and to the settling after it."""

    item: OutboxItem
    attempt: int
    outgoing: Outgoing
    token: str
    is_probe: bool  # the number was stopped, and this asks whether it sends again


async def dispatch(ports: Ports, organization: OrganizationId, message: MessageId) -> None:
    """Send one queued message, if it is still to be sent and its turn has come."""
    claimed = await _claim(ports, organization, message)
    if isinstance(claimed, _ToUpload):
        uploaded = await _uploaded(ports, claimed)
        await until_written(ports, partial(_settle_upload, ports, claimed, uploaded))
        claimed = await _claim(ports, organization, message)
    if not isinstance(claimed, _Claimed):
        return
    result = await ports.network.send(claimed.token, claimed.outgoing)
    await until_written(ports, partial(_settle, ports, claimed, result))


@again_on_collision
async def give_up(ports: Ports, organization: OrganizationId, message: MessageId) -> None:
    """A claimed attempt whose worker died: it may have been sent, so its outcome is unknown."""
    now = ports.clock.now()
    async with ports.store.transaction(organization, background=True) as tx:
        item = await tx.outbox_item(message)
        if item is None or item.leased_until is None or not is_lost(item.leased_until, now):
            return
        if item.reaction is not None:  # one that arrives twice is still one
            tx.save(hold(item, now))
            return
        current = (await tx.messages([message]))[message]
        _unknown(ports, tx, current, current.attempt, "The worker that sent it died before it heard the answer.", now)
        tx.remove(item)


@again_on_collision
async def _claim(ports: Ports, organization: OrganizationId, id: MessageId) -> _Claimed | _ToUpload | None:
    now = ports.clock.now()
    async with ports.store.transaction(organization) as tx:
        item = await tx.outbox_item(id)
        if item is None or item.leased_until is not None or item.due_at > now or await tx.outbox_ahead(item):
            return None
        message, thread, channel = await _what_leaves(tx, item)
        if item.reaction is None and message.status is not MessageStatus.QUEUED:
            tx.remove(item)  # the network has told of it meanwhile, though it had refused it or did not answer
            return None
        if item.reaction is not None:
            return await _claimed_reaction(ports, tx, item, message, thread, channel)
        if failure := await _stopped(tx, thread, channel, message, item, now):
            await give_back(ports, tx, failed(ports, tx, message, failure, now), now)
            tx.remove(item)
            return None
        file_id = file_of(message.content)
        file = (await tx.media([file_id])).get(file_id) if file_id is not None else None  # before the pace, as ever
        free_now = await _may_leave_now(ports, tx, item, thread, channel, message, now)
        if free_now is None:
            return None
        pace, token = free_now
        attachment: Attachment | None = None
        if file_id is not None:
            if file is None or file.state is not MediaState.READY:
                await give_back(ports, tx, failed(ports, tx, message, FILE_GONE, now), now)
                tx.remove(item)
                return None
            upload = file.upload_for(channel.phone_number_id, now)
            if upload is None:
                waiting = replace(item, due_at=now + UPLOAD_LEASE)
                tx.save(waiting)
                return _ToUpload(waiting, file, channel.phone_number_id, token)
            caption = message.content.caption if isinstance(message.content, MediaMessage) else None
            attachment = Attachment(file.kind, upload.network_id, caption, file.file_name, file.voice)
        message = leaving(message, now)
        leased = replace(item, leased_until=now + LEASE, lease=ports.ids.new())
        _pass(tx, thread, pace, now)
        tx.save(message, leased)
        outgoing = _outgoing(channel, thread, message, attachment)
    return _Claimed(leased, message.attempt, outgoing, token, pace.stopped)


async def _may_leave_now(
    ports: Ports, tx: Transaction, item: OutboxItem, thread: Thread, channel: Channel, message: Message, now: datetime
) -> tuple[RateState, str] | None:
    """The number's pace and token, where that and the person's pace let this leave at this instant; else it waits."""
    pace = for_channel(await tx.pace(channel.id), channel, now)
    if not free(pace, now, template=item.priority == TEMPLATE_NEXT):
        return None
    token = token_of(ports, channel)
    if token is None:
        tx.save(stopped(pace, now))
        if channel.access_token is not None:
            _degrade(tx, channel, SEALED, now, token=True)
        return None
    opens_at = pair_free_at(thread.pair_next_at, now)
    if opens_at > now:
        tx.save(replace(item, due_at=opens_at))
        if item.reaction is None:
            tx.save(replace(message, held_until=opens_at))
        return None
    return pace, token


def _pass(tx: Transaction, thread: Thread, pace: RateState, now: datetime) -> None:
    """One message more of the number, and to the person."""
    tx.save(taken(pace, now), replace(thread, pair_next_at=pair_taken(thread.pair_next_at, now)))


async def _what_leaves(tx: Transaction, item: OutboxItem) -> tuple[Message, Thread, Channel]:
    """The item's message, thread and channel: such rows are emptied when their time is over, never deleted.

    The thread is locked before its messages, as everywhere.
    """
    thread = (await tx.threads([item.thread]))[item.thread]
    message = (await tx.messages([item.id]))[item.id]
    channel = await tx.channel(item.channel)
    assert channel is not None
    return message, thread, channel


async def _claimed_reaction(
    ports: Ports, tx: Transaction, item: OutboxItem, message: Message, thread: Thread, channel: Channel
) -> _Claimed | None:
    now = ports.clock.now()
    in_session = thread.session is not None and thread.session.is_open(now)
    is_old = now >= item.queued_at + RETRIED_FOR
    if is_old or not channel.can_send or not in_session or message.wamid is None or item.reaction is None:
        _take_down(tx, message, item)
        return None
    free_now = await _may_leave_now(ports, tx, item, thread, channel, message, now)
    if free_now is None:
        return None
    pace, token = free_now
    leased = replace(item, leased_until=now + LEASE, lease=ports.ids.new())
    _pass(tx, thread, pace, now)
    tx.save(leased)
    outgoing = Outgoing(
        number=channel.phone_number_id,
        wa_id=thread.wa_id,
        business_scoped_id=thread.business_scoped_id,
        content=ReactionTo(message.wamid, item.reaction),
        callback=callback_of_reaction(message),
    )
    return _Claimed(leased, message.attempt, outgoing, token, pace.stopped)


async def _stopped(
    tx: Transaction, thread: Thread, channel: Channel, message: Message, item: OutboxItem, now: datetime
) -> Failure | None:
    """Why it must not leave any more, though it was accepted."""
    if not channel.can_send:
        return _refused(ErrorCode.CHANNEL_UNAVAILABLE, "The number is not connected any more", "Connect it again.")
    in_session = thread.session is not None and thread.session.is_open(now)
    template_id = message.content.template if isinstance(message.content, TemplateMessage) else None
    if template_id is None and not in_session:
        return SESSION_OVER
    if now >= item.queued_at + RETRIED_FOR and (template_id is not None or item.tries):
        return GAVE_UP
    if template_id is None:
        return None
    template = await tx.template(template_id)
    if template is None:
        return _refused(ErrorCode.TEMPLATE_NOT_SENDABLE, "The template is gone", "Choose another template.")
    if reason := not_sendable_reason(template):
        return _refused(ErrorCode.TEMPLATE_NOT_SENDABLE, "The template can't be sent now", reason)
    contact = (await tx.unheld.contacts([thread.contact]))[thread.contact]
    if refusal := opt_out_refusal(contact, template, thread, now):
        return _refused(ErrorCode.CONTACT_OPTED_OUT, "The contact opted out", refusal.message)
    return None


def _refused(code: ErrorCode, title: str, hint: str) -> Failure:
    return Failure(title, hint, retryable=False, refusal=code)


def _outgoing(channel: Channel, thread: Thread, message: Message, file: Attachment | None) -> Outgoing:
    """A file is the message itself, or stands above a template's text."""
    is_template = isinstance(message.content, TemplateMessage)
    content = message.content if file is None or is_template else file
    kinds = (Text, Location, ContactCards, Interactive, TemplateMessage, Attachment)
    assert isinstance(content, kinds), "nothing else is queued"
    return Outgoing(
        number=channel.phone_number_id,
        wa_id=thread.wa_id,
        business_scoped_id=thread.business_scoped_id,
        content=content,
        callback=callback_of(message),
        reply_to=message.reply_to_wamid,
        header=file if is_template else None,
    )


# ---------------------------------------------------------------- a file goes first


async def _uploaded(ports: Ports, work: _ToUpload) -> "str | Failed | None":
    """The network's id of the file; None where its bytes are gone or spoilt."""
    assert work.file.stored_as is not None  # READY
    try:
        # Asked first: an upload cut short by a missing file would look like the network's fault.
        if await ports.media.size(work.file.stored_as) != work.file.size:
            return None
        chunks = unspoilt(ports.media.read(work.file.stored_as), work.file.sha256)
        return await ports.network.upload(work.token, work.number, work.file, chunks)
    except (BytesMissing, NotTheFile):
        return None


@again_on_collision
async def _settle_upload(ports: Ports, work: _ToUpload, result: "str | Failed | None") -> None:
    """Record how the network knows the file and let the message leave, or say why it can't. Nothing was sent yet."""
    now = ports.clock.now()
    async with ports.store.transaction(work.item.organization) as tx:
        item = await tx.outbox_item(work.item.id)
        message, thread, channel = await _what_leaves(tx, work.item)
        file = (await tx.media([work.file.id])).get(work.file.id)
        if isinstance(result, str) and file is not None:
            tx.save(with_upload(file, Upload(work.number, result, now)))
        if item is None or item.lease is not None or item.due_at != work.item.due_at:
            return
        match result:
            case str():
                tx.save(replace(item, due_at=now))
            case None:
                await give_back(ports, tx, failed(ports, tx, message, FILE_GONE, now), now)
                tx.remove(item)
            case NotSent() | Unanswered():
                await _later(ports, tx, message, item, now + pause_before(item), now)
            case Rejected():
                await _rejected(ports, tx, message, thread, channel, item, item, None, result, now)
            case _:
                assert_never(result)


async def _is_stale(tx: Transaction, message: Message, channel: Channel, item: OutboxItem, code: int | None) -> bool:
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


@again_on_collision
async def _settle(ports: Ports, claimed: _Claimed, result: SendResult) -> None:
    """Record what came of the attempt. A late answer is recorded too; only the queue is left to the newer claim."""
    now = ports.clock.now()
    item, attempt = claimed.item, claimed.attempt
    async with ports.store.transaction(item.organization) as tx:
        waiting = await _told_already(tx, claimed, result)
        current = await tx.outbox_item(item.id)
        message, thread, channel = await _what_leaves(tx, item)
        ours = current if current is not None and current.lease == item.lease else None
        if claimed.is_probe:
            await hold_unit(tx, message.id)
        if claimed.is_probe and _sends(result) and (pace := await tx.pace(channel.id)) is not None:
            tx.save(running(pace))
        if item.reaction is not None:
            await _settle_reaction(tx, message, thread, channel, item, ours, result, now)
            return
        match result:
            case Accepted():
                await _accepted(ports, tx, message, attempt, thread, channel, result, waiting, now)
                _leave(tx, ours)
            case Unanswered(message=reason):
                _unknown(ports, tx, message, attempt, reason, now)
                _leave(tx, ours)
            case NotSent(message=reason):
                ended = with_outcome(message, attempt, AttemptOutcome.NOT_SENT, reason=reason)
                if ours is None:
                    await _not_sent_after_all(ports, tx, ended, attempt, now)
                else:
                    await _later(ports, tx, ended, ours, now + pause_before(ours), now)
            case Rejected():
                await _rejected(ports, tx, message, thread, channel, item, ours, attempt, result, now)
            case _:
                assert_never(result)


async def _told_already(tx: Transaction, claimed: _Claimed, result: SendResult) -> list[ParkedUpdate]:
    """What was told of the message under the id that is only known now. Nobody can tell more of it meanwhile."""
    if not isinstance(result, Accepted):
        return []
    number = claimed.outgoing.number
    await tx.take_turns([turn_of(number, result.wamid)])
    return await tx.parked([(number, result.wamid)])


async def _is_taken(tx: Transaction, message: Message, wamid: Wamid) -> bool:
    """Whether another message goes by this network id: who told of a change may have named ours before it was known."""
    found = await tx.messages_by_wamid([(message.channel, wamid)])
    return any(each.id != message.id for each in found.values())


def _sends(result: SendResult) -> bool:
    """Whether the answer proves that the number can send: the network took this message, or this one alone is wrong."""
    if isinstance(result, Rejected):
        return verdict(result.code, result.message).remedy is not Remedy.CHANNEL
    return isinstance(result, Accepted)


async def _settle_reaction(
    tx: Transaction,
    message: Message,
    thread: Thread,
    channel: Channel,
    item: OutboxItem,
    ours: OutboxItem | None,
    result: SendResult,
    now: datetime,
) -> None:
    """A reaction that was not taken comes down again. One whose fate is unknown is sent again: twice is once."""
    if ours is None:
        return
    if ours.reaction != item.reaction:  # changed meanwhile: the newer one leaves next
        tx.save(replace(ours, due_at=now, leased_until=None, lease=None))
        return
    until = now + pause_before(ours)
    match result:
        case Accepted():
            tx.remove(ours)
            return
        case Rejected():
            judged = verdict(result.code, result.message)
            if judged.remedy is Remedy.FAIL:
                _take_down(tx, message, ours)
                return
            if judged.remedy is Remedy.CHANNEL:
                _degrade(tx, channel, judged.failure, now, token=result.code in ABOUT_TOKENS)
            until = await _slow_down(tx, thread, channel, ours, judged.remedy, result, now)
        case Unanswered() | NotSent():
            pass
        case _:
            assert_never(result)
    if until >= ours.queued_at + RETRIED_FOR:
        _take_down(tx, message, ours)
    else:
        tx.save(hold(ours, until))


def _take_down(tx: Transaction, message: Message, item: OutboxItem) -> None:
    """The reaction is not shown here any more, since the contact never sees it."""
    kept = tuple(each for each in message.reactions if isinstance(each.by, ByContact) or each.emoji != item.reaction)
    if item.reaction and kept != message.reactions:
        tx.save(replace(message, reactions=kept))
        tx.record(MessageChanged(message.thread, message.id, MessageChange.REACTION))
    tx.remove(item)


def _leave(tx: Transaction, item: OutboxItem | None) -> None:
    if item is not None:
        tx.remove(item)


async def _accepted(
    ports: Ports,
    tx: Transaction,
    message: Message,
    attempt: int,
    thread: Thread,
    channel: Channel,
    result: Accepted,
    waiting: Sequence[ParkedUpdate],
    now: datetime,
) -> None:
    """SENT by this answer, or by a status that was faster; marks that came before it was known are applied."""
    ended = with_outcome(message, attempt, AttemptOutcome.ACCEPTED, wamid=result.wamid)
    known = ended
    if (message.wamid is None or attempt == message.attempt) and not await _is_taken(tx, message, result.wamid):
        known = replace(ended, wamid=result.wamid)
    after = with_mark(known, MessageStatus.SENT, at=now, attempt=attempt)
    tx.save(after)
    if after != known:
        tx.save(own_mark(ports, after, MessageStatus.SENT, now))
    tx.record(*status_events(message, after))
    _learn_name(tx, thread, result)
    _healthy(tx, channel)
    await apply_parked(ports, tx, after, waiting, thread.contact, now, Policy())  # what we write is not judged


def _learn_name(tx: Transaction, thread: Thread, result: Accepted) -> None:
    """The network id it answered is the one to write to from now on."""
    if result.wa_id is not None and thread.wa_id != result.wa_id:
        tx.save(replace(thread, wa_id=result.wa_id))


def _healthy(tx: Transaction, channel: Channel) -> None:
    """What the network takes proves that the token is good again."""
    blamed = (ProblemCode.TOKEN_INVALID, ProblemCode.PERMISSION_MISSING)
    left = tuple(problem for problem in channel.problems if problem.code not in blamed)
    if channel.state is ChannelState.DEGRADED and left != channel.problems:
        state = ChannelState.DEGRADED if _any_stops_us(left) else ChannelState.CONNECTED
        tx.save(replace(channel, state=state, token_valid=True, problems=left))
        tx.record(ChannelChanged(channel.id))


def _any_stops_us(problems: tuple[Problem, ...]) -> bool:
    """Whether any of them is more than traffic that is not for us."""
    harmless = (ProblemCode.UNKNOWN_NUMBER_TRAFFIC, ProblemCode.UNSUPPORTED_TRAFFIC)
    return any(problem.code not in harmless for problem in problems)


def _unknown(ports: Ports, tx: Transaction, message: Message, attempt: int, reason: str, now: datetime) -> None:
    ended = with_outcome(message, attempt, AttemptOutcome.UNKNOWN, reason=reason)
    after = with_mark(ended, MessageStatus.UNKNOWN, at=now, attempt=attempt)
    tx.save(after)
    if after.status is not message.status:
        tx.save(own_mark(ports, after, MessageStatus.UNKNOWN, now))
    tx.record(*status_events(message, after))


async def _rejected(
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
    if ours is not None and await _is_stale(tx, message, channel, ours, result.code):
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
        _leave(tx, ours)
        return
    if judged.remedy is Remedy.CHANNEL:
        _degrade(tx, channel, judged.failure, now, token=result.code in ABOUT_TOKENS)
    until = await _slow_down(tx, thread, channel, item, judged.remedy, result, now)
    if ours is None:
        await _not_sent_after_all(ports, tx, ended, attempt, now)
    elif judged.remedy is Remedy.CHANNEL:
        # The number holds it, and lets it go the moment it has a new token.
        tx.save(replace(ended, held_until=until), hold(ours, min(ours.due_at, now)))
    else:
        await _later(ports, tx, ended, ours, until, now)


async def _slow_down(
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


async def _not_sent_after_all(
    ports: Ports, tx: Transaction, message: Message, attempt: int | None, now: datetime
) -> None:
    """The worker was given up and then heard that nothing was sent: what was unknown may leave after all."""
    is_free = await tx.outbox_item(message.id) is None
    if is_free and attempt == message.attempt and message.status is MessageStatus.UNKNOWN:
        queue_again(ports, tx, message, now, due_at=now + FIRST_PAUSE)
    else:
        tx.save(message)


async def _later(
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


def _degrade(tx: Transaction, channel: Channel, failure: Failure, now: datetime, *, token: bool) -> None:
    problem = Problem(
        ProblemCode.TOKEN_INVALID if token else ProblemCode.PERMISSION_MISSING, failure.title, failure.hint, now
    )
    degraded = replace(
        channel,
        state=ChannelState.DEGRADED,
        token_valid=channel.token_valid and not token,
        problems=with_problem(channel, problem),
    )
    if degraded != channel:
        tx.save(degraded)
        tx.record(ChannelChanged(channel.id))
