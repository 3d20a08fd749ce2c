"""Many who write to one person at once make one thread, wherever the desk is kept."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from adapters.memory import MemoryMedia, MemoryThrottle
from domain.conversations.contents import Filled
from domain.errors import REFUSALS
from domain.ports.bundle import Ports
from domain.ports.reads import PageAsk, ThreadAsk, TicketAsk
from domain.updates import Outcome
from domain.use_cases.inbound.receive import receive
from domain.use_cases.outbound.sending.preflight import Foreseen, preflight
from domain.use_cases.outbound.sending.start import Started, StartThread, start_thread
from tests.adapters.contracts.desks import Desk
from tests.builders import ACME, CHANNEL, CONTACT, NOON, TEMPLATE, a_message_received, a_person, a_template
from tests.domain.one_desk import AGENT
from tests.domain.standins import Interpreter, Network, Passwords, Vault

HELLO = (Filled("body", "1", "Ben"),)
TO_BEN = StartThread(CHANNEL, number="+48600700800", template=TEMPLATE, values=HELLO)
TO_A_BRAZILIAN = replace(TO_BEN, number="+5511987654321")
BY_THE_OLD_NUMBER = replace(TO_BEN, number="+551187654321")
TO_ANA = StartThread(CHANNEL, CONTACT, template=TEMPLATE, values=HELLO)
EVERYTHING = PageAsk(100)


def ports_of(desk: Desk) -> Ports:
    return Ports(
        clock=desk.clock,
        ids=desk.ids,
        store=desk.store,
        webhook_inbox=desk.webhook_inbox,
        directory=desk.directory,
        reader=desk.reader,
        bus=desk.bus,
        network=Network(),
        interpreter=Interpreter(),
        vault=Vault(),
        passwords=Passwords(),
        throttle=MemoryThrottle(desk.clock),
        media=MemoryMedia(),
    )


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param([TO_BEN] * 6, id="a number that never wrote"),
        pytest.param([TO_A_BRAZILIAN, BY_THE_OLD_NUMBER] * 3, id="a number in both its forms"),
        pytest.param([TO_ANA] * 6, id="a contact"),
    ],
)
async def test_many_who_start_with_one_person_at_once_make_one_thread(desk: Desk, asked: Sequence[StartThread]) -> None:
    await desk.given(a_template())
    ports = ports_of(desk)

    answers = await asyncio.gather(*(start_thread(ports, AGENT, each) for each in asked))

    started = [answer for answer in answers if not isinstance(answer, REFUSALS)]
    assert len(started) == len(asked), answers
    assert sorted(each.existing for each in started) == [False, *[True] * (len(asked) - 1)]
    [thread] = (await desk.reader.threads(ACME, ThreadAsk(EVERYTHING), NOON)).rows
    [ticket] = (await desk.reader.tickets(ACME, TicketAsk(EVERYTHING))).rows
    assert {each.thread.id for each in started} == {thread.id}
    assert (thread.ticket, ticket.thread) == (ticket.id, thread.id)
    assert len((await desk.reader.messages(ACME, thread.id, EVERYTHING)).rows) == len(asked)
    period = await desk.reader.period_at(ACME, NOON)
    assert period is not None
    assert period.used == len(asked)


async def test_a_start_is_foreseen_and_then_comes_true(desk: Desk) -> None:
    await desk.given(a_template())
    ports = ports_of(desk)
    keyed = replace(TO_BEN, idempotency_key="once")

    assert await preflight(ports, AGENT, keyed) == Foreseen(takes_unit=True)
    assert await desk.log() == []
    first, again = await start_thread(ports, AGENT, keyed), await start_thread(ports, AGENT, keyed)

    assert isinstance(first, Started)
    assert isinstance(again, Started)
    assert (again.thread.id, again.existing, again.message) == (first.thread.id, False, first.message)
    assert await preflight(ports, AGENT, keyed) == Foreseen()
    assert await preflight(ports, AGENT, TO_BEN) == Foreseen(takes_unit=True)


@pytest.mark.parametrize("wa_id", ["48600700800", "5511987654321"])
async def test_who_writes_in_the_moment_they_are_written_to_has_one_thread(desk: Desk, wa_id: str) -> None:
    await desk.given(a_template())
    ports = ports_of(desk)
    asked = replace(TO_BEN, number=f"+{wa_id}")
    hello = a_message_received(person=a_person(wa_id))

    started, received = await asyncio.gather(start_thread(ports, AGENT, asked), receive(ports, ACME, [hello]))

    assert isinstance(started, Started)
    assert [each.outcome for each in received] == [Outcome.APPLIED]
    [thread] = (await desk.reader.threads(ACME, ThreadAsk(EVERYTHING), NOON)).rows
    [ticket] = (await desk.reader.tickets(ACME, TicketAsk(EVERYTHING))).rows
    assert (started.thread.id, ticket.id) == (thread.id, thread.ticket)
    assert len((await desk.reader.messages(ACME, thread.id, EVERYTHING)).rows) == 2
