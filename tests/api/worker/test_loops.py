"""The loops beside the API, over the desk in memory."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

import httpx
import pytest

from adapters.memory import MemoryMedia
from adapters.system import SystemClock
from adapters.whatsapp.inbound.updates import CloudInterpreter
from api.metrics import Meters
from api.worker.loops import Worker
from domain.channels.template_sync import TemplateSync
from domain.channels.templates import Template
from domain.conversations.contents import Text
from domain.conversations.messages import Message
from domain.conversations.sessions import Alarm, AlarmKind
from domain.conversations.status import MessageStatus
from domain.conversations.threads import Thread
from domain.errors import Unavailable
from domain.events import Event, MessageAdded, MessageStatusChanged, SessionChange, SessionChanged, TemplateChanged
from domain.ids import BusinessAccountId, DeliveryId, OrganizationId, ThreadId, UserId
from domain.outbound.outbox import OutboxItem
from domain.people.actors import Role, user_actor
from domain.ports.bundle import Ports
from domain.ports.deliveries import Delivery, DeliveryState
from domain.ports.directory import Directory, DirectoryEntry
from domain.ports.store import Store, Transaction
from domain.ports.system import Clock
from domain.updates import Update
from domain.use_cases.outbound.leaving.schedule import NextSends, next_sends
from domain.use_cases.outbound.sending.send import SendText, send_text
from tests.api.memory_desk import BusinessNumber, Network, connect, memory_ports, nobody_answers
from tests.builders import ACME

E = TypeVar("E", bound=Event)

LINE = BusinessNumber("111", "901")
ADA = user_actor(ACME, UserId("ada"), Role.AGENT, None)
ACCEPTED = {"messaging_product": "whatsapp", "contacts": [], "messages": [{"id": "wamid.out"}]}


@pytest.fixture
def meters() -> Meters:
    return Meters()


async def test_a_delivery_becomes_a_message_without_anybody_asking(meters: Meters) -> None:
    ports = await a_desk()
    async with Worker(ports, meters).running(), listening(ports) as log:
        await deliver(ports, "hello")

        added = await the_next(MessageAdded, log)

    assert await text_of(ports, added) == "hello"
    assert count(meters, "updates_interpreted") == 1


async def test_what_waited_before_the_start_is_interpreted(meters: Meters) -> None:
    ports = await a_desk()
    await deliver(ports, "waiting since yesterday")

    async with listening(ports) as log, Worker(ports, meters).running():
        added = await the_next(MessageAdded, log)

    assert await text_of(ports, added) == "waiting since yesterday"


async def test_a_delivery_that_breaks_the_interpreter_is_set_aside_and_its_neighbours_go_on(meters: Meters) -> None:
    ports = replace(await a_desk(), interpreter=FragileInterpreter())
    async with listening(ports) as log:
        poison = await deliver(ports, "poison")
        await deliver(ports, "hello")

        async with Worker(ports, meters).running():
            added = await the_next(MessageAdded, log)

    kept = await ports.webhook_inbox.delivery(poison)
    assert kept is not None
    assert (kept.state, kept.reason) == (DeliveryState.FAILED, "could not be interpreted: ZeroDivisionError")
    assert await text_of(ports, added) == "hello"
    assert count(meters, "updates_failed") == 1


async def test_a_store_that_was_away_is_asked_again(meters: Meters) -> None:
    ports = await a_desk()
    away = replace(ports, directory=DirectoryAwayAtFirst(ports.directory, times=2))
    async with listening(ports) as log, Worker(away, meters).running():
        await deliver(away, "hello")

        await the_next(MessageAdded, log)

    assert count(meters, "worker_faults", loop="interpret") == 2


async def test_templates_that_are_due_are_read(meters: Meters) -> None:
    row = {"id": "1", "name": "hello", "language": "en", "components": [{"type": "BODY", "text": "Hi"}]}
    ports = await a_desk(lambda _: httpx.Response(200, json={"data": [row | {"status": "APPROVED"}]}))
    async with ports.store.transaction(ACME) as tx:
        tx.save(TemplateSync(ACME, BusinessAccountId(LINE.account), ports.clock.now()))

    async with listening(ports) as log, Worker(ports, meters).running():
        added = await the_next(TemplateChanged, log)

    [template] = (await ports.reader.by_ids(Template, ACME, [added.template])).values()
    assert (template.name, template.body) == ("hello", "Hi")
    assert count(meters, "template_syncs") == 1


async def test_a_reply_leaves_and_is_marked_as_sent(meters: Meters) -> None:
    asked: list[httpx.Request] = []

    def network(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=ACCEPTED)

    ports = await a_desk(network)
    async with Worker(ports, meters).running(), listening(ports) as log:
        await deliver(ports, "hello")
        thread = (await the_next(MessageAdded, log)).thread
        await reply(ports, thread, "hi there")

        changed = await the_next(MessageStatusChanged, log)

    assert changed.status is MessageStatus.SENT
    assert [json.loads(request.content)["text"]["body"] for request in asked] == ["hi there"]
    assert count(meters, "sends_dispatched") == 1


async def test_replies_in_one_thread_leave_in_the_order_they_were_written(meters: Meters) -> None:
    asked: list[str] = []

    def network(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content)["text"]["body"])
        wamid = f"wamid.{len(asked)}"
        return httpx.Response(200, json=ACCEPTED | {"messages": [{"id": wamid}]})

    ports = await a_desk(network)
    words = [f"line {n}" for n in range(10)]
    async with Worker(ports, meters).running(), listening(ports) as log:
        await deliver(ports, "hello")
        thread = (await the_next(MessageAdded, log)).thread
        for word in words:
            await reply(ports, thread, word)
        for _ in words:
            await the_next(MessageStatusChanged, log)

    assert asked == words


async def test_a_send_whose_worker_died_becomes_unknown(meters: Meters) -> None:
    ports = await a_desk()
    async with Worker(ports, meters).running(), listening(ports) as log:
        await deliver(ports, "hello")
        thread = (await the_next(MessageAdded, log)).thread
    message = await reply(ports, thread, "hi there")
    long_ago = ports.clock.now() - timedelta(seconds=1)
    async with ports.store.transaction(ACME) as tx:
        item = await tx.row(OutboxItem, message.id)
        assert item is not None
        tx.save(replace(item, leased_until=long_ago, lease="somebody who died"))

    async with listening(ports) as log, Worker(ports, meters).running():
        changed = await the_next(MessageStatusChanged, log)

    assert (changed.message, changed.status) == (message.id, MessageStatus.UNKNOWN)
    assert count(meters, "sends_given_up") == 1


async def test_a_session_that_ends_is_told_within_a_second(meters: Meters) -> None:
    ports = await a_desk()
    async with listening(ports) as log, Worker(ports, meters).running():
        await deliver(ports, "hello")
        thread = (await the_next(MessageAdded, log)).thread
        at = await let_the_session_end(ports, (await ports.reader.by_ids(Thread, ACME, [thread]))[thread])

        while (await the_next(SessionChanged, log)).change is not SessionChange.EXPIRED:
            pass

    assert ports.clock.now() - at < timedelta(seconds=1)


async def test_bytes_that_no_row_names_are_swept_and_counted(meters: Meters) -> None:
    ports = await a_desk()
    files = MemoryMedia()
    orphan = f"{ACME}_019ab000-0000-7000-8000-00000000000a_1"
    files.files[orphan] = b"of a worker that died"
    files.kept_at[orphan] = ports.clock.now() - timedelta(days=4)

    async with Worker(replace(ports, media=files), meters).running():
        async with asyncio.timeout(60):
            while orphan in files.files or not count(meters, "media_swept"):  # noqa: ASYNC110 - nobody tells it
                await asyncio.sleep(0.01)

    assert count(meters, "media_swept") == 1


async def test_a_worker_that_stops_finishes_the_send_it_has_in_hand(meters: Meters) -> None:
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def network(request: httpx.Request) -> httpx.Response:
        asked.set()
        await may_answer.wait()
        return httpx.Response(200, json=ACCEPTED)

    ports = await a_desk(network)
    async with listening(ports) as log:
        worker = Worker(ports, meters)
        async with worker.running():
            await deliver(ports, "hello")
            thread = (await the_next(MessageAdded, log)).thread
            await reply(ports, thread, "hi there")
            async with asyncio.timeout(60):
                await asked.wait()
            worker.stop()
            may_answer.set()

        assert (await the_next(MessageStatusChanged, log)).status is MessageStatus.SENT


async def test_a_worker_that_is_told_to_stop_while_it_looks_for_sends_begins_none(
    meters: Meters, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was begun then was cut off: its message became UNKNOWN."""
    asked: list[httpx.Request] = []
    told = asyncio.Event()

    async def network(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=ACCEPTED)

    async def told_meanwhile(*arguments: Any) -> NextSends:
        turn = await next_sends(*arguments)
        if turn.leaving:
            worker.stop()
            told.set()
        return turn

    monkeypatch.setattr("api.worker.loops.next_sends", told_meanwhile)
    ports = await a_desk(network)
    worker = Worker(ports, meters)
    async with listening(ports) as log, worker.running():
        await deliver(ports, "hello")
        thread = (await the_next(MessageAdded, log)).thread
        message = await reply(ports, thread, "hi there")
        async with asyncio.timeout(60):
            await told.wait()

    assert asked == []
    async with ports.store.transaction(ACME) as tx:
        item = await tx.row(OutboxItem, message.id)
    assert item is not None
    assert item.lease is None


async def test_a_worker_that_stops_while_the_store_is_away_ends_in_its_time_and_what_was_in_hand_is_unknown(
    meters: Meters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.worker.loops.DRAIN_WITHIN_S", 0.2)
    desk = await a_desk()
    store = StoreThatGoes(desk.store)
    sent = 0

    async def network(request: httpx.Request) -> httpx.Response:
        nonlocal sent
        sent += 1
        store.is_away = True
        return httpx.Response(200, json=ACCEPTED)

    ports = replace(desk, store=cast(Store, store), network=memory_ports(network).network)
    async with listening(ports) as log:
        async with Worker(ports, meters).running():
            await deliver(ports, "hello")
            thread = (await the_next(MessageAdded, log)).thread
            message = await reply(ports, thread, "hi there")
            async with asyncio.timeout(60):
                await store.refused.wait()

        store.is_away = False
        async with ports.store.transaction(ACME) as tx:
            item = await tx.row(OutboxItem, message.id)
            assert item is not None
            assert item.leased_until is not None
            tx.save(replace(item, leased_until=ports.clock.now() - timedelta(seconds=1)))
        async with Worker(ports, meters).running():
            changed = await the_next(MessageStatusChanged, log)

    assert (changed.message, changed.status) == (message.id, MessageStatus.UNKNOWN)
    assert sent == 1


async def test_a_worker_that_stops_takes_no_more(meters: Meters) -> None:
    ports = await a_desk()
    async with Worker(ports, meters).running():
        pass

    await deliver(ports, "hello")

    assert await ports.webhook_inbox.counts() == {DeliveryState.WAITING: 1}


# The desk of these tests


async def a_desk(network: Network = nobody_answers, clock: Clock | None = None) -> Ports:
    ports = memory_ports(network, clock=clock or SystemClock())
    channel = await connect(ports, LINE)
    async with ports.store.transaction(ACME) as tx:
        tx.save(replace(channel, connected_at=ports.clock.now() - timedelta(days=1)))
    return ports


async def deliver(ports: Ports, text: str) -> DeliveryId:
    id = DeliveryId(ports.ids.new())
    now = ports.clock.now()
    message = {
        "from": "16505551234",
        "id": f"wamid.{id}",
        "timestamp": str(int(now.timestamp())),
        "type": "text",
        "text": {"body": text},
    }
    value = {"metadata": {"phone_number_id": LINE.number}, "messages": [message]}
    body = {"entry": [{"id": LINE.account, "changes": [{"field": "messages", "value": value}]}]}
    await ports.webhook_inbox.append(Delivery(id, now, json.dumps(body).encode()))
    return id


async def reply(ports: Ports, thread: ThreadId, text: str) -> Message:
    sent = await send_text(ports, ADA, SendText(thread, text))
    assert isinstance(sent, Message), sent
    return sent


async def let_the_session_end(ports: Ports, thread: Thread) -> datetime:
    """As if the contact had written a day ago, less a moment. When it ends."""
    assert thread.session is not None
    at = ports.clock.now() + timedelta(milliseconds=100)
    yesterday = at - timedelta(hours=24)
    session = replace(thread.session, opened_at=yesterday, last_at=yesterday)
    async with ports.store.transaction(ACME) as tx:
        tx.save(replace(thread, session=session, alarm=Alarm(AlarmKind.EXPIRED, at)))
    return at


@asynccontextmanager
async def listening(ports: Ports) -> AsyncGenerator[AsyncIterator[Event], None]:
    """ACME's events from now on."""
    position = (await ports.reader.head(ACME)).position
    async with ports.bus.listen(ACME) as hints:

        async def events() -> AsyncIterator[Event]:
            nonlocal position
            while True:
                logged = await ports.reader.events(ACME, position, 100)
                for each in logged:
                    position = each.position
                    yield each.event
                if not logged:
                    await anext(hints)

        yield events()


async def the_next(kind: type[E], events: AsyncIterator[Event]) -> E:
    async with asyncio.timeout(60):
        async for event in events:
            if isinstance(event, kind):
                return event
    raise AssertionError("the log ended")


async def text_of(ports: Ports, added: MessageAdded) -> str:
    message = (await ports.reader.by_ids(Message, ACME, [added.message]))[added.message]
    assert isinstance(message.content, Text)
    return message.content.body


def count(meters: Meters, name: str, **labels: str) -> float:
    return meters.registry.get_sample_value(f"deskline_{name}_total", labels) or 0.0


class FragileInterpreter:
    """Has a bug that some bodies find."""

    async def updates(self, delivery: Delivery) -> list[Update]:
        if b"poison" in delivery.body:
            raise ZeroDivisionError
        return CloudInterpreter().updates(delivery)


class StoreThatGoes:
    """Begins no transaction while it is away, and says when it refused the first."""

    def __init__(self, behind: Store) -> None:
        self._behind = behind
        self.is_away = False
        self.refused = asyncio.Event()

    def __getattr__(self, name: str) -> object:
        return getattr(self._behind, name)

    def transaction(
        self, organization: OrganizationId, *, background: bool = False
    ) -> AbstractAsyncContextManager[Transaction]:
        if self.is_away:
            self.refused.set()
            raise Unavailable(retry_after_s=0.01)
        return self._behind.transaction(organization, background=background)


class DirectoryAwayAtFirst:
    """Can't answer the first few times."""

    def __init__(self, behind: Directory, times: int) -> None:
        self._behind = behind
        self._times = times

    async def organizations(self) -> list[OrganizationId]:
        return await self._behind.organizations()

    async def find(self, kind: DirectoryEntry, values: Collection[str]) -> list[tuple[str, OrganizationId, str]]:
        if self._times:
            self._times -= 1
            raise Unavailable(retry_after_s=0.01)
        return await self._behind.find(kind, values)
