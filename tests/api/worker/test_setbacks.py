"""An item that fails for ever is put back, later each time, and the next one is done: in each of the worker's turns."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from adapters.memory import MemoryMedia
from api.metrics import Meters
from api.worker.loops import Worker
from api.worker.setbacks import LONGEST_PAUSE_S, REMEMBERED, Setbacks
from domain.channels.channels import Channel
from domain.channels.template_sync import TemplateSync
from domain.contacts import Person
from domain.conversations.sessions import Alarm, AlarmKind
from domain.errors import Unavailable
from domain.ids import ContactId, DeliveryId, MediaId, MessageId, OrganizationId, ThreadId, Wamid
from domain.outbound.outbox import RETRIED_FOR
from domain.ports.bundle import Ports
from domain.ports.store import Store, Transaction
from domain.updates import PARKED_FOR, DeletionReceived, UpdateKey
from tests.api.memory_desk import BusinessNumber, connect, memory_ports
from tests.builders import (
    ACME,
    NOON,
    WAMID,
    FixedClock,
    a_contact,
    a_media,
    a_parked,
    a_session,
    a_thread,
    an_organization,
    an_outbound,
    an_outbox_item,
)

FAULTY = OrganizationId("a-faulty-one")  # sorts before ACME, and what it has is due first
MINUTE = timedelta(minutes=1)
ACCEPTED = {"messaging_product": "whatsapp", "contacts": [], "messages": [{"id": "wamid.out"}]}


class Broken(Exception):
    """What nobody expected."""


class FaultyStore:
    """No transaction of some organizations ever succeeds; it counts them."""

    def __init__(self, behind: Store, fault: Exception, of: Collection[OrganizationId]) -> None:
        self._behind = behind
        self._fault = fault
        self._of = of
        self.refused: list[OrganizationId] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)

    def transaction(
        self, organization: OrganizationId, *, background: bool = False
    ) -> AbstractAsyncContextManager[Transaction]:
        if organization in self._of:
            self.refused.append(organization)
            raise self._fault
        return self._behind.transaction(organization, background=background)


class FaultyMedia(MemoryMedia):
    """One file can't be removed."""

    fault: Exception

    async def remove(self, name: str) -> None:
        if name.startswith(FAULTY):
            raise self.fault
        await super().remove(name)


def an_answer(request: httpx.Request) -> httpx.Response:
    if request.url.path.endswith("/message_templates"):
        return httpx.Response(200, json={"data": []})
    return httpx.Response(200, json=ACCEPTED)


@dataclass(frozen=True, slots=True)
class Two:
    """A desk with two organizations, one of which fails whatever is done for it."""

    ports: Ports
    clock: FixedClock
    channels: dict[OrganizationId, Channel]
    media: FaultyMedia
    fault: Exception

    async def given(self, rows: Callable[[OrganizationId, Channel, timedelta], list[Any]]) -> None:
        """Rows of both; those of the faulty one are a minute older."""
        for organization, channel in self.channels.items():
            older = MINUTE if organization == FAULTY else timedelta(0)
            async with self.ports.store.transaction(organization) as tx:
                tx.save(*rows(organization, channel, older))

    @property
    def working(self) -> Ports:
        store: Any = FaultyStore(self.ports.store, self.fault, {FAULTY})
        return replace(self.ports, store=store, media=self.media)


@pytest.fixture(params=[Broken(), Unavailable(60.0)], ids=["broken", "away"])
async def two(request: pytest.FixtureRequest) -> Two:
    clock = FixedClock()
    ports = memory_ports(an_answer, clock=clock)
    channels = {
        FAULTY: await connect(ports, BusinessNumber("222", "902"), FAULTY),
        ACME: await connect(ports, BusinessNumber("111", "901")),
    }
    media = FaultyMedia()
    media.fault = request.param
    return Two(ports, clock, channels, media, request.param)


async def worked_until(two: Two, meters: Meters, is_done: Callable[[], Awaitable[bool]], queue: str) -> None:
    """The worker runs until the second is done; the first is put back and told by then."""
    async with Worker(two.working, meters).running(), asyncio.timeout(60):
        while not await is_done() or not meters.registry.get_sample_value("deskline_put_back", {"queue": queue}):  # noqa: ASYNC110 - nobody tells it
            await asyncio.sleep(0.01)


def counted(meters: Meters, name: str, at_least: int = 1) -> Callable[[], Awaitable[bool]]:
    async def is_done() -> bool:
        return (meters.registry.get_sample_value(f"deskline_{name}_total") or 0) >= at_least

    return is_done


def a_queued(organization: OrganizationId, channel: Channel, older: timedelta, **item: Any) -> list[Any]:
    thread, message = ThreadId(f"thread-of-{organization}"), MessageId(f"message-of-{organization}")
    contact = a_contact(ContactId(f"contact-of-{organization}"), organization=organization)
    session = a_session(NOON - MINUTE)
    return [
        contact,
        replace(a_thread(thread, organization=organization, channel=channel.id, session=session), contact=contact.id),
        an_outbound(message, organization=organization, thread=thread, channel=channel.id),
        replace(
            an_outbox_item(
                message, organization=organization, thread=thread, channel=channel.id, queued_at=NOON - older
            ),
            **{name: at - older if isinstance(at, datetime) else at for name, at in item.items()},
        ),
    ]


@pytest.fixture
def meters() -> Meters:
    return Meters()


async def test_dispatch(two: Two, meters: Meters) -> None:
    await two.given(a_queued)

    await worked_until(two, meters, counted(meters, "sends_dispatched"), "dispatch")


async def test_lost_sends(two: Two, meters: Meters) -> None:
    def lost(organization: OrganizationId, channel: Channel, older: timedelta) -> list[Any]:
        return a_queued(organization, channel, older, leased_until=NOON, lease="somebody who died")

    await two.given(lost)

    await worked_until(two, meters, counted(meters, "sends_given_up"), "lost sends")


async def test_old_sends(two: Two, meters: Meters) -> None:
    """Far from due, so that nothing but their age makes them leave."""

    def old(organization: OrganizationId, channel: Channel, older: timedelta) -> list[Any]:
        at = {"queued_at": NOON - RETRIED_FOR - MINUTE, "due_at": NOON + timedelta(minutes=30)}
        return a_queued(organization, channel, older, **at)

    await two.given(old)

    async def is_done() -> bool:
        due = await two.ports.store.old_sends(NOON, 10)
        return [organization for organization, _ in due] == [FAULTY]

    two.clock.advance(timedelta(minutes=40))
    await worked_until(two, meters, is_done, "old sends")


async def test_alarms(two: Two, meters: Meters) -> None:
    def ringing(organization: OrganizationId, channel: Channel, older: timedelta) -> list[Any]:
        contact, thread, *_ = a_queued(organization, channel, older)
        return [contact, replace(thread, alarm=Alarm(AlarmKind.EXPIRED, NOON - older))]

    await two.given(ringing)

    await worked_until(two, meters, counted(meters, "session_alarms"), "alarms")


async def test_templates(two: Two, meters: Meters) -> None:
    await two.given(
        lambda organization, channel, older: [TemplateSync(organization, channel.account, two.clock.now() - older)]
    )

    await worked_until(two, meters, counted(meters, "template_syncs"), "templates")


async def test_fetch(two: Two, meters: Meters) -> None:
    await two.given(
        lambda organization, channel, older: [
            a_media(
                MediaId(f"media-of-{organization}"),
                organization=organization,
                channel=channel.id,
                due_at=NOON - older,
            )
        ]
    )

    async def is_done() -> bool:
        steps = meters.registry.get_sample_value("deskline_media_steps_total", {"step": "FETCH"})
        return bool(steps)

    await worked_until(two, meters, is_done, "fetch")


async def test_clearing(two: Two, meters: Meters) -> None:
    await two.given(
        lambda organization, _, older: [
            a_parked(f"parked-of-{organization}", organization=organization, parked_at=NOON - PARKED_FOR - MINUTE)
        ]
    )

    async def is_done() -> bool:
        async with two.ports.store.transaction(ACME) as tx:
            return not await tx.parked_before(NOON, 10)

    await worked_until(two, meters, is_done, "clearing")


async def test_unmatched(two: Two, meters: Meters) -> None:
    def taken_back(organization: OrganizationId, channel: Channel, older: timedelta) -> list[Any]:
        number = channel.phone_number_id
        place = UpdateKey(DeliveryId("d"), 0, NOON, number, channel.account)
        update = DeletionReceived(place, Person(wa_id="15550102001"), Wamid("wamid.1"), NOON, WAMID, "{}")
        parked = a_parked(f"parked-of-{organization}", organization=organization, number=number, due_at=NOON - older)
        return [replace(parked, update=update)]

    await two.given(taken_back)

    async def is_done() -> bool:
        due = await two.ports.store.due_parked(NOON, 10)
        return [each.organization for each in due] == [FAULTY]

    await worked_until(two, meters, is_done, "unmatched")


async def test_time_back(two: Two, meters: Meters) -> None:
    """Sessions that are open and were told to have ended."""

    def rung_away(organization: OrganizationId, channel: Channel, older: timedelta) -> list[Any]:
        contact, thread, *_ = a_queued(organization, channel, older)
        return [contact, thread]

    await two.given(rung_away)

    async def is_done() -> bool:
        return [organization for organization, _ in await two.ports.store.rung_away(NOON, 10)] == [FAULTY]

    await worked_until(two, meters, is_done, "time back")


async def test_sweeping(two: Two, meters: Meters) -> None:
    async with two.ports.store.transaction(FAULTY) as tx:
        tx.save(an_organization(FAULTY))
    for organization in (FAULTY, ACME):
        name = f"{organization}_019ab000-0000-7000-8000-00000000000a_1"
        two.media.files[name] = b"of a worker that died"
        two.media.kept_at[name] = NOON - timedelta(days=4)

    await worked_until(two, meters, counted(meters, "media_swept"), "sweeping")

    assert len(two.media.files) == 1


# Where the store is away


async def with_alarms(clock: FixedClock, organizations: Sequence[OrganizationId], each: int) -> Ports:
    """Those of the first are due first."""
    ports = memory_ports(an_answer, clock=clock)
    for number, organization in enumerate(organizations):
        channel = await connect(ports, BusinessNumber(f"{number}1", f"{number}2"), organization)
        at = clock.now() - MINUTE * (len(organizations) - number)
        async with ports.store.transaction(organization) as tx:
            for nth in range(each):
                contact = a_contact(ContactId(f"contact-{number}-{nth}"), organization=organization)
                thread = a_thread(
                    ThreadId(f"thread-{number}-{nth}"),
                    organization=organization,
                    channel=channel.id,
                    session=a_session(NOON - MINUTE),
                )
                tx.save(contact, replace(thread, contact=contact.id, alarm=Alarm(AlarmKind.EXPIRED, at)))
    return ports


async def told(meters: Meters, queue: str) -> None:
    """That something was put back or that a turn failed."""
    async with asyncio.timeout(60):
        while not meters.registry.get_sample_value("deskline_worker_faults_total", {"loop": queue}):  # noqa: ASYNC110 - nobody tells it
            await asyncio.sleep(0.01)


async def test_what_is_away_is_asked_for_once_and_not_for_every_item_again(meters: Meters) -> None:
    ports = await with_alarms(FixedClock(), [ACME], 30)
    store: Any = FaultyStore(ports.store, Unavailable(60.0), {ACME})

    async with Worker(replace(ports, store=store), meters).running():
        await told(meters, "alarms")

    assert len(store.refused) <= 2  # once for the alarms, and once for what is cleared
    assert meters.registry.get_sample_value("deskline_put_back", {"queue": "alarms"}) == 30


async def test_a_turn_ends_where_the_second_organization_finds_it_away_too(meters: Meters) -> None:
    some = [OrganizationId(name) for name in ("one", "two", "three", "four")]
    ports = await with_alarms(FixedClock(), some, 2)
    store: Any = FaultyStore(ports.store, Unavailable(60.0), some)

    async with Worker(replace(ports, store=store), meters).running():
        await told(meters, "alarms")

    assert meters.registry.get_sample_value("deskline_put_back", {"queue": "alarms"}) == 4


# What it does


@pytest.fixture
def clock() -> list[float]:
    return [100.0]


def setbacks(meters: Meters, clock: list[float]) -> Setbacks[str]:
    return Setbacks("queue", meters, lambda: clock[0])


async def failing(error: Exception | None = None) -> None:
    raise error or Broken


async def nothing() -> None:
    pass


async def test_each_time_it_waits_twice_as_long_up_to_ten_minutes(meters: Meters, clock: list[float]) -> None:
    some = setbacks(meters, clock)
    waited: list[float] = []
    for _ in range(12):
        assert not await some.tried("head", failing())
        began = clock[0]
        while some.free(["head", "second"]) == ["second"]:
            clock[0] += 1
        waited.append(clock[0] - began)

    assert waited[:5] == [1, 2, 4, 8, 16]
    assert waited[-1] == LONGEST_PAUSE_S


async def test_one_that_was_done_at_last_begins_anew(meters: Meters, clock: list[float]) -> None:
    some = setbacks(meters, clock)
    for _ in range(5):
        await some.tried("head", failing())
    assert some.wanted(10) == 11

    assert await some.tried("head", nothing())

    assert (some.wanted(10), some.held()) == (10, set())
    await some.tried("head", failing())
    clock[0] += 1
    assert some.free(["head"]) == ["head"]


async def test_what_is_away_is_asked_again_when_it_said_however_often(meters: Meters, clock: list[float]) -> None:
    some = setbacks(meters, clock)
    await some.tried("head", failing())

    for _ in range(5):
        assert not await some.tried("head", failing(Unavailable(3)))
        clock[0] += 2
        assert some.holds("head")
        clock[0] += 1
        assert not some.holds("head")

    await some.tried("head", failing())  # the second failure
    clock[0] += 1
    assert some.holds("head")
    clock[0] += 1
    assert not some.holds("head")


async def test_what_was_put_back_comes_after_what_never_was(meters: Meters, clock: list[float]) -> None:
    some = setbacks(meters, clock)
    for item in ("b", "a"):
        await some.tried(item, failing(Unavailable(1)))
    clock[0] += 1

    assert some.free(["a", "b", "c", "d"]) == ["c", "d", "b", "a"]


async def test_what_came_no_more_is_forgotten(meters: Meters, clock: list[float]) -> None:
    some = setbacks(meters, clock)
    await some.tried("done by another process", failing())

    clock[0] += LONGEST_PAUSE_S
    assert some.wanted(10) == 11
    clock[0] += 2
    assert some.wanted(10) == 10
    assert meters.registry.get_sample_value("deskline_put_back", {"queue": "queue"}) == 0


async def test_of_items_that_fail_together_each_is_tried_by_itself(meters: Meters, clock: list[float]) -> None:
    some = setbacks(meters, clock)

    async def work(items: Sequence[str]) -> None:
        if "bad" in items:
            raise Broken

    assert await some.turn().tried_together(ACME, ["good", "bad", "other"], work) == 2
    assert some.held() == {"bad"}


async def test_of_items_one_of_which_finds_it_away_the_rest_of_the_owner_is_put_back_untried(
    meters: Meters, clock: list[float]
) -> None:
    some = setbacks(meters, clock)
    tried: list[str] = []

    def work(item: str, error: Exception | None = None) -> Callable[[], Awaitable[None]]:
        async def carry_out() -> None:
            tried.append(item)
            await (failing(error) if error else nothing())

        return carry_out

    turn = some.turn()
    assert not await turn.tried("one", "1a", work("1a", Unavailable(3)))
    assert not await turn.tried("one", "1b", work("1b"))
    assert await turn.tried("two", "2a", work("2a"))
    assert not await turn.tried("three", "3a", work("3a", Unavailable(3)))  # the second, but not in a row
    with pytest.raises(Unavailable):
        await turn.tried("four", "4a", work("4a", Unavailable(3)))

    assert tried == ["1a", "2a", "3a", "4a"]
    assert some.held() == {"1a", "1b", "3a", "4a"}


async def test_of_more_than_can_be_remembered_the_first_is_tried_again(meters: Meters, clock: list[float]) -> None:
    some = setbacks(meters, clock)
    for number in range(REMEMBERED + 1):
        await some.tried(str(number), failing())

    assert some.free(["0", "1"]) == ["0"]
