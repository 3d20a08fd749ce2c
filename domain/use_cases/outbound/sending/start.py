"""Starting: we write first, to a contact or to a number that never wrote.

There is one thread for a person and a number of ours, so whoever starts where one is goes on with it. Outside a session
only a template can be said; in one, starting may say nothing and just open what was closed.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from domain.channels.channels import Channel, Destination
from domain.channels.templates import HEADER_FIELD
from domain.contacts import Contact, Person
from domain.conversations.contents import Filled
from domain.conversations.messages import Direction, Message
from domain.conversations.previews import words_of
from domain.conversations.threads import Thread, ThreadStatus, with_message
from domain.errors import REFUSALS, Refusal, invalid, not_found
from domain.events import TicketChanged
from domain.ids import ChannelId, ContactId, MediaId, TemplateId, ThreadId, TicketId, UserId
from domain.people.actors import Actor, ByUser
from domain.ports.bundle import Ports
from domain.ports.store import Transaction
from domain.text.numbers import NO_NUMBER, plain_number, typed_number
from domain.tickets import Ticket, TicketStatus, goes_on, reopen, subject_from
from domain.use_cases.again import again_on_collision
from domain.use_cases.outbound.idempotency import Call, Repeated, content_hash, key_fault, remember
from domain.use_cases.outbound.queue import ApprovedSend, carry_out, channel_refusal, session_refusal
from domain.use_cases.outbound.sending.send import Filling, approved_template
from domain.use_cases.outbound.sending.steps import decide, refusal_at_sight
from domain.use_cases.outbound.sending.whom import (
    Whom,
    dialled,
    identities_of_new,
    thread_there,
    whom_by_contact,
    whom_by_number,
)
from domain.use_cases.ticketing import record_change, record_thread
from domain.use_cases.turns import turns_of_person
from domain.use_cases.work import Reading, Work


@dataclass(frozen=True, slots=True)
class Started:
    thread: Thread
    existing: bool  # it was there already
    message: Message | None  # the template; None where nothing was said


@dataclass(frozen=True, slots=True)
class Starting:
    """A start that nothing speaks against. `said` None: a session is open, and there is nothing to say."""

    now: datetime
    channel: Channel
    contact: Contact
    contact_is_new: bool
    thread: Thread
    existing: bool
    said: ApprovedSend | None


@dataclass(frozen=True, slots=True)
class StartThread:
    """Whom to write to: a contact, or a number as people type it."""

    channel: ChannelId
    contact: ContactId | None = None
    number: str | None = None
    template: TemplateId | None = None
    values: tuple[Filled, ...] = ()
    header_media: MediaId | None = None
    idempotency_key: str | None = None

    @property
    def call(self) -> Call:
        number = (typed_number(self.number) or self.number) if self.number is not None else None
        above = () if self.header_media is None else (self.header_media,)
        content = content_hash(
            self.channel, self.contact, number, self.template, sorted(map(repr, self.values)), *above
        )
        return Call("threadStart", content, self.idempotency_key)

    def fault(self) -> Refusal | None:
        if (self.contact is None) == (self.number is None):
            return invalid("Name a contact or a number, one of the two.", "contactId")
        if self.number is not None and plain_number(self.number) is None:
            return invalid(NO_NUMBER, "phoneNumber")
        if self.values and self.template is None:
            return invalid("There is no template whose blanks these could fill.", "parameters")
        if self.header_media is not None and self.template is None:
            return invalid("There is no template that this file could stand in.", *HEADER_FIELD)
        return key_fault(self.idempotency_key)

    async def approved(self, reading: Reading, actor: Actor) -> Starting | Refusal:
        channel = await reading.look.row(Channel, self.channel)
        if channel is None:
            return not_found("number of yours", "channelId")
        number = await dialled(reading.look.unheld, self.number)
        if self.number is None:
            whom = await whom_by_contact(reading.look, self.contact)
        elif number is None:
            return invalid(NO_NUMBER, "phoneNumber")
        else:
            whom = await whom_by_number(reading, number, channel)
        if not isinstance(whom, Whom):
            return whom
        if refusal := channel_refusal(channel):
            return refusal
        there = None if whom.is_new else await thread_there(reading.look, channel, whom)
        thread = there or _new_thread(reading, actor, channel, whom)
        said = await self._said(reading, actor, thread, channel)
        if isinstance(said, REFUSALS):
            return said
        return Starting(reading.now, channel, whom.contact, whom.is_new, thread, there is not None, said)

    async def _said(
        self, reading: Reading, actor: Actor, thread: Thread, channel: Channel
    ) -> ApprovedSend | Refusal | None:
        if self.template is None:
            return await session_refusal(reading.look, thread, channel, reading.now)
        filling = Filling(self.template, self.values, self.header_media)
        return await approved_template(reading, thread, channel, filling, actor.author)


@again_on_collision
async def start_thread(ports: Ports, actor: Actor, command: StartThread) -> Started | Refusal:
    """The thread with this person, opened and owned by who starts it, and the template in it, queued.

    Refuses FORBIDDEN, INVALID, NOT_FOUND, CHANNEL_UNAVAILABLE, IDEMPOTENCY_MISMATCH; without a template SESSION_CLOSED;
    with one whatever `send_template` refuses.
    """
    if refusal := refusal_at_sight(actor, command):
        return refusal
    number = typed_number(command.number) if command.number is not None else None
    async with ports.store.transaction(actor.organization) as tx:
        await tx.take_turns(turns_of_person(Person(wa_id=number)))
        work = Work.of(ports, tx, ports.clock.now())
        decided = await decide(work.reading, actor, command)
        if isinstance(decided, Starting):
            return await _start(work, actor, command, decided)
    return await _started_before(ports, decided.messages[0]) if isinstance(decided, Repeated) else decided


def _new_thread(reading: Reading, actor: Actor, channel: Channel, whom: Whom) -> Thread:
    return Thread(
        organization=channel.organization,
        id=ThreadId(reading.new_id()),
        channel=channel.id,
        contact=whom.contact.id,
        created_at=reading.now,
        last_activity_at=reading.now,
        wa_id=whom.person.wa_id,
        business_scoped_id=whom.person.business_scoped_id,
        owner=_user(actor),
        origin=whom.home if whom.home != whom.contact.id else None,
    )


def _user(actor: Actor) -> UserId | None:
    """Who is to own what they start; a program owns nothing."""
    return actor.author.user if isinstance(actor.author, ByUser) else None


async def _start(work: Work, actor: Actor, command: StartThread, decided: Starting) -> Started:
    if decided.contact_is_new:
        work.tx.save(decided.contact, *identities_of_new(work, decided.contact))
    thread = await _opened(work, actor, decided)
    if decided.said is None:
        assert thread.session is not None, "else there had to be something to say"
        remember(work.tx, actor, command.call, decided.now, thread.session.last_by)
        return Started(thread, decided.existing, None)
    sent = await carry_out(work, actor, command.call, replace(decided.said, thread=thread))
    assert isinstance(sent, tuple), "it was cleared"
    return Started(with_message(thread, sent[0]), decided.existing, sent[0])


async def _opened(work: Work, actor: Actor, decided: Starting) -> Thread:
    """The thread, open; on help desk numbers with an open ticket. What was open stays with whoever has it."""
    thread = decided.thread
    owner = _user(actor) or thread.owner
    if decided.channel.destination is Destination.INBOX:
        after = thread if thread.status is ThreadStatus.OPEN else replace(thread, status=ThreadStatus.OPEN, owner=owner)
    else:
        ticket = (await work.tx.tickets([thread.ticket])).get(thread.ticket) if thread.ticket is not None else None
        if ticket is not None and ticket.is_open:
            return thread
        opened = await _open_ticket(work, actor, decided, ticket, owner)
        after = replace(thread, status=ThreadStatus.OPEN, owner=owner, team=opened.team, ticket=opened.id)
    if decided.existing:
        record_thread(work.tx, thread, after)
    else:
        work.tx.save(after)
    return after


async def _open_ticket(
    work: Work, actor: Actor, decided: Starting, closed: Ticket | None, owner: UserId | None
) -> Ticket:
    if closed is not None and goes_on(closed, decided.channel.reopen_policy):
        opened = reopen(closed)
        assert isinstance(opened, Ticket), "it is closed"
        opened = replace(opened, owner=owner)
        record_change(work, closed, opened, actor.author)
        return opened
    subject = subject_from(await _first_words(work.tx, decided))
    ticket = Ticket(
        organization=work.tx.organization,
        id=TicketId(work.new_id()),
        number=await work.tx.next_ticket_numbers(1),
        subject=subject,
        status=TicketStatus.NEW,
        thread=decided.thread.id,
        contact=decided.contact.id,
        channel=decided.channel.id,
        created_at=decided.now,
        owner=owner,
    )
    work.tx.save(ticket)
    work.tx.record(TicketChanged(ticket.thread, ticket.id, ("status",)))
    return ticket


async def _first_words(tx: Transaction, decided: Starting) -> str:
    """What the ticket is about: the template, or what the contact said last."""
    if decided.said is not None:
        return words_of(decided.said.contents[0])
    last = decided.thread.session.last_by if decided.thread.session is not None else None
    message = (await tx.unheld.messages([last])).get(last) if last is not None else None
    return words_of(message.content) if message is not None else ""


async def _started_before(ports: Ports, first: Message) -> Started:
    """What a start came to when it was asked before, as it stands now.

    It is known by the template it sent, or by the contact's message that had opened the session it found.
    """
    thread = (await ports.reader.by_ids(Thread, first.organization, [first.thread]))[first.thread]
    if first.direction is Direction.INBOUND:
        return Started(thread, True, None)
    return Started(thread, thread.created_at < first.received_at, first)
