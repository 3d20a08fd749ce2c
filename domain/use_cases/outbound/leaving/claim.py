"""Claiming: the rules are asked again, and what may leave now is handed over, once."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.channels.channels import Channel, ProblemCode
from domain.channels.health.problems import stopped_by
from domain.channels.templates import Template
from domain.conversations.contents import MediaMessage, TemplateMessage, file_of
from domain.conversations.messages import Message, leaving
from domain.conversations.sendable import SENDABLE
from domain.conversations.status import Failure, MessageStatus
from domain.conversations.threads import Thread
from domain.error_codes import ErrorCode
from domain.files.media import Media, MediaState
from domain.ids import MessageId, OrganizationId, PhoneNumberId
from domain.outbound.failures import SEALED
from domain.outbound.outbox import LEASE, RETRIED_FOR, TEMPLATE_NEXT, OutboxItem
from domain.outbound.pace import RateState, for_channel, free, pair_free_at, pair_taken, stopped, taken
from domain.outbound.templates import template_refusal
from domain.ports.bundle import Ports
from domain.ports.network import Attachment, Outgoing, ReactionTo
from domain.ports.store import Transaction
from domain.ports.system import Vault
from domain.use_cases.again import again_on_collision
from domain.use_cases.channels.health import degrade
from domain.use_cases.channels.tokens import token_of
from domain.use_cases.marks import callback_of, callback_of_reaction, failed, give_back
from domain.use_cases.outbound.leaving.departure import Departure, what_leaves
from domain.use_cases.outbound.leaving.own_failures import FILE_GONE, GAVE_UP, SESSION_OVER
from domain.use_cases.outbound.leaving.reaction_answers import take_down
from domain.use_cases.work import Work

LEAVES = (*SENDABLE, TemplateMessage, Attachment)
UPLOAD_LEASE = timedelta(minutes=5)  # longer than an upload may take


@dataclass(frozen=True, slots=True)
class ToUpload:
    """A file the network has to have before its message can leave."""

    item: OutboxItem
    file: Media
    number: PhoneNumberId
    token: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim hands to the network call and to the settling after it."""

    item: OutboxItem
    attempt: int
    outgoing: Outgoing
    token: str
    is_probe: bool  # the number was stopped, and this asks whether it sends again

    @property
    def asked_at(self) -> datetime:
        assert self.item.leased_until is not None
        return self.item.leased_until - LEASE


@again_on_collision
async def claim(ports: Ports, organization: OrganizationId, id: MessageId) -> Claimed | ToUpload | None:
    now = ports.clock.now()
    async with ports.store.transaction(organization) as tx:
        work = Work.of(ports, tx, now)
        item = await tx.row(OutboxItem, id)
        if item is None or item.leased_until is not None or item.due_at > now or await tx.outbox_ahead(item):
            return None
        departure = await what_leaves(tx, item)
        message, thread, channel = departure.message, departure.thread, departure.channel
        if item.reaction is None and message.status is not MessageStatus.QUEUED:
            tx.remove(item)  # the network has told of it meanwhile, though it had refused it or did not answer
            return None
        if item.reaction is not None:
            return await _claimed_reaction(work, ports.vault, departure)
        if failure := await _overtaken(tx, departure, now):
            await give_back(work, failed(work, message, failure))
            tx.remove(item)
            return None
        file_id = file_of(message.content)
        file = (await tx.media([file_id])).get(file_id) if file_id is not None else None  # before the pace, as ever
        free_now = await _may_leave_now(work, ports.vault, departure)
        if free_now is None:
            return None
        pace, token = free_now
        attachment: Attachment | None = None
        if file_id is not None:
            if file is None or file.state is not MediaState.READY:
                await give_back(work, failed(work, message, FILE_GONE))
                tx.remove(item)
                return None
            upload = file.upload_for(channel.phone_number_id, now)
            if upload is None:
                waiting = replace(item, due_at=now + UPLOAD_LEASE)
                tx.save(waiting)
                return ToUpload(waiting, file, channel.phone_number_id, token)
            caption = message.content.caption if isinstance(message.content, MediaMessage) else None
            attachment = Attachment(file.kind, upload.network_id, caption, file.file_name, file.voice)
        message = leaving(message, now)
        leased = replace(item, leased_until=now + LEASE, lease=work.new_id())
        _pass(tx, thread, pace, now)
        tx.save(message, leased)
        outgoing = _outgoing(channel, thread, message, attachment)
    return Claimed(leased, message.attempt, outgoing, token, pace.stopped)


async def _may_leave_now(work: Work, vault: Vault, departure: Departure) -> tuple[RateState, str] | None:
    """The number's pace and token, where that and the person's pace let this leave at this instant; else it waits."""
    tx, now = work.tx, work.now
    item, thread, channel = departure.item, departure.thread, departure.channel
    pace = for_channel(await tx.pace(channel.id), channel, now)
    if not free(pace, now, template=item.priority == TEMPLATE_NEXT):
        return None
    token = token_of(vault, channel)
    if token is None:
        tx.save(stopped(pace, now))
        if channel.access_token is not None:
            degrade(tx, channel, ProblemCode.TOKEN_INVALID, SEALED, now)
        return None
    if (problem := stopped_by(channel)) is not None and (
        not pace.stopped or (problem.code is ProblemCode.TOKEN_INVALID)
    ):
        tx.save(stopped(pace, now))  # whether a token is good again is asked for it, and not for its messages
        return None
    opens_at = pair_free_at(thread.pair_next_at, now)
    if opens_at > now:
        tx.save(replace(item, due_at=opens_at))
        if item.reaction is None:
            tx.save(replace(departure.message, not_before=opens_at))
        return None
    return pace, token


def _pass(tx: Transaction, thread: Thread, pace: RateState, now: datetime) -> None:
    """One message more of the number, and to the person."""
    tx.save(taken(pace, now), replace(thread, pair_next_at=pair_taken(thread.pair_next_at, now)))


async def _claimed_reaction(work: Work, vault: Vault, departure: Departure) -> Claimed | None:
    tx, now = work.tx, work.now
    item, message, thread, channel = departure.item, departure.message, departure.thread, departure.channel
    in_session = thread.session is not None and thread.session.is_open(now)
    is_old = now >= item.queued_at + RETRIED_FOR
    if is_old or not channel.can_send or not in_session or message.wamid is None or item.reaction is None:
        take_down(tx, message, item)
        return None
    free_now = await _may_leave_now(work, vault, departure)
    if free_now is None:
        return None
    pace, token = free_now
    leased = replace(item, leased_until=now + LEASE, lease=work.new_id())
    _pass(tx, thread, pace, now)
    tx.save(leased)
    outgoing = Outgoing(
        number=channel.phone_number_id,
        wa_id=thread.wa_id,
        business_scoped_id=thread.business_scoped_id,
        content=ReactionTo(message.wamid, item.reaction),
        callback=callback_of_reaction(message),
    )
    return Claimed(leased, message.attempt, outgoing, token, pace.stopped)


async def _overtaken(tx: Transaction, departure: Departure, now: datetime) -> Failure | None:
    """Why it must not leave any more, though it was accepted."""
    item, message, thread, channel = departure.item, departure.message, departure.thread, departure.channel
    if not channel.can_send:
        return _refused(ErrorCode.CHANNEL_UNAVAILABLE, "The number is not connected any more", "Connect it again.")
    in_session = thread.session is not None and thread.session.is_open(now)
    template_id = message.content.template if isinstance(message.content, TemplateMessage) else None
    held_by = stopped_by(channel)
    because = Failure(held_by.message.removesuffix("."), held_by.hint, retryable=True) if held_by is not None else None
    if template_id is None and not in_session:
        return because or SESSION_OVER
    if now >= item.queued_at + RETRIED_FOR and (template_id is not None or item.tries or because):
        return because or GAVE_UP
    if template_id is None:
        return None
    template = await tx.row(Template, template_id)
    if template is None:
        return _refused(ErrorCode.TEMPLATE_NOT_SENDABLE, "The template is gone", "Choose another template.")
    contact = (await tx.unheld.contacts([thread.contact]))[thread.contact]
    refusal = template_refusal(template, contact, thread, now)
    if refusal is None:
        return None
    opted_out = refusal.code is ErrorCode.CONTACT_OPTED_OUT
    title = "The contact opted out" if opted_out else "The template can't be sent now"
    return _refused(refusal.code, title, refusal.message)


def _refused(code: ErrorCode, title: str, hint: str) -> Failure:
    return Failure(title, hint, retryable=False, refusal=code)


def _outgoing(channel: Channel, thread: Thread, message: Message, file: Attachment | None) -> Outgoing:
    """A file is the message itself, or stands above a template's text."""
    is_template = isinstance(message.content, TemplateMessage)
    content = message.content if file is None or is_template else file
    assert isinstance(content, LEAVES), "nothing else is queued"
    return Outgoing(
        number=channel.phone_number_id,
        wa_id=thread.wa_id,
        business_scoped_id=thread.business_scoped_id,
        content=content,
        callback=callback_of(message),
        reply_to=message.reply_to_wamid,
        header=file if is_template else None,
    )
