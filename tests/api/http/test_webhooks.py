"""`/webhooks/whatsapp`: who may speak to it, what is kept, and what is answered."""

import asyncio
import hashlib
import hmac
import json
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar, cast

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from adapters.memory.storage.webhook_inbox import MemoryWebhookInbox
from adapters.whatsapp.inbound.reading import read_json
from api.http import webhooks
from api.http.edge import Edge
from api.http.webhooks import BODY_LIMIT, NAMED_AT_MOST, PARTS_AT_MOST, PATH, WhatsAppWebhook
from api.logs import set_up_logs
from api.metrics import Meters
from domain.errors import Unavailable
from domain.ports.bundle import Ports
from domain.ports.deliveries import Delivery, DeliveryState
from domain.ports.directory import Directory, DirectoryEntry
from domain.ports.hints import WEBHOOK_INBOX, Bus
from domain.ports.system import Clock
from tests.api.memory_desk import BusinessNumber, connect, memory_ports
from tests.builders import ACME, GLOBEX, FixedClock

T = TypeVar("T")

APP_SECRET = "app-secret"
OLD_APP_SECRET = "app-secret-of-last-year"
TOKEN = "verify-me"
OURS = BusinessNumber("111", "901", secret="acme-secret")
OURS_TOO = BusinessNumber("112", "901", secret="acme-secret")
THEIRS = BusinessNumber("222", "902", secret="globex-secret")
SECRETLESS = BusinessNumber("333", "903")


@pytest.fixture
def ports() -> Ports:
    return memory_ports()


@pytest.fixture
def meters() -> Meters:
    return Meters()


@pytest.fixture
async def meta(ports: Ports, meters: Meters) -> AsyncGenerator[httpx.AsyncClient, None]:
    """Somebody on the internet, maybe Meta."""
    async with client_of(ports, meters) as client:
        yield client


def client_of(ports: Ports, meters: Meters, max_in_flight: int = 16) -> httpx.AsyncClient:
    webhook = WhatsAppWebhook(
        ports,
        meters,
        app_secrets=(APP_SECRET, OLD_APP_SECRET),
        verify_token=TOKEN,
        max_in_flight=max_in_flight,
        max_per_address=max_in_flight,
    )
    transport = httpx.ASGITransport(Starlette(routes=webhook.routes()))
    return httpx.AsyncClient(transport=transport, base_url="http://desk")


def a_body(*lines: BusinessNumber, text: str = "hello") -> bytes:
    """One delivery in which a message comes for each line."""
    return json.dumps(
        {"object": "whatsapp_business_account", "entry": [an_entry(line, text) for line in lines]}
    ).encode()


def an_entry(line: BusinessNumber, text: str = "hello") -> object:
    metadata = {"display_phone_number": "15550783881", "phone_number_id": line.number}
    message = {"from": "16505551234", "id": "wamid.1", "timestamp": "1", "type": "text", "text": {"body": text}}
    value = {"messaging_product": "whatsapp", "metadata": metadata, "messages": [message]}
    return {"id": line.account, "changes": [{"field": "messages", "value": value}]}


def account_notice(account: str) -> object:
    """A change that speaks of a whole account and names no number."""
    return {"id": account, "changes": [{"field": "message_template_status_update", "value": {"event": "APPROVED"}}]}


def signed(body: bytes, secret: str = APP_SECRET) -> dict[str, str]:
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


async def kept(ports: Ports) -> list[Delivery]:
    return await ports.webhook_inbox.waiting(100)


def refused(meters: Meters, cause: str) -> float:
    return meters.registry.get_sample_value("deskline_deliveries_refused_total", {"cause": cause}) or 0.0


# The handshake


async def test_the_handshake_echoes_the_challenge_as_text(meta: httpx.AsyncClient) -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": TOKEN, "hub.challenge": "<script>1158201444"}

    answer = await meta.get(PATH, params=asked)

    assert (answer.status_code, answer.text) == (200, "<script>1158201444")
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"hub.mode": "subscribe", "hub.challenge": "1"},
        {"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"},
        {"hub.mode": "subscribe", "hub.verify_token": TOKEN + "x", "hub.challenge": "1"},
        {"hub.mode": "subscribe", "hub.verify_token": "vérify-me", "hub.challenge": "1"},
        {"hub.mode": "unsubscribe", "hub.verify_token": TOKEN, "hub.challenge": "1"},
        {"hub.mode": "subscribe", "hub.verify_token": TOKEN},
        {"hub.mode": "subscribe", "hub.verify_token": TOKEN, "hub.challenge": "1" * 10_000},
    ],
)
async def test_any_other_handshake_is_forbidden_and_echoes_nothing(
    asked: dict[str, str], meta: httpx.AsyncClient
) -> None:
    answer = await meta.get(PATH, params=asked)

    assert (answer.status_code, answer.text) == (403, "Forbidden")


async def test_without_a_verify_token_no_handshake_succeeds(ports: Ports, meters: Meters) -> None:
    webhook = WhatsAppWebhook(ports, meters, app_secrets=(), verify_token=None, max_in_flight=1, max_per_address=1)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(Starlette(routes=webhook.routes())), base_url="http://desk"
    ) as meta:
        answer = await meta.get(PATH, params={"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"})

    assert answer.status_code == 403


# Deliveries that are taken


async def test_a_signed_delivery_is_kept_byte_for_byte_and_answered_200_with_nothing(
    ports: Ports, meta: httpx.AsyncClient
) -> None:
    body = b'{ "entry" : [ ] , "\\u0041": "caf\\u00e9 \\/ \xf0\x9f\x91\x8b" }'

    answer = await meta.post(PATH, content=body, headers=signed(body))

    assert (answer.status_code, answer.content) == (200, b"")
    assert [delivery.body for delivery in await kept(ports)] == [body]


async def test_the_worker_is_woken_by_a_delivery(ports: Ports, meta: httpx.AsyncClient) -> None:
    async with ports.bus.listen(WEBHOOK_INBOX) as hints, asyncio.timeout(5):
        await meta.post(PATH, content=b"{}", headers=signed(b"{}"))

        assert await anext(hints) is not None


async def test_each_app_secret_is_good_so_that_they_can_be_changed(meta: httpx.AsyncClient) -> None:
    answer = await meta.post(PATH, content=b"{}", headers=signed(b"{}", OLD_APP_SECRET))

    assert answer.status_code == 200


async def test_an_app_secret_speaks_for_numbers_nobody_connected(ports: Ports, meta: httpx.AsyncClient) -> None:
    body = a_body(BusinessNumber("999", "999"))

    assert (await meta.post(PATH, content=body, headers=signed(body))).status_code == 200
    assert len(await kept(ports)) == 1


async def test_a_channels_own_secret_speaks_for_it(ports: Ports, meta: httpx.AsyncClient) -> None:
    await connect(ports, OURS)
    body = a_body(OURS)

    answer = await meta.post(PATH, content=body, headers=signed(body, "acme-secret"))

    assert answer.status_code == 200
    assert len(await kept(ports)) == 1


async def test_a_secret_that_two_channels_hold_speaks_for_both_in_one_body(
    ports: Ports, meta: httpx.AsyncClient
) -> None:
    await connect(ports, OURS)
    await connect(ports, OURS_TOO)
    body = a_body(OURS, OURS_TOO)

    assert (await meta.post(PATH, content=body, headers=signed(body, "acme-secret"))).status_code == 200


async def test_a_channels_own_secret_speaks_for_its_account(ports: Ports, meta: httpx.AsyncClient) -> None:
    await connect(ports, OURS)
    body = json.dumps({"entry": [account_notice("901")]}).encode()

    assert (await meta.post(PATH, content=body, headers=signed(body, "acme-secret"))).status_code == 200


async def test_the_secret_before_is_taken_for_as_long_as_it_is_good(ports: Ports, meta: httpx.AsyncClient) -> None:
    clock = cast(FixedClock, ports.clock)
    channel = await connect(ports, OURS)
    renewed = replace(
        channel,
        app_secret=ports.vault.seal(ACME, "app_secret", "renewed"),
        app_secret_print=ports.vault.print("renewed"),
        former_app_secret=channel.app_secret,
        former_app_secret_print=channel.app_secret_print,
        former_secret_until=clock.now() + timedelta(hours=1),
    )
    async with ports.store.transaction(ACME) as tx:
        tx.save(renewed)
    await connect(ports, OURS_TOO)
    both, ours = a_body(OURS, OURS_TOO), a_body(OURS)

    async def answered(body: bytes, secret: str) -> int:
        return (await meta.post(PATH, content=body, headers=signed(body, secret))).status_code

    assert [await answered(ours, secret) for secret in ("renewed", "acme-secret")] == [200, 200]
    assert await answered(both, "acme-secret") == 200, "which both hold, though one of them only for a while"
    assert await answered(both, "renewed") == 401, "which only one holds"

    clock.at = clock.now() + timedelta(hours=1)
    assert [await answered(ours, secret) for secret in ("renewed", "acme-secret")] == [200, 401]
    assert await answered(both, "acme-secret") == 401


# Forgeries


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("X-Hub-Signature-256", "")],
        [("X-Hub-Signature-256", "sha256=")],
        [("X-Hub-Signature-256", signed(b"{}")["X-Hub-Signature-256"][:-1])],
        [("X-Hub-Signature-256", signed(b"{}")["X-Hub-Signature-256"].removeprefix("sha256="))],
        [("X-Hub-Signature-256", signed(b"{}", "guess")["X-Hub-Signature-256"])],
        [("X-Hub-Signature-256", signed(b"{}", "")["X-Hub-Signature-256"])],
        [("X-Hub-Signature", "sha1=" + hmac.new(APP_SECRET.encode(), b"{}", hashlib.sha1).hexdigest())],
        [*signed(b"{}").items(), *signed(b"{}", "guess").items()],
        [("X-Hub-Signature-256", "sha256=" + "é" * 64)],
    ],
)
async def test_a_wrong_signature_is_answered_401_with_nothing_and_nothing_is_kept(
    headers: list[tuple[str, str]], ports: Ports, meters: Meters, meta: httpx.AsyncClient
) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers]

    answer = await meta.post(PATH, content=b"{}", headers=raw)

    assert (answer.status_code, answer.content) == (401, b"")
    assert await kept(ports) == []
    assert refused(meters, "signature") == 1


async def test_a_body_that_differs_in_one_byte_from_what_was_signed_is_refused(
    ports: Ports, meta: httpx.AsyncClient
) -> None:
    body = a_body(OURS)
    for at in range(0, len(body), 7):
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        assert (await meta.post(PATH, content=changed, headers=signed(body))).status_code == 401

    assert await kept(ports) == []


@pytest.mark.parametrize(
    ("body", "secret"),
    [
        (a_body(THEIRS), "acme-secret"),
        (a_body(OURS, THEIRS), "acme-secret"),
        (a_body(OURS, THEIRS), "globex-secret"),
        (a_body(OURS, BusinessNumber("999", "901")), "acme-secret"),
        (a_body(BusinessNumber("999", "901")), "acme-secret"),
        (a_body(SECRETLESS), ""),
        (a_body(OURS, SECRETLESS), "acme-secret"),
        (json.dumps({"entry": [an_entry(OURS), account_notice("902")]}).encode(), "acme-secret"),
        (json.dumps({"entry": [an_entry(OURS), account_notice("999")]}).encode(), "acme-secret"),
        (json.dumps({"entry": [account_notice("902")]}).encode(), "acme-secret"),
        (b"{}", "acme-secret"),
        (b"not json", "acme-secret"),
    ],
)
async def test_a_channels_secret_speaks_for_no_other_number_and_no_other_account(
    body: bytes, secret: str, ports: Ports, meta: httpx.AsyncClient
) -> None:
    await connect(ports, OURS)
    await connect(ports, SECRETLESS)
    await connect(ports, THEIRS, GLOBEX)

    answer = await meta.post(PATH, content=body, headers=signed(body, secret))

    assert (answer.status_code, answer.content) == (401, b"")
    assert await kept(ports) == []


async def test_a_seal_that_no_key_opens_is_no_open_door(ports: Ports, meta: httpx.AsyncClient) -> None:
    channel = await connect(ports, OURS)
    async with ports.store.transaction(ACME) as tx:
        tx.save(replace(channel, app_secret="not a seal"))
    body = a_body(OURS)

    answer = await meta.post(PATH, content=body, headers=signed(body, "acme-secret"))

    assert answer.status_code == 401


# Bodies that can't be taken


async def test_a_signed_body_that_is_not_json_is_answered_400_and_kept_as_failed(
    ports: Ports, meters: Meters, meta: httpx.AsyncClient
) -> None:
    body = b"<html>\xff</html>"

    answer = await meta.post(PATH, content=body, headers=signed(body))

    assert (answer.status_code, answer.content) == (400, b"")
    assert await ports.webhook_inbox.counts() == {DeliveryState.FAILED: 1}
    assert refused(meters, "not_json") == 1
    assert await ports.webhook_inbox.again([DeliveryState.FAILED]) == 1
    assert [delivery.body for delivery in await kept(ports)] == [body]


async def test_a_signed_body_with_odd_characters_is_taken(ports: Ports, meta: httpx.AsyncClient) -> None:
    body = a_body(OURS, text="\ud800 and \u0000")

    assert (await meta.post(PATH, content=body, headers=signed(body))).status_code == 200
    assert len(await kept(ports)) == 1


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"entry": ' + b"[" * 3000 + b"]" * 3000 + b"}", id="deep"),
        pytest.param(b'{"entry": [' + b"9" * 5000 + b"]}", id="an endless number"),
    ],
)
async def test_json_that_cannot_be_read_is_taken_all_the_same_for_the_worker_to_say_why(
    body: bytes, ports: Ports, meta: httpx.AsyncClient
) -> None:
    assert (await meta.post(PATH, content=body, headers=signed(body))).status_code == 200
    assert [delivery.body for delivery in await kept(ports)] == [body]


async def test_the_longest_body_is_taken_and_one_byte_more_is_413(ports: Ports, meta: httpx.AsyncClient) -> None:
    longest = b'{"a":"' + b"x" * (BODY_LIMIT - 8) + b'"}'
    too_long = longest[:-2] + b'x"}'

    assert (await meta.post(PATH, content=longest, headers=signed(longest))).status_code == 200
    assert (await meta.post(PATH, content=too_long, headers=signed(too_long))).status_code == 413
    assert len(await kept(ports)) == 1


@pytest.mark.parametrize(
    "body",
    [b"[" + b"[]," * PARTS_AT_MOST + b"0]", b'{"entry":[' + b"0," * PARTS_AT_MOST + b"0]}"],
    ids=["lists", "numbers"],
)
async def test_what_takes_long_to_decode_is_413_before_it_is_read_where_no_app_signed_it(
    body: bytes, ports: Ports, meta: httpx.AsyncClient
) -> None:
    """A decoder holds the interpreter's lock: nobody else would be answered, whatever thread it runs in."""
    answer = await meta.post(PATH, content=body, headers=signed(body, "the secret of a stranger"))

    assert answer.status_code == 413
    assert await kept(ports) == []


async def test_a_body_that_does_not_tell_its_length_is_cut_off_at_the_limit(
    ports: Ports, meta: httpx.AsyncClient
) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1024 * 1024
            yield b"x" * 1024 * 1024

    answer = await meta.post(PATH, content=endless(), headers=signed(b""))

    assert answer.status_code == 413
    assert read <= BODY_LIMIT + 2 * 1024 * 1024
    assert await kept(ports) == []


# When it is us


async def test_a_store_that_cannot_answer_is_503_with_a_time_to_come_again(ports: Ports, meters: Meters) -> None:
    async with client_of(replace(ports, webhook_inbox=FullDisk(ports.clock, ports.bus)), meters) as meta:
        answer = await meta.post(PATH, content=b"{}", headers=signed(b"{}"))

    assert (answer.status_code, answer.headers["retry-after"], answer.content) == (503, "3", b"")
    assert refused(meters, "unavailable") == 1


async def test_more_posts_than_can_be_handled_are_told_to_come_again(ports: Ports, meters: Meters) -> None:
    slow = SlowDisk(ports.clock, ports.bus)
    async with client_of(replace(ports, webhook_inbox=slow), meters, max_in_flight=1) as meta:
        first = asyncio.create_task(meta.post(PATH, content=b"{}", headers=signed(b"{}")))
        await slow.is_writing.wait()
        second = await meta.post(PATH, content=b"{}", headers=signed(b"{}"))
        slow.may_go_on.set()
        first_answer = await first
        third = await meta.post(PATH, content=b"{}", headers=signed(b"{}"))

    assert (second.status_code, second.headers["retry-after"]) == (503, "1")
    assert (first_answer.status_code, third.status_code) == (200, 200)


class FullDisk(MemoryWebhookInbox):
    """Writes nothing any more."""

    async def append(self, delivery: Delivery) -> None:
        raise Unavailable(retry_after_s=3)


class SlowDisk(MemoryWebhookInbox):
    """Writes when it is told to."""

    def __init__(self, clock: Clock, bus: Bus) -> None:
        super().__init__(clock, bus)
        self.is_writing = asyncio.Event()
        self.may_go_on = asyncio.Event()

    async def append(self, delivery: Delivery) -> None:
        self.is_writing.set()
        await self.may_go_on.wait()
        await super().append(delivery)


# What an operator reads


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize(("headers", "how"), [({}, "missing"), (signed(b"something else"), "wrong")])
async def test_a_body_that_is_not_signed_is_told_of_with_the_numbers_it_names(
    headers: dict[str, str], how: str, meta: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs("json")

    await meta.post(PATH, content=a_body(OURS, THEIRS), headers=headers)

    (line,) = lines(capsys)
    assert (line["level"], line["signature"], line["address"]) == ("warning", how, "127.0.0.1")
    assert line["numbers"] == (None if how == "missing" else "111 222")


async def test_what_a_stranger_wrote_is_read_once_beside_the_loop_and_one_at_a_time(
    meta: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three hundred thousand empty entries take a fifth of a second to read, and anybody may send them."""
    loop, reading, at_once, reads = threading.get_ident(), 0, 0, 0

    def watched(body: bytes) -> object:
        nonlocal reading, at_once, reads
        assert threading.get_ident() != loop
        reading, reads = reading + 1, reads + 1
        at_once = max(at_once, reading)
        decoded = read_json(body)
        reading -= 1
        return decoded

    monkeypatch.setattr(webhooks, "read_json", watched)
    body = b'{"object": "whatsapp_business_account", "entry": [' + b"{}," * 20_000 + b"{}]}"

    answers = await asyncio.gather(*(meta.post(PATH, content=body, headers=signed(b"other")) for _ in range(8)))

    assert {answer.status_code for answer in answers} == {401}
    assert (reads, at_once) == (8, 1)


@pytest.mark.parametrize(
    ("body", "status"),
    [(b'{"entry": [' + b"{}," * 20_000 + b"{}]}", 200), (b"[" * 100_000, 200), (b"[" + b"1," * 20_000, 400)],
    ids=["many entries", "too deep", "cut off"],
)
async def test_what_is_signed_is_read_beside_the_loop_and_one_at_a_time_too(
    meta: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, body: bytes, status: int
) -> None:
    loop, reading, at_once, reads = threading.get_ident(), 0, 0, 0

    def beside(read: Callable[[bytes], T]) -> Callable[[bytes], T]:
        def watched(body: bytes) -> T:
            nonlocal reading, at_once, reads
            assert threading.get_ident() != loop
            reading, reads = reading + 1, reads + 1
            at_once = max(at_once, reading)
            said = read(body)
            reading -= 1
            return said

        return watched

    monkeypatch.setattr(webhooks, "numbers_named", beside(webhooks.numbers_named))
    monkeypatch.setattr(webhooks, "_is_json", beside(getattr(webhooks, "_is_json")))  # noqa: B009

    answers = await asyncio.gather(*(meta.post(PATH, content=body, headers=signed(body)) for _ in range(4)))

    assert {answer.status_code for answer in answers} == {status}
    assert reads >= 4
    assert at_once == 1


async def test_a_body_that_names_thousands_of_numbers_is_not_looked_up(ports: Ports, meters: Meters) -> None:
    looked_up: list[int] = []

    class Watched:
        async def find(self, listing: DirectoryEntry, values: Collection[str]) -> list[object]:
            looked_up.append(len(values))
            return []

    body = a_body(*(BusinessNumber(str(number), "901") for number in range(NAMED_AT_MOST + 1)))
    async with client_of(replace(ports, directory=cast("Directory", Watched())), meters) as meta:
        assert (await meta.post(PATH, content=body, headers=signed(b"other"))).status_code == 401

    assert looked_up == []


async def test_a_thousand_of_them_are_two_lines_at_the_most(
    meta: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs("json")

    for _ in range(100):
        await meta.post(PATH, content=a_body(OURS))

    assert len(lines(capsys)) <= 2


async def test_a_handshake_with_a_wrong_token_is_told_of_without_the_token(
    meta: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs("json")

    await meta.get(PATH, params={"hub.mode": "subscribe", "hub.verify_token": "guess", "hub.challenge": "1"})

    (line,) = lines(capsys)
    assert (line["event"], line["knows_token"]) == ("a webhook's handshake was refused", False)
    assert "guess" not in json.dumps(line)


async def test_a_delivery_has_the_name_of_the_request_that_brought_it(ports: Ports, meters: Meters) -> None:
    webhook = WhatsAppWebhook(
        ports, meters, app_secrets=(APP_SECRET,), verify_token=TOKEN, max_in_flight=16, max_per_address=16
    )
    app = Starlette(routes=webhook.routes(), middleware=[Middleware(Edge, ids=ports.ids, meters=meters)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk") as meta:
        answer = await meta.post(PATH, content=a_body(OURS), headers=signed(a_body(OURS)))

    (delivery,) = await kept(ports)
    assert delivery.id == answer.headers["x-request-id"]
