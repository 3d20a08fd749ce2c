"""A desk in memory with an engine over the real schema, for tests of the door and the hub."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import cast

from domain.conversations.status import MessageStatus
from domain.conversations.threads import Thread
from domain.events import Event, MessageAdded, MessageStatusChanged
from domain.ids import ApiKeyId, ContactId, MessageId, OrganizationId, SignInId, ThreadId, UserId, Wamid
from domain.people.actors import Actor, Role, Scope
from domain.people.organizations import ApiKey, SignIn
from domain.ports.bundle import Ports
from domain.ports.directory import DirectoryEntry
from domain.ports.reads import Head, Reader
from domain.use_cases.people.access import authenticate, secret_hash
from schema.engine.answers import Answer
from schema.engine.documents import Compiled
from schema.engine.values.cursors import Cursors
from schema.execution import Engine, GraphQLRequest
from schema.live.frames import Frame
from schema.live.streams import Stream
from schema.schema import schema
from tests.api.memory_desk import memory_ports
from tests.builders import (
    ACME,
    CHANNEL,
    a_channel,
    a_contact,
    a_sign_in,
    a_thread,
    a_user,
    an_api_key,
    an_inbound,
    an_organization,
)

SECRET = b"the secret of these tests"


@dataclass(slots=True)
class LiveDesk:
    """One organization with one number; people, keys and threads as a test asks for them."""

    ports: Ports
    engine: Engine
    organization: OrganizationId = ACME

    @property
    def cursors(self) -> Cursors:
        return self.engine.cursors

    async def a_key(self, *scopes: Scope) -> str:
        """A new API key's secret."""
        secret = "dk_" + self.ports.ids.secret()
        key = an_api_key(
            ApiKeyId(self.ports.ids.new()),
            organization=self.organization,
            secret_hash=secret_hash(secret),
            scopes=scopes or (Scope.ADMIN,),
        )
        async with self.ports.store.transaction(self.organization) as tx:
            tx.save(key)
            await tx.enlist(DirectoryEntry.KEY, secret_hash(secret), key.id)
        return secret

    async def a_token(self, role: Role = Role.AGENT) -> str:
        """The token of somebody who just signed in."""
        secret = "ds_" + self.ports.ids.secret()
        user = UserId(self.ports.ids.new())
        begun = a_sign_in(
            SignInId(self.ports.ids.new()), organization=self.organization, user=user, token_hash=secret_hash(secret)
        )
        async with self.ports.store.transaction(self.organization) as tx:
            tx.save(a_user(user, organization=self.organization, email=f"{user}@acme.example", role=role), begun)
            await tx.enlist(DirectoryEntry.TOKEN, secret_hash(secret), begun.id)
        return secret

    async def actor(self, secret: str) -> Actor:
        actor = await authenticate(self.ports, secret)
        assert actor is not None
        return actor

    async def revoke(self, secret: str) -> None:
        """The key or sign-in is good no longer."""
        actor = await self.actor(secret)
        async with self.ports.store.transaction(self.organization) as tx:
            if actor.sign_in is not None:
                begun = await tx.row(SignIn, actor.sign_in)
                assert begun is not None
                tx.save(replace(begun, ended_at=self.ports.clock.now()))
            else:
                key = await tx.row(ApiKey, ApiKeyId(actor.key.removeprefix("key:")))
                assert key is not None
                tx.save(replace(key, revoked_at=self.ports.clock.now()))

    async def a_thread(self, owner: UserId | None = None) -> Thread:
        contact = ContactId(self.ports.ids.new())
        thread = a_thread(ThreadId(self.ports.ids.new()), organization=self.organization, contact=contact, owner=owner)
        async with self.ports.store.transaction(self.organization) as tx:
            tx.save(a_contact(contact, organization=self.organization), thread)
        return thread

    async def writes(self, thread: Thread, *texts: str) -> list[MessageId]:
        """The contact writes, all in one commit; what the log says of each is `MessageAdded`."""
        made: list[MessageId] = []
        async with self.ports.store.transaction(self.organization) as tx:
            for text in texts:
                id = MessageId(self.ports.ids.new())
                tx.save(
                    an_inbound(
                        id,
                        text,
                        organization=self.organization,
                        thread=thread.id,
                        contact=thread.contact,
                        wamid=Wamid(f"wamid.{id}"),
                        original="{}",
                    )
                )
                tx.record(MessageAdded(thread.id, id))
                made.append(id)
        return made

    async def marked(self, thread: Thread, message: MessageId, status: MessageStatus) -> None:
        await self.happened(MessageStatusChanged(thread.id, message, status))

    async def happened(self, *events: Event) -> None:
        async with self.ports.store.transaction(self.organization) as tx:
            tx.record(*events)

    async def head(self) -> Head:
        return await self.ports.reader.head(self.organization)

    async def cursor(self, position: int | None = None) -> str:
        """The cursor of a position; of the head where none is told."""
        head = await self.head()
        return self.cursors.encode(self.organization, head.epoch, head.position if position is None else position)


async def a_live_desk(ports: Ports | None = None, organization: OrganizationId = ACME) -> LiveDesk:
    """Beside others on the same `ports`, or on new ones."""
    ports = ports or memory_ports()
    desk = LiveDesk(ports, Engine(schema, ports, Cursors(SECRET)), organization)
    async with ports.store.transaction(organization) as tx:
        tx.save(an_organization(organization), a_channel(CHANNEL, organization=organization))
    return desk


@asynccontextmanager
async def listening(
    desk: LiveDesk,
    actor: Actor,
    query: str,
    variables: Mapping[str, object] | None = None,
    *,
    on_slow: Callable[[], None] | None = None,
) -> AsyncGenerator[Stream]:
    stream = await listen(desk, actor, query, variables, on_slow=on_slow)
    try:
        yield stream
    finally:
        await stream.aclose()


async def listen(
    desk: LiveDesk,
    actor: Actor,
    query: str,
    variables: Mapping[str, object] | None = None,
    *,
    on_slow: Callable[[], None] | None = None,
) -> Stream:
    """A listener's stream; an `AssertionError` with the answer where there is none."""
    request = GraphQLRequest(query, variables or {})
    compiled = desk.engine.compile(request, actor)
    assert isinstance(compiled, Compiled), compiled
    stream = await desk.engine.listen(compiled, request, actor, on_slow=on_slow)
    assert isinstance(stream, Stream), stream
    return stream


async def refusal_of(
    desk: LiveDesk, actor: Actor, query: str, variables: Mapping[str, object] | None = None
) -> str | None:
    """The code with which a subscription is refused; None where it begins."""
    request = GraphQLRequest(query, variables or {})
    compiled = desk.engine.compile(request, actor)
    if isinstance(compiled, Answer):
        return compiled.code
    stream = await desk.engine.listen(compiled, request, actor)
    if isinstance(stream, Answer):
        return stream.code
    await stream.aclose()
    return None


async def heard(stream: Stream, count: int) -> list[Frame]:
    """The next frames, or `TimeoutError`."""
    async with asyncio.timeout(10):
        return [await anext(stream) for _ in range(count)]


def positions(frames: Sequence[Frame]) -> list[int]:
    return [frame.position for frame in frames]


class Wrapped:
    """A reader with some answers of its own: subclasses override what they change."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def asked_by(self, organization: OrganizationId, who: str) -> "Wrapped":
        return self

    def __getattr__(self, name: str) -> object:
        return getattr(self.reader, name)


def with_reader(ports: Ports, reader: Wrapped) -> Ports:
    return replace(ports, reader=cast("Reader", reader))
