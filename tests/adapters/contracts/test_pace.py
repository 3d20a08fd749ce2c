"""Sending at the network's limits, over HTTP to the simulator that enforces them, by a clock that both go by."""

from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from adapters.memory import MemoryMedia, MemoryThrottle
from adapters.reading import Beside
from adapters.whatsapp.client import CloudApi, http_client
from adapters.whatsapp.inbound.updates import CloudInterpreter
from adapters.whatsapp.simulator import PersonOptions, Simulator, SimulatorOptions, simulator_app
from adapters.whatsapp.simulator.faults import Fault
from domain.conversations.contents import TemplateMessage, Text
from domain.conversations.messages import Message
from domain.conversations.sessions import Session
from domain.conversations.status import MessageStatus
from domain.ids import ChannelId, MessageId, PhoneNumberId, ThreadId
from domain.outbound.outbox import PERSON_FIRST, TEMPLATE_NEXT
from domain.outbound.pace import PAIR_BURST, PAIR_EVERY
from domain.ports.bundle import Ports
from domain.rows import Row
from domain.use_cases.outbound.leaving.dispatch import dispatch
from domain.use_cases.outbound.leaving.schedule import next_sends
from tests.adapters.contracts.desks import Desk
from tests.builders import (
    ACME,
    HOUR,
    MESSAGE,
    MINUTE,
    NOON,
    TEMPLATE,
    a_channel,
    a_template,
    a_thread,
    an_id,
    an_outbound,
    an_outbox_item,
)
from tests.domain.standins import Passwords, Vault

OURS = ChannelId(an_id(700))
SUPPORT = PhoneNumberId("200000000000001")
WELCOME = TemplateMessage(TEMPLATE, "welcome_back", "en_US", "Welcome back!")


@dataclass(frozen=True, slots=True)
class BusyDesk:
    """A desk whose messages go to the simulator; everybody has written an hour ago."""

    desk: Desk
    sim: Simulator
    ports: Ports

    async def wait_for(self, messages: Iterator[Row]) -> None:
        await self.desk.given(*messages)

    async def until_all_has_left(self, within: timedelta) -> None:
        end = self.desk.clock.now() + within
        while True:
            turn = await next_sends(self.ports, ())
            for each in turn.leaving:
                await dispatch(self.ports, each.organization, each.message)
            now = self.desk.clock.now()
            instants = [at for at in (turn.again_at, await self.ports.store.next_due(now)) if at is not None]
            if not instants and not turn.leaving:
                return
            self.desk.clock.at = max(now, min(instants, default=now))
            assert now <= end, "it takes too long"

    async def statuses(self, ids: range) -> Counter[MessageStatus]:
        messages = await self.desk.reader.by_ids(Message, ACME, [MessageId(an_id(number)) for number in ids])
        return Counter(each.status for each in messages.values())


@asynccontextmanager
async def a_line(desk: Desk) -> AsyncGenerator[BusyDesk]:
    people = tuple(PersonOptions(f"Person {number}", f"1555{number:07d}") for number in range(200))
    sim = Simulator(SimulatorOptions(clock=lambda: desk.clock.now().timestamp(), people=people, auto_deliver=False))
    transport = httpx.ASGITransport(simulator_app(sim))
    token = Vault().seal(ACME, "access_token", "simulator-token")
    await desk.given(
        a_channel(OURS, phone_number_id=SUPPORT, access_token=token),
        a_template(name="welcome_back", parameters=()),
        *(a_thread(to(number), channel=OURS, wa_id=f"1555{number:07d}", session=RECENT) for number in range(200)),
    )
    async with sim.running(), http_client(transport) as graph:
        for person in sim.world.people:
            sim.world.conversation(sim.world.numbers[SUPPORT], person).last_written_at = sim.now() - 3600
        yield BusyDesk(
            desk,
            sim,
            Ports(
                clock=desk.clock,
                ids=desk.ids,
                store=desk.store,
                webhook_inbox=desk.webhook_inbox,
                directory=desk.directory,
                reader=desk.reader,
                bus=desk.bus,
                network=CloudApi("http://sim.example.com", "v26.0", graph, desk.ids),
                interpreter=Beside(CloudInterpreter()),
                vault=Vault(),
                passwords=Passwords(),
                throttle=MemoryThrottle(desk.clock),
                media=MemoryMedia(),
            ),
        )


RECENT = Session(NOON - HOUR, NOON - HOUR, MESSAGE)


def to(person: int) -> ThreadId:
    return ThreadId(an_id(10_000 + person))


def waiting(number: int, person: int, *, reply: bool = False) -> Iterator[Row]:
    message: Message = an_outbound(
        MessageId(an_id(number)),
        thread=to(person),
        channel=OURS,
        content=Text(f"message {number}") if reply else WELCOME,
    )
    at: datetime = NOON + timedelta(microseconds=number)
    yield message
    yield an_outbox_item(
        message.id,
        thread=to(person),
        channel=OURS,
        queued_at=at,
        priority=PERSON_FIRST if reply else TEMPLATE_NEXT,
    )


async def test_many_messages_to_one_and_to_many_all_arrive_and_no_limit_is_hit(desk: Desk) -> None:
    async with a_line(desk) as line:
        await line.wait_for(row for n in range(20_000, 20_060) for row in waiting(n, 0, reply=True))
        await line.wait_for(row for n in range(1, 151) for row in waiting(n, n))

        await line.until_all_has_left(within=5 * MINUTE)

        assert line.sim.limits.refused == 0
        assert await line.statuses(range(1, 151)) == {MessageStatus.SENT: 150}
        assert await line.statuses(range(20_000, 20_060)) == {MessageStatus.SENT: 60}
        to_one = [send.body["text"] for send in line.sim.world.sends if send.kind == "text"]
        assert to_one == [{"preview_url": False, "body": f"message {n}"} for n in range(20_000, 20_060)]
        assert desk.clock.now() - NOON >= (60 - PAIR_BURST) * PAIR_EVERY


async def test_limits_that_others_use_up_delay_and_fail_nothing(desk: Desk) -> None:
    """Another program sends on the same number, and to the same person."""
    async with a_line(desk) as line:
        for _ in range(80):
            line.sim.limits.note(SUPPORT, line.sim.now())
        for _ in range(45):
            line.sim.limits.check("other", "15550000003", line.sim.now())
        line.sim.limits.use_up(SUPPORT, "15550000003", line.sim.now())
        line.sim.faults.add(Fault("error", left=2, to="15550000005", code=80007))
        await line.wait_for(row for n in range(1, 11) for row in waiting(n, n))

        await line.until_all_has_left(within=5 * MINUTE)

        assert line.sim.limits.refused > 0
        assert await line.statuses(range(1, 11)) == {MessageStatus.SENT: 10}
