"""What becomes of each call to the network, by what is known of it."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from adapters.whatsapp.client import CloudApi, http_client
from domain.channels.template_drafts import TemplateDraft
from domain.channels.templates import Button, Header, HeaderKind, Parameter, TemplateCategory, TemplateStatus
from domain.conversations.contents import Filled, Text
from domain.files.media import MediaState
from domain.ids import BusinessAccountId, OrganizationId, PhoneNumberId, Wamid
from domain.ports.network import (
    Accepted,
    AccountFacts,
    NotSent,
    NumberFacts,
    Outgoing,
    Rejected,
    TemplateMade,
    TokenFacts,
    Unanswered,
)
from tests.builders import CountingIds, a_media

TOKEN = "EAAG-canary-7c1f"
NUMBER = PhoneNumberId("700100")
ACCOUNT = BusinessAccountId("800100")
ACME = OrganizationId("acme")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HELLO = Outgoing(NUMBER, "15550102001", None, Text("Hello"), "message-1:1")

Handler = Callable[[httpx.Request], httpx.Response]


@dataclass
class Graph:
    """A network whose answers are a function; it keeps what it was asked."""

    answer: Handler
    asked: list[httpx.Request] = field(default_factory=list[httpx.Request])

    def take(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answer(request)

    @property
    def api(self) -> CloudApi:
        http = http_client(httpx.MockTransport(self.take))
        return CloudApi("https://graph.example.com/", "v26.0", http, CountingIds())


def always(
    status: int, body: object = None, *, raw: bytes | None = None, headers: dict[str, str] | None = None
) -> Graph:
    content = raw if raw is not None else json.dumps(body).encode()
    return Graph(lambda _: httpx.Response(status, content=content, headers=headers))


def error(code: int | str | None, message: str = "Something", **more: object) -> dict[str, object]:
    return {"error": {"message": message, "type": "OAuthException", "code": code, **more}}


def raising(failure: Exception) -> Graph:
    def answer(request: httpx.Request) -> httpx.Response:
        raise failure

    return Graph(answer)


def taken(**message: object) -> dict[str, object]:
    contact = {"input": "15550102001", "wa_id": "15550102001"}
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": "wamid.o1", **message}]}


# Sending


async def test_a_send_is_posted_to_the_number_with_the_token_as_bearer() -> None:
    graph = always(200, taken())

    result = await graph.api.send(TOKEN, HELLO)

    assert result == Accepted(Wamid("wamid.o1"), "15550102001")
    [request] = graph.asked
    assert (request.method, str(request.url)) == ("POST", "https://graph.example.com/v26.0/700100/messages")
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content)["text"] == {"body": "Hello", "preview_url": False}


async def test_an_accepted_send_names_the_person_as_the_network_knows_them() -> None:
    contact = {"input": "US.7002", "user_id": "US.7002"}
    graph = always(200, {"contacts": [contact], "messages": [{"id": "wamid.o1", "message_status": "accepted"}]})
    to_user_id = Outgoing(NUMBER, None, "US.7002", Text("Hi"), "message-1:1")

    assert await graph.api.send(TOKEN, to_user_id) == Accepted(Wamid("wamid.o1"), None, "US.7002")


async def test_a_number_may_come_back_in_another_spelling() -> None:
    contact = {"input": "+1 (555) 010-2001", "wa_id": "15550102009"}
    graph = always(200, {"contacts": [contact], "messages": [{"id": "wamid.o1"}]})

    assert await graph.api.send(TOKEN, HELLO) == Accepted(Wamid("wamid.o1"), "15550102009")


NOT_NAMED: list[object] = [
    {},
    [],
    None,
    "ok",
    {"success": True},
    {"messages": []},
    {"messages": [{}]},
    {"messages": [{"id": ""}]},
    {"messages": [None]},
    {"messages": {"id": "wamid.o1"}},
    {"contacts": [{"input": "15550102999"}], "messages": [{"id": "wamid.o1"}]},
    error(1),
    error(None),
]


@pytest.mark.parametrize("body", NOT_NAMED)
async def test_a_success_that_does_not_name_our_message_leaves_it_unknown(body: object) -> None:
    assert isinstance(await always(200, body).api.send(TOKEN, HELLO), Unanswered)


@pytest.mark.parametrize("status", [200, 201, 301, 307, 400, 404, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("raw", [b"", b"<html>Bad gateway</html>", b'{"error": {"code": 4', b"\xff\xfe", b"[1]", b"{}"])
async def test_an_answer_that_is_not_the_networks_leaves_it_unknown(status: int, raw: bytes) -> None:
    assert isinstance(await always(status, raw=raw).api.send(TOKEN, HELLO), Unanswered)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500, 503])
@pytest.mark.parametrize("code", [0, 3, 4, 10, 100, 190, 250, 368, 80007, 130429, 131047, 131056, 132001, "131026"])
async def test_a_listed_code_is_a_refusal_whatever_the_http_status(status: int, code: int | str) -> None:
    result = await always(status, error(code)).api.send(TOKEN, HELLO)

    assert result == Rejected(int(code), "Something")


@pytest.mark.parametrize("code", [1, 2, 131000, 131016, 131057, 133004, 999999, None])
async def test_any_other_code_of_a_5xx_leaves_it_unknown_and_of_a_4xx_is_a_refusal(code: int | None) -> None:
    assert isinstance(await always(500, error(code)).api.send(TOKEN, HELLO), Unanswered)
    assert await always(400, error(code)).api.send(TOKEN, HELLO) == Rejected(code, "Something")


async def test_a_refusal_is_told_in_the_networks_most_exact_words() -> None:
    data = {"messaging_product": "whatsapp", "details": "Message failed to send because more than 24 hours passed"}

    exact = await always(400, error(131047, "(#131047) Re-engagement", error_data=data)).api.send(TOKEN, HELLO)
    silent = await always(400, {"error": {"code": 131047}}).api.send(TOKEN, HELLO)

    assert exact == Rejected(131047, data["details"])
    assert silent == Rejected(131047, "no reason given")


@pytest.mark.parametrize(
    ("headers", "retry_after_s"),
    [
        ({}, None),
        ({"Retry-After": "30"}, 30.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"X-Business-Use-Case-Usage": '{"800100": [{"estimated_time_to_regain_access": 3}]}'}, 180.0),
        ({"X-Business-Use-Case-Usage": '{"a": [{"estimated_time_to_regain_access": 0}, {}, 5], "b": null}'}, None),
        (
            {"X-Business-Use-Case-Usage": '{"a": [{"estimated_time_to_regain_access": 1}]}', "Retry-After": "90"},
            90.0,
        ),
        ({"X-Business-Use-Case-Usage": "not json"}, None),
        ({"Retry-After": "999999999"}, 604800.0),
    ],
)
async def test_the_pause_the_network_asks_for_is_told(headers: dict[str, str], retry_after_s: float | None) -> None:
    result = await always(400, error(80007), headers=headers).api.send(TOKEN, HELLO)

    assert result == Rejected(80007, "Something", retry_after_s)


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.PoolTimeout("busy"),
        httpx.UnsupportedProtocol("ftp"),
        httpx.InvalidURL("no"),
    ],
)
async def test_what_fails_before_the_first_byte_was_not_sent(failure: Exception) -> None:
    assert isinstance(await raising(failure).api.send(TOKEN, HELLO), NotSent)


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ReadTimeout("slow"),
        httpx.WriteTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.WriteError("reset"),
        httpx.CloseError("reset"),
        httpx.RemoteProtocolError("half an answer"),
        httpx.LocalProtocolError("odd"),
        httpx.DecodingError("not gzip"),
        httpx.TooManyRedirects("round"),
    ],
)
async def test_what_fails_after_the_first_byte_leaves_it_unknown(failure: Exception) -> None:
    assert isinstance(await raising(failure).api.send(TOKEN, HELLO), Unanswered)


async def test_a_redirect_is_not_followed_with_our_token() -> None:
    graph = Graph(lambda _: httpx.Response(307, headers={"Location": "https://elsewhere.example.com/"}))

    assert isinstance(await graph.api.send(TOKEN, HELLO), Unanswered)
    assert len(graph.asked) == 1


async def test_names_can_not_leave_their_place_in_the_address() -> None:
    graph = always(200, {"success": True})

    for name in ("../800100", "a/b", "?x=1", "..", "#", "a\ud800"):
        await graph.api.mark_read(TOKEN, PhoneNumberId(name), Wamid("wamid.m1"))

    paths = [request.url.raw_path.decode() for request in graph.asked]
    assert all(path.startswith("/v26.0/") and path.endswith("/messages") for path in paths)
    assert all(path.count("/") == 3 and ".." not in path and "?" not in path for path in paths)


async def test_a_lone_surrogate_in_a_text_does_not_stop_the_send() -> None:
    graph = always(200, taken())

    result = await graph.api.send(TOKEN, Outgoing(NUMBER, "15550102001", None, Text("half \ud83d"), "m:1"))

    assert isinstance(result, Accepted)
    assert json.loads(graph.asked[0].content)["text"]["body"] == "half ?"


# Over real sockets


async def test_a_closed_port_is_told_apart_from_a_connection_that_broke() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    async with http_client() as http:
        refused = await CloudApi(f"http://127.0.0.1:{port}", "v26.0", http, CountingIds()).send(TOKEN, HELLO)

    assert isinstance(refused, NotSent)


FULL_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n" + b'{"messages": [{"id": "wamid.o1"}]}      '


@pytest.mark.parametrize("sent", [0, 1, 15, len(FULL_ANSWER) - 41, len(FULL_ANSWER) - 1])
async def test_an_answer_cut_at_any_byte_leaves_it_unknown(sent: int) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(FULL_ANSWER[:sent])
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server, http_client() as http:
        port = server.sockets[0].getsockname()[1]
        result = await CloudApi(f"http://127.0.0.1:{port}", "v26.0", http, CountingIds()).send(TOKEN, HELLO)

    assert isinstance(result, Unanswered)


def test_the_client_has_explicit_timeouts_and_reads_no_proxy_from_the_environment() -> None:
    http = http_client()

    assert http.timeout == httpx.Timeout(connect=5.0, read=10.0, write=10.0, pool=5.0)
    assert (http.trust_env, http.follow_redirects) == (False, False)


# Tokens


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "café", "tab\t"])
async def test_what_can_not_be_a_token_is_refused_without_a_call(token: str) -> None:
    graph = always(200, taken())

    result = await graph.api.send(token, HELLO)

    assert isinstance(result, Rejected)
    assert (result.code, graph.asked) == (190, [])


async def test_the_token_is_in_no_log_answer_or_name(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for library in ("httpx", "httpcore"):  # also where a command that ran in this process made them quiet
        caplog.set_level(logging.DEBUG, logger=library)
    quoting = always(401, error(190, f"Malformed access token {TOKEN}"))
    failing = raising(httpx.ReadError(f"Bearer {TOKEN}"))

    told = [
        await always(200, {"data": {"is_valid": True}}).api.token_facts(TOKEN),
        await quoting.api.send(TOKEN, HELLO),
        await quoting.api.numbers(TOKEN, ACCOUNT),
        await failing.api.send(TOKEN, HELLO),
        quoting.api,
    ]

    assert TOKEN not in repr(told)
    assert TOKEN not in caplog.text
    assert "graph.example.com" in caplog.text  # what carries no token is logged as ever


async def test_a_token_asks_about_itself() -> None:
    data = {"app_id": 300100, "is_valid": True, "expires_at": 0, "scopes": ["whatsapp_business_messaging", None]}
    graph = always(200, {"data": data})

    facts = await graph.api.token_facts(TOKEN)

    assert facts == TokenFacts(True, frozenset({"whatsapp_business_messaging"}), "300100", None)
    [request] = graph.asked
    assert request.url.path == "/v26.0/debug_token"
    assert request.url.params["input_token"] == TOKEN
    assert request.headers["authorization"] == f"Bearer {TOKEN}"


async def test_a_token_tells_when_it_ends() -> None:
    facts = await always(200, {"data": {"is_valid": True, "expires_at": 1795176000}}).api.token_facts(TOKEN)

    assert isinstance(facts, TokenFacts)
    assert facts.expires_at == datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "graph",
    [
        always(200, {"data": {"is_valid": False, "error": {"code": 190}}}),
        always(401, error(190)),
        always(400, error(0)),
    ],
)
async def test_a_token_the_network_does_not_take_is_not_valid(graph: Graph) -> None:
    assert await graph.api.token_facts(TOKEN) == TokenFacts(False, frozenset())


async def test_a_token_question_that_fails_for_another_reason_is_no_fact() -> None:
    assert await always(400, error(4)).api.token_facts(TOKEN) == Rejected(4, "Something")
    assert isinstance(await always(200, {"data": None}).api.token_facts(TOKEN), Unanswered)
    assert isinstance(await raising(httpx.ConnectError("x")).api.token_facts(TOKEN), NotSent)


# Accounts and numbers


@pytest.mark.parametrize(("told", "verified"), [("verified", True), ("VERIFIED", True), ("not_verified", False)])
async def test_an_account_tells_its_name_and_whether_it_is_verified(told: str, verified: bool) -> None:
    graph = always(200, {"id": "800100", "name": "Workshop", "business_verification_status": told})

    assert await graph.api.account_facts(TOKEN, ACCOUNT) == AccountFacts(ACCOUNT, "Workshop", verified)


async def test_another_account_than_asked_for_is_no_answer() -> None:
    assert isinstance(await always(200, {"id": "800999"}).api.account_facts(TOKEN, ACCOUNT), Unanswered)
    assert await always(400, error(100)).api.account_facts(TOKEN, ACCOUNT) == Rejected(100, "Something")


async def test_a_number_is_told_with_its_standing_and_limits() -> None:
    row = {
        "id": "700100",
        "display_phone_number": "+1 (555) 010-7001",
        "verified_name": "Workshop",
        "quality_rating": "GREEN",
        "code_verification_status": "VERIFIED",
        "status": "CONNECTED",
        "throughput": {"level": "STANDARD"},
        "whatsapp_business_manager_messaging_limit": "TIER_2K",
    }

    numbers = await always(200, {"data": [row, None, {}, {"id": "700200"}]}).api.numbers(TOKEN, ACCOUNT)

    assert numbers == [NumberFacts(NUMBER, "+15550107001", "Workshop", "CONNECTED", "VERIFIED", "GREEN", 2000, 80)]


@pytest.mark.parametrize(
    ("tier", "limit"), [("TIER_250", 250), ("TIER_100K", 100_000), ("TIER_UNLIMITED", None), (None, None)]
)
async def test_a_messaging_limit_is_read_from_its_tier(tier: str | None, limit: int | None) -> None:
    row = {"id": 700100, "display_phone_number": "15550107001", "whatsapp_business_manager_messaging_limit": tier}

    numbers = await always(200, {"data": [row]}).api.numbers(TOKEN, ACCOUNT)

    assert numbers == [NumberFacts(NUMBER, "+15550107001", "", messaging_limit=limit)]


def paged(pages: int) -> Graph:
    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("after", "0"))
        paging: dict[str, Any] = {"cursors": {"before": "x", "after": str(page + 1)}}
        if page + 1 < pages:
            paging["next"] = "https://elsewhere.example.com/steal"
        row = {"id": str(page), "display_phone_number": f"1555010{page:04}"}
        return httpx.Response(200, json={"data": [row], "paging": paging})

    return Graph(answer)


async def test_all_pages_are_read_and_no_foreign_address_is_followed() -> None:
    graph = paged(25)

    numbers = await graph.api.numbers(TOKEN, ACCOUNT)

    assert isinstance(numbers, list)
    assert [number.id for number in numbers] == [str(page) for page in range(25)]
    assert {request.url.host for request in graph.asked} == {"graph.example.com"}
    assert {request.url.path for request in graph.asked} == {"/v26.0/800100/phone_numbers"}
    assert all("whatsapp_business_manager_messaging_limit" in request.url.params["fields"] for request in graph.asked)


async def test_a_list_without_end_is_given_up_after_a_thousand_pages() -> None:
    graph = paged(1_000_000)

    assert isinstance(await graph.api.numbers(TOKEN, ACCOUNT), Unanswered)
    assert len(graph.asked) == 1000


@pytest.mark.parametrize("cursors", [{"after": "same"}, {}, None])
async def test_a_list_that_turns_in_circles_is_given_up(cursors: object) -> None:
    graph = always(200, {"data": [], "paging": {"cursors": cursors, "next": "https://graph.example.com/next"}})

    assert isinstance(await graph.api.numbers(TOKEN, ACCOUNT), Unanswered)
    assert len(graph.asked) <= 2


async def test_half_a_list_is_none() -> None:
    first = {"data": [{"id": "1", "display_phone_number": "1"}], "paging": {"cursors": {"after": "a"}, "next": "x"}}
    pages = [httpx.Response(200, json=first), httpx.Response(400, json=error(131059))]
    graph = Graph(lambda _: pages.pop(0))

    assert await graph.api.numbers(TOKEN, ACCOUNT) == Rejected(131059, "Something")


async def test_a_list_that_is_none_is_no_answer() -> None:
    assert isinstance(await always(200, {"data": {}}).api.numbers(TOKEN, ACCOUNT), Unanswered)


# Orders


async def test_registering_subscribing_and_marking_as_read_are_posted() -> None:
    graph = always(200, {"success": True})

    done = [
        await graph.api.register(TOKEN, NUMBER, "123456"),
        await graph.api.subscribe(TOKEN, ACCOUNT),
        await graph.api.mark_read(TOKEN, NUMBER, Wamid("wamid.m1")),
    ]

    assert done == [None, None, None]
    assert [(request.method, request.url.path, json.loads(request.content)) for request in graph.asked] == [
        ("POST", "/v26.0/700100/register", {"messaging_product": "whatsapp", "pin": "123456"}),
        ("POST", "/v26.0/800100/subscribed_apps", {}),
        (
            "POST",
            "/v26.0/700100/messages",
            {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.m1"},
        ),
    ]


async def test_an_order_refused_or_unanswered_says_so() -> None:
    assert await always(400, error(133005)).api.register(TOKEN, NUMBER, "1") == Rejected(133005, "Something")
    assert isinstance(await always(200, {"success": False}).api.subscribe(TOKEN, ACCOUNT), Unanswered)
    assert isinstance(await raising(httpx.ReadTimeout("x")).api.subscribe(TOKEN, ACCOUNT), Unanswered)


# Templates

ROW: dict[str, Any] = {
    "id": "990001",
    "name": "bike_ready",
    "language": "en_US",
    "status": "APPROVED",
    "category": "UTILITY",
    "parameter_format": "POSITIONAL",
    "quality_score": {"score": "GREEN"},
    "rejected_reason": "NONE",
    "components": [
        {"type": "HEADER", "format": "TEXT", "text": "For {{1}}", "example": {"header_text": ["Mira"]}},
        {
            "type": "BODY",
            "text": "Your {{1}} is ready on {{2}}.",
            "example": {"body_text": [["bike", "Friday"]]},
        },
        {"type": "FOOTER", "text": "The workshop"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "QUICK_REPLY", "text": "Thanks"},
                {
                    "type": "URL",
                    "text": "See it",
                    "url": "https://example.com/{{1}}",
                    "example": ["https://example.com/A1"],
                },
                {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+15550107001"},
                {"type": "COPY_CODE", "example": "SPRING"},
                {"type": "HOLOGRAM", "text": "Look"},
            ],
        },
    ],
}


async def templates_from(*rows: object) -> Any:
    found = await always(200, {"data": [*rows]}).api.templates(TOKEN, ACME, ACCOUNT, NOW)
    assert isinstance(found, list)
    return found


async def test_a_template_is_read_with_all_its_parts_and_blanks() -> None:
    [template] = await templates_from(ROW)

    assert (template.id, template.organization, template.account, template.synced_at) == (
        CountingIds().new(),
        ACME,
        ACCOUNT,
        NOW,
    )
    assert (template.network_id, template.name, template.language) == ("990001", "bike_ready", "en_US")
    assert (template.category, template.status) == (TemplateCategory.UTILITY, TemplateStatus.APPROVED)
    assert (template.body, template.footer) == ("Your {{1}} is ready on {{2}}.", "The workshop")
    assert template.header == Header(HeaderKind.TEXT, "For {{1}}")
    assert (template.quality, template.rejection_reason, template.named) == ("GREEN", None, False)
    assert template.buttons == (
        Button("QUICK_REPLY", "Thanks"),
        Button("URL", "See it", "https://example.com/{{1}}"),
        Button("PHONE_NUMBER", "Call", phone_number="+15550107001"),
        Button("COPY_CODE", ""),
        Button("HOLOGRAM", "Look"),
    )
    assert template.parameters == (
        Parameter("header", "1", example="Mira"),
        Parameter("body", "1", example="bike"),
        Parameter("body", "2", example="Friday"),
        Parameter("button:1", "1", example="A1"),
        Parameter("button:3", "1", "COUPON_CODE", "SPRING"),
    )
    assert template.other_parts == ()


async def test_blanks_with_names_are_read_with_their_examples() -> None:
    body = {
        "type": "BODY",
        "text": "Hi {{first_name}}, see you on {{day}}.",
        "example": {"body_text_named_params": [{"param_name": "day", "example": "Monday"}]},
    }

    [template] = await templates_from({**ROW, "parameter_format": "NAMED", "components": [body]})

    assert template.named
    assert template.parameters == (Parameter("body", "first_name"), Parameter("body", "day", example="Monday"))


@pytest.mark.parametrize("kind", ["IMAGE", "VIDEO", "DOCUMENT", "LOCATION"])
async def test_a_header_may_be_a_file_or_a_place(kind: str) -> None:
    header = {"type": "HEADER", "format": kind, "example": {"header_handle": ["https://example.com/file"]}}

    [template] = await templates_from({**ROW, "components": [header]})

    assert template.header == Header(HeaderKind(kind))
    assert template.parameters == ()


@pytest.mark.parametrize(
    ("component", "part"),
    [
        ({"type": "CAROUSEL", "cards": []}, "CAROUSEL"),
        ({"type": "HEADER", "format": "HOLOGRAM"}, "HEADER HOLOGRAM"),
        ({"type": "HEADER"}, "HEADER of no kind"),
    ],
)
async def test_what_else_a_template_has_is_told_since_it_can_not_be_sent(component: object, part: str) -> None:
    [template] = await templates_from({**ROW, "components": [{"type": "BODY", "text": "Hi"}, component]})

    assert (template.header, template.other_parts) == (None, (part,))


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ("PENDING", TemplateStatus.PENDING),
        ("PAUSED", TemplateStatus.PAUSED),
        ("PENDING_DELETION", TemplateStatus.DELETED),
        ("REINSTATED", TemplateStatus.APPROVED),
        ("FROM_THE_FUTURE", TemplateStatus.DISABLED),
        (None, TemplateStatus.DISABLED),
    ],
)
async def test_a_status_unknown_to_us_can_not_be_sent(told: str | None, status: TemplateStatus) -> None:
    [template] = await templates_from({**ROW, "status": told})

    assert template.status is status


async def test_a_rejected_template_says_why() -> None:
    [template] = await templates_from({**ROW, "status": "REJECTED", "rejected_reason": "ABUSIVE_CONTENT"})

    assert template.rejection_reason == "ABUSIVE_CONTENT"


async def test_parts_that_can_not_be_read_cost_no_more_than_themselves() -> None:
    odd = {"id": 990002, "name": "odd", "language": "en", "category": "NEW", "components": [None, {"type": 5}, "x"]}
    buttons = {"type": "BUTTONS", "buttons": [None, {"type": "URL", "text": "See", "url": "https://e.com/{{1}}"}]}

    found = await templates_from(None, {}, {"id": "1"}, odd, {**ROW, "components": [buttons]})

    assert [(template.network_id, template.body) for template in found] == [("990002", ""), ("990001", "")]
    assert found[0].category is TemplateCategory.MARKETING
    assert found[1].parameters == (Parameter("button:1", "1"),)
    assert len({template.id for template in found}) == 2


async def test_templates_that_can_not_be_read_are_a_failure_and_not_an_empty_list() -> None:
    assert await always(400, error(190)).api.templates(TOKEN, ACME, ACCOUNT, NOW) == Rejected(190, "Something")


# Making and deleting templates

DRAFT = TemplateDraft(
    name="bike_ready",
    language="en_US",
    category=TemplateCategory.UTILITY,
    body="Your {{1}} is ready on {{2}}, bye.",
    header=Header(HeaderKind.TEXT, "For {{1}}"),
    footer="The workshop",
    buttons=(
        Button("QUICK_REPLY", "Thanks"),
        Button("URL", "See it", "https://example.com/{{1}}"),
        Button("PHONE_NUMBER", "Call", phone_number="+15550107001"),
        Button("COPY_CODE", "Copy"),
    ),
    examples=(
        Filled("header", "1", "Mira"),
        Filled("body", "2", "Friday"),
        Filled("body", "1", "bike"),
        Filled("button:1", "1", "A1"),
        Filled("button:3", "1", "SPRING"),
    ),
)


async def posted(draft: TemplateDraft, sample: str | None = None) -> Any:
    graph = always(200, {"id": "77", "status": "PENDING", "category": "MARKETING"})
    made = await graph.api.create_template(TOKEN, ACCOUNT, draft, sample)
    assert made == TemplateMade("77", TemplateStatus.PENDING, TemplateCategory.MARKETING)
    [request] = graph.asked
    assert (request.method, request.url.path) == ("POST", "/v26.0/800100/message_templates")
    return json.loads(request.content)


async def test_a_template_is_posted_with_an_example_for_every_blank() -> None:
    assert await posted(DRAFT) == {
        "name": "bike_ready",
        "language": "en_US",
        "category": "UTILITY",
        "parameter_format": "POSITIONAL",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "For {{1}}", "example": {"header_text": ["Mira"]}},
            {
                "type": "BODY",
                "text": "Your {{1}} is ready on {{2}}, bye.",
                "example": {"body_text": [["bike", "Friday"]]},
            },
            {"type": "FOOTER", "text": "The workshop"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Thanks"},
                    {
                        "type": "URL",
                        "text": "See it",
                        "url": "https://example.com/{{1}}",
                        "example": ["https://example.com/A1"],
                    },
                    {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+15550107001"},
                    {"type": "COPY_CODE", "example": "SPRING"},
                ],
            },
        ],
    }


async def test_blanks_with_names_are_posted_with_theirs_and_a_file_with_its_handle() -> None:
    draft = TemplateDraft(
        "hello",
        "de",
        TemplateCategory.MARKETING,
        "Hallo {{name}}, bis bald.",
        header=Header(HeaderKind.IMAGE),
        buttons=(Button("URL", "Laden", "https://example.com"),),
        examples=(Filled("body", "name", "Mira"),),
    )

    body = await posted(draft, "4::handle")

    assert body["parameter_format"] == "NAMED"
    assert body["components"] == [
        {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::handle"]}},
        {
            "type": "BODY",
            "text": "Hallo {{name}}, bis bald.",
            "example": {"body_text_named_params": [{"param_name": "name", "example": "Mira"}]},
        },
        {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Laden", "url": "https://example.com"}]},
    ]


async def test_a_template_without_anything_else_is_its_body_alone() -> None:
    plain = TemplateDraft("hello", "de", TemplateCategory.UTILITY, "Hallo.", header=Header(HeaderKind.LOCATION))

    assert (await posted(plain))["components"] == [
        {"type": "HEADER", "format": "LOCATION"},
        {"type": "BODY", "text": "Hallo."},
    ]


async def test_a_template_that_is_refused_says_why_in_detail() -> None:
    graph = always(400, error(100, "Exists.", error_subcode=2388024))

    assert await graph.api.create_template(TOKEN, ACCOUNT, DRAFT, None) == Rejected(100, "Exists.", None, 2388024)
    assert isinstance(await always(200, {}).api.create_template(TOKEN, ACCOUNT, DRAFT, None), Unanswered)
    assert isinstance(await raising(httpx.ConnectError("x")).api.create_template(TOKEN, ACCOUNT, DRAFT, None), NotSent)


async def test_one_language_of_a_template_is_deleted() -> None:
    graph = always(200, {"success": True})

    assert await graph.api.delete_template(TOKEN, ACCOUNT, "bike_ready", "990001") is None
    [request] = graph.asked
    assert (request.method, request.url.path) == ("DELETE", "/v26.0/800100/message_templates")
    assert dict(request.url.params) == {"name": "bike_ready", "hsm_id": "990001"}
    refused = always(400, error(100, "None.", error_subcode=2593002))
    assert await refused.api.delete_template(TOKEN, ACCOUNT, "x", "1") == Rejected(100, "None.", None, 2593002)


async def a_picture() -> AsyncIterator[bytes]:
    yield b"abc"
    yield b"de"


SAMPLE = a_media(state=MediaState.READY, mime_type="image/png", size=5, file_name="Bike.png")


async def test_a_sample_goes_up_in_a_session_of_the_app() -> None:
    answers = [{"id": "upload:MTphdHRh==?sig=ARZqkG"}, {"h": "4::aW1hZ2U="}]
    graph = Graph(lambda _: httpx.Response(200, json=answers.pop(0)))

    assert await graph.api.upload_sample(TOKEN, "300100", SAMPLE, a_picture()) == "4::aW1hZ2U="

    begun, sent = graph.asked
    assert (begun.method, begun.url.path) == ("POST", "/v26.0/300100/uploads")
    told = {"file_name": "Bike.png", "file_length": "5", "file_type": "image/png"}
    assert (dict(begun.url.params), begun.headers["authorization"]) == (told, f"Bearer {TOKEN}")
    assert (sent.method, sent.url.path, sent.url.params["sig"]) == ("POST", "/v26.0/upload:MTphdHRh==", "ARZqkG")
    assert (sent.headers["authorization"], sent.headers["file_offset"]) == (f"OAuth {TOKEN}", "0")
    assert (sent.headers["content-length"], await sent.aread()) == ("5", b"abcde")


@pytest.mark.parametrize(
    "answers",
    [
        [{"id": "https://elsewhere.example/upload"}],
        [{"id": "upload:a/../../../me"}],
        [{}],
        [{"id": "upload:abc"}, {}],
    ],
)
async def test_a_session_that_is_none_of_the_networks_gets_no_bytes(answers: list[object]) -> None:
    graph = Graph(lambda _: httpx.Response(200, json=answers.pop(0)))

    assert isinstance(await graph.api.upload_sample(TOKEN, "300100", SAMPLE, a_picture()), Unanswered)


async def test_a_sample_that_is_refused_or_does_not_get_through_says_so() -> None:
    refused = [httpx.Response(200, json={"id": "upload:abc"}), httpx.Response(400, json=error(100))]
    assert await Graph(lambda _: refused.pop(0)).api.upload_sample(TOKEN, "1", SAMPLE, a_picture()) == Rejected(
        100, "Something"
    )
    assert await always(400, error(190)).api.upload_sample(TOKEN, "1", SAMPLE, a_picture()) == Rejected(
        190, "Something"
    )
    down = raising(httpx.ConnectError("x"))
    assert isinstance(await down.api.upload_sample(TOKEN, "1", SAMPLE, a_picture()), NotSent)
