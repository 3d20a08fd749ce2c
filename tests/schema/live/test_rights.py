"""What was taken away stops: connections are told of revoked keys and changed roles within a second."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field, replace

import pytest
from structlog.testing import capture_logs

from domain.errors import Unavailable
from domain.ids import OrganizationId, UserId
from domain.people.actors import Actor, Role
from domain.people.organizations import ApiKey, User
from domain.ports.reads import K, R
from schema.live.rights import Watch
from tests.api.memory_desk import memory_ports
from tests.schema.live_desk import LiveDesk, Wrapped, a_live_desk, with_reader


@dataclass(eq=False)
class Open:
    """A connection that notes what it is told."""

    actor: Actor
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    revoked: asyncio.Event = field(default_factory=asyncio.Event)

    def act_as(self, actor: Actor) -> None:
        self.actor = actor
        self.changed.set()

    def revoke(self) -> None:
        self.revoked.set()


async def within_a_second(event: asyncio.Event) -> bool:
    try:
        return await asyncio.wait_for(event.wait(), 1.0)
    except TimeoutError:
        return False


@pytest.mark.parametrize("kind", ["key", "token"])
async def test_a_revoked_key_or_an_ended_sign_in_ends_its_connections_and_no_others(kind: str) -> None:
    desk = await a_live_desk()
    secret, other = (
        (await desk.a_key(), await desk.a_key()) if kind == "key" else (await desk.a_token(), await desk.a_token())
    )
    mine, theirs = Open(await desk.actor(secret)), Open(await desk.actor(other))
    watch = Watch(desk.ports)
    watch.add(mine)
    watch.add(theirs)

    async with watch.running():
        await desk.revoke(secret)

        assert await within_a_second(mine.revoked)
        assert not theirs.revoked.is_set()


async def test_a_user_who_is_switched_off_loses_every_connection() -> None:
    desk = await a_live_desk()
    connection = Open(await desk.actor(await desk.a_token()))
    watch = Watch(desk.ports)
    watch.add(connection)

    async with watch.running():
        await change_user(desk, connection.actor, active=False)

        assert await within_a_second(connection.revoked)


async def test_a_changed_role_reaches_open_connections() -> None:
    desk = await a_live_desk()
    connection = Open(await desk.actor(await desk.a_token(Role.ADMIN)))
    watch = Watch(desk.ports)
    watch.add(connection)

    async with watch.running():
        await change_user(desk, connection.actor, role=Role.READER)

        assert await within_a_second(connection.changed)
        assert connection.actor.role is Role.READER


async def change_user(desk: LiveDesk, actor: Actor, *, role: Role | None = None, active: bool = True) -> None:
    async with desk.ports.store.transaction(desk.organization) as tx:
        user = await tx.row(User, UserId(actor.key.removeprefix("user:")))
        assert user is not None
        tx.save(replace(user, role=role or user.role, active=active))


class Broken(Wrapped):
    failures: list[Exception]

    async def by_ids(self, kind: type[R], organization: OrganizationId, ids: Collection[K]) -> dict[K, R]:
        if kind is ApiKey and self.failures:
            raise self.failures.pop()
        return await self.reader.by_ids(kind, organization, ids)


@pytest.mark.parametrize("failure", [Unavailable(), RuntimeError("a bug")])
async def test_a_look_that_failed_is_not_the_last(failure: Exception) -> None:
    ports = memory_ports()
    desk = await a_live_desk(ports)
    broken = Broken(ports.reader)
    broken.failures = [failure]
    secret = await desk.a_key()
    connection = Open(await desk.actor(secret))
    watch = Watch(with_reader(ports, broken), every_s=0.02)
    watch.add(connection)

    with capture_logs():
        async with watch.running():
            await desk.revoke(secret)

            assert await within_a_second(connection.revoked)
    assert not broken.failures


async def test_connections_of_one_key_are_counted() -> None:
    desk = await a_live_desk()
    first, second = await desk.actor(await desk.a_key()), await desk.actor(await desk.a_key())
    watch = Watch(desk.ports)
    gone = Open(first)
    for connection in (gone, Open(first), Open(second)):
        watch.add(connection)
    watch.discard(gone)

    assert watch.of(first) == 1
