"""What an operator reads of what was committed: numbers that change, and how messages fare."""

import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.db.database import Database, open_database
from adapters.memory import MemoryBus
from api.hearing import Hearing
from api.logs import set_up_logs
from api.metrics import Meters
from domain.channels import ChannelState, Problem, ProblemCode
from domain.events import ChannelChanged, MessageStatusChanged
from domain.messages import MessageStatus
from tests.builders import ACME, CHANNEL, MESSAGE, NOON, NUMBER, THREAD, CountingIds, FixedClock, a_channel
from tests.builders import an_organization as acme


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database]:
    database = await open_database(f"sqlite:///{tmp_path / 'desk.db'}", FixedClock(), CountingIds(), MemoryBus())
    await database.migrate()
    await database.start()
    async with database.store.transaction(ACME) as tx:
        tx.save(acme(), a_channel())
    yield database
    await database.close()


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


async def test_a_number_that_can_send_no_more_is_a_warning_and_one_that_can_again_is_not(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs("json")
    database.tell(Hearing(Meters()))
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
    database.tell(Hearing(Meters()))

    async with database.store.transaction(ACME) as tx:
        tx.save(replace(a_channel(), last_inbound_at=NOON))

    assert told(capsys) == []


async def test_what_was_rolled_back_is_not_told(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("json")
    database.tell(Hearing(Meters()))

    with suppress(ZeroDivisionError):
        async with database.store.transaction(ACME) as tx:
            tx.save(a_channel(state=ChannelState.DEGRADED))
            tx.record(ChannelChanged(CHANNEL))
            raise ZeroDivisionError

    assert told(capsys) == []


async def test_what_messages_came_to_is_counted(database: Database) -> None:
    meters = Meters()
    database.tell(Hearing(meters))

    async with database.store.transaction(ACME) as tx:
        for status in (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.SENT):
            tx.record(MessageStatusChanged(THREAD, MESSAGE, status))

    value = meters.registry.get_sample_value
    assert value("deskline_message_statuses_total", {"status": "SENT"}) == 2
    assert value("deskline_message_statuses_total", {"status": "DELIVERED"}) == 1
