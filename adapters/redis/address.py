"""Where Redis is: what `DESKLINE_REDIS_URL` may say.

    redis://[[user]:password@]host[:6379][/database]
    redis+sentinel://[[user]:password@]host[:26379],host[:26379]/service[/database]
    redis+cluster://[[user]:password@]host[:6379],host[:6379]

`rediss` instead of `redis` asks for TLS, with the certificate checked; `?ca=/path/of/ca.pem` names who vouches for it
where the system doesn't know them. Sentinels that want a password of their own get `?sentinel_password=…`. Of a Cluster
any node will do, and several are better than one. User names and passwords are percent-encoded.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

SETTING: Final = "DESKLINE_REDIS_URL"
PORT: Final = 6379
SENTINEL_PORT: Final = 26379
HIGHEST_PORT: Final = 65_535

NODE: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9._-]*))(?::([0-9]{1,5}))?")
DATABASE: Final = re.compile(r"[0-9]{1,5}")


class Kind(StrEnum):
    SINGLE = ""
    SENTINEL = "+sentinel"
    CLUSTER = "+cluster"


EXAMPLES: Final = {
    Kind.SINGLE: "redis://:password@host:6379/0",
    Kind.SENTINEL: "redis+sentinel://:password@host:26379,host:26379/service",
    Kind.CLUSTER: "redis+cluster://:password@host:6379,host:6379",
}
ANY_EXAMPLE: Final = f"{EXAMPLES[Kind.SINGLE]}, {EXAMPLES[Kind.SENTINEL]} or {EXAMPLES[Kind.CLUSTER]}"


@dataclass(frozen=True, slots=True)
class Node:
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Its text names the nodes and nothing secret."""

    kind: Kind
    nodes: tuple[Node, ...]
    database: int = 0
    service: str | None = None  # with Sentinel alone: what it calls the Redis we mean
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    ca_file: str | None = None
    sentinel_password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return ", ".join(map(str, self.nodes))


def read_address(text: str) -> RedisAddress:
    """Raises ValueError with what was expected, never with what was written: that may hold a password."""
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError(ANY_EXAMPLE) from None
    kind, tls = _kind_of(parts.scheme)
    credentials, _, hosts = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    service, database = _path_of(kind, parts)
    options = _options_of(kind, tls, parts)
    return RedisAddress(
        kind=kind,
        nodes=_nodes_of(kind, hosts),
        database=database,
        service=service,
        user=unquote(user) or None,
        password=unquote(password) or None,
        tls=tls,
        ca_file=options.get("ca"),
        sentinel_password=options.get("sentinel_password"),
    )


def _kind_of(scheme: str) -> tuple[Kind, bool]:
    for kind in Kind:
        if scheme in {f"redis{kind}", f"rediss{kind}"}:
            return kind, scheme.startswith("rediss")
    raise ValueError(ANY_EXAMPLE)


def _nodes_of(kind: Kind, hosts: str) -> tuple[Node, ...]:
    default = SENTINEL_PORT if kind is Kind.SENTINEL else PORT
    found = [NODE.fullmatch(host) for host in hosts.split(",")]
    nodes = tuple(Node(each[1].strip("[]"), int(each[2] or default)) for each in found if each)
    if len(nodes) < len(found):
        raise ValueError(f"hosts and ports such as {EXAMPLES[kind]}")
    if kind is Kind.SINGLE and len(nodes) > 1:
        raise ValueError(f"one host, or {EXAMPLES[Kind.SENTINEL]} or {EXAMPLES[Kind.CLUSTER]}")
    if not all(0 < node.port <= HIGHEST_PORT for node in nodes):
        raise ValueError(f"ports from 1 to {HIGHEST_PORT}")
    return nodes


def _path_of(kind: Kind, parts: SplitResult) -> tuple[str | None, int]:
    path = parts.path.strip("/").split("/") if parts.path.strip("/") else []
    service = unquote(path.pop(0)) if kind is Kind.SENTINEL and path else None
    if kind is Kind.SENTINEL and not service:
        raise ValueError(f"the service's name after the hosts, as in {EXAMPLES[kind]}")
    if kind is Kind.CLUSTER and path not in ([], ["0"]):
        raise ValueError(f"no database, since a Cluster has only one: {EXAMPLES[kind]}")
    if len(path) > 1 or not all(DATABASE.fullmatch(each) for each in path):
        raise ValueError(f"a database's number at the end, as in {EXAMPLES[Kind.SINGLE]}")
    return service, int(path[0]) if path else 0


def _options_of(kind: Kind, tls: bool, parts: SplitResult) -> dict[str, str]:
    known = {"ca"} if tls else set[str]()
    if kind is Kind.SENTINEL:
        known.add("sentinel_password")
    given = parse_qsl(parts.query, keep_blank_values=True)
    if parts.fragment or not all(name in known and value for name, value in given):
        raise ValueError(f"nothing after the address but {' and '.join(sorted(known)) or 'the database'}")
    return dict(given)
