"""Listeners while the database is away: they wait, and hear every event and no error."""

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from typing import Any

import pytest

from adapters.db.postgres.database import PostgresDatabase
from domain.conversations.messages import Message
from domain.errors import Unavailable
from domain.events import LoggedEvent
from domain.ids import OrganizationId
from domain.ports.bundle import Ports
from domain.ports.reads import K, R, Reader
from schema.engine.values.cursors import Cursors
from schema.execution import Engine
from schema.schema import schema
from tests.adapters.shared_database import SharedDatabase
from tests.api.memory_desk import memory_ports
from tests.peers.proxy import Fault, Proxy, proxy_before
from tests.peers.servers import Postgres
from tests.schema.live.test_hub import INBOX, bodies
from tests.schema.live_desk import SECRET, LiveDesk, Wrapped, listen, with_reader


class CutOff(Wrapped):
    """A reader whose line is cut as soon as it has read of events, until it has missed their messages five times."""

    def __init__(self, reader: Reader, proxy: Proxy) -> None:
        super().__init__(reader)
        self.proxy = proxy
        self.armed = False
        self.missed = 0

    async def events(self, *asked: Any) -> list[LoggedEvent]:
        page = await self.reader.events(*asked)
        if page and self.armed:
            self.armed = False
            self.proxy.fail(Fault.SHUT)
        return page

    async def by_ids(self, kind: type[R], organization: OrganizationId, ids: Collection[K]) -> dict[K, R]:
        try:
            return await self.reader.by_ids(kind, organization, ids)
        except Unavailable:
            self.missed += kind is Message
            if kind is Message and self.missed == 5:
                self.proxy.heal()
            raise


@pytest.fixture
async def proxy(postgres_server: Postgres) -> AsyncIterator[Proxy]:
    async with proxy_before(postgres_server.port) as proxy:
        yield proxy


def ports_at(shared: SharedDatabase, database: PostgresDatabase) -> Ports:
    return replace(
        memory_ports(clock=shared.clock),
        store=database.store,
        webhook_inbox=database.webhook_inbox,
        directory=database.directory,
        reader=database.reader,
        bus=shared.bus,
    )


def a_desk_at(ports: Ports) -> LiveDesk:
    return LiveDesk(ports, Engine(schema, ports, Cursors(SECRET)))


async def test_listeners_hear_every_event_of_an_outage_and_no_error(
    shared_by_us: SharedDatabase, postgres_server: Postgres, proxy: Proxy
) -> None:
    shared = shared_by_us
    through = await shared.process(url=shared.url.replace(f":{postgres_server.port}/", f":{proxy.port}/"))
    reader = CutOff(through.reader, proxy)
    near = a_desk_at(ports_at(shared, shared.opened[0]))
    far = a_desk_at(with_reader(ports_at(shared, through), reader))
    thread, start = await near.a_thread(), await near.cursor(0)
    actor = await near.actor(await near.a_key())
    texts = [f"text {number}" for number in range(20)]

    async with far.engine.running():
        live = await listen(far, actor, INBOX)
        back = await listen(far, actor, INBOX, {"after": start})
        reader.armed = True
        await near.writes(thread, *texts)
        async with asyncio.timeout(60):
            heard = [[await anext(stream) for _ in texts] for stream in (live, back)]
        again = await listen(far, actor, INBOX, {"after": start})
        async with asyncio.timeout(60):
            heard.append([await anext(again) for _ in texts])
        for stream in (live, back, again):
            await stream.aclose()

    assert reader.missed >= 5
    assert [bodies(frames) for frames in heard] == [texts] * 3
