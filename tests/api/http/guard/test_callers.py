"""The client's address: believed from trusted proxies, and from nobody else."""

from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from api.http.app import create_app
from api.http.guard.callers import ACCOUNTS_OF_A_CROWD, PEERS_TOLD_OF, Callers, Network, caller_of, note_account
from api.settings import Settings
from api.wiring import wired
from domain.ids import SignInId, UserId
from domain.people.actors import Actor, Role, user_actor
from domain.people.callers import NOWHERE, Caller
from domain.use_cases.people.bootstrap import Bootstrap, Bootstrapped, bootstrap
from tests.builders import ACME

PROXY = "10.0.0.1"
TRUSTED = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


class Front:
    """The layer, and what the application behind it sees."""

    def __init__(self, trusted: Sequence[Network] = TRUSTED) -> None:
        self._seen: Scope = {}
        self._layer = Callers(self._app, trusted)

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._seen = scope

    async def sees(
        self, headers: Sequence[tuple[str, str]] = (), peer: str | None = PROXY, kind: str = "http"
    ) -> Scope:
        await self._layer(
            {
                "type": kind,
                "scheme": "ws" if kind == "websocket" else "http",
                "client": (peer, 50_000) if peer is not None else None,
                "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
            },
            _nothing,
            _unheard,
        )
        return self._seen


async def _nothing() -> Message:
    return {}


async def _unheard(message: Message) -> None: ...


def person(address: str, limited_as: str | None = None) -> Caller:
    return Caller(address, limited_as or address)


@pytest.mark.parametrize(
    ("headers", "caller"),
    [
        ([("X-Forwarded-For", "198.51.100.7")], person("198.51.100.7")),
        ([("X-Forwarded-For", "198.51.100.7:4711")], person("198.51.100.7")),
        ([("X-Forwarded-For", "192.168.1.9")], person("192.168.1.9")),
        ([("X-Forwarded-For", "::ffff:198.51.100.7")], person("198.51.100.7")),
        ([("X-Forwarded-For", "[2001:db8:1:2:3::4]:443")], person("2001:db8:1:2:3::4", "2001:db8:1:2::/64")),
        # What stands left of the right-most that no proxy of ours has is the client's own word.
        ([("X-Forwarded-For", "203.0.113.1, 198.51.100.7, 10.2.3.4, 10.0.0.9")], person("198.51.100.7")),
        ([("X-Forwarded-For", "203.0.113.1"), ("X-Forwarded-For", "198.51.100.7")], person("198.51.100.7")),
        ([("X-Forwarded-For", "rubbish, , 198.51.100.7,")], person("198.51.100.7")),
        ([("X-Forwarded-For", '"203.0.113.1, 198.51.100.7')], person("198.51.100.7")),
        ([("X-Forwarded-For", "198.51.100.7, rubbish")], Caller(PROXY)),
        ([("X-Forwarded-For", "rubbish")], Caller(PROXY)),
        ([("X-Forwarded-For", "1.2.3.4, " * 5000 + "198.51.100.7")], person("198.51.100.7")),
        ([("X-Forwarded-For", "10.0.0.9, 10.0.0.8")], Caller(PROXY)),
        ([("X-Forwarded-For", "")], Caller(PROXY)),
        ([], Caller(PROXY)),
        ([("Forwarded", "for=198.51.100.7")], person("198.51.100.7")),
        ([("Forwarded", 'for=203.0.113.1, For="198.51.100.7:80";proto=https, for=10.0.0.9')], person("198.51.100.7")),
        ([("Forwarded", 'for="[2001:db8::1]:443"')], person("2001:db8::1", "2001:db8::/64")),
        ([("Forwarded", 'for="203.0.113.1'), ("Forwarded", "for=198.51.100.7")], person("198.51.100.7")),
        ([("Forwarded", "for=_hidden")], Caller(PROXY)),
        ([("Forwarded", "for=unknown;proto")], Caller(PROXY)),
        ([("Forwarded", "proto=https")], Caller(PROXY)),
        # A client may bring either: most proxies write the second, so nobody can bring it past them.
        ([("Forwarded", "for=203.0.113.1"), ("X-Forwarded-For", "198.51.100.7")], person("198.51.100.7")),
        ([("Forwarded", "for=203.0.113.1"), ("X-Forwarded-For", "10.0.0.8")], person("203.0.113.1")),
    ],
)
async def test_of_what_trusted_proxies_tell_the_nearest_stranger_is_the_client(
    headers: list[tuple[str, str]], caller: Caller
) -> None:
    scope = await Front().sees(headers)

    assert caller_of(scope) == caller
    assert scope["client"][0] == caller.address


@pytest.mark.parametrize(
    ("peer", "caller"),
    [
        ("8.8.8.8", person("8.8.8.8")),
        ("2a00:1450:4001:80b::200e", person("2a00:1450:4001:80b::200e", "2a00:1450:4001:80b::/64")),
        ("127.0.0.1", Caller("127.0.0.1")),
        ("192.168.1.9", Caller("192.168.1.9")),
        ("fe80::1%eth0", Caller("fe80::1")),
        ("a-socket", NOWHERE),
        (None, NOWHERE),
    ],
)
async def test_who_connects_directly_counts_where_the_address_is_of_one_place(peer: str | None, caller: Caller) -> None:
    assert caller_of(await Front().sees(peer=peer)) == caller
    assert caller_of({"type": "http", "client": (peer, 1) if peer else None}) == caller, "also without the layer"


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded"])
async def test_a_stranger_who_forwards_is_not_believed_and_told_of_once(name: str) -> None:
    front = Front()
    with capture_logs() as logs:
        for _ in range(3):
            scope = await front.sees([(name, "for=198.51.100.7"), ("X-Forwarded-Host", "evil.example")], "8.8.8.8")
            assert caller_of(scope) == Caller("8.8.8.8"), "who forwards for others may be many"
            assert "host" not in Headers(scope=scope)

    assert [(entry["event"], entry["peer"]) for entry in logs] == [("proxy.not_trusted", "8.8.8.8")]


async def test_the_log_is_not_filled_by_those_who_forward() -> None:
    front = Front()
    with capture_logs() as logs:
        for number in range(100):
            await front.sees([("X-Forwarded-For", "198.51.100.7")], f"8.8.8.{number}")

    assert len(logs) == PEERS_TOLD_OF


@pytest.mark.parametrize(
    ("headers", "scheme", "host"),
    [
        ([("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "desk.example:8443")], "https", "desk.example:8443"),
        ([("X-Forwarded-Proto", "http, HTTPS"), ("X-Forwarded-Host", "evil.example, [::1]:80")], "https", "[::1]:80"),
        ([("X-Forwarded-Proto", "gopher"), ("X-Forwarded-Host", "a b")], "http", "inner:8000"),
        ([("Forwarded", "for=198.51.100.7;proto=https;host=desk.example")], "https", "desk.example"),
        ([("Forwarded", "for=203.0.113.1;host=evil.example, for=198.51.100.7;proto=https")], "https", "inner:8000"),
        ([], "http", "inner:8000"),
    ],
)
async def test_scheme_and_host_are_those_the_client_used(
    headers: list[tuple[str, str]], scheme: str, host: str
) -> None:
    for kind, plain in (("http", "http"), ("websocket", "ws")):
        scope = await Front().sees([*headers, ("Host", "inner:8000")], kind=kind)

        assert scope["scheme"] == scheme.replace("http", plain)
        assert Headers(scope=scope).getlist("host") == [host]


async def test_many_people_at_one_private_address_are_told_of_once() -> None:
    front = Front(trusted=())
    with capture_logs() as logs:
        scope = await front.sees(peer="192.168.1.1")
        for number in range(ACCOUNTS_OF_A_CROWD - 1):
            note_account(scope, somebody(number))
        note_account(scope, somebody(0))
        note_account(scope, None)
        assert logs == []
        for number in range(ACCOUNTS_OF_A_CROWD + 5):
            note_account(scope, somebody(number))

    assert [(entry["event"], entry["peer"]) for entry in logs] == [("proxy.suspected", "192.168.1.1")]


@pytest.mark.parametrize(("trusted", "peer"), [(TRUSTED, "192.168.1.1"), ((), "8.8.8.8")])
async def test_a_crowd_is_no_news_where_proxies_are_named_or_the_address_is_public(
    trusted: Sequence[Network], peer: str
) -> None:
    front = Front(trusted)
    with capture_logs() as logs:
        for number in range(ACCOUNTS_OF_A_CROWD):
            note_account(await front.sees(peer=peer), somebody(number))

    assert logs == []


def somebody(number: int) -> Actor:
    return user_actor(ACME, UserId(f"user {number}"), Role.AGENT, SignInId("one"))


async def test_a_strangers_guesses_leave_the_person_their_door(tmp_path: Path) -> None:
    """Through a proxy that is named, and through one that is not."""
    for trusted in ((ip_network("127.0.0.0/8"),), ()):
        folder = tmp_path / str(len(trusted))
        folder.mkdir()
        settings = Settings(
            database_url=f"sqlite:///{folder / 'desk.db'}",
            graph_api_url="http://127.0.0.1:9",
            trusted_proxies=trusted,
        )
        async with wired(settings) as desk:
            begun = await bootstrap(desk.ports, Bootstrap("Acme", "ada@acme.example"))
            assert isinstance(begun, Bootstrapped)
            app = create_app(settings, desk)
            guesses = [await sign_in(app, "a guess that is wrong", "198.51.100.7") for _ in range(11)]
            assert [guess.get("errors") is None for guess in guesses] == [*[True] * 10, False]
            assert guesses[-1]["errors"][0]["extensions"]["code"] == "THROTTLED"

            right = await sign_in(app, begun.password, "203.0.113.9")

            assert right["data"]["signIn"]["token"]


async def sign_in(app: Starlette, password: str, address: str) -> dict[str, Any]:
    document = "mutation ($input: SignInInput!) { signIn(input: $input) { token } }"
    variables = {"input": {"email": "ada@acme.example", "password": password}}
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.example") as client:
        said = await client.post(
            "/graphql", json={"query": document, "variables": variables}, headers={"X-Forwarded-For": address}
        )
    return said.json()
