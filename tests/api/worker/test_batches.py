"""A thousand messages in one webhook body: one that breaks the code spoils itself only, and a crash loses none."""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from adapters.whatsapp.inbound.updates import CloudInterpreter
from api.http.webhooks import PATH
from api.metrics import Meters
from api.worker.interpreting import Interpreting
from domain.claims import CLAIMED_FOR
from domain.conversations.contents import Text, Unsupported
from domain.conversations.messages import Message
from domain.events import MessageAdded
from domain.ids import OrganizationId
from domain.ports.bundle import Ports
from domain.ports.deliveries import Delivery, DeliveryState
from domain.ports.reads import PageAsk, ThreadAsk
from domain.ports.store import Store, Transaction
from domain.updates import IncomingMedia, MessageReceived, Update
from tests.api.http.test_webhooks import OURS, client_of, signed
from tests.api.memory_desk import connect, memory_ports
from tests.builders import ACME, NOON, FixedClock

SENDERS = 10
EVERYTHING = PageAsk(1_000_000)


class Poisoned:
    """The network's interpreter, but for the middle message, over which the code stumbles wherever it looks at it."""

    async def updates(self, delivery: Delivery) -> list[Update]:
        updates = CloudInterpreter().updates(delivery)
        middle = len(updates) // 2
        update = updates[middle]
        assert isinstance(update, MessageReceived)
        updates[middle] = replace(update, content=IncomingMedia.__new__(IncomingMedia))
        return updates


class Crash(BaseException):
    """The process ends here."""


class Dying:
    """A store under which the process ends in its `turn`th transaction, before that is committed or right after."""

    def __init__(self, behind: Store, turn: int, *, committed: bool) -> None:
        self._behind = behind
        self._left = turn
        self._committed = committed
        self.pause = behind.pause
        self.lost_sends = behind.lost_sends
        self.due_alarms = behind.due_alarms
        self.due_parked = behind.due_parked
        self.due_media = behind.due_media
        self.next_due = behind.next_due

    @asynccontextmanager
    async def transaction(
        self, organization: OrganizationId, *, background: bool = False
    ) -> AsyncGenerator[Transaction, None]:
        self._left -= 1
        async with self._behind.transaction(organization, background=background) as tx:
            yield tx
            if self._left == 0 and not self._committed:
                raise Crash
        if self._left == 0:
            raise Crash


def a_body(count: int) -> bytes:
    metadata = {"display_phone_number": "15550783881", "phone_number_id": OURS.number}
    messages = [
        {
            "from": str(15550100000 + number % SENDERS),
            "id": f"wamid.{number}",
            "timestamp": str(int(NOON.timestamp()) - count + number),
            "type": "text",
            "text": {"body": f"text {number}"},
        }
        for number in range(count)
    ]
    value = {"messaging_product": "whatsapp", "metadata": metadata, "messages": messages}
    return json.dumps({"entry": [{"id": OURS.account, "changes": [{"field": "messages", "value": value}]}]}).encode()


async def a_desk_with(body: bytes) -> Ports:
    """A desk to which a body came in by HTTP."""
    ports = replace(memory_ports(), interpreter=Poisoned())
    channel = await connect(ports, OURS)
    async with ports.store.transaction(ACME) as tx:
        tx.save(replace(channel, connected_at=None))
    async with client_of(ports, Meters()) as meta:
        answer = await meta.post(PATH, content=body, headers=signed(body))
    assert answer.status_code == 200
    return ports


async def shown(ports: Ports) -> list[Message]:
    """All messages of the inbox, in the order in which they were written."""
    threads = (await ports.reader.threads(ACME, ThreadAsk(EVERYTHING), NOON)).rows
    assert len(threads) == SENDERS
    pages = [(await ports.reader.messages(ACME, thread.id, EVERYTHING)).rows for thread in threads]
    return sorted((message for page in pages for message in page), key=lambda message: message.at)


def assert_all_arrived(messages: Sequence[Message], count: int) -> None:
    middle = count // 2
    written = [f"text {number}" for number in range(count) if number != middle]
    assert [message.content.body for message in messages if isinstance(message.content, Text)] == written
    assert [message.wamid for message in messages] == [f"wamid.{number}" for number in range(count)]
    assert messages[middle].content == Unsupported("unreadable", "This message could not be read.")


async def test_of_a_thousand_messages_with_a_poisoned_one_in_the_middle_999_arrive() -> None:
    ports = await a_desk_with(a_body(1_000))
    [delivery] = await ports.webhook_inbox.waiting(10)

    done = await Interpreting(ports).turn(64)

    assert [(failure.delivery, failure.index) for failure in done.failures] == [(delivery.id, 500)]
    assert_all_arrived(await shown(ports), 1_000)
    assert await ports.webhook_inbox.counts() == {DeliveryState.INTERPRETED: 1}


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize(
    "turn",
    [
        pytest.param(1, id="in the first batch"),
        pytest.param(5, id="among those of the spoiled batch, one at a time"),
        pytest.param(15, id="with what stands for the poison"),
        pytest.param(67, id="in the last batch"),
    ],
)
async def test_a_crash_at_any_place_of_it_loses_none_and_doubles_none(turn: int, committed: bool) -> None:
    ports = await a_desk_with(a_body(150))
    dying = replace(ports, store=Dying(ports.store, turn, committed=committed))
    with pytest.raises(Crash):
        await Interpreting(dying).turn(64)

    assert isinstance(ports.clock, FixedClock)
    ports.clock.advance(CLAIMED_FOR)
    await Interpreting(ports).turn(64)

    assert_all_arrived(await shown(ports), 150)
    assert await ports.webhook_inbox.counts() == {DeliveryState.INTERPRETED: 1}
    events = await ports.reader.events(ACME, 0, 1_000_000)
    assert sum(isinstance(logged.event, MessageAdded) for logged in events) == 150
