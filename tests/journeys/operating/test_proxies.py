"""A desk behind nginx, as `docs/proxies.md` sets it up: everything comes through, and what does not is told of."""

import json
from collections.abc import Generator
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from tests.files import a_png
from tests.journeys.desk import EMBEDDED as ON_SQLITE
from tests.journeys.desk import (
    Installation,
    Json,
    Socket,
    a_message_body,
    a_network,
    begin,
    commanded,
    connect_number,
    signed,
)
from tests.journeys.operating.nginx import Front, nginx

PNG = a_png()
PERSON = {"name": "Ben", "email": "ben@acme.example", "role": "AGENT", "password": "a word that nobody guesses"}
SIGN_IN = "mutation ($input: SignInInput!) { signIn(input: $input) { token userErrors { code } } }"
LISTEN = "subscription { inboxEvents { __typename } }"
LISTEN_AFTER = "subscription ($after: EventCursor) { inboxEvents(after: $after) { __typename } }"


class BehindNginx(Installation):
    """A desk that is told of its proxy, which is on this machine."""

    @property
    def settings(self) -> dict[str, str]:
        return {**super().settings, "DESKLINE_TRUSTED_PROXIES": "127.0.0.1"}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, http: httpx.Client) -> Generator[Installation, None, None]:
    directory = tmp_path_factory.mktemp("installation")
    with a_network(directory) as url:
        installation = BehindNginx(directory, http, url, begin(directory, ON_SQLITE))
        try:
            installation.open()
            connect_number(installation.desk, installation.phones)
            created = installation.desk.ask(
                "mutation ($input: UserCreateInput!) { userCreate(input: $input) { userErrors { message } } }",
                input=PERSON,
            )
            assert created["userCreate"]["userErrors"] == []
            yield installation
        finally:
            installation.end()


@pytest.fixture(scope="module")
def front(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Generator[Front, None, None]:
    with nginx(installation.desk.url, tmp_path_factory.mktemp("nginx")) as front:
        yield front


def client(front: Front, address: str = "127.0.0.5") -> httpx.Client:
    """Somebody at this address of the loopback's network."""
    transport = httpx.HTTPTransport(verify=front.trust, local_address=address)
    return httpx.Client(transport=transport, base_url=front.url, timeout=30)


def sign_in(front: Front, password: str, address: str = "127.0.0.5", **headers: str) -> Json:
    asked = {"email": PERSON["email"], "password": password}
    with client(front, address) as http:
        body = {"query": SIGN_IN, "variables": {"input": asked}}
        return http.post("/graphql", json=body, headers=headers).raise_for_status().json()


def a_socket(front: Front, origin: str) -> connect:
    return connect(
        front.url.replace("https", "wss", 1) + "/graphql",
        ssl=front.trust,
        origin=Origin(origin),
        subprotocols=[Subprotocol("graphql-transport-ws")],
        proxy=None,
    )


async def introduced(connection: ClientConnection, token: str) -> Socket:
    socket = Socket(connection)
    await socket.send({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
    assert (await socket.receive())["type"] == "connection_ack"
    return socket


async def refused(front: Front, origin: str) -> int:
    with pytest.raises(InvalidStatus) as status:
        async with a_socket(front, origin):
            pass
    return status.value.response.status_code


async def test_signing_in_listening_and_being_written_to(installation: Installation, front: Front) -> None:
    token = sign_in(front, PERSON["password"])["data"]["signIn"]["token"]

    async with a_socket(front, front.url) as connection:
        socket = await introduced(connection, token)
        head = installation.desk.ask("{ viewer { cursor } }")["viewer"]["cursor"]
        await socket.subscribe(LISTEN_AFTER, after=head)
        body = a_message_body("Hello", "wamid.through-nginx")
        with client(front) as http:
            assert http.post("/webhooks/whatsapp", content=body, headers=signed(body)).status_code == 200

        assert (await socket.event_of("MessageAdded"))["__typename"] == "MessageAdded"


def test_an_event_stream_comes_as_it_is_written(installation: Installation, front: Front) -> None:
    headers = {"Authorization": f"Bearer {installation.desk.token}", "Accept": "text/event-stream"}
    body = a_message_body("Hello", "wamid.for-the-stream", sender="15550100012")
    with client(front) as http, http.stream("POST", "/graphql", json={"query": LISTEN}, headers=headers) as stream:
        lines = stream.iter_lines()
        assert next(lines) == ":", "it is heard, before anything happens"
        assert http.post("/webhooks/whatsapp", content=body, headers=signed(body)).status_code == 200

        told = next(line for line in lines if line.startswith("data: "))

    assert json.loads(told.removeprefix("data: "))["data"]["inboxEvents"]["__typename"]


def test_a_file_goes_up(installation: Installation, front: Front) -> None:
    query = "mutation ($input: MediaPrepareInput!) { mediaPrepare(input: $input) { uploadUrl } }"
    asked = {"kind": "IMAGE", "fileName": "a.png", "mimeType": "image/png", "bytes": len(PNG)}
    place = installation.desk.ask(query, input=asked)["mediaPrepare"]["uploadUrl"]

    with client(front) as http:
        assert http.put(urljoin(front.url, place), content=PNG).status_code == 201


def test_the_operators_figures_stay_inside(front: Front) -> None:
    with client(front) as http:
        assert http.get("/metrics").status_code == 404
        assert http.get("/readyz").status_code == 200


async def test_another_page_is_refused_and_the_log_says_what_was_compared(
    installation: Installation, front: Front
) -> None:
    told = await told_of(installation, front, "https://evil.example", status=403, event="origin.refused")

    assert told["host"] == f"127.0.0.1:{front.port}"


def test_who_guesses_is_known_by_their_address_whatever_they_say_it_is(front: Front) -> None:
    for number in range(10):
        said = sign_in(front, "a wrong word", "127.0.0.2", **{"X-Forwarded-For": f"198.51.100.{number}"})
        assert said["data"]["signIn"]["userErrors"] == [{"code": "INVALID"}]

    spoofed = {"X-Forwarded-For": "198.51.100.99", "Forwarded": "for=198.51.100.99"}
    throttled = sign_in(front, PERSON["password"], "127.0.0.2", **spoofed)
    assert throttled["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert sign_in(front, PERSON["password"], "127.0.0.3")["data"]["signIn"]["token"]


# Spoilt


async def test_a_proxy_that_drops_the_port_is_told_of(installation: Installation, tmp_path: Path) -> None:
    with nginx(installation.desk.url, tmp_path, lambda site: site.replace("$http_host", "$host")) as front:
        told = await told_of(installation, front, front.url, status=403, event="origin.refused")

    assert told["host"] == "127.0.0.1"
    assert "nginx: $http_host keeps it" in told["hint"]


async def test_a_proxy_that_drops_the_upgrade_is_told_of(installation: Installation, tmp_path: Path) -> None:
    def spoilt(site: str) -> str:
        return "\n".join(line for line in site.splitlines() if "Upgrade" not in line and "Connection" not in line)

    with nginx(installation.desk.url, tmp_path, spoilt) as front:
        told = await told_of(installation, front, front.url, status=426, event="socket.upgrade_missing")

    assert told["missing"] == "upgrade, connection"


async def told_of(installation: Installation, front: Front, origin: str, *, status: int, event: str) -> Json:
    """What the log says of such a handshake, tried until it does: it says so only every other second."""
    while True:
        assert await refused(front, origin) == status
        for line in installation.process.log.splitlines():
            told: Json = json.loads(line) if line.startswith("{") else {}
            if told.get("event") == event and told.get("origin", origin) == origin:
                return told


def test_the_doctor_shakes_hands_at_the_public_address(installation: Installation) -> None:
    settings = {**installation.settings, "DESKLINE_PUBLIC_URL": installation.desk.url}

    said = commanded("doctor", at=installation.directory, settings=settings).stdout

    assert f"ok     public address: {installation.desk.url} leads here, sockets too" in said.splitlines()
