"""The simulator as a business and the people on their phones meet it, over HTTP."""

import asyncio
import hashlib
import hmac
import json
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from adapters.whatsapp.simulator import (
    PersonOptions,
    Simulator,
    SimulatorOptions,
    WebhookVerificationFailed,
    simulator_app,
)

NOON = 1_790_000_000.0
DAY_S = 24 * 60 * 60
SUPPORT, SALES = "200000000000001", "200000000000002"
ACCOUNT = "100000000000001"
ADA, BEN = "15550100011", "15550100012"
BEARER = {"Authorization": "Bearer simulator-token"}


class Desk:
    """A webhook that keeps what it is given and answers as told."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.signatures: list[str] = []
        self.answers: list[int] = []  # the next ones; 200 when none is left
        self.app = Starlette(routes=[Route("/hook", self.handshake), Route("/hook", self.take, methods=["POST"])])

    async def handshake(self, request: Request) -> Response:
        if request.query_params["hub.verify_token"] != "simulator-verify":
            return PlainTextResponse("", 403)
        return PlainTextResponse(request.query_params["hub.challenge"])

    async def take(self, request: Request) -> Response:
        self.bodies.append(await request.body())
        self.signatures.append(request.headers["x-hub-signature-256"])
        return PlainTextResponse("", self.answers.pop(0) if self.answers else 200)

    @property
    def changes(self) -> list[dict[str, Any]]:
        entries = [entry for body in self.bodies for entry in json.loads(body)["entry"]]
        return [change for entry in entries for change in entry["changes"]]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [message for change in self.changes for message in change["value"].get("messages", [])]

    @property
    def statuses(self) -> list[dict[str, Any]]:
        return [status for change in self.changes for status in change["value"].get("statuses", [])]

    @property
    def rungs(self) -> list[str]:
        return [status["status"] for status in self.statuses]


@dataclass
class Network:
    """A running simulator with a desk behind it, a clock moved by hand, and pauses that are noted, not waited."""

    sim: Simulator
    desk: Desk
    graph: httpx.AsyncClient
    pauses: list[float] = field(default_factory=list[float])

    async def control(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        answer = await self.graph.request(method, f"/_sim{path}", json=body, headers={"Authorization": ""})
        assert answer.is_success, answer.text
        return answer.json()

    async def writes(self, text: str, person: str = ADA, **more: object) -> str:
        answer = await self.control("POST", f"/people/{person}/messages", {"to": SUPPORT, "text": text, **more})
        await self.sim.settled()
        return answer["id"]

    async def sends(self, body: dict[str, Any], number: str = SUPPORT) -> httpx.Response:
        answer = await self.graph.post(f"/v26.0/{number}/messages", json={"messaging_product": "whatsapp", **body})
        await self.sim.settled()
        return answer

    async def chat(self, person: str = ADA) -> list[dict[str, Any]]:
        return (await self.control("GET", f"/people/{person}/messages?number={SUPPORT}"))["messages"]

    async def fault(self, **fault: object) -> None:
        await self.control("POST", "/faults", fault)


@asynccontextmanager
async def a_network(
    options: SimulatorOptions | None = None, *, subscribed: bool = True
) -> AsyncGenerator[Network, None]:
    desk, pauses = Desk(), list[float]()

    async def note(pause_s: float) -> None:
        pauses.append(pause_s)

    wanted = replace(
        options or SimulatorOptions(),
        webhook_url="http://desk.test/hook",
        subscribed=subscribed,
        clock=lambda: NOON,
        sleep=note,
        transport=httpx.ASGITransport(desk.app),
        hold_s=0.01,
        seed=7,
    )
    sim = Simulator(wanted)
    transport = httpx.ASGITransport(simulator_app(sim))
    async with sim.running(), httpx.AsyncClient(transport=transport, base_url="http://graph.test") as graph:
        graph.headers.update(BEARER)
        yield Network(sim, desk, graph, pauses)


@pytest.fixture
async def network() -> AsyncGenerator[Network, None]:
    async with a_network() as network:
        yield network


def a_text(body: str = "Hello", to: str = ADA, **more: object) -> dict[str, Any]:
    return {"to": to, "type": "text", "text": {"body": body}, **more}


def a_template(name: str, *values: str, language: str = "en_US", **named: str) -> dict[str, Any]:
    parameters = [{"type": "text", "text": value} for value in values]
    parameters += [{"type": "text", "parameter_name": name, "text": value} for name, value in named.items()]
    components = [{"type": "body", "parameters": parameters}] if parameters else []
    template = {"name": name, "language": {"code": language}, "components": components}
    return {"to": ADA, "type": "template", "template": template}


def error_of(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_error, answer.text
    return answer.json()["error"]


# People write


async def test_what_a_person_writes_reaches_the_webhook_with_who_they_are(network: Network) -> None:
    wamid = await network.writes("hello")

    [change] = network.desk.changes
    assert change["field"] == "messages"
    assert change["value"]["metadata"] == {"display_phone_number": "15550100001", "phone_number_id": SUPPORT}
    [contact] = change["value"]["contacts"]
    assert (contact["profile"]["name"], contact["wa_id"]) == ("Ada Moreno", ADA)
    [message] = change["value"]["messages"]
    assert message == {
        "from": ADA,
        "from_user_id": contact["user_id"],
        "id": wamid,
        "timestamp": str(int(NOON)),
        "type": "text",
        "text": {"body": "hello"},
    }


async def test_the_signature_is_over_the_exact_bytes_with_escapes_as_meta_writes_them(network: Network) -> None:
    await network.writes("½ off at https://acme.test 🎉")

    [body] = network.desk.bodies
    assert b"\\u00bd off at https:\\/\\/acme.test \\ud83c\\udf89" in body
    expected = hmac.new(b"simulator-secret", body, hashlib.sha256).hexdigest()
    assert network.desk.signatures == [f"sha256={expected}"]


async def test_nothing_is_posted_before_the_account_is_subscribed() -> None:
    async with a_network(subscribed=False) as network:
        await network.writes("too early")
        await network.graph.post(f"/{ACCOUNT}/subscribed_apps")
        await network.writes("in time")

        assert [message["text"]["body"] for message in network.desk.messages] == ["in time"]


async def test_a_person_without_a_number_writes_and_is_answered_by_user_id(network: Network) -> None:
    await network.control("POST", "/people", {"name": "Pablo", "userId": "US.777", "username": "pablo"})
    await network.writes("hola", person="US.777")

    answer = await network.sends({"recipient": "US.777", "type": "text", "text": {"body": "hey"}})

    value = network.desk.changes[0]["value"]
    assert value["contacts"] == [{"profile": {"name": "Pablo", "username": "pablo"}, "user_id": "US.777"}]
    assert "from" not in value["messages"][0]
    assert answer.json()["contacts"] == [{"input": "US.777", "user_id": "US.777"}]
    assert {status["recipient_user_id"] for status in network.desk.statuses} == {"US.777"}
    assert all("recipient_id" not in status for status in network.desk.statuses)


async def test_a_reply_names_what_it_answers_and_a_reaction_shows_on_its_message(network: Network) -> None:
    await network.writes("hello")
    ours = (await network.sends(a_text("How can we help?"))).json()["messages"][0]["id"]

    await network.writes("My order", replyTo=ours)
    reaction = {"to": SUPPORT, "reaction": {"messageId": ours, "emoji": "👍"}}
    await network.control("POST", f"/people/{ADA}/messages", reaction)
    await network.sim.settled()

    assert network.desk.messages[1]["context"] == {"from": "15550100001", "id": ours}
    assert network.desk.messages[2]["reaction"] == {"message_id": ours, "emoji": "👍"}
    chat = await network.chat()
    assert [message["text"] for message in chat] == ["hello", "How can we help?", "My order"]
    assert chat[1]["reactions"] == [{"emoji": "👍", "from": ADA}]
    assert chat[2]["replyTo"] == ours


async def test_kinds_the_simulator_never_heard_of_pass_through(network: Network) -> None:
    raw = {"type": "poll_2030", "poll_2030": {"question": "?"}, "errors": [{"code": 131051}]}
    await network.control("POST", f"/people/{ADA}/messages", {"to": SUPPORT, "message": raw})
    await network.control(
        "POST", f"/people/{ADA}/messages", {"to": SUPPORT, "kind": "image", "image": {"caption": "x"}}
    )
    await network.sim.settled()

    strange, image = network.desk.messages
    assert (strange["poll_2030"], strange["errors"]) == ({"question": "?"}, [{"code": 131051}])
    assert image["image"].keys() == {"mime_type", "sha256", "id", "caption"}


async def test_the_person_sees_one_tick_two_ticks_and_read(network: Network) -> None:
    network.desk.answers = [500] * 10
    wamid = await network.writes("first")
    assert (await network.chat())[0]["status"] == "sent"

    later = await network.writes("second")
    assert (await network.chat())[1]["status"] == "delivered"

    await network.sends({"status": "read", "message_id": later, "typing_indicator": {"type": "text"}})
    assert [(message["id"], message["status"]) for message in await network.chat()] == [
        (wamid, "read"),
        (later, "read"),
    ]


async def test_a_phone_shows_what_stands_in_a_message_besides_its_words(network: Network) -> None:
    place: dict[str, Any] = {"latitude": 48.1, "longitude": 11.5}
    cards: dict[str, Any] = {"contacts": [{"name": {"formatted_name": "Bo"}}]}
    await network.control("POST", f"/people/{ADA}/messages", {"to": SUPPORT, "kind": "location", "location": place})
    await network.control("POST", f"/people/{ADA}/messages", {"to": SUPPORT, "kind": "contacts", **cards})
    await network.sends({"to": ADA, "type": "location", "location": place})

    assert [(each["kind"], each["content"]) for each in await network.chat()] == [
        ("location", place),
        ("contacts", cards),
        ("location", place),
    ]


async def test_a_phone_shows_a_changed_message_changed_and_a_deleted_one_deleted(network: Network) -> None:
    first, second = await network.writes("Fool"), await network.writes("Gone")
    for kind, content in (
        ("edit", {"original_message_id": first, "message": {"type": "text", "text": {"body": "Friend"}}}),
        ("revoke", {"original_message_id": second}),
        ("revoke", {"original_message_id": "wamid.unknown"}),
        ("edit", {"original_message_id": first}),
    ):
        await network.control("POST", f"/people/{ADA}/messages", {"to": SUPPORT, "kind": kind, kind: content})
    await network.sim.settled()

    assert [(each["kind"], each["text"]) for each in await network.chat()] == [("text", "Friend"), ("deleted", "")]
    assert network.desk.changes[2]["value"]["messages"][0]["edit"]["original_message_id"] == first


# Businesses send


async def test_a_reply_inside_the_window_is_sent_then_delivered_with_its_callback_data(network: Network) -> None:
    await network.writes("hello")

    answer = await network.sends(a_text("Hi Ada", biz_opaque_callback_data="message-1/1"))

    assert answer.status_code == 200
    wamid = answer.json()["messages"][0]["id"]
    user_id = network.desk.messages[0]["from_user_id"]
    assert answer.json()["contacts"] == [{"input": ADA, "wa_id": ADA, "user_id": user_id}]
    assert network.desk.rungs == ["sent", "delivered"]
    assert {(status["id"], status["biz_opaque_callback_data"]) for status in network.desk.statuses} == {
        (wamid, "message-1/1")
    }
    pricing = network.desk.statuses[0]["pricing"]
    assert (pricing["category"], pricing["type"]) == ("service", "free_customer_service")
    assert all("conversation" not in status for status in network.desk.statuses)
    assert all("contacts" in change["value"] for change in network.desk.changes)
    assert {status["recipient_user_id"] for status in network.desk.statuses} == {
        network.desk.messages[0]["from_user_id"]
    }


async def test_opening_the_chat_reports_read_once_for_each_message(network: Network) -> None:
    await network.writes("hello")
    await network.sends(a_text("one"))
    await network.sends(a_text("two"))

    first = await network.control("POST", f"/people/{ADA}/read", {"number": SUPPORT})
    second = await network.control("POST", f"/people/{ADA}/read", {"number": SUPPORT})
    await network.sim.settled()

    assert (first, second) == ({"read": 2}, {"read": 0})
    assert network.desk.rungs == ["sent", "delivered", "sent", "delivered", "read", "read"]


async def test_a_phone_that_is_off_gets_its_messages_when_it_comes_back(network: Network) -> None:
    await network.writes("hello")
    await network.control("POST", f"/people/{ADA}/online", {"online": False})
    await network.sends(a_text())
    unread = await network.control("POST", f"/people/{ADA}/read", {"number": SUPPORT})
    before = network.desk.rungs

    await network.control("POST", f"/people/{ADA}/online", {"online": True})
    await network.sim.settled()

    assert (unread, before) == ({"read": 0}, ["sent"])
    assert network.desk.rungs == ["sent", "delivered"]


async def test_a_read_receipt_can_follow_by_itself_each_status_after_a_pause() -> None:
    async with a_network(SimulatorOptions(auto_read=True, status_delay_s=0.5)) as network:
        await network.writes("hello")
        await network.sends(a_text())

        assert network.desk.rungs == ["sent", "delivered", "read"]
        assert network.pauses == [0.5, 0.5, 0.5]


async def test_only_a_voice_note_can_be_played(network: Network) -> None:
    await network.writes("hello")
    id = network.sim.take_upload(network.sim.number(SUPPORT), "audio/ogg", b"OggS").id
    note = (await network.sends({"to": ADA, "type": "audio", "audio": {"id": id, "voice": True}})).json()
    text = (await network.sends(a_text())).json()

    await network.control("POST", f"/messages/{note['messages'][0]['id']}/statuses", {"status": "played"})
    refused = await network.graph.post(
        f"/_sim/messages/{text['messages'][0]['id']}/statuses", json={"status": "played"}
    )
    await network.sim.settled()

    assert network.desk.rungs[-1] == "played"
    assert refused.status_code == 400


async def test_the_window_closes_exactly_24_hours_after_the_person_wrote(network: Network) -> None:
    await network.writes("hello")

    await network.control("POST", "/clock", {"advanceSeconds": DAY_S - 1})
    inside = await network.sends(a_text())
    await network.control("POST", "/clock", {"advanceSeconds": 1})
    outside = await network.sends(a_text())

    assert inside.status_code == 200
    assert error_of(outside)["code"] == 131047
    assert error_of(await network.sends(a_text(), number=SALES))["code"] == 131047
    assert (await network.sends(a_template("welcome_back"))).status_code == 200


async def test_an_old_message_that_arrives_now_opens_no_window(network: Network) -> None:
    await network.writes("from long ago", timestamp=NOON - DAY_S)

    assert error_of(await network.sends(a_text()))["code"] == 131047


async def test_a_number_nobody_has_fails_later_without_contacts(network: Network) -> None:
    template = a_template("welcome_back") | {"to": "+49 30 1234567"}

    answer = await network.sends(template)

    assert answer.json()["contacts"] == [{"input": "+49 30 1234567", "wa_id": "49301234567"}]
    [change] = network.desk.changes
    assert "contacts" not in change["value"]
    [status] = network.desk.statuses
    assert (status["status"], status["recipient_id"], status["errors"][0]["code"]) == ("failed", "49301234567", 131026)


async def test_a_brazilian_number_is_answered_with_the_id_the_network_knows() -> None:
    async with a_network(SimulatorOptions(people=(PersonOptions("Bia", "551187654321"),))) as network:
        await network.writes("oi", person="551187654321")

        answer = await network.sends(a_text(to="+5511987654321"))

        user_id = network.desk.messages[0]["from_user_id"]
        known = {"input": "+5511987654321", "wa_id": "551187654321", "user_id": user_id}
        assert answer.json()["contacts"] == [known]


LIST_ROWS = [{"id": str(place), "title": f"Row {place}"} for place in range(11)]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (a_text("x" * 4097), 100),
        (a_text(""), 131008),
        (a_text(biz_opaque_callback_data="x" * 513), 100),
        ({"type": "text", "text": {"body": "to nobody"}}, 131008),
        ({"to": ADA, "type": "hologram", "hologram": {}}, 100),
        ({"to": "15550100001", "type": "text", "text": {"body": "to myself"}}, 131021),
        ({"to": ADA, "type": "image", "image": {"id": "1", "link": "https://acme.test/a.png"}}, 131008),
        ({"to": ADA, "type": "audio", "audio": {"id": "1", "caption": "no"}}, 100),
        ({"to": ADA, "type": "location", "location": {"latitude": 91, "longitude": 0}}, 131009),
        ({"to": ADA, "type": "contacts", "contacts": [{"name": {"formatted_name": "Only"}}]}, 131008),
        ({"to": ADA, "type": "reaction", "reaction": {"message_id": "wamid.x"}}, 131008),
        (
            {
                "to": ADA,
                "type": "interactive",
                "interactive": {
                    "type": "list",
                    "body": {"text": "Pick"},
                    "action": {"button": "Rows", "sections": [{"rows": LIST_ROWS[:6]}, {"rows": LIST_ROWS[6:]}]},
                },
            },
            131009,
        ),
        (
            {
                "to": ADA,
                "type": "interactive",
                "interactive": {
                    "type": "button",
                    "body": {"text": "Pick"},
                    "action": {"buttons": [{"type": "reply", "reply": {"id": "1", "title": "x" * 21}}]},
                },
            },
            131009,
        ),
        ({"status": "read", "message_id": "wamid.unknown"}, 131009),
    ],
)
async def test_a_send_out_of_shape_is_refused_with_the_networks_code(
    network: Network, body: dict[str, Any], code: int
) -> None:
    await network.writes("hello")

    error = error_of(await network.sends(body))

    assert error["code"] == code
    assert error["fbtrace_id"]
    assert error["error_data"]["details"]
    assert (await network.control("GET", "/sends"))["sends"] == []


async def test_a_body_that_is_not_json_is_refused(network: Network) -> None:
    answer = await network.graph.post(f"/{SUPPORT}/messages", content=b"{")
    nested = await network.graph.post(f"/{SUPPORT}/messages", content=b"[" * 100_000)

    assert (answer.status_code, error_of(answer)["code"]) == (400, 100)
    assert (nested.status_code, error_of(nested)["code"]) == (400, 100)


async def test_a_deregistered_number_sends_again_after_registering_with_its_pin(network: Network) -> None:
    await network.writes("hello")
    await network.graph.post(f"/{SUPPORT}/register", json={"messaging_product": "whatsapp", "pin": "123456"})
    await network.graph.post(f"/{SUPPORT}/deregister")

    assert error_of(await network.sends(a_text()))["code"] == 133010
    wrong = await network.graph.post(f"/{SUPPORT}/register", json={"messaging_product": "whatsapp", "pin": "000000"})
    right = await network.graph.post(f"/{SUPPORT}/register", json={"messaging_product": "whatsapp", "pin": "123456"})

    assert error_of(wrong)["code"] == 133005
    assert right.json() == {"success": True}
    assert (await network.sends(a_text())).status_code == 200


# Templates


async def test_a_template_is_filled_in_for_the_person(network: Network) -> None:
    answer = await network.sends(a_template("order_update", "Ada", "A-1042"))
    await network.sends(a_template("order_update", "Ada", "A-1042", language="es"))
    await network.sends(a_template("appointment_reminder", first_name="Ada", day="Monday"))

    assert answer.json()["messages"][0]["message_status"] == "accepted"
    assert [message["text"] for message in await network.chat()] == [
        "Hi Ada, your order A-1042 is on its way to you.",
        "Hola Ada, tu pedido A-1042 ya va en camino.",
        "Hello Ada, we expect you on Monday at our shop.",
    ]
    assert network.desk.statuses[0]["pricing"]["type"] == "regular"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (a_template("order_update", "Ada"), 400, 132000),
        (a_template("welcome_back", "too many"), 400, 132000),
        (a_template("appointment_reminder", "Ada", "Monday"), 400, 100),
        (a_template("appointment_reminder", first_name="Ada", hour="9"), 400, 132018),
        (a_template("order_update", "Ada\n", "A-1042"), 400, 132018),
        (a_template("order_update", "Ada", "x" * 1024), 400, 132005),
        (a_template("nobody_made_this"), 404, 132001),
        (a_template("welcome_back", language="fr"), 404, 132001),
        (a_template("feedback_request", "Ada"), 404, 132001),
        (a_template("lucky_draw"), 404, 132001),
    ],
)
async def test_a_template_that_does_not_fit_is_refused(
    network: Network, body: dict[str, Any], status: int, code: int
) -> None:
    answer = await network.sends(body)

    assert (answer.status_code, error_of(answer)["code"]) == (status, code)


async def test_a_paused_template_is_refused_and_the_pause_is_told(network: Network) -> None:
    await network.control("POST", "/templates/400000000000003", {"status": "PAUSED"})
    await network.sim.settled()

    assert error_of(await network.sends(a_template("welcome_back")))["code"] == 132015
    [change] = network.desk.changes
    assert change["field"] == "message_template_status_update"
    assert (change["value"]["event"], change["value"]["message_template_id"]) == ("PAUSED", 400000000000003)


async def test_a_new_template_waits_for_its_review(network: Network) -> None:
    body = {"type": "BODY", "text": "Your code is {{1}}, keep it.", "example": {"body_text": [["1234"]]}}
    wanted = {"name": "code", "language": "en_US", "category": "UTILITY", "components": [body]}

    made = await network.graph.post(f"/{ACCOUNT}/message_templates", json=wanted)
    again = await network.graph.post(f"/{ACCOUNT}/message_templates", json=wanted)
    at_edge = wanted | {"name": "edge", "components": [body | {"text": "Your code is {{1}}"}]}
    edge = await network.graph.post(f"/{ACCOUNT}/message_templates", json=at_edge)

    assert (made.json()["status"], made.json()["category"]) == ("PENDING", "UTILITY")
    assert (error_of(again)["code"], error_of(again)["error_subcode"]) == (100, 2388024)
    assert error_of(edge)["error_subcode"] == 2388299
    await network.control("POST", f"/templates/{made.json()['id']}", {"status": "APPROVED"})
    assert (await network.sends(a_template("code", "1234"))).status_code == 200


NEWS: dict[str, Any] = {
    "name": "news",
    "language": "en_US",
    "category": "UTILITY",
    "components": [{"type": "BODY", "text": "There is news."}],
}


async def made_of(network: Network, *components: object, **changes: object) -> httpx.Response:
    parts = [*NEWS["components"], *components]
    return await network.graph.post(f"/{ACCOUNT}/message_templates", json=NEWS | {"components": parts} | changes)


@pytest.mark.parametrize(("review", "event"), [("approve", "APPROVED"), ("reject", "REJECTED")])
async def test_a_review_by_itself_tells_how_it_ended(network: Network, review: str, event: str) -> None:
    await network.control("PUT", "/templates", {"review": review})

    made = await made_of(network)
    await network.sim.settled()

    assert made.json()["status"] == "PENDING"
    assert [change["value"]["event"] for change in network.desk.changes] == [event]


async def test_a_template_moves_is_rated_and_goes_each_with_its_webhook(network: Network) -> None:
    id = (await made_of(network)).json()["id"]
    await network.control("POST", f"/templates/{id}", {"category": "MARKETING"})
    await network.control("POST", f"/templates/{id}", {"quality": "YELLOW"})
    await network.control("POST", f"/templates/{id}", {"status": "APPROVED"})
    path = f"/{ACCOUNT}/message_templates?name=news&hsm_id={id}"
    gone = await network.graph.delete(path)
    await network.sim.settled()

    moved, rated, _, deleted = (change["value"] for change in network.desk.changes)
    assert (moved["previous_category"], moved["new_category"]) == ("UTILITY", "MARKETING")
    assert (rated["previous_quality_score"], rated["new_quality_score"]) == ("UNKNOWN", "YELLOW")
    assert (gone.json(), deleted["event"]) == ({"success": True}, "PENDING_DELETION")
    assert error_of(await made_of(network))["error_subcode"] == 2388023
    assert error_of(await network.graph.delete(path))["error_subcode"] == 2593002


@pytest.mark.parametrize(
    "component",
    [
        {"type": "HEADER", "format": "IMAGE"},
        {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::nobodys"]}},
        {"type": "HEADER", "format": "HOLOGRAM"},
        {"type": "HEADER", "format": "TEXT", "text": "{{1}} and {{2}}"},
        {"type": "HEADER", "format": "TEXT", "text": "For {{1}}"},
        {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE"}]},
        {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Go", "url": "https://a.example/{{1}}"}]},
        {"type": "BUTTONS", "buttons": [{"type": "PHONE_NUMBER", "text": "Call"}] * 2},
        {
            "type": "BUTTONS",
            "buttons": [{"type": each, "text": "Go"} for each in ("QUICK_REPLY", "URL", "QUICK_REPLY")],
        },
    ],
)
async def test_a_template_with_a_part_that_does_not_fit_is_not_made(network: Network, component: object) -> None:
    assert error_of(await made_of(network, component))["code"] == 100


async def test_a_sample_is_taken_whole_and_makes_a_header(network: Network) -> None:
    asked = "/300000000000001/uploads?file_length=5&file_type=image/png"
    session = (await network.graph.post(asked)).json()["id"]
    handle = (await network.graph.post(f"/{session}", content=b"abcde", headers={"file_offset": "0"})).json()["h"]
    short = (await network.graph.post(asked)).json()["id"]

    header = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [handle]}}
    assert (await made_of(network, header)).json()["status"] == "PENDING"
    cut = await network.graph.post(f"/{short}", content=b"abc", headers={"file_offset": "0"})
    again = await network.graph.post(f"/{session}", content=b"abcde", headers={"file_offset": "0"})
    svg = await network.graph.post(asked.replace("image/png", "image/svg"))
    endless = await network.graph.post(asked.replace("=5", "=0"))
    assert [error_of(each)["code"] for each in (cut, again, svg, endless)] == [100] * 4


@pytest.mark.parametrize(
    ("path", "body"),
    [("/templates", {"review": "maybe"}), ("/templates/400000000000003", {"category": "SPAM"})],
)
async def test_a_review_that_there_is_not_is_refused(network: Network, path: str, body: object) -> None:
    answer = await network.graph.request("PUT" if path == "/templates" else "POST", f"/_sim{path}", json=body)

    assert answer.status_code == 400


async def test_templates_come_in_pages_and_by_filter(network: Network) -> None:
    path = f"/v26.0/{ACCOUNT}/message_templates?fields=name,status&limit=3"
    names, pages = list[str](), 0
    while path:
        page = (await network.graph.get(path)).json()
        names += [row["name"] for row in page["data"]]
        path, pages = page["paging"].get("next", ""), pages + 1

    assert (len(names), pages) == (7, 3)
    approved = (await network.graph.get(f"/{ACCOUNT}/message_templates?status=APPROVED&name=order_update")).json()
    assert [row["language"] for row in approved["data"]] == ["en_US", "es"]
    stale = await network.graph.get(f"/{ACCOUNT}/message_templates?after=bm8=")
    assert error_of(stale)["code"] == 131059


# The account


async def test_the_account_and_its_numbers_can_be_read(network: Network) -> None:
    numbers = (await network.graph.get(f"/v26.0/{ACCOUNT}/phone_numbers")).json()["data"]
    number = (await network.graph.get(f"/v19.0/{SUPPORT}?fields=status,throughput{{level}}")).json()
    account = (await network.graph.get(f"/{ACCOUNT}?fields=name,currency")).json()

    assert [(row["id"], row["verified_name"]) for row in numbers] == [(SUPPORT, "Acme Support"), (SALES, "Acme Sales")]
    assert number == {"status": "CONNECTED", "throughput": {"level": "STANDARD"}, "id": SUPPORT}
    assert account == {"name": "Acme", "currency": "USD", "id": ACCOUNT}
    assert error_of(await network.graph.get(f"/{SUPPORT}?fields=nonsense"))["code"] == 100
    missing = error_of(await network.graph.get("/999"))
    assert (missing["code"], missing["error_subcode"]) == (100, 33)
    assert error_of(await network.graph.get("/v26.0/a/b/c"))["code"] == 2500


async def test_the_profile_keeps_what_was_written(network: Network) -> None:
    path = f"/v26.0/{SUPPORT}/whatsapp_business_profile"
    await network.graph.post(path, json={"messaging_product": "whatsapp", "about": "We answer"})
    long = await network.graph.post(path, json={"messaging_product": "whatsapp", "about": "x" * 140})

    assert (await network.graph.get(f"{path}?fields=about")).json() == {"data": [{"about": "We answer"}]}
    assert error_of(long)["code"] == 100


async def test_only_the_right_token_opens_the_api_until_it_is_revoked(network: Network) -> None:
    wrong = await network.graph.get(f"/{SUPPORT}", headers={"Authorization": "Bearer guessed"})
    missing = await network.graph.get(f"/{SUPPORT}", headers={"Authorization": ""})
    before = (await network.graph.get("/debug_token?input_token=simulator-token")).json()["data"]
    await network.fault(kind="revoke_token")
    revoked = await network.graph.get(f"/{SUPPORT}")
    app_token = {"Authorization": "Bearer 300000000000001|simulator-secret"}
    after = (await network.graph.get("/debug_token?input_token=simulator-token", headers=app_token)).json()["data"]

    refusals = [(answer.status_code, error_of(answer)["code"]) for answer in (wrong, missing, revoked)]
    assert refusals == [(401, 190), (401, 190), (401, 190)]
    assert (before["is_valid"], before["granular_scopes"][0]["target_ids"]) == (True, [ACCOUNT])
    assert after["is_valid"] is False


async def test_subscribing_is_shown_and_undone(network: Network) -> None:
    path = f"/{ACCOUNT}/subscribed_apps"
    shown = (await network.graph.get(path)).json()["data"]
    await network.graph.delete(path)

    assert shown[0]["whatsapp_business_api_data"]["id"] == "300000000000001"
    assert (await network.graph.get(path)).json() == {"data": []}
    assert (await network.control("GET", ""))["subscribed"] is False


async def test_an_address_of_its_own_must_answer_the_handshake(network: Network) -> None:
    address = {"override_callback_uri": "http://desk.test/hook"}
    path = f"/{ACCOUNT}/subscribed_apps"

    refused = await network.graph.post(path, json=address | {"verify_token": "wrong"})
    taken = await network.graph.post(path, json=address | {"verify_token": "simulator-verify"})

    assert error_of(refused)["code"] == 2200
    assert taken.json() == {"success": True}


async def test_the_handshake_says_what_went_wrong(network: Network) -> None:
    await network.sim.verify_webhook()

    await network.control("PUT", "/webhooks/url", {"url": "http://desk.test/elsewhere"})
    with pytest.raises(WebhookVerificationFailed, match="answered 404 instead of 200"):
        await network.sim.verify_webhook()


# Webhooks in trouble


async def test_a_post_that_is_not_answered_200_comes_again_after_growing_pauses(network: Network) -> None:
    network.desk.answers = [500, 302, 401]

    await network.writes("hello")

    assert len(network.desk.bodies) == 4
    assert len(set(network.desk.bodies)) == 1
    assert network.pauses == [1.0, 2.0, 4.0]


async def test_retrying_ends(network: Network) -> None:
    network.desk.answers = [500] * 50

    await network.writes("hello")

    assert len(network.desk.bodies) == 10


async def test_a_conversation_arrives_in_the_order_it_was_written(network: Network) -> None:
    for place in range(20):
        body = {"to": SUPPORT, "text": str(place)}
        await network.control("POST", f"/people/{ADA}/messages", body)
    await network.sim.settled()

    assert [message["text"]["body"] for message in network.desk.messages] == [str(place) for place in range(20)]


async def test_webhooks_can_be_doubled_wrongly_signed_reordered_and_batched(network: Network) -> None:
    await network.fault(kind="duplicate_webhooks", times=1)
    await network.writes("twice")
    assert len(network.desk.bodies) == 2

    network.desk.answers = [401]
    await network.fault(kind="wrong_signature", times=1)
    await network.writes("forged, then right")
    assert len(set(network.desk.signatures[2:])) == 2

    await network.fault(kind="reorder", times=1)
    await network.control("POST", f"/people/{ADA}/messages", {"to": SUPPORT, "text": "one"})
    await network.writes("two")
    assert [message["text"]["body"] for message in network.desk.messages[4:]] == ["two", "one"]

    posts = len(network.desk.bodies)
    await network.fault(kind="batch", size=3, times=1)
    for text in ("a", "b"):
        await network.control("POST", f"/people/{ADA}/messages", {"to": SUPPORT, "text": text})
    await network.writes("c", person=BEN)
    assert len(network.desk.bodies) == posts + 1
    assert [message["text"]["body"] for message in network.desk.messages[6:]] == ["a", "b", "c"]
    assert (await network.control("GET", "/faults")) == {"faults": []}


async def test_clearing_the_faults_lets_go_of_an_unfinished_batch(network: Network) -> None:
    await network.fault(kind="batch", size=100)
    await network.control("POST", f"/people/{ADA}/messages", {"to": SUPPORT, "text": "held"})
    assert network.desk.bodies == []

    await network.control("DELETE", "/faults")
    await network.sim.settled()

    assert len(network.desk.messages) == 1


async def test_any_body_can_be_signed_and_posted(network: Network) -> None:
    body = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"value": "a/b\ud800"}]}]}

    posted = await network.graph.post("/_sim/webhooks", content=json.dumps({"body": body}))
    raw = await network.control("POST", "/webhooks", {"raw": "{not json"})

    assert (posted.json(), raw) == ({"status": 200}, {"status": 200})
    assert json.loads(network.desk.bodies[0]) == body
    assert network.desk.bodies[1] == b"{not json"
    digest = hmac.new(b"simulator-secret", b"{not json", hashlib.sha256).hexdigest()
    assert network.desk.signatures[1] == f"sha256={digest}"


# Sends in trouble


async def test_a_send_whose_answer_is_lost_was_accepted_and_its_statuses_come(network: Network) -> None:
    await network.writes("hello")
    await network.fault(kind="timeout_after_accept", times=1)
    await network.fault(kind="drop_after_accept", times=1)

    with pytest.raises(httpx.ReadTimeout):
        await network.sends(a_text(biz_opaque_callback_data="late"))
    with pytest.raises(httpx.RemoteProtocolError):
        await network.sends(a_text(biz_opaque_callback_data="cut"))
    await network.sim.settled()

    sends = (await network.control("GET", "/sends"))["sends"]
    assert [send["callbackData"] for send in sends] == ["late", "cut"]
    assert [status["biz_opaque_callback_data"] for status in network.desk.statuses] == ["late", "late", "cut", "cut"]
    assert (await network.sends(a_text())).status_code == 200


async def test_a_send_refused_before_acceptance_leaves_nothing_behind(network: Network) -> None:
    await network.writes("hello")
    await network.fault(kind="drop_before_accept", times=1)
    await network.fault(kind="html_502", times=1)
    await network.fault(kind="error", code=130429, status=400, subcode=5, times=1)

    with pytest.raises(httpx.RemoteProtocolError):
        await network.sends(a_text())
    page = await network.sends(a_text())
    limit = await network.sends(a_text())

    assert (page.status_code, page.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert (limit.status_code, error_of(limit)["code"], error_of(limit)["error_subcode"]) == (400, 130429, 5)
    assert (await network.control("GET", "/sends"))["sends"] == []
    assert [message["text"] for message in await network.chat()] == ["hello"]


async def test_a_fault_can_be_for_one_person_only(network: Network) -> None:
    await network.writes("hello")
    await network.writes("hello", person=BEN)
    await network.fault(kind="error", match={"to": f"+{BEN}"})

    assert (await network.sends(a_text())).status_code == 200
    assert (await network.sends(a_text(to=BEN))).status_code == 500
    assert (await network.sends(a_text(to=BEN))).status_code == 500
    await network.control("DELETE", "/faults")
    assert (await network.sends(a_text(to=BEN))).status_code == 200


async def test_a_status_can_come_before_the_answer(network: Network) -> None:
    await network.writes("hello")
    await network.fault(kind="status_before_answer", times=1)

    body = {"messaging_product": "whatsapp", **a_text()}
    answer = await network.graph.post(f"/{SUPPORT}/messages", json=body)

    assert [status["id"] for status in network.desk.statuses[:1]] == [answer.json()["messages"][0]["id"]]
    await network.sim.settled()
    assert network.desk.rungs == ["sent", "delivered"]


async def test_a_send_can_fail_later_or_be_heard_of_no_more(network: Network) -> None:
    await network.writes("hello")
    await network.fault(kind="fail_later", code=131049, times=1)
    await network.sends(a_text("lost"))
    await network.fault(kind="swallow_statuses", times=1)
    await network.sends(a_text("silent"))

    [status] = network.desk.statuses
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131049)
    assert status["recipient_id"] == ADA
    assert "recipient_user_id" not in status
    assert "contacts" not in network.desk.changes[-1]["value"]
    assert [(message["text"], message["status"]) for message in (await network.chat())[1:]] == [
        ("lost", "failed"),
        ("silent", "delivered"),
    ]


# The control face


async def test_the_overview_says_who_is_there(network: Network) -> None:
    overview = await network.control("GET", "")

    assert overview["numbers"][0] == {
        "phoneNumberId": SUPPORT,
        "displayPhoneNumber": "+1 555-010-0001",
        "verifiedName": "Acme Support",
        "businessAccountId": ACCOUNT,
    }
    assert [(person["name"], person["waId"]) for person in overview["people"]] == [
        ("Ada Moreno", ADA),
        ("Ben Okafor", BEN),
    ]
    assert (overview["webhookUrl"], overview["subscribed"]) == ("http://desk.test/hook", True)
    assert overview["now"] == "2026-09-21T14:13:20.000Z"


async def test_the_clock_can_be_set(network: Network) -> None:
    assert await network.control("POST", "/clock", {"now": "2027-01-01T00:00:00Z"}) == {
        "now": "2027-01-01T00:00:00.000Z"
    }
    assert await network.control("POST", "/clock", {"now": NOON}) == {"now": "2026-09-21T14:13:20.000Z"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/people", {"waId": "123"}, 400),
        ("POST", "/people", {"name": "Twin", "waId": ADA}, 409),
        ("POST", "/people/999/messages", {"to": SUPPORT, "text": "?"}, 404),
        ("POST", f"/people/{ADA}/messages", {"to": "999", "text": "?"}, 404),
        ("POST", f"/people/{ADA}/messages", {"to": SUPPORT}, 400),
        ("POST", f"/people/{ADA}/messages", {"to": SUPPORT, "text": "?", "timestamp": 1e30}, 400),
        ("POST", f"/people/{ADA}/online", {"online": "yes"}, 400),
        ("POST", "/faults", {"kind": "gremlins"}, 400),
        ("POST", "/faults", {"kind": "error", "times": 0}, 400),
        ("POST", "/clock", {"now": "tomorrow"}, 400),
        ("POST", "/webhooks", {}, 400),
        ("GET", "/nowhere", None, 404),
    ],
)
async def test_a_wrong_control_call_says_what_is_wrong(
    network: Network, method: str, path: str, body: object, status: int
) -> None:
    answer = await network.graph.request(method, f"/_sim{path}", json=body)

    assert answer.status_code == status
    assert answer.json()["error"]


async def test_the_same_seed_gives_the_same_ids() -> None:
    async with a_network() as one, a_network() as other:
        assert await one.writes("hello") == await other.writes("hello")
        assert await one.writes("hello") != await one.writes("hello")


async def test_phones_hear_of_messages_statuses_and_reads(network: Network) -> None:
    stream = network.sim.hints.stream()
    assert (await anext(stream)).startswith(b":")

    written = await network.writes("hello")
    await network.sends({"status": "read", "message_id": written})
    frames = [json.loads((await anext(stream)).removeprefix(b"data: ")) for _ in range(3)]

    assert [(frame["type"], frame["messageId"]) for frame in frames] == [
        ("message", written),
        ("status", written),
        ("read", written),
    ]
    assert {(frame["personId"], frame["number"]) for frame in frames} == {(ADA, SUPPORT)}
    network.sim.hints.end()
    assert [frame async for frame in stream] == []


# Over a real socket


@asynccontextmanager
async def served(sim: Simulator) -> AsyncGenerator[str, None]:
    """The simulator mounted into another application on a free port; the address of the mount."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None, None]:
        async with sim.running():
            yield

    app = Starlette(routes=[Mount("/simulator", simulator_app(sim))], lifespan=lifespan)
    server = uvicorn.Server(uvicorn.Config(app, log_level=60, ws="none"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/simulator"
        finally:
            sim.hints.end()
            server.should_exit = True
            await serving


async def test_mounted_over_a_socket_it_pages_streams_and_breaks_off() -> None:
    sim = Simulator(SimulatorOptions(hold_s=30.0))
    async with served(sim) as address, httpx.AsyncClient(base_url=address, headers=BEARER, timeout=5) as graph:
        page = (await graph.get(f"/v26.0/{ACCOUNT}/phone_numbers?limit=1")).json()
        assert page["paging"]["next"].startswith(f"{address}/v26.0/{ACCOUNT}/phone_numbers?limit=1&after=")

        async with graph.stream("GET", "/_sim/events") as events:
            lines = events.aiter_lines()
            assert await anext(lines) == ": listening"
            await graph.post(f"/_sim/people/{ADA}/messages", json={"to": SUPPORT, "text": "hello"})
            assert [line async for line in _until_data(lines)] == ["message"]

        body = {"messaging_product": "whatsapp", **a_text()}
        for kind in ("drop_before_accept", "drop_after_accept"):
            await graph.post("/_sim/faults", json={"kind": kind, "times": 1})
            with pytest.raises(httpx.RemoteProtocolError):
                await graph.post(f"/v26.0/{SUPPORT}/messages", json=body)
        await graph.post("/_sim/faults", json={"kind": "timeout_after_accept", "times": 1})
        with pytest.raises(httpx.ReadTimeout):
            await graph.post(f"/v26.0/{SUPPORT}/messages", json=body, timeout=0.2)

        assert len((await graph.get("/_sim/sends")).json()["sends"]) == 2


async def _until_data(lines: Any) -> AsyncGenerator[str, None]:
    async for line in lines:
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))["type"]
            return


# Limits


async def limit_errors(network: Network) -> int:
    return (await network.control("GET", ""))["limitErrors"]


async def test_a_person_gets_45_messages_at_once_and_then_one_in_six_seconds(network: Network) -> None:
    await network.writes("hello")
    for _ in range(45):
        assert (await network.sends(a_text())).is_success

    assert error_of(await network.sends(a_text()))["code"] == 131056
    await network.control("POST", "/clock", {"advanceSeconds": 5.9})
    assert error_of(await network.sends(a_text()))["code"] == 131056
    await network.control("POST", "/clock", {"advanceSeconds": 0.1})
    assert (await network.sends(a_text())).is_success
    assert await limit_errors(network) == 2
    assert len((await network.control("GET", "/sends"))["sends"]) == 46


async def test_a_number_sends_so_many_a_second_and_what_comes_in_counts() -> None:
    async with a_network(SimulatorOptions(throughput=5)) as network:
        await network.writes("hello")
        for _ in range(4):
            assert (await network.sends(a_text())).is_success

        assert error_of(await network.sends(a_text()))["code"] == 130429
        await network.control("POST", "/clock", {"advanceSeconds": 1})
        assert (await network.sends(a_text())).is_success
        assert await limit_errors(network) == 1
