"""An item that fails for ever is put back, later each time, and the next one is done: in each of the worker's turns."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from adapters.memory import MemoryMedia
from api.metrics import Meters
from api.setbacks import LONGEST_PAUSE_S, REMEMBERED, Setbacks
from api.worker import Worker
from domain.channels import Channel
from domain.errors import Unavailable
from domain.ids import ContactId, MediaId, MessageId, OrganizationId, ThreadId
from domain.outbox import RETRIED_FOR
from domain.ports import Ports, Store, Transaction
from domain.sessions import Alarm, AlarmKind
from domain.template_sync import TemplateSync
from domain.updates import PARKED_FOR
from tests.api.memory_desk import Line, connect, memory_ports
from tests.builders import (
    ACME,
    NOON,
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
    """No transaction of one organization ever succeeds."""

    def __init__(self, behind: Store) -> None:
        self._behind = behind

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)

    def transaction(
        self, organization: OrganizationId, *, background: bool = False
    ) -> AbstractAsyncContextManager[Transaction]:
        if organization == FAULTY:
            raise Broken
        return self._behind.transaction(organization, background=background)


class FaultyMedia(MemoryMedia):
    """One file can't be removed."""

    async def remove(self, name: str) -> None:
        if name.startswith(FAULTY):
            raise Broken
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

    async def given(self, rows: Callable[[OrganizationId, Channel, timedelta], list[Any]]) -> None:
        """Rows of both; those of the faulty one are a minute older."""
        for organization, channel in self.channels.items():
            older = MINUTE if organization == FAULTY else timedelta(0)
            async with self.ports.store.transaction(organization) as tx:
                tx.save(*rows(organization, channel, older))

    @property
    def working(self) -> Ports:
        store: Any = FaultyStore(self.ports.store)
        return replace(self.ports, store=store, media=self.media)


@pytest.fixture
async def two() -> Two:
    clock = FixedClock()
    ports = memory_ports(an_answer, clock=clock)
    channels = {
        FAULTY: await connect(ports, Line("222", "902"), FAULTY),
        ACME: await connect(ports, Line("111", "901")),
    }
    return Two(ports, clock, channels, FaultyMedia())


async def worked_until(two: Two, meters: Meters, is_done: Callable[[], Awaitable[bool]], queue: str) -> None:
    """The worker runs until the second is done; the first is put back and told by then."""
    async with Worker(two.working, meters).running(), asyncio.timeout(20):
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


async def test_sweeping(two: Two, meters: Meters) -> None:
    async with two.ports.store.transaction(FAULTY) as tx:
        tx.save(an_organization(FAULTY))
    for organization in (FAULTY, ACME):
        name = f"{organization}_019ab000-0000-7000-8000-00000000000a_1"
        two.media.files[name] = b"of a worker that died"
        two.media.kept_at[name] = NOON - timedelta(days=4)

    await worked_until(two, meters, counted(meters, "media_swept"), "sweeping")

    assert len(two.media.files) == 1


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


async def test_what_is_away_is_asked_again_when_it_said(meters: Meters, clock: list[float]) -> None:
    some = setbacks(meters, clock)

    assert not await some.tried("head", failing(Unavailable(3)))

    clock[0] += 2
    assert some.holds("head")
    clock[0] += 1
    assert not some.holds("head")


async def test_of_more_than_can_be_remembered_the_first_is_tried_again(meters: Meters, clock: list[float]) -> None:
    some = setbacks(meters, clock)
    for number in range(REMEMBERED + 1):
        await some.tried(str(number), failing())

    assert some.free(["0", "1"]) == ["0"]
