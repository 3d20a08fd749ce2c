"""What an operator reads of what was committed: numbers that change, and how messages fare."""

import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.db.database import Database, open_database
from adapters.memory import MemoryBus
from api.hearing import Hearing
from api.logs import set_up_logs
from api.metrics import Meters
from domain.channels.channels import ChannelState, Problem, ProblemCode
from domain.conversations.status import MessageStatus
from domain.events import ChannelChanged, MessageAdded, MessageStatusChanged, QuotaChanged
from tests.builders import (
    ACME,
    CHANNEL,
    MESSAGE,
    NOON,
    NUMBER,
    OUR_MESSAGE,
    THREAD,
    CountingIds,
    FixedClock,
    a_channel,
    a_contact,
    a_period,
    a_thread,
    an_inbound,
    an_organization,
    an_outbound,
    an_outbox_item,
)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database]:
    database = await open_database(f"sqlite:///{tmp_path / 'desk.db'}", FixedClock(), CountingIds(), MemoryBus())
    await database.migrate()
    await database.start()
    async with database.store.transaction(ACME) as tx:
        tx.save(an_organization(), a_channel())
    yield database
    await database.close()


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


async def test_a_number_that_can_send_no_more_is_a_warning_and_one_that_can_again_is_not(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs("json")
    database.tell(Hearing(Meters(), FixedClock()))
    problem = Problem(ProblemCode.TOKEN_INVALID, "Its token is dead.", "Give it a new one.", NOON)

    for channel in (replace(a_channel(state=ChannelState.DEGRADED), problems=(problem,)), a_channel()):
        async with database.store.transaction(ACME) as tx:
            tx.save(channel)
            tx.record(ChannelChanged(CHANNEL))

    worse, better = told(capsys)
    named = {"event": "a number changed", "organization": ACME, "channel": CHANNEL, "number_id": NUMBER}
    assert named.items() <= worse.items()
    assert (worse["level"], worse["state"], worse["problems"]) == ("warning", "DEGRADED", "TOKEN_INVALID")
    assert (better["level"], better["state"], better["problems"]) == ("info", "CONNECTED", None)


async def test_a_number_that_was_only_written_again_is_no_news(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs("json")
    database.tell(Hearing(Meters(), FixedClock()))

    async with database.store.transaction(ACME) as tx:
        tx.save(replace(a_channel(), last_inbound_at=NOON))

    assert told(capsys) == []


async def test_a_month_that_runs_out_is_a_warning_with_its_figures_and_a_count(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs("json")
    meters = Meters()
    database.tell(Hearing(meters, FixedClock()))

    for used, warning in ((799, None), (800, 80), (801, None)):
        async with database.store.transaction(ACME) as tx:
            tx.save(a_period(used=used))
            tx.record(QuotaChanged(warning))

    [line] = told(capsys)
    assert (line["level"], line["event"]) == ("warning", "the month's conversations run out")
    assert (line["organization"], line["per_cent"], line["used"]) == (ACME, 80, 800)
    assert line["resets_at"] == "2026-12-01T00:00:00+00:00"
    value = meters.registry.get_sample_value
    assert value("deskline_quota_warnings_total", {"per_cent": "80"}) == 1
    assert value("deskline_quota_warnings_total", {"per_cent": "100"}) is None


async def test_what_was_rolled_back_is_not_told(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("json")
    database.tell(Hearing(Meters(), FixedClock()))

    with suppress(ZeroDivisionError):
        async with database.store.transaction(ACME) as tx:
            tx.save(a_channel(state=ChannelState.DEGRADED))
            tx.record(ChannelChanged(CHANNEL))
            raise ZeroDivisionError

    assert told(capsys) == []


async def test_what_messages_came_to_is_counted(database: Database) -> None:
    meters = Meters()
    database.tell(Hearing(meters, FixedClock()))

    async with database.store.transaction(ACME) as tx:
        for status in (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.SENT):
            tx.record(MessageStatusChanged(THREAD, MESSAGE, status))

    value = meters.registry.get_sample_value
    assert value("deskline_message_statuses_total", {"status": "SENT"}) == 2
    assert value("deskline_message_statuses_total", {"status": "DELIVERED"}) == 1


async def test_how_long_messages_took_both_ways_is_measured(database: Database) -> None:
    meters, clock = Meters(), FixedClock()
    database.tell(Hearing(meters, clock))
    queued = an_outbox_item()
    async with database.store.transaction(ACME) as tx:
        tx.save(a_contact(), a_thread(), an_inbound(), an_outbound(), queued)
        tx.record(MessageAdded(THREAD, MESSAGE), MessageAdded(THREAD, OUR_MESSAGE))

    clock.advance(timedelta(seconds=3))
    async with database.store.transaction(ACME) as tx:
        tx.remove(queued)
        tx.record(MessageStatusChanged(THREAD, OUR_MESSAGE, MessageStatus.SENT))

    value = meters.registry.get_sample_value
    assert (value("deskline_message_receive_seconds_count"), value("deskline_message_receive_seconds_sum")) == (1, 0)
    assert (value("deskline_message_send_seconds_count"), value("deskline_message_send_seconds_sum")) == (1, 3)
