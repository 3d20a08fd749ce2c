"""Connections to Redis, each held by one task, and opened anew for ever: the one place that knows the library.

A task that is cancelled, or an answer that is late, leaves a connection in the middle of something, and whoever used it
next would read another's answer. So a connection is never handed from one task to another, and after any fault it is
closed.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from itertools import count
from math import inf
from pathlib import Path
from typing import Any, Final, NoReturn, TypeAlias, cast

import structlog
from redis.asyncio.connection import AbstractConnection, Connection, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, MovedError, RedisError, ResponseError

from adapters.redis.address import SETTING, Kind, Node, RedisAddress

CONNECTED_WITHIN_S: Final = 1.0
ANSWERED_WITHIN_S: Final = 1.0
FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 1.0
STEADY_AFTER_S: Final = 5.0  # a connection that lasted so long begins the pauses anew

log = structlog.stdlib.get_logger()


class RedisAway(Exception):
    """Nobody answers, or not in time, or no longer. Worth trying again."""


class RedisRefused(Exception):
    """Redis answers and will not have us: somebody has to change the setting that the message names."""


@dataclass(frozen=True, slots=True)
class Denied:
    """A command that Redis did not carry out, in its words; `moved_to` where another node of the Cluster would."""

    reason: str
    moved_to: Node | None = None


Word: TypeAlias = str | bytes | int | float
Command: TypeAlias = Sequence[Word]
Reply: TypeAlias = "bytes | int | list[Reply] | Denied | None"


class Link:
    """One connection. After an exception from it there is nothing to do but to leave its block.

    All of its methods raise RedisAway, and RedisRefused where the password no longer holds.
    """

    def __init__(self, connection: AbstractConnection, address: RedisAddress, node: Node) -> None:
        self._connection = connection
        self._address = address
        self._node = node

    async def ask(self, *commands: Command) -> list[Reply]:
        """The replies, in order."""
        packed = cast("list[bytes]", cast("Any", self._connection).pack_commands(commands))
        with _faults_of(self._address):
            async with asyncio.timeout(ANSWERED_WITHIN_S):
                await self._connection.send_packed_command(packed, check_health=False)
                return [await self._reply() for _ in commands]

    async def tell(self, *words: Word) -> None:
        """A command whose replies come to `hear`."""
        with _faults_of(self._address):
            async with asyncio.timeout(ANSWERED_WITHIN_S):
                await self._connection.send_command(*words, check_health=False)

    async def hear(self, within_s: float) -> Reply:
        """What comes next by itself. That nothing came in time is a fault as well."""
        with _faults_of(self._address):
            async with asyncio.timeout(within_s):
                return await self._reply()

    async def _reply(self) -> Reply:
        try:
            return cast("Reply", await self._connection.read_response(timeout=inf))  # deadlines are the callers'
        except MovedError as moved:
            host, port = cast("tuple[str, int]", cast("Any", moved).node_addr)
            return Denied("MOVED", Node(host or self._node.host, port))
        except ResponseError as refusal:
            return Denied(str(refusal))


@asynccontextmanager
async def connected(address: RedisAddress, turn: int = 0, node: Node | None = None) -> AsyncGenerator[Link]:
    """A connection that is open and has answered: to `node`, or to the nodes of the address, each in its turn.

    Raises RedisAway and RedisRefused.
    """
    if address.kind is Kind.SENTINEL:
        node = await _master(address, turn)
    async with _opened(address, node or address.nodes[turn % len(address.nodes)]) as link:
        if address.kind is Kind.SENTINEL:
            await _expect_master(link)
        yield link


async def keep_open(serve: Callable[[int], Awaitable[None]], report: Callable[[Exception], None]) -> NoReturn:
    """Have `serve` work over a connection until it fails, and again, each time after a longer pause.

    Its argument counts the turns. `report` hears of every end.
    """
    clock = asyncio.get_running_loop().time
    faults = 0
    for turn in count():
        began = clock()
        try:
            await serve(turn)
        except (RedisAway, RedisRefused) as fault:
            report(fault)
        except Exception as fault:
            log.exception("redis.failed")
            report(fault)
        faults = 1 if clock() - began > STEADY_AFTER_S else faults + 1
        # With jitter, so that processes cut off together don't come back together.
        longest_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(faults, 10))
        await asyncio.sleep(random.uniform(longest_s / 2, longest_s))
    raise AssertionError("turns do not end")


@asynccontextmanager
async def _opened(address: RedisAddress, node: Node) -> AsyncGenerator[Link]:
    connection = _connection(address, node)
    try:
        with _faults_of(address, f"nothing answers at {node}"):
            async with asyncio.timeout(CONNECTED_WITHIN_S):
                await connection.connect()
        link = Link(connection, address, node)
        await _greet(link, address)
        yield link
    finally:
        await connection.disconnect(nowait=True)


def _connection(address: RedisAddress, node: Node) -> AbstractConnection:
    options: dict[str, Any] = {
        "host": node.host,
        "port": node.port,
        "db": address.database,
        "username": address.user,
        "password": address.password,
        "client_name": "deskline",
        "driver_info": None,
        "protocol": 2,
        "socket_timeout": None,  # deadlines are ours, over several answers at once
        "socket_connect_timeout": CONNECTED_WITHIN_S,
        "socket_keepalive": True,
        "retry": Retry(NoBackoff(), 0),
    }
    if not address.tls:
        return Connection(**options)
    if address.ca_file is not None and not Path(address.ca_file).is_file():
        raise RedisRefused(f"{SETTING}: there is no file {address.ca_file} (ca)")
    return SSLConnection(**options, ssl_ca_certs=address.ca_file)


async def _greet(link: Link, address: RedisAddress) -> None:
    """Only an answer tells whether a password was wanted."""
    match await link.ask(["PING"]):
        case [Denied(reason=reason)] if reason.startswith("DENIED"):
            raise RedisRefused(f"{SETTING}: Redis at {address} says: {reason.partition('. ')[0]}")
        case _:
            return


async def _master(address: RedisAddress, turn: int) -> Node:
    """Where the Sentinels say that the service's master is. The first that knows is believed."""
    sentinels = replace(
        address, kind=Kind.SINGLE, database=0, service=None, user=None, password=address.sentinel_password
    )
    for offset in range(len(address.nodes)):
        node = address.nodes[(turn + offset) % len(address.nodes)]
        try:
            async with _opened(sentinels, node) as link:
                answer = await link.ask(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", address.service or ""])
        except RedisAway:
            continue
        except RedisRefused:
            raise RedisRefused(f"{SETTING}: the Sentinel at {node} refuses its password (sentinel_password)") from None
        match answer:
            case [[bytes(host), bytes(port)]]:
                return Node(host.decode(), int(port))
            case _:
                continue
    raise RedisAway(f"no Sentinel of {address} knows a master for {address.service!r}")


async def _expect_master(link: Link) -> None:
    match await link.ask(["ROLE"]):
        case [[bytes(role), *_]] if role != b"master":
            raise RedisAway("the Sentinels name a Redis that is no master any more")
        case _:
            return


@contextmanager
def _faults_of(address: RedisAddress, doing: str = "the connection was lost") -> Generator[None]:
    """The library's exceptions as ours."""
    try:
        yield
    except AuthenticationError as refusal:
        raise RedisRefused(_told_as_refusal(address, str(refusal))) from None
    except TimeoutError:
        raise RedisAway(f"{doing}: no answer in time") from None
    except (RedisError, OSError) as fault:
        if str(fault) == "Invalid Database" or "DB index" in str(fault):
            raise RedisRefused(f"{SETTING}: Redis at {address} has no database {address.database}") from None
        raise RedisAway(f"{doing}: {fault}") from fault


def _told_as_refusal(address: RedisAddress, reason: str) -> str:
    if "without any password" in reason or "no password is set" in reason:
        return f"{SETTING}: Redis at {address} has no password; leave it out"
    if address.password is None:
        return f"{SETTING}: Redis at {address} wants a password, as in redis://:password@host:6379/0"
    return f"{SETTING}: Redis at {address} refuses this user and password"
