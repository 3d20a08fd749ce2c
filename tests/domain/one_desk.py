"""A desk: ACME with one help desk number, the people who work there, and a contact who writes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from adapters.memory import MemoryBus, MemoryDatabase, MemoryThrottle
from domain.channels.channels import Channel
from domain.contacts import Contact, Person
from domain.conversations.contents import Filled, Notice, Text
from domain.conversations.messages import Message
from domain.conversations.sessions import SessionState, state_of
from domain.conversations.status import Failure, Mark, MessageStatus
from domain.conversations.threads import Thread
from domain.error_codes import ErrorCode
from domain.errors import REFUSALS, Refusal, code_of
from domain.events import Event
from domain.ids import DeliveryId, MessageId, OrganizationId, PhoneNumberId, TemplateId, ThreadId, Wamid
from domain.people.actors import Actor, Role, Scope, key_actor, user_actor
from domain.people.organizations import Organization
from domain.ports.bundle import Ports
from domain.ports.deliveries import Delivery
from domain.ports.directory import DirectoryEntry
from domain.quota import Entry, Period
from domain.rows import Row, organization_of
from domain.tickets import Ticket, TicketChange
from domain.updates import (
    DeletionReceived,
    EditReceived,
    IdentityChanged,
    IncomingContent,
    MarketingChosen,
    MessageEchoed,
    MessageReceived,
    ReactionReceived,
    StatusReported,
    Update,
    UpdateKey,
    UpdateRecord,
)
from domain.use_cases.channels.look_after import look_after
from domain.use_cases.inbound.interpret import Interpreted, interpret
from domain.use_cases.inbound.receive import receive
from domain.use_cases.outbound.leaving.dispatch import dispatch
from domain.use_cases.outbound.leaving.schedule import next_sends
from domain.use_cases.outbound.sending.send import SendTemplate, SendText, send_template, send_text
from tests.builders import (
    ACCOUNT,
    ACME,
    API_KEY,
    NOON,
    NUMBER,
    SIGN_IN,
    TEMPLATE,
    USER,
    CountingIds,
    FixedClock,
    a_channel,
    a_person,
    a_template,
    a_user,
    an_organization,
)
from tests.domain.log_check import BEGINNING, END, EVERYTHING, Database, Photograph, WatchedStore, snapshot
from tests.domain.standins import Files, Interpreter, Network, Passwords, Sounds, Vault

T = TypeVar("T")

ANA = a_person()
TOKEN = "the-token"
SEALED_TOKEN = Vault().seal(ACME, "access_token", TOKEN)
NO_KEY_OPENS = "sealed by a key that was removed"
HELLO = (Filled("body", "1", "Ana"),)


def a_user_as(role: Role, organization: OrganizationId = ACME) -> Actor:
    return user_actor(organization, USER, role, SIGN_IN)


def a_key_for(*scopes: Scope) -> Actor:
    return key_actor(ACME, API_KEY, scopes)


AGENT = a_user_as(Role.AGENT)
ADMIN = a_user_as(Role.ADMIN)
READER = a_user_as(Role.READER)
MAY_WORK = [a_user_as(role) for role in (Role.ADMIN, Role.SUPERVISOR, Role.AGENT, Role.INTEGRATOR)]


def a_desk_number(id: PhoneNumberId = NUMBER) -> Channel:
    """A connected number of ACME whose token opens."""
    return replace(a_channel(phone_number_id=id), access_token=SEALED_TOKEN, check_due_at=NOON, read_at=NOON)


@dataclass(slots=True)
class Desk:
    clock: FixedClock
    ids: CountingIds
    database: Database
    store: WatchedStore
    network: Network
    interpreter: Interpreter
    passwords: Passwords
    files: Files
    sounds: Sounds
    ports: Ports
    deliveries: int = field(default=0)

    # The world

    async def given(self, *rows: Row) -> None:
        """Rows that are there before the story begins. Nothing tells of them, so the log is not held against them."""
        organization = organization_of(rows[0])
        async with self.database.store.transaction(organization) as tx:
            tx.save(*rows)

    async def list_number(self, number: PhoneNumberId, organization: OrganizationId = ACME) -> None:
        async with self.database.store.transaction(organization) as tx:
            await tx.enlist(DirectoryEntry.NUMBER, number, number)
            await tx.enlist(DirectoryEntry.ACCOUNT, ACCOUNT, ACCOUNT)

    # What the network tells

    def place(self, number: PhoneNumberId | None = NUMBER) -> UpdateKey:
        self.deliveries += 1
        return UpdateKey(DeliveryId(f"delivery-{self.deliveries:06d}"), 0, self.clock.now(), number, ACCOUNT)

    def message(
        self,
        text: str = "Hello",
        *,
        by: Person = ANA,
        at: datetime | None = None,
        wamid: str | None = None,
        number: PhoneNumberId = NUMBER,
        content: IncomingContent | None = None,
        reply_to: Wamid | None = None,
        extends_session: bool = True,
    ) -> MessageReceived:
        place = self.place(number)
        return MessageReceived(
            place=place,
            person=by,
            wamid=Wamid(wamid or f"wamid.in-{self.deliveries}"),
            sent_at=at or self.clock.now(),
            content=content or Text(text),
            original="{}",
            extends_session=extends_session,
            reply_to=reply_to,
        )

    def reaction(
        self, target: Wamid, emoji: str | None = "👍", *, at: datetime | None = None, echoed: bool = False
    ) -> ReactionReceived:
        place = self.place()
        wamid = Wamid(f"wamid.reaction-{self.deliveries}")
        return ReactionReceived(place, ANA, wamid, at or self.clock.now(), target, emoji, "{}", echoed)

    def echo(
        self,
        text: str = "From the shop",
        *,
        to: Person = ANA,
        at: datetime | None = None,
        wamid: str | None = None,
        content: IncomingContent | None = None,
        reply_to: Wamid | None = None,
    ) -> MessageEchoed:
        place = self.place()
        named = Wamid(wamid or f"wamid.echo-{self.deliveries}")
        return MessageEchoed(place, to, named, at or self.clock.now(), content or Text(text), "{}", reply_to)

    def edit(
        self,
        target: Wamid,
        text: str = "Better",
        *,
        at: datetime | None = None,
        content: IncomingContent | None = None,
        echoed: bool = False,
    ) -> EditReceived:
        place = self.place()
        wamid = Wamid(f"wamid.edit-{self.deliveries}")
        return EditReceived(place, ANA, wamid, at or self.clock.now(), target, content or Text(text), "{}", echoed)

    def deletion(self, target: Wamid, *, at: datetime | None = None, echoed: bool = False) -> DeletionReceived:
        place = self.place()
        wamid = Wamid(f"wamid.deletion-{self.deliveries}")
        return DeletionReceived(place, ANA, wamid, at or self.clock.now(), target, "{}", echoed)

    def rename(self, before: Person, renamed: Person, *, wamid: str | None = None) -> IdentityChanged:
        """What the network tells of other names; without `wamid` by a field of its own."""
        place = self.place()
        notice = Notice("Ana changed her number.")
        named = Wamid(wamid) if wamid else None
        return IdentityChanged(place, before, renamed, self.clock.now(), notice, "{}", named)

    def choice(self, *, stopped: bool, by: Person = ANA, at: datetime | None = None) -> MarketingChosen:
        return MarketingChosen(self.place(), by, stopped, at or self.clock.now())

    def status(
        self,
        status: MessageStatus,
        *,
        wamid: Wamid,
        callback: str | None = None,
        at: datetime | None = None,
        failure: Failure | None = None,
        number: PhoneNumberId = NUMBER,
    ) -> StatusReported:
        return StatusReported(self.place(number), wamid, status, at or self.clock.now(), callback, failure)

    async def receive(self, *updates: Update) -> list[UpdateRecord]:
        return await receive(self.ports, ACME, updates)

    async def wrote(self, text: str = "Hello", *, by: Person = ANA, at: datetime | None = None) -> Message:
        """The contact writes; the message as it stands in the inbox."""
        update = self.message(text, by=by, at=at)
        await self.receive(update)
        return await self.message_of(update.wamid)

    async def wrote_from_the_phone(self, text: str = "From the shop", *, to: Person = ANA) -> Message:
        """Somebody of the business writes in the phone's own app; the message as it stands in the inbox."""
        update = self.echo(text, to=to)
        await self.receive(update)
        return await self.message_of(update.wamid)

    async def deliver(self, *updates: Update, body: bytes = b"{}") -> DeliveryId:
        """A webhook body with these updates in this order, waiting to be interpreted."""
        self.deliveries += 1
        id = DeliveryId(f"delivery-{self.deliveries:06d}")
        self.interpreter.readings[id] = [in_delivery(each, id, index) for index, each in enumerate(updates)]
        await self.ports.webhook_inbox.append(Delivery(id, self.clock.now(), body))
        return id

    async def interpret(self, limit: int = 64) -> Interpreted:
        return await interpret(self.ports, await self.ports.webhook_inbox.waiting(limit))

    # What we do

    async def reply(self, body: str = "Good day", by: Actor = AGENT) -> Message:
        thread = await self.thread()
        return granted(await send_text(self.ports, by, SendText(thread.id, body)))

    async def reply_with_template(
        self, template: TemplateId = TEMPLATE, values: Sequence[Filled] = HELLO, by: Actor = AGENT
    ) -> Message:
        thread = await self.thread()
        return granted(await send_template(self.ports, by, SendTemplate(thread.id, template, tuple(values))))

    async def dispatch(self, message: Message) -> Message:
        await dispatch(self.ports, ACME, message.id)
        return await self.message_by_id(message.id)

    async def look_after(self) -> list[str]:
        """One turn of the worker that looks after numbers; what the network was asked in it."""
        before = len(self.network.asked)
        due = await self.database.store.due_checks(self.clock.now(), 100)
        if due:
            await look_after(self.ports, ACME, *(channel for organization, channel in due if organization == ACME))
        return self.network.asked[before:]

    async def dispatch_due(self) -> list[MessageId]:
        """One turn of the worker: everything that may leave now."""
        turn = await next_sends(self.ports, ())
        for leaving in turn.leaving:
            await dispatch(self.ports, leaving.organization, leaving.message)
        return [leaving.message for leaving in turn.leaving]

    # What is seen

    async def state(self, organization: OrganizationId = ACME) -> Photograph:
        return await snapshot(self.ports.reader, organization)

    async def organization(self) -> Organization:
        return await self.ports.reader.organization(ACME)

    async def threads(self) -> list[Thread]:
        return sorted((await self.state()).threads.values(), key=lambda each: each.id)

    async def thread(self) -> Thread:
        """The only thread there is."""
        [thread] = await self.threads()
        return thread

    async def session_state(self) -> SessionState:
        return state_of((await self.thread()).session, self.clock.now())

    async def tickets(self) -> list[Ticket]:
        return sorted((await self.state()).tickets.values(), key=lambda each: each.number)

    async def ticket(self) -> Ticket:
        """The only ticket there is."""
        [ticket] = await self.tickets()
        return ticket

    async def history(self, ticket: Ticket) -> list[TicketChange]:
        return (await self.ports.reader.ticket_changes(ACME, ticket.id, EVERYTHING)).rows

    async def contacts(self) -> list[Contact]:
        return (await self.ports.reader.contacts(ACME, EVERYTHING, None)).rows

    async def contact(self) -> Contact:
        """The only contact there is."""
        [contact] = await self.contacts()
        return contact

    async def messages(self, thread: ThreadId | None = None) -> list[Message]:
        """As the thread shows them: by where they stand, then by arrival."""
        shown = thread or (await self.thread()).id
        return (await self.ports.reader.messages(ACME, shown, EVERYTHING)).rows

    async def texts(self) -> list[str]:
        return [each.content.body for each in await self.messages() if isinstance(each.content, Text)]

    async def message_by_id(self, id: MessageId) -> Message:
        return (await self.ports.reader.by_ids(Message, ACME, [id]))[id]

    async def message_of(self, wamid: Wamid) -> Message:
        [message] = [each for each in (await self.state()).messages.values() if each.wamid == wamid]
        return message

    async def marks(self, message: Message) -> list[Mark]:
        return (await self.ports.reader.marks_of(ACME, [message.id]))[message.id]

    async def channel(self) -> Channel:
        """The number the desk began with."""
        [channel] = [
            each
            for each in await self.ports.reader.all_of(Channel, ACME, "created_at")
            if each.phone_number_id == NUMBER
        ]
        return channel

    async def entries(self) -> list[Entry]:
        return (await self.ports.reader.entries(ACME, BEGINNING, END, EVERYTHING)).rows

    async def period(self) -> Period:
        period = await self.ports.reader.period_at(ACME, self.clock.now())
        assert period is not None, "this month has no ledger yet"
        return period

    async def events(self, after: int = 0) -> list[Event]:
        return [logged.event for logged in await self.ports.reader.events(ACME, after, 1_000_000)]

    async def head(self) -> int:
        return (await self.ports.reader.head(ACME)).position

    def later(self, by: timedelta) -> datetime:
        return self.clock.advance(by)


async def open_desk(at: datetime = NOON) -> Desk:
    """ACME with a help desk number, Ada who works there, and one approved template."""
    clock, ids, bus = FixedClock(at), CountingIds(), MemoryBus()
    return await desk_over(MemoryDatabase(clock, ids, bus), clock, ids, bus)


async def desk_over(database: Database, clock: FixedClock, ids: CountingIds, bus: MemoryBus) -> Desk:
    """The same, kept by this database."""
    store = WatchedStore(database)
    network, interpreter, passwords = Network(), Interpreter(), Passwords()
    files, sounds = Files(), Sounds()
    ports = Ports(
        clock=clock,
        ids=ids,
        store=store,
        webhook_inbox=database.webhook_inbox,
        directory=database.directory,
        reader=database.reader,
        bus=bus,
        network=network,
        interpreter=interpreter,
        vault=Vault(),
        passwords=passwords,
        throttle=MemoryThrottle(clock),
        media=files,
        sounds=sounds,
    )
    desk = Desk(clock, ids, database, store, network, interpreter, passwords, files, sounds, ports)
    await desk.given(an_organization(), a_user(), a_desk_number(), a_template())
    await desk.list_number(NUMBER)
    return desk


def in_delivery(update: Update, delivery: DeliveryId, index: int) -> Update:
    return replace(update, place=replace(update.place, delivery=delivery, index=index))


def granted(answer: T | Refusal) -> T:
    assert not isinstance(answer, REFUSALS), answer
    return answer


def refusal_of(answer: object) -> Refusal:
    assert isinstance(answer, REFUSALS), answer
    return answer


def refused_as(answer: object) -> ErrorCode:
    return code_of(refusal_of(answer))
