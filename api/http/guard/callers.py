"""The client's address, for everything: from the connection, or from what a trusted proxy says of it.

`Forwarded` and `X-Forwarded-For`, `-Proto` and `-Host` are believed from `DESKLINE_TRUSTED_PROXIES` only, and of the
hops they name the right-most that is no trusted proxy's is taken: what stands left of it is anybody's word. Where both
headers name somebody, `X-Forwarded-For` counts, which most proxies write and clients therefore can't bring along.
What can't be read is ignored.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.people.actors import Actor, ByUser
from domain.people.callers import NOWHERE, Caller

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

KEY: Final = "deskline.caller"
CROWDS: Final = "deskline.crowds"
HOPS_READ: Final = 32
LONGEST_READ: Final = 4096  # bytes of such a header; more than any honest chain writes
HOST: Final = re.compile(r"[A-Za-z0-9._\-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
PAIR: Final = re.compile(r'\s*([A-Za-z-]+)\s*=\s*("[^"]*"|[^\s;"]*)\s*(?:;|$)')
TOLD: Final = ("forwarded", "x-forwarded-for")
PEERS_TOLD_OF: Final = 16
ACCOUNTS_OF_A_CROWD: Final = 10

log = structlog.stdlib.get_logger()


def caller_of(scope: Scope) -> Caller:
    """Who a request or a socket came from. Where the layer is not in front, the connection's other end."""
    known = scope.get(KEY)
    return known if isinstance(known, Caller) else _direct(_peer(scope), forwards=False)


def note_account(scope: Scope, actor: Actor | None) -> None:
    """Who asks from there: many people at one private address look like a proxy that the settings do not name."""
    crowds = scope.get(CROWDS)
    if isinstance(crowds, Crowds) and actor is not None and isinstance(actor.author, ByUser):
        crowds.note(caller_of(scope), actor.author.user)


class Callers:
    """The layer in front. Behind it `client`, `scheme` and the `Host` header are the client's own, as far as known."""

    def __init__(self, app: ASGIApp, trusted: Sequence[Network]) -> None:
        self._app = app
        self._trusted = tuple(trusted)
        self._crowds = Crowds(is_told=bool(trusted))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = self._seen(scope)
        await self._app(scope, receive, send)

    def _seen(self, scope: Scope) -> Scope:
        peer, headers = _peer(scope), Headers(scope=scope)
        forwards = any(name in headers for name in TOLD)
        if peer is None or not _is_in(peer, self._trusted):
            if forwards:
                self._crowds.note_untold(peer)
            return {**scope, KEY: _direct(peer, forwards=forwards), CROWDS: self._crowds}
        forwarded = told_by_proxies(headers, self._trusted)
        seen = {**scope, KEY: _known(forwarded.address) if forwarded.address else _direct(peer, forwards=True)}
        seen[CROWDS] = self._crowds
        if forwarded.address is not None:
            seen["client"] = (str(forwarded.address), 0)
        if forwarded.scheme is not None:
            seen["scheme"] = (
                forwarded.scheme.replace("http", "ws") if scope["type"] == "websocket" else forwarded.scheme
            )
        if forwarded.host is not None:
            others = [(name, value) for name, value in scope["headers"] if name != b"host"]
            seen["headers"] = [(b"host", forwarded.host.encode()), *others]
        return seen


@dataclass(frozen=True, slots=True)
class Told:
    """What trusted proxies say of the request; None for what they do not say, or not in a way that can be read."""

    address: Address | None = None
    scheme: str | None = None
    host: str | None = None


def told_by_proxies(headers: Headers, trusted: Sequence[Network]) -> Told:
    """The peer is a trusted proxy."""
    chain = _listed(headers.getlist("x-forwarded-for"))
    at = _first_untrusted(chain, trusted)
    plain = Told(
        address_in(chain[at]) if at is not None else None,
        _scheme(_last(headers.getlist("x-forwarded-proto"))),
        _host(_last(headers.getlist("x-forwarded-host"))),
    )
    elements = [_pairs(element) for element in _listed(headers.getlist("forwarded"))]
    at = _first_untrusted([element.get("for", "") for element in elements], trusted)
    if at is None:
        return plain
    said = elements[at]
    return Told(
        plain.address or address_in(said["for"]),
        plain.scheme or _scheme(said.get("proto", "")),
        plain.host or _host(said.get("host", "")),
    )


class Crowds:
    """Tells the operator, once each, of what looks like a proxy that the settings do not name."""

    def __init__(self, *, is_told: bool) -> None:
        self._is_told = is_told
        self._untold: set[str] = set()
        self._accounts: dict[str, set[str]] = {}

    def note_untold(self, peer: Address | None) -> None:
        """Somebody sent forwarding headers and is no trusted proxy. Said of the first few."""
        address = str(peer or "")
        if address in self._untold or len(self._untold) >= PEERS_TOLD_OF:
            return
        self._untold.add(address)
        log.warning(
            "proxy.not_trusted",
            peer=address,
            hint="Its Forwarded or X-Forwarded headers are not believed. If it is your proxy, name its network in"
            " DESKLINE_TRUSTED_PROXIES: until then limits per address can't hold for those behind it.",
        )

    def note(self, caller: Caller, account: str) -> None:
        if self._is_told or caller.limited_as is not None or caller.address in self._untold:
            return
        if caller.address not in self._accounts and len(self._accounts) >= PEERS_TOLD_OF:
            return
        accounts = self._accounts.setdefault(caller.address, set())
        if len(accounts) >= ACCOUNTS_OF_A_CROWD:
            return
        accounts.add(account)
        if len(accounts) == ACCOUNTS_OF_A_CROWD:
            log.warning(
                "proxy.suspected",
                peer=caller.address,
                accounts=ACCOUNTS_OF_A_CROWD,
                hint="Many people come from one private address. If it is a proxy's, name its network in"
                " DESKLINE_TRUSTED_PROXIES, and have it send X-Forwarded-For: until then limits per address can't"
                " hold for those behind it.",
            )


def _direct(peer: Address | None, *, forwards: bool) -> Caller:
    """Who connected to us. One who forwards for others, or is of a private network, may be many."""
    if peer is None:
        return NOWHERE
    return Caller(str(peer)) if forwards or not peer.is_global else _known(peer)


def _known(address: Address) -> Caller:
    """A person's."""
    return Caller(str(address), subscriber_of(address))


def subscriber_of(address: Address) -> str:
    """The address, or its /64: whoever has one IPv6 address has all of those."""
    return str(IPv6Network((address, 64), strict=False) if isinstance(address, IPv6Address) else address)


def _peer(scope: Scope) -> Address | None:
    client = scope.get("client")
    return address_in(str(client[0])) if client else None


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)  # of the other version: in none


def _first_untrusted(chain: Sequence[str], trusted: Sequence[Network]) -> int | None:
    """From the right. A hop that can't be read ends the search: whoever wrote what stands before it is unknown."""
    for at in range(len(chain) - 1, -1, -1):
        address = address_in(chain[at])
        if address is None:
            return None
        if not _is_in(address, trusted):
            return at
    return None


def address_in(text: str) -> Address | None:
    """Of `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]:443`; an IPv4 address in IPv6 is what it is."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _listed(values: Sequence[str]) -> list[str]:
    """The parts of a header that is a list, in order; of an endless one the last.

    Quotes hide no comma: none is in an address, and one that a client opens must not swallow what the proxy adds.
    """
    line = ",".join(values)[-LONGEST_READ:]
    return [part.strip() for part in line.split(",") if part.strip()][-HOPS_READ:]


def _pairs(element: str) -> dict[str, str]:
    """`for=192.0.2.1;proto=https`, RFC 7239; empty where it is no such thing."""
    pairs: dict[str, str] = {}
    at = 0
    while at < len(element):
        found = PAIR.match(element, at)
        if found is None:
            return {}
        pairs[found[1].lower()] = found[2].strip('"')
        at = found.end()
    return pairs


def _last(values: Sequence[str]) -> str:
    """What the nearest proxy says."""
    return values[-1].rpartition(",")[2].strip() if values else ""


def _scheme(text: str) -> str | None:
    return text.lower() if text.lower() in ("http", "https") else None


def _host(text: str) -> str | None:
    return text if HOST.fullmatch(text) else None
