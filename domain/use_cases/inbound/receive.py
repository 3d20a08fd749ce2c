"""Receiving: what the network told becomes contacts, threads, sessions, tickets, messages and marks.

One transaction for a batch of one organization's updates, in order. Whatever repeats an update that was applied
already changes nothing.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from domain.channels.channels import (
    Channel,
    ChannelState,
    Destination,
    Problem,
    ProblemCode,
    with_problem,
    without_problem,
)
from domain.channels.template_news import heard
from domain.channels.template_sync import is_alike
from domain.contacts import Contact, IdentityKey, Person, keys_of, names_told, with_marketing_choice
from domain.conversations.contents import InteractiveReply, Text
from domain.conversations.messages import Direction, Message
from domain.conversations.previews import words_of
from domain.conversations.sessions import after_inbound, next_alarm, run_start
from domain.conversations.status import Mark, MessageStatus, arrived
from domain.conversations.threads import Thread, ThreadStatus, with_message
from domain.conversations.versions import filled_in, stands_in
from domain.events import (
    ChannelChanged,
    MessageAdded,
    MessageChange,
    MessageChanged,
    SessionChange,
    SessionChanged,
    TemplateChanged,
    TicketChanged,
)
from domain.ids import (
    DeliveryId,
    MessageId,
    OrganizationId,
    PhoneNumberId,
    ThreadId,
    TicketId,
    UserId,
    Wamid,
)
from domain.moderation.quarantine import policy_of, screened
from domain.moderation.stop_words import says_stop
from domain.people.actors import ByContact, ByPhoneApp, BySystem
from domain.ports.bundle import Ports
from domain.ports.deliveries import DeliveryResult, DeliveryState
from domain.ports.store import Transaction
from domain.tickets import ReopenPolicy, Ticket, TicketStatus, after_contact_wrote, after_our_reply, subject_from
from domain.updates import (
    GROUP,
    AccountNews,
    AwaitedReply,
    DeletionReceived,
    EditReceived,
    IdentityChanged,
    Ignored,
    MarketingChosen,
    MessageEchoed,
    MessageReceived,
    Outcome,
    ReactionReceived,
    StatusReported,
    TemplateTold,
    Update,
    UpdateRecord,
    record_id,
)
from domain.use_cases.again import again_on_collision
from domain.use_cases.channels.templates import read_again
from domain.use_cases.inbound.batch import Batch
from domain.use_cases.inbound.changes import (
    apply_deletion,
    apply_edit,
    apply_parked,
    apply_reaction,
    apply_status,
    kept_content,
    may_change,
    park,
    replies_of,
    turn_of,
)
from domain.use_cases.inbound.identity import (
    acquainted,
    answering,
    join,
    known,
    rename_threads,
    thread_of,
    told_names,
    turns_of,
)
from domain.use_cases.marks import is_of_reaction, read_callback, sane_time
from domain.use_cases.moderation.copies import take_out_copies
from domain.use_cases.ticketing import record_change, record_thread

ABSENT = "about a conversation that is not here"
AWAITED = "waits for its message"
READ_AGAIN = "the templates are read again"
LAST_INBOUND_NOTED_EVERY = timedelta(minutes=1)
RUN_PAGE = 200  # instants looked up at a time to find where a run of messages began


@again_on_collision
async def receive(ports: Ports, organization: OrganizationId, updates: Sequence[Update]) -> list[UpdateRecord]:
    """Apply updates in order and say what became of each, now or when it was applied before."""
    async with ports.store.transaction(organization, background=True) as tx:
        await tx.take_turns(sorted({turn for update in updates for turn in _turns_of(update)}))
        done = await tx.recorded([record_id(update.place) for update in updates])
        fresh = [update for update in updates if record_id(update.place) not in done]
        desk = await gather(tx, fresh)
        made = [await _apply(ports, tx, desk, update) for update in fresh]
        if desk.ticket_numbers:
            await tx.next_ticket_numbers(-len(desk.ticket_numbers))
        tx.save(*made)
        records = done | {record.id: record for record in made}
    return [records[record_id(update.place)] for update in updates]


@again_on_collision
async def record_failure(ports: Ports, organization: OrganizationId, update: Update, reason: str) -> UpdateRecord:
    """Keep an update that could not be applied, so that it can be found and replayed."""
    record = _record(organization, update, Outcome.FAILED, ports.clock.now(), reason)
    async with ports.store.transaction(organization, background=True) as tx:
        tx.save(record)
    return record


def results_of(records: Sequence[UpdateRecord], deliveries: Collection[DeliveryId]) -> list[DeliveryResult]:
    """A delivery is FAILED where an update of it failed, IGNORED where all of them were, else INTERPRETED."""
    return [_result(delivery, [each for each in records if each.delivery == delivery]) for delivery in deliveries]


def _result(delivery: DeliveryId, records: Sequence[UpdateRecord]) -> DeliveryResult:
    failed = [each for each in records if each.outcome is Outcome.FAILED]
    if failed:
        return DeliveryResult(delivery, DeliveryState.FAILED, failed[0].reason)
    ignored = [each for each in records if each.outcome is Outcome.IGNORED]
    if records and len(ignored) == len(records):
        return DeliveryResult(delivery, DeliveryState.IGNORED, ignored[0].reason)
    return DeliveryResult(delivery, DeliveryState.INTERPRETED)


async def gather(tx: Transaction, updates: Sequence[Update]) -> Batch:
    """Everything the batch may touch, a statement a table, locked in the order of keys."""
    channels = {channel.phone_number_id: channel for channel in await tx.channels()}
    desk = Batch(channels)
    if any(isinstance(update, EditReceived) for update in updates) or any(_people(updates)):
        organization = await tx.settings()
        desk.policy, desk.stop_words = policy_of(organization), organization.stop_words
    await _gather_waiting(tx, desk, updates)
    keys = {key for person in _people(updates) for key in (*keys_of(person), *names_told(person))}
    identities = await tx.identities(sorted(keys)) if keys else []
    desk.identities = {identity.key: identity for identity in identities}
    contact_ids = sorted({identity.contact for identity in identities})
    may_join = any(len({desk.identities[key].contact for key in each}) > 1 for each in _known_keys(desk, updates))
    if may_join:
        await tx.identities_of(contact_ids)
    desk.contacts = await tx.contacts(contact_ids) if contact_ids else {}
    desk.threads = {thread.id: thread for thread in await tx.threads_of(contact_ids)} if contact_ids else {}
    await _gather_messages(tx, desk, updates)
    if may_join or desk.takes_back(updates):
        authors = {(await _thread_of(tx, desk, each.thread)).contact for each in desk.messages.values()}
        await tx.tickets_of(sorted({*authors, *contact_ids}))
    ticket_ids = sorted({thread.ticket for thread in desk.threads.values() if thread.ticket is not None})
    desk.tickets = await tx.tickets(ticket_ids) if ticket_ids else {}
    if count := _tickets_at_most(desk, updates):
        first = await tx.next_ticket_numbers(count)
        desk.ticket_numbers = list(range(first, first + count))
    return desk


def _tickets_at_most(desk: Batch, updates: Sequence[Update]) -> int:
    """How many tickets the batch may open: one for each person who writes to a help desk number and has none."""
    writers: set[tuple[PhoneNumberId, str]] = set()
    for update in updates:
        channel = desk.channels.get(update.place.number) if update.place.number is not None else None
        if not isinstance(update, MessageReceived) or channel is None:
            continue
        if not (update.extends_session or update.stands_in):
            continue
        contact = known(desk, update.person)
        thread = thread_of(desk, channel, contact, update.person) if contact is not None else None
        if channel.destination is Destination.HELP_DESK and _needs_ticket(desk, channel, thread):
            writers.add((channel.phone_number_id, update.person.lane))
    return len(writers)


def _people(updates: Sequence[Update]) -> Iterator[Person]:
    """Everybody whose contact the batch may have to know."""
    for update in updates:
        match update:
            case MessageReceived(person=person) | MessageEchoed(person=person):
                yield person
            case MarketingChosen(person=person):
                yield person
            case IdentityChanged(person=person, renamed=renamed):
                yield from (person, renamed)
            case ReactionReceived() | EditReceived() | DeletionReceived() | StatusReported():
                pass
            case AccountNews() | TemplateTold() | Ignored():
                pass
            case _:
                assert_never(update)


def _known_keys(desk: Batch, updates: Sequence[Update]) -> Iterator[list[IdentityKey]]:
    """The names that each update tells of a person and that somebody has already."""
    for update in updates:
        told = {key for person in _people([update]) for key in (*keys_of(person), *names_told(person))}
        yield [key for key in told if key in desk.identities]


async def _gather_waiting(tx: Transaction, desk: Batch, updates: Sequence[Update]) -> None:
    """What waits for a message that the batch brings, and what of ours waits to leave though it may have arrived."""
    if wamids := _wamids(desk, updates):
        for parked in await tx.parked(sorted(wamids)):
            desk.parked.setdefault((parked.number, parked.wamid), []).append(parked)
    told = [each for each in updates if isinstance(each, StatusReported) and arrived(each.status)]
    if ours := {named[0] for each in told if (named := read_callback(each.callback))}:
        desk.items = await tx.outbox_items(sorted(ours))


def _wamids(desk: Batch, updates: Sequence[Update]) -> set[tuple[PhoneNumberId, Wamid]]:
    return {
        (update.place.number, wamid)
        for update in updates
        if update.place.number is not None and update.place.number in desk.channels
        for wamid in _wamids_of(update)
    }


async def _gather_messages(tx: Transaction, desk: Batch, updates: Sequence[Update]) -> None:
    wamids = _wamids(desk, updates)
    named = [read_callback(update.callback) for update in updates if isinstance(update, StatusReported)]
    ours = {each[0] for each in named if each is not None}
    ours |= {reply for waiting in desk.parked.values() for reply in replies_of(waiting)}
    if not wamids:
        return
    pairs = sorted((desk.channels[number].id, wamid) for number, wamid in wamids)
    for message in (await tx.messages_by_wamid(pairs)).values():
        desk.put_message(message)
    missing = sorted(ours - desk.messages.keys())
    for message in (await tx.messages(missing)).values() if missing else ():
        desk.put_message(message)


def _turns_of(update: Update) -> Iterator[str]:
    """Whoever speaks of a message or person that is not known and whoever makes them known go one after the other, so
    that the second finds what the first left: the message, what waits for it, the contact."""
    for wamid in _wamids_of(update) if update.place.number is not None else ():
        yield turn_of(update.place.number or "", wamid)
    for person in _people([update]):
        yield from turns_of(person)


def _wamids_of(update: Update) -> tuple[Wamid, ...]:
    match update:
        case MessageReceived(wamid=wamid, reply_to=reply_to) | MessageEchoed(wamid=wamid, reply_to=reply_to):
            return (wamid,) if reply_to is None else (wamid, reply_to)
        case ReactionReceived(target=target) | EditReceived(target=target) | DeletionReceived(target=target):
            return (target,)
        case StatusReported(wamid=wamid):
            return (wamid,)
        case IdentityChanged(wamid=wamid):
            return (wamid,) if wamid is not None else ()
        case MarketingChosen() | AccountNews() | TemplateTold() | Ignored():
            return ()
        case _:
            assert_never(update)


async def _apply(ports: Ports, tx: Transaction, desk: Batch, update: Update) -> UpdateRecord:
    now = ports.clock.now()
    channel = desk.channels.get(update.place.number) if update.place.number is not None else None
    if isinstance(update, Ignored):
        if channel is not None and update.reason == GROUP:
            _tell_of_groups(tx, desk, channel, now)
        return _record(tx.organization, update, Outcome.IGNORED, now, update.reason)
    if isinstance(update, TemplateTold):
        return await _receive_template(tx, update, now)
    if isinstance(update, AccountNews):
        return _receive_standing(tx, desk, update, now)
    if isinstance(update, MarketingChosen):  # of the whole account, whichever number it names
        return await _receive_choice(ports, tx, desk, update, now)
    if channel is None:
        return _record(tx.organization, update, Outcome.IGNORED, now, "a number that is not connected here")
    match update:
        case MessageReceived():
            return await receive_message(ports, tx, desk, channel, update, now)
        case MessageEchoed():
            return await _receive_echo(ports, tx, desk, channel, update, now)
        case IdentityChanged():
            return await _receive_names(ports, tx, desk, channel, update, now)
        case ReactionReceived() | EditReceived() | DeletionReceived():
            return await _receive_change(ports, tx, desk, channel, update, now)
        case StatusReported():
            return await _receive_status(ports, tx, desk, channel, update, now)
        case _:
            assert_never(update)


# ---------------------------------------------------------------- messages


async def receive_message(
    ports: Ports, tx: Transaction, desk: Batch, channel: Channel, update: MessageReceived, now: datetime
) -> UpdateRecord:
    at = sane_time(update.sent_at, update.place.received_at)
    stand_in = desk.message(channel, update.wamid)
    if stand_in is not None and (update.stands_in or not stands_in(stand_in)):
        return _record(tx.organization, update, Outcome.DUPLICATE, now)
    if reason := _not_ours(channel, at):
        return _record(tx.organization, update, Outcome.IGNORED, now, reason)
    contact = known(desk, update.person)
    thread = thread_of(desk, channel, contact, update.person) if contact else None
    if thread is None and not (update.extends_session or update.opens_thread):
        return _record(tx.organization, update, Outcome.IGNORED, now, ABSENT)
    contact = _stopped(tx, desk, await acquainted(ports, tx, desk, update.person, now), update, at)
    thread = thread_of(desk, channel, contact, update.person)
    before = thread or _new_thread(ports, channel, contact, update.person, at, now)
    message = _inbound(ports, tx, desk, channel, before, update, at)
    after = answering(before, update.person)
    if stand_in is not None:
        message = filled_in(stand_in, message)  # counted and shown when its change was
    else:
        after = with_message(after, message)
    if update.extends_session:
        after = await _with_session(tx, after, message, now)
    if update.extends_session or update.stands_in:
        after = await _with_ticket(ports, tx, desk, channel, after, message, now)
    await _add(ports, tx, desk, channel, after, message, now, is_here=stand_in is not None)
    _session_event(tx, before, after, now)
    if stand_in is not None:
        record_thread(tx, before, after)
    elif thread is not None:
        _thread_event(tx, before, after)
    _note_inbound(tx, desk, channel, now)
    return _record(tx.organization, update, Outcome.APPLIED, now)


async def _add(
    ports: Ports,
    tx: Transaction,
    desk: Batch,
    channel: Channel,
    thread: Thread,
    message: Message,
    now: datetime,
    *,
    is_here: bool = False,
) -> None:
    """A message that is new here, and all that waited for it or that it waits for. `is_here`: its changes are shown."""
    desk.threads[thread.id] = thread
    tx.save(thread, message)
    if is_here:
        tx.record(MessageChanged(thread.id, message.id, MessageChange.EDIT))
    else:
        tx.record(MessageAdded(thread.id, message.id))
    waiting = desk.parked.pop((channel.phone_number_id, message.wamid), []) if message.wamid is not None else []
    after = await apply_parked(ports, tx, message, waiting, thread.contact, now, desk.policy)
    desk.put_message(after)
    await _take_out_copies(tx, desk, message, after)
    await _reread(tx, desk, replies_of(waiting))
    if message.reply_to_wamid is not None and desk.message(channel, message.reply_to_wamid) is None:
        park(ports, tx, desk, channel.phone_number_id, message.reply_to_wamid, AwaitedReply(message.id), now)


async def _reread(tx: Transaction, desk: Batch, replies: Sequence[MessageId]) -> None:
    stale = sorted(desk.messages.keys() & set(replies))
    for message in (await tx.messages(stale)).values() if stale else ():
        desk.put_message(message)


def _not_ours(channel: Channel, at: datetime) -> str | None:
    """Why a message is kept without effect: only what was written while the number is connected counts."""
    if channel.state is ChannelState.DISCONNECTED:
        return "the number is disconnected"
    connected_at = channel.connected_at
    if connected_at is not None and at < connected_at.replace(microsecond=0):  # the network tells whole seconds
        return "written before the number was connected"
    return None


def _stopped(tx: Transaction, desk: Batch, contact: Contact, update: MessageReceived, at: datetime) -> Contact:
    """The contact, opted out where all they say is a stop word. Nothing they write later takes that back."""
    match update.content:
        case Text(body=said) | InteractiveReply(title=said) if says_stop(said, desk.stop_words):
            pass
        case _:
            return contact
    if contact.opted_out_at is not None:
        return contact
    stopped = replace(contact, opted_out_at=at)
    desk.contacts[stopped.id] = stopped
    tx.save(stopped)
    return stopped


def _new_thread(
    ports: Ports, channel: Channel, contact: Contact, person: Person, at: datetime, now: datetime
) -> Thread:
    return Thread(
        organization=channel.organization,
        id=ThreadId(ports.ids.new()),
        channel=channel.id,
        contact=contact.id,
        created_at=now,
        last_activity_at=at,
        wa_id=person.wa_id,
        business_scoped_id=person.business_scoped_id,
    )


def _inbound(
    ports: Ports, tx: Transaction, desk: Batch, channel: Channel, thread: Thread, update: MessageReceived, at: datetime
) -> Message:
    original = desk.message(channel, update.reply_to)
    id = MessageId(ports.ids.new())
    message = Message(
        organization=tx.organization,
        id=id,
        thread=thread.id,
        channel=channel.id,
        direction=Direction.INBOUND,
        author=ByContact(thread.contact),
        content=kept_content(ports, tx, channel.id, id, update.content, update.place),
        status=MessageStatus.RECEIVED,
        at=at,
        sent_at=update.sent_at or update.place.received_at,
        received_at=update.place.received_at,
        wamid=update.wamid,
        extends_session=update.extends_session,
        reply_to_wamid=update.reply_to,
        reply_to=original.id if original and original.thread == thread.id else None,
        forwarded=update.forwarded,
        referral=update.referral,
        from_number=f"+{update.person.wa_id}" if update.person.wa_id else None,
        to_number=channel.phone_number,
        original=update.original,
    )
    return screened(message, update.content, desk.policy, breaks_rules=update.breaks_rules)


# ---------------------------------------------------------------- written in the phone's own app


async def _receive_echo(
    ports: Ports, tx: Transaction, desk: Batch, channel: Channel, update: MessageEchoed, now: datetime
) -> UpdateRecord:
    """What a person of the business wrote on the phone: an answer like any other, that no session or quota knows."""
    at = sane_time(update.sent_at, update.place.received_at)
    if desk.message(channel, update.wamid) is not None:
        return _record(tx.organization, update, Outcome.DUPLICATE, now)
    if reason := _not_ours(channel, at):
        return _record(tx.organization, update, Outcome.IGNORED, now, reason)
    contact = await acquainted(ports, tx, desk, update.person, now, "written to from the phone's app")
    thread = thread_of(desk, channel, contact, update.person)
    thread = thread or _new_thread(ports, channel, contact, update.person, at, now)
    message = _echo(ports, tx, desk, channel, thread, update, at)
    tx.save(_echo_mark(ports, message, update))
    ticket = desk.tickets.get(thread.ticket) if thread.ticket is not None else None
    if ticket is not None:
        desk.tickets[ticket.id] = after_our_reply(ticket)
        record_change(ports, tx, ticket, desk.tickets[ticket.id], message.author, now)
    await _add(ports, tx, desk, channel, with_message(answering(thread, update.person), message), message, now)
    return _record(tx.organization, update, Outcome.APPLIED, now)


def _echo(
    ports: Ports, tx: Transaction, desk: Batch, channel: Channel, thread: Thread, update: MessageEchoed, at: datetime
) -> Message:
    original = desk.message(channel, update.reply_to)
    id = MessageId(ports.ids.new())
    return Message(
        organization=tx.organization,
        id=id,
        thread=thread.id,
        channel=channel.id,
        direction=Direction.OUTBOUND,
        author=ByPhoneApp(channel.phone_number),
        content=kept_content(ports, tx, channel.id, id, update.content, update.place),
        status=MessageStatus.SENT,
        at=at,
        sent_at=update.sent_at or update.place.received_at,
        received_at=update.place.received_at,
        wamid=update.wamid,
        reply_to_wamid=update.reply_to,
        reply_to=original.id if original and original.thread == thread.id else None,
        forwarded=update.forwarded,
        from_number=channel.phone_number,
        to_number=f"+{update.person.wa_id}" if update.person.wa_id else None,
        original=update.original,
    )


def _echo_mark(ports: Ports, message: Message, update: MessageEchoed) -> Mark:
    return Mark(
        organization=message.organization,
        id=ports.ids.new(),
        message=message.id,
        status=MessageStatus.SENT,
        at=message.at,
        reported_at=message.received_at,
        attempt=message.attempt,
        delivery=update.place.delivery,
        place=update.place.index,
    )


# ---------------------------------------------------------------- other names


async def _receive_names(
    ports: Ports, tx: Transaction, desk: Batch, channel: Channel, update: IdentityChanged, now: datetime
) -> UpdateRecord:
    """The contact goes by the new names, their threads answer them, and the conversation here says so."""
    at = sane_time(update.sent_at, update.place.received_at)
    if update.wamid is not None and desk.message(channel, update.wamid) is not None:
        return _record(tx.organization, update, Outcome.DUPLICATE, now)
    if reason := _not_ours(channel, at):
        return _record(tx.organization, update, Outcome.IGNORED, now, reason)
    contact = known(desk, update.person)
    if contact is None:
        return _record(tx.organization, update, Outcome.IGNORED, now, "about somebody who is not here")
    holder = known(desk, update.renamed)
    if holder is not None and holder.id != contact.id:
        contact = await join(ports, tx, desk, [contact, holder], now)
    told = told_names(ports, tx, desk, contact, update.renamed, now, update.notice.text)
    moved = rename_threads(tx, desk, told.id, update.person, update.renamed)
    if update.wamid is None and not moved and told == contact:
        return _record(tx.organization, update, Outcome.DUPLICATE, now)
    thread = thread_of(desk, channel, told, update.renamed)
    if thread is not None:
        message = _notice(ports, channel, thread, update, at)
        await _add(ports, tx, desk, channel, with_message(thread, message), message, now)
    return _record(tx.organization, update, Outcome.APPLIED, now)


def _notice(ports: Ports, channel: Channel, thread: Thread, update: IdentityChanged, at: datetime) -> Message:
    return Message(
        organization=channel.organization,
        id=MessageId(ports.ids.new()),
        thread=thread.id,
        channel=channel.id,
        direction=Direction.INBOUND,
        author=ByContact(thread.contact),
        content=update.notice,
        status=MessageStatus.RECEIVED,
        at=at,
        sent_at=update.sent_at or update.place.received_at,
        received_at=update.place.received_at,
        wamid=update.wamid,
        from_number=f"+{update.person.wa_id}" if update.person.wa_id else None,
        to_number=channel.phone_number,
        original=update.original,
    )


async def _receive_choice(
    ports: Ports, tx: Transaction, desk: Batch, update: MarketingChosen, now: datetime
) -> UpdateRecord:
    """Who is not known yet is from here on: a choice that is lost would be a message they did not want."""
    at = sane_time(update.at, update.place.received_at)
    contact = await acquainted(ports, tx, desk, update.person, now, "chose in WhatsApp whether marketing may come")
    chosen = with_marketing_choice(contact, stopped=update.stopped, at=at)
    if chosen == contact:
        return _record(tx.organization, update, Outcome.DUPLICATE, now)
    desk.contacts[chosen.id] = chosen
    tx.save(chosen)
    return _record(tx.organization, update, Outcome.APPLIED, now)


# ---------------------------------------------------------------- reactions, edits, deletions, marks


async def _receive_change(
    ports: Ports,
    tx: Transaction,
    desk: Batch,
    channel: Channel,
    update: ReactionReceived | EditReceived | DeletionReceived,
    now: datetime,
) -> UpdateRecord:
    message = desk.message(channel, update.target)
    if message is None:
        park(ports, tx, desk, channel.phone_number_id, update.target, update, now)
        return _record(tx.organization, update, Outcome.PARKED, now, AWAITED)
    match update:
        case ReactionReceived():
            after = apply_reaction(tx, message, update, (await _thread_of(tx, desk, message.thread)).contact)
        case EditReceived():
            after = apply_edit(ports, tx, message, update, desk.policy)
        case DeletionReceived():
            after = apply_deletion(tx, message, update)
        case _:
            assert_never(update)
    desk.put_message(after)
    await _take_out_copies(tx, desk, message, after)
    if isinstance(update, ReactionReceived) or may_change(message, update):
        return _record(tx.organization, update, Outcome.APPLIED, now)
    return _record(tx.organization, update, Outcome.IGNORED, now, "about a message of somebody else")


async def _thread_of(tx: Transaction, desk: Batch, id: ThreadId) -> Thread:
    """One that the batch does not write in is only looked at."""
    return desk.threads.get(id) or (await tx.unheld.threads([id]))[id]


async def _take_out_copies(tx: Transaction, desk: Batch, before: Message, after: Message) -> None:
    """What a message showed and shows no more is not told by the tickets of its thread either."""
    if after.content == before.content:
        return
    thread = await _thread_of(tx, desk, before.thread)
    if thread.ticket is None:
        return
    of_contact = await tx.tickets_of([thread.contact])
    of_thread = [ticket for ticket in of_contact if ticket.thread == before.thread]
    for ticket in await take_out_copies(tx, of_thread, before, after):
        desk.tickets[ticket.id] = ticket


async def _receive_status(
    ports: Ports, tx: Transaction, desk: Batch, channel: Channel, update: StatusReported, now: datetime
) -> UpdateRecord:
    if is_of_reaction(update.callback):
        return _record(tx.organization, update, Outcome.IGNORED, now, "about a reaction of ours")
    named = read_callback(update.callback)
    message = desk.messages.get(named[0]) if named else None
    if message is None or message.channel != channel.id:
        message = desk.message(channel, update.wamid)
    if message is None or message.direction is not Direction.OUTBOUND:
        park(ports, tx, desk, channel.phone_number_id, update.wamid, update, now)
        return _record(tx.organization, update, Outcome.PARKED, now, AWAITED)
    holder = desk.message(channel, update.wamid)  # who told of a change may have named a send of ours that is not known
    learns_id = holder is None or holder.id == message.id
    after = await apply_status(ports, tx, message, update, now, learns_id=learns_id)
    item = (
        desk.items.pop(message.id, None) if message.status is MessageStatus.QUEUED and arrived(after.status) else None
    )
    if item is not None and item.reaction is None and item.lease is None:
        tx.remove(item)  # an earlier attempt arrived all the same: one that has not left yet need not leave
    if waiting := desk.parked.pop((channel.phone_number_id, update.wamid), []):
        contact = (await _thread_of(tx, desk, after.thread)).contact
        reported, after = after, await apply_parked(ports, tx, after, waiting, contact, now, desk.policy)
        await _take_out_copies(tx, desk, reported, after)
        await _reread(tx, desk, replies_of(waiting))
    desk.put_message(after)
    return _record(tx.organization, update, Outcome.APPLIED, now)


# ---------------------------------------------------------------- templates


async def _receive_template(tx: Transaction, update: TemplateTold, now: datetime) -> UpdateRecord:
    """News that do not fit what is known here have all of the account's templates read again."""
    account = update.place.account
    if account is None:
        return _record(tx.organization, update, Outcome.IGNORED, now, "a template of no account")
    template = await tx.template_of(account, update.network_id)
    if template is None or update.news is None:
        await read_again(tx, account, now)
        return _record(tx.organization, update, Outcome.APPLIED, now, READ_AGAIN)
    told_at = sane_time(update.told_at, update.place.received_at)
    after = heard(template, update.news, told_at=told_at, now=now)
    if after.template != template:
        tx.save(after.template)
    if after.doubtful:
        await read_again(tx, account, now)
    if not is_alike(after.template, template):
        tx.record(TemplateChanged(template.id))
    elif not after.doubtful:
        return _record(tx.organization, update, Outcome.DUPLICATE, now)
    return _record(tx.organization, update, Outcome.APPLIED, now, READ_AGAIN if after.doubtful else None)


# ---------------------------------------------------------------- groups


def _tell_of_groups(tx: Transaction, desk: Batch, channel: Channel, now: datetime) -> None:
    problem = Problem(
        ProblemCode.UNSUPPORTED_TRAFFIC,
        "Messages of a group come to this number. They are not shown.",
        "Take the number out of the group, or read the group in the phone's app.",
        now,
    )
    noted = replace(channel, problems=with_problem(channel, problem))
    if noted != channel:
        desk.channels[channel.phone_number_id] = noted
        tx.save(noted)
        tx.record(ChannelChanged(channel.id))


def _receive_standing(tx: Transaction, desk: Batch, update: AccountNews, now: datetime) -> UpdateRecord:
    """The numbers it is about have one problem more, or one less."""
    meant = [
        channel
        for channel in desk.channels.values()
        if channel.account == update.place.account and update.phone in (None, channel.phone_number.removeprefix("+"))
    ]
    if not meant:
        return _record(tx.organization, update, Outcome.IGNORED, now, "about a number that is not connected here")
    problem = Problem(update.problem, update.message, update.hint, now)
    moved = False
    for channel in meant:
        problems = without_problem(channel, problem.code) if update.is_over else with_problem(channel, problem)
        if problems != channel.problems:
            moved = True
            is_well = channel.state is ChannelState.DEGRADED and not problems
            state = ChannelState.CONNECTED if is_well else channel.state
            desk.channels[channel.phone_number_id] = replace(channel, problems=problems, state=state)
            tx.save(desk.channels[channel.phone_number_id])
            tx.record(ChannelChanged(channel.id))
    return _record(tx.organization, update, Outcome.APPLIED if moved else Outcome.DUPLICATE, now)


# ---------------------------------------------------------------- session, ticket


async def _with_session(tx: Transaction, thread: Thread, message: Message, now: datetime) -> Thread:
    before = thread.session
    session = after_inbound(before, message.id, message.at)
    if before is not None and session.opened_at < before.opened_at:
        start = await _run_start(tx, thread.id, session.opened_at)
        session = replace(session, opened_at=start)
    if before is not None and session.expires_at == before.expires_at:
        return replace(thread, session=session)
    return replace(thread, session=session, alarm=next_alarm(session, now, warned=False))


async def _run_start(tx: Transaction, thread: ThreadId, at: datetime) -> datetime:
    """Where the run that a late message joined began; looked up page by page, as it may be long."""
    start = at
    while True:
        earlier = await tx.session_instants(thread, start, RUN_PAGE)
        begun = run_start(start, earlier)
        if begun == start or len(earlier) < RUN_PAGE or begun != earlier[-1]:
            return begun
        start = begun


async def _with_ticket(
    ports: Ports, tx: Transaction, desk: Batch, channel: Channel, thread: Thread, message: Message, now: datetime
) -> Thread:
    """The thread as the ticket it belongs to says; on inbox numbers a message just reopens the thread."""
    if channel.destination is Destination.INBOX:
        return replace(thread, status=ThreadStatus.OPEN)
    ticket = _ticket_of(desk, thread)
    if ticket is None or _needs_ticket(desk, channel, thread):
        return await _with_new_ticket(ports, tx, desk, thread, message, now)
    if ticket.is_open:
        after = after_contact_wrote(ticket)
    else:
        after = replace(
            ticket, status=TicketStatus.WAITING_ON_US, closed_at=None, owner=await _owner_still_there(tx, ticket)
        )
    desk.tickets[after.id] = after
    author = message.author if ticket.is_open else BySystem()
    record_change(ports, tx, ticket, after, author, now)
    return replace(thread, status=ThreadStatus.OPEN, owner=after.owner, team=after.team)


def _ticket_of(desk: Batch, thread: Thread | None) -> Ticket | None:
    return desk.tickets.get(thread.ticket) if thread is not None and thread.ticket is not None else None


def _needs_ticket(desk: Batch, channel: Channel, thread: Thread | None) -> bool:
    """Whether what the contact writes now begins another matter."""
    ticket = _ticket_of(desk, thread)
    return ticket is None or (not ticket.is_open and channel.reopen_policy is ReopenPolicy.NEW_TICKET)


async def _with_new_ticket(
    ports: Ports, tx: Transaction, desk: Batch, thread: Thread, message: Message, now: datetime
) -> Thread:
    ticket = Ticket(
        organization=tx.organization,
        id=TicketId(ports.ids.new()),
        number=desk.ticket_numbers.pop(0) if desk.ticket_numbers else await tx.next_ticket_numbers(1),
        subject=subject_from(words_of(message.content)),
        status=TicketStatus.NEW,
        thread=thread.id,
        contact=thread.contact,
        channel=thread.channel,
        created_at=now,
        source=message.source,
    )
    desk.tickets[ticket.id] = ticket
    after = replace(thread, status=ThreadStatus.OPEN, ticket=ticket.id, owner=None, team=None)
    tx.save(after, ticket)
    tx.record(TicketChanged(thread.id, ticket.id, ("status",)))
    return after


async def _owner_still_there(tx: Transaction, ticket: Ticket) -> UserId | None:
    """A reopened ticket goes back to its owner, unless that person is not available any more."""
    owner = await tx.user(ticket.owner) if ticket.owner is not None else None
    return owner.id if owner is not None and owner.active and owner.available else None


def _session_event(tx: Transaction, before: Thread, after: Thread, now: datetime) -> None:
    if after.session is None or after.session == before.session or not after.session.is_open(now):
        return
    went_on = before.session is not None and before.session.is_open(now)
    change = SessionChange.EXTENDED if went_on else SessionChange.OPENED
    tx.record(SessionChanged(after.id, change))


def _thread_event(tx: Transaction, before: Thread, after: Thread) -> None:
    """A fact of its own only for what the message's own event does not tell."""
    if (before.status, before.owner, before.team, before.ticket) != (
        after.status,
        after.owner,
        after.team,
        after.ticket,
    ):
        record_thread(tx, before, after)


def _note_inbound(tx: Transaction, desk: Batch, channel: Channel, now: datetime) -> None:
    last = channel.last_inbound_at
    if last is None or now - last >= LAST_INBOUND_NOTED_EVERY:
        noted = replace(channel, last_inbound_at=now)
        desk.channels[channel.phone_number_id] = noted
        tx.save(noted)


def _record(
    organization: OrganizationId, update: Update, outcome: Outcome, now: datetime, reason: str | None = None
) -> UpdateRecord:
    wamid = None if isinstance(update, (MarketingChosen, AccountNews, TemplateTold, Ignored)) else update.wamid
    place = update.place
    return UpdateRecord(organization, record_id(place), place.delivery, place.index, outcome, now, reason, wamid)
