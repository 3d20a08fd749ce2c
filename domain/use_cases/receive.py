"""Receiving: what the network told becomes contacts, threads, sessions, tickets, messages and marks.

One transaction for a batch of one organization's updates, in order. Whatever repeats an update that was applied
already changes nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never

from domain.actors import ByContact, BySystem
from domain.channels import Channel, ChannelState, Destination
from domain.contacts import Contact, Identity, IdentityKey, Person, Phone, PhoneLabel, keys_of, names_told
from domain.events import MessageAdded, MessageChange, MessageChanged, SessionChange, SessionChanged, TicketChanged
from domain.ids import (
    ChannelId,
    ContactId,
    DeliveryId,
    MediaId,
    MessageId,
    OrganizationId,
    PhoneNumberId,
    ThreadId,
    TicketId,
    UserId,
    Wamid,
)
from domain.media import Media, MediaState, plain_type, safe_name
from domain.messages import (
    Content,
    Direction,
    MediaMessage,
    Message,
    MessageStatus,
    Reaction,
    preview,
)
from domain.ports import DeliveryResult, DeliveryState, Ports, Transaction
from domain.sessions import after_inbound, next_alarm, run_start
from domain.threads import Thread, ThreadStatus, with_message
from domain.tickets import ReopenPolicy, Ticket, TicketStatus, after_contact_wrote, subject_from
from domain.updates import (
    Ignored,
    IncomingContent,
    IncomingMedia,
    MessageReceived,
    Outcome,
    Parked,
    ReactionReceived,
    StatusReported,
    Update,
    UpdateRecord,
    record_id,
)
from domain.use_cases.again import again_on_collision
from domain.use_cases.marks import (
    after_report,
    attempt_of,
    give_back,
    read_callback,
    reported_mark,
    sane_time,
    status_events,
)
from domain.use_cases.ticketing import record_change, record_thread

LAST_INBOUND_NOTED_EVERY = timedelta(minutes=1)
RUN_PAGE = 200  # instants looked up at a time to find where a run of messages began


@dataclass
class _Desk:
    """What a batch works on: rows read and locked before, changed in place of the database until it is saved."""

    channels: dict[PhoneNumberId, Channel]
    contacts: dict[ContactId, Contact] = field(default_factory=dict[ContactId, Contact])
    identities: dict[IdentityKey, ContactId] = field(default_factory=dict[IdentityKey, ContactId])
    threads: dict[ThreadId, Thread] = field(default_factory=dict[ThreadId, Thread])
    tickets: dict[TicketId, Ticket] = field(default_factory=dict[TicketId, Ticket])
    messages: dict[MessageId, Message] = field(default_factory=dict[MessageId, Message])
    by_wamid: dict[tuple[ChannelId, Wamid], MessageId] = field(default_factory=dict[tuple[ChannelId, Wamid], MessageId])
    parked: dict[tuple[PhoneNumberId, Wamid], list[Parked]] = field(
        default_factory=dict[tuple[PhoneNumberId, Wamid], list[Parked]]
    )

    def message(self, channel: Channel, wamid: Wamid | None) -> Message | None:
        id = self.by_wamid.get((channel.id, wamid)) if wamid is not None else None
        return self.messages[id] if id is not None else None

    def put_message(self, message: Message) -> None:
        self.messages[message.id] = message
        if message.wamid is not None:
            self.by_wamid[(message.channel, message.wamid)] = message.id


@again_on_collision
async def receive(
    ports: Ports, organization: OrganizationId, updates: Sequence[Update], whole: Collection[DeliveryId] = ()
) -> list[UpdateRecord]:
    """Apply updates in order and say what became of each; those applied before are left out of the answer.

    `whole` names the deliveries whose last updates these are: their states are set in the same transaction.
    """
    async with ports.store.transaction(organization, background=True) as tx:
        done = await tx.recorded([record_id(update.place) for update in updates])
        fresh = [update for update in updates if record_id(update.place) not in done]
        desk = await _gather(tx, fresh)
        records = [await _apply(ports, tx, desk, update) for update in fresh]
        tx.save(*records)
        tx.finish(*results_of(records, whole))
    return records


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


async def _gather(tx: Transaction, updates: Sequence[Update]) -> _Desk:
    """Everything the batch may touch, a statement a table, locked in the order of keys."""
    channels = {channel.phone_number_id: channel for channel in await tx.channels()}
    desk = _Desk(channels)
    messages = [update for update in updates if isinstance(update, MessageReceived)]
    keys = {key for update in messages for key in keys_of(update.person)}
    identities = await tx.identities(sorted(keys)) if keys else []
    desk.identities = {identity.key: identity.contact for identity in identities}
    contact_ids = sorted(set(desk.identities.values()))
    desk.contacts = await tx.contacts(contact_ids) if contact_ids else {}
    desk.threads = {thread.id: thread for thread in await tx.threads_of(contact_ids)} if contact_ids else {}
    await _gather_messages(tx, desk, updates)
    ticket_ids = sorted({thread.ticket for thread in desk.threads.values() if thread.ticket is not None})
    desk.tickets = await tx.tickets(ticket_ids) if ticket_ids else {}
    return desk


async def _gather_messages(tx: Transaction, desk: _Desk, updates: Sequence[Update]) -> None:
    wamids: set[tuple[PhoneNumberId, Wamid]] = set()
    ours: set[MessageId] = set()
    for update in updates:
        number = update.place.number
        if number is None or number not in desk.channels:
            continue
        wamids |= {(number, wamid) for wamid in _wamids_of(update)}
        if isinstance(update, StatusReported) and (named := read_callback(update.callback)):
            ours.add(named[0])
    if not wamids:
        return
    pairs = sorted((desk.channels[number].id, wamid) for number, wamid in wamids)
    for message in (await tx.messages_by_wamid(pairs)).values():
        desk.put_message(message)
    missing = sorted(ours - desk.messages.keys())
    for message in (await tx.messages(missing)).values() if missing else ():
        desk.put_message(message)
    reacted = {update.target for update in updates if isinstance(update, ReactionReceived)}
    touched = [each for each in desk.messages.values() if each.wamid in reacted or (reacted and each.id in ours)]
    elsewhere = {each.thread for each in touched} - desk.threads.keys()
    desk.threads |= await tx.threads(sorted(elsewhere)) if elsewhere else {}
    for parked in await tx.parked(sorted(wamids)):
        desk.parked.setdefault((parked.number, parked.wamid), []).append(parked)


def _wamids_of(update: Update) -> tuple[Wamid, ...]:
    match update:
        case MessageReceived(wamid=wamid, reply_to=reply_to):
            return (wamid,) if reply_to is None else (wamid, reply_to)
        case ReactionReceived(target=target):
            return (target,)
        case StatusReported(wamid=wamid):
            return (wamid,)
        case Ignored():
            return ()
        case _:
            assert_never(update)


async def _apply(ports: Ports, tx: Transaction, desk: _Desk, update: Update) -> UpdateRecord:
    now = ports.clock.now()
    if isinstance(update, Ignored):
        return _record(tx.organization, update, Outcome.IGNORED, now, update.reason)
    channel = desk.channels.get(update.place.number) if update.place.number is not None else None
    if channel is None:
        return _record(tx.organization, update, Outcome.IGNORED, now, "a number that is not connected here")
    match update:
        case MessageReceived():
            return await _receive_message(ports, tx, desk, channel, update, now)
        case ReactionReceived():
            return _receive_reaction(ports, tx, desk, channel, update, now)
        case StatusReported():
            return await _receive_status(ports, tx, desk, channel, update, now)
        case _:
            assert_never(update)


# ---------------------------------------------------------------- messages


async def _receive_message(
    ports: Ports, tx: Transaction, desk: _Desk, channel: Channel, update: MessageReceived, now: datetime
) -> UpdateRecord:
    at = sane_time(update.sent_at, update.place.received_at)
    if desk.message(channel, update.wamid) is not None:
        return _record(tx.organization, update, Outcome.DUPLICATE, now)
    if reason := _not_ours(channel, at):
        return _record(tx.organization, update, Outcome.IGNORED, now, reason)
    contact = _known(desk, update.person)
    thread = _thread_of(desk, channel, contact, update.person) if contact else None
    if thread is None and not update.extends_session:
        return _record(tx.organization, update, Outcome.IGNORED, now, "about a conversation that is not here")
    contact = _told(ports, tx, desk, contact or _new_contact(ports, tx, update.person, now), update.person, now)
    before = thread or _new_thread(ports, channel, contact, update.person, at, now)
    message = _message(ports, tx, desk, channel, before, update, at)
    after = with_message(_answering(before, update.person), message)
    if update.extends_session:
        after = await _with_session(tx, after, message, now)
        after = await _with_ticket(ports, tx, desk, channel, after, message, now)
    desk.threads[after.id] = after
    tx.save(after, message)
    tx.record(MessageAdded(after.id, message.id))
    _session_event(tx, before, after, now)
    if thread is not None:
        _thread_event(tx, before, after)
    _note_inbound(tx, desk, channel, now)
    waiting = desk.parked.pop((channel.phone_number_id, update.wamid), [])
    desk.put_message(await apply_parked(ports, tx, message, waiting, after.contact, now))
    return _record(tx.organization, update, Outcome.APPLIED, now)


def _not_ours(channel: Channel, at: datetime) -> str | None:
    """Why a message is kept without effect: only what was written while the number is connected counts."""
    if channel.state is ChannelState.DISCONNECTED:
        return "the number is disconnected"
    connected_at = channel.connected_at
    if connected_at is not None and at < connected_at.replace(microsecond=0):  # the network tells whole seconds
        return "written before the number was connected"
    return None


def _known(desk: _Desk, person: Person) -> Contact | None:
    for key in keys_of(person):
        id = desk.identities.get(key)
        if id is not None and id in desk.contacts:
            return desk.contacts[id]
    return None


def _new_contact(ports: Ports, tx: Transaction, person: Person, now: datetime) -> Contact:
    phones = (Phone(f"+{person.wa_id}", PhoneLabel.WHATSAPP),) if person.wa_id else ()
    return Contact(tx.organization, ContactId(ports.ids.new()), now, phones=phones)


def _told(ports: Ports, tx: Transaction, desk: _Desk, contact: Contact, person: Person, now: datetime) -> Contact:
    """The contact with what this update says of it; what it leaves out stays."""
    told = replace(
        contact,
        profile_name=person.profile_name or contact.profile_name,
        wa_id=person.wa_id or contact.wa_id,
        business_scoped_id=person.business_scoped_id or contact.business_scoped_id,
        username=person.username or contact.username,
    )
    if told != desk.contacts.get(contact.id):
        tx.save(told)
    desk.contacts[told.id] = told
    for key in names_told(person):
        if key not in desk.identities:
            desk.identities[key] = told.id
            tx.save(Identity(tx.organization, ports.ids.new(), told.id, key, "named so in a message", now))
    return told


def _thread_of(desk: _Desk, channel: Channel, contact: Contact, person: Person) -> Thread | None:
    """The person's thread on this number; where a merge left several, the one that answers the same name."""
    threads = [each for each in desk.threads.values() if (each.channel, each.contact) == (channel.id, contact.id)]
    same = [
        each
        for each in threads
        if (person.wa_id and each.wa_id == person.wa_id)
        or (person.business_scoped_id and each.business_scoped_id == person.business_scoped_id)
    ]
    return next(iter(same or threads), None)


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


def _answering(thread: Thread, person: Person) -> Thread:
    """Replies go to the name last seen here."""
    return replace(
        thread,
        wa_id=person.wa_id or thread.wa_id,
        business_scoped_id=person.business_scoped_id or thread.business_scoped_id,
    )


def _message(
    ports: Ports, tx: Transaction, desk: _Desk, channel: Channel, thread: Thread, update: MessageReceived, at: datetime
) -> Message:
    original = desk.message(channel, update.reply_to)
    id = MessageId(ports.ids.new())
    return Message(
        organization=tx.organization,
        id=id,
        thread=thread.id,
        channel=channel.id,
        direction=Direction.INBOUND,
        author=ByContact(thread.contact),
        content=_content(ports, tx, channel, id, update.content, update.place.received_at),
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


def _content(
    ports: Ports, tx: Transaction, channel: Channel, message: MessageId, content: IncomingContent, now: datetime
) -> Content:
    """The content as kept; a file becomes a media row whose bytes are fetched later."""
    if not isinstance(content, IncomingMedia):
        return content
    media = Media(
        organization=tx.organization,
        id=MediaId(ports.ids.new()),
        kind=content.kind,
        state=MediaState.PENDING,
        mime_type=plain_type(content.mime_type),
        created_at=now,
        channel=channel.id,
        message=message,
        network_id=content.network_id,
        file_name=safe_name(content.file_name),
        sha256=content.sha256,
        voice=content.voice,
        animated=content.animated,
        due_at=now,
    )
    tx.save(media)
    return MediaMessage(media.id, content.caption)


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
    ports: Ports, tx: Transaction, desk: _Desk, channel: Channel, thread: Thread, message: Message, now: datetime
) -> Thread:
    """The thread as the ticket it belongs to says; on inbox numbers a message just reopens the thread."""
    if channel.destination is Destination.INBOX:
        return replace(thread, status=ThreadStatus.OPEN)
    ticket = desk.tickets.get(thread.ticket) if thread.ticket is not None else None
    if ticket is None or (not ticket.is_open and channel.reopen_policy is ReopenPolicy.NEW_TICKET):
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


async def _with_new_ticket(
    ports: Ports, tx: Transaction, desk: _Desk, thread: Thread, message: Message, now: datetime
) -> Thread:
    ticket = Ticket(
        organization=tx.organization,
        id=TicketId(ports.ids.new()),
        number=await tx.next_ticket_numbers(1),
        subject=subject_from(preview(message.content)),
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


def _note_inbound(tx: Transaction, desk: _Desk, channel: Channel, now: datetime) -> None:
    last = channel.last_inbound_at
    if last is None or now - last >= LAST_INBOUND_NOTED_EVERY:
        noted = replace(channel, last_inbound_at=now)
        desk.channels[channel.phone_number_id] = noted
        tx.save(noted)


# ---------------------------------------------------------------- reactions, marks


def _receive_reaction(
    ports: Ports, tx: Transaction, desk: _Desk, channel: Channel, update: ReactionReceived, now: datetime
) -> UpdateRecord:
    message = desk.message(channel, update.target)
    if message is None:
        return _park(ports, tx, desk, update, update.target, now)
    desk.put_message(_apply_reaction(tx, message, update, desk.threads[message.thread].contact))
    return _record(tx.organization, update, Outcome.APPLIED, now)


def _apply_reaction(tx: Transaction, message: Message, update: ReactionReceived, contact: ContactId) -> Message:
    after = with_reaction(message, update, contact)
    if after != message:
        tx.save(after)
        tx.record(MessageChanged(after.thread, after.id, MessageChange.REACTION))
    return after


def with_reaction(message: Message, update: ReactionReceived, contact: ContactId) -> Message:
    """The message with the contact's reaction set, changed or taken away. An older one never undoes a newer one."""
    at = sane_time(update.sent_at, update.place.received_at)
    others = tuple(each for each in message.reactions if not isinstance(each.by, ByContact))
    mine = next((each for each in message.reactions if isinstance(each.by, ByContact)), None)
    if mine is not None and mine.at > at:
        return message
    if update.emoji is None:
        return replace(message, reactions=others)
    return replace(message, reactions=(*others, Reaction(update.emoji, ByContact(contact), at)))


async def _receive_status(
    ports: Ports, tx: Transaction, desk: _Desk, channel: Channel, update: StatusReported, now: datetime
) -> UpdateRecord:
    named = read_callback(update.callback)
    message = desk.messages.get(named[0]) if named else None
    if message is None or message.channel != channel.id:
        message = desk.message(channel, update.wamid)
    if message is None or message.direction is not Direction.OUTBOUND:
        return _park(ports, tx, desk, update, update.wamid, now)
    after = await apply_status(ports, tx, message, update, now)
    if waiting := desk.parked.pop((channel.phone_number_id, update.wamid), []):
        thread = (await tx.threads([after.thread]))[after.thread]
        after = await apply_parked(ports, tx, after, waiting, thread.contact, now)
    desk.put_message(after)
    return _record(tx.organization, update, Outcome.APPLIED, now)


async def apply_status(
    ports: Ports, tx: Transaction, message: Message, report: StatusReported, now: datetime
) -> Message:
    """The message after a report, saved with its mark and events, and refunded where it failed."""
    mark = reported_mark(ports, message, report, attempt_of(message, report))
    after = after_report(message, report, mark)
    tx.save(after, mark)
    tx.record(*status_events(message, after))
    if after.status is MessageStatus.FAILED:
        await give_back(ports, tx, after, now)
    return after


def _park(
    ports: Ports,
    tx: Transaction,
    desk: _Desk,
    update: StatusReported | ReactionReceived,
    wamid: Wamid,
    now: datetime,
) -> UpdateRecord:
    """Keep what speaks of a message that is not known yet, until it is, or 30 days."""
    number = update.place.number
    assert number is not None  # _apply found its channel
    parked = Parked(tx.organization, ports.ids.new(), number, wamid, update, now)
    desk.parked.setdefault((number, wamid), []).append(parked)
    tx.save(parked)
    return _record(tx.organization, update, Outcome.PARKED, now, "waits for its message")


async def apply_parked(
    ports: Ports, tx: Transaction, message: Message, waiting: Sequence[Parked], contact: ContactId, now: datetime
) -> Message:
    """The message after the marks and reactions that came before its network id was known here."""
    for parked in waiting:
        match parked.update:
            case ReactionReceived():
                message = _apply_reaction(tx, message, parked.update, contact)
            case StatusReported():
                if message.direction is Direction.OUTBOUND:
                    message = await apply_status(ports, tx, message, parked.update, now)
            case _:
                assert_never(parked.update)
        tx.remove(parked)
    return message


def _record(
    organization: OrganizationId, update: Update, outcome: Outcome, now: datetime, reason: str | None = None
) -> UpdateRecord:
    wamid = None if isinstance(update, Ignored) else update.wamid
    place = update.place
    return UpdateRecord(organization, record_id(place), place.delivery, place.index, outcome, now, reason, wamid)
