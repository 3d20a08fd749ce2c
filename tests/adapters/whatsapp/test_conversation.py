"""Whole conversations between our side of the network's API and the simulator, which shares no code with it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.whatsapp.client import CloudApi, http_client
from adapters.whatsapp.inbound.items import numbers_named
from adapters.whatsapp.inbound.signature import matches
from adapters.whatsapp.inbound.updates import CloudInterpreter
from adapters.whatsapp.simulator import Simulator, SimulatorOptions, simulator_app
from domain.channels.templates import Template, fill
from domain.conversations.contents import (
    ContactCard,
    ContactCards,
    Filled,
    Interactive,
    Location,
    Option,
    TemplateMessage,
    Text,
)
from domain.conversations.sendable import Sendable, fault_of
from domain.conversations.status import MessageStatus
from domain.ids import BusinessAccountId, DeliveryId, OrganizationId, PhoneNumberId, Wamid
from domain.ports.deliveries import Delivery
from domain.ports.network import Accepted, Outgoing, ReactionTo, Rejected, TokenFacts, Unanswered
from domain.updates import MessageReceived, ReactionReceived, StatusReported, Update
from tests.builders import CountingIds

ADA = "15550100011"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TOKEN, SECRET = "simulator-token", "simulator-secret"
SUPPORT = PhoneNumberId("200000000000001")
ACCOUNT = BusinessAccountId("100000000000001")


@dataclass
class TwoEnds:
    """Our API client on one side, a phone on the other, and what the webhook was told between them."""

    sim: Simulator
    api: CloudApi
    phone: httpx.AsyncClient
    told: list[Update]

    async def writes(self, **message: object) -> str:
        answer = await self.phone.post(f"/_sim/people/{ADA}/messages", json={"to": SUPPORT, **message})
        assert answer.is_success, answer.text
        await self.sim.settled()
        return answer.json()["id"]

    async def sends(self, content: Sendable | TemplateMessage | ReactionTo) -> object:
        result = await self.api.send(TOKEN, Outgoing(SUPPORT, ADA, None, content, "message-1:1"))
        await self.sim.settled()
        return result

    async def fault(self, **fault: object) -> None:
        assert (await self.phone.post("/_sim/faults", json=fault)).is_success

    async def chat(self) -> list[dict[str, Any]]:
        answer = await self.phone.get(f"/_sim/people/{ADA}/messages", params={"number": SUPPORT})
        return answer.json()["messages"]

    async def templates(self) -> list[Template]:
        found = await self.api.templates(TOKEN, OrganizationId("acme"), ACCOUNT, NOW)
        assert isinstance(found, list)
        return found

    @property
    def rungs(self) -> list[MessageStatus]:
        return [update.status for update in self.told if isinstance(update, StatusReported)]


@asynccontextmanager
async def a_line() -> AsyncGenerator[TwoEnds, None]:
    told: list[Update] = []

    async def hook(request: Request) -> Response:
        body = await request.body()
        assert matches(body, request.headers["x-hub-signature-256"], ["old", SECRET]) == 1
        assert numbers_named(body) == {SUPPORT}
        told.extend(CloudInterpreter().updates(Delivery(DeliveryId("d1"), NOW, body)))
        return Response()

    desk = httpx.ASGITransport(Starlette(routes=[Route("/hook", hook, methods=["POST"])]))
    options = SimulatorOptions(
        webhook_url="http://desk.example.com/hook", app_secret=SECRET, transport=desk, subscribed=True, hold_s=0.0
    )
    sim = Simulator(options)
    network = httpx.ASGITransport(simulator_app(sim))
    async with (
        sim.running(),
        http_client(network) as graph,
        httpx.AsyncClient(transport=network, base_url="http://sim.example.com") as phone,
    ):
        yield TwoEnds(sim, CloudApi("http://sim.example.com", "v26.0", graph, CountingIds()), phone, told)


async def test_somebody_writes_and_is_answered_and_the_marks_come_back() -> None:
    async with a_line() as line:
        wamid = await line.writes(text="Is anybody there?")
        [message] = line.told
        result = await line.sends(Text("Yes!"))

        assert isinstance(message, MessageReceived)
        assert (message.wamid, message.content) == (wamid, Text("Is anybody there?"))
        assert (message.person.wa_id, message.person.profile_name) == (ADA, "Ada Moreno")
        assert (message.place.number, message.place.account) == (SUPPORT, ACCOUNT)
        assert isinstance(result, Accepted)
        assert result.wa_id == ADA
        assert line.rungs == [MessageStatus.SENT, MessageStatus.DELIVERED]
        statuses = [update for update in line.told if isinstance(update, StatusReported)]
        assert {(status.wamid, status.callback) for status in statuses} == {(result.wamid, "message-1:1")}
        assert [shown["text"] for shown in await line.chat()] == ["Is anybody there?", "Yes!"]


async def test_a_message_is_marked_as_read_and_a_reaction_arrives() -> None:
    async with a_line() as line:
        wamid = await line.writes(text="Look")
        [message] = line.told
        assert isinstance(message, MessageReceived)
        read = await line.api.mark_read(TOKEN, SUPPORT, message.wamid)
        await line.writes(reaction={"messageId": wamid, "emoji": "🎉"})

        assert read is None
        reaction = line.told[-1]
        assert isinstance(reaction, ReactionReceived)
        assert (reaction.target, reaction.emoji) == (wamid, "🎉")


async def test_the_contact_sees_us_writing_until_we_wrote() -> None:
    async with a_line() as line:
        await line.writes(text="Anybody?")
        [message] = line.told
        assert isinstance(message, MessageReceived)

        assert await line.api.mark_read(TOKEN, SUPPORT, message.wamid, typing=True) is None

        [shown] = await line.chat()
        conversation = line.sim.world.conversation_of(message.wamid)
        assert (shown["status"], conversation is not None) == ("read", True)
        assert conversation is not None
        assert conversation.typing_until > line.sim.now()


async def test_a_free_text_to_somebody_who_never_wrote_is_refused() -> None:
    async with a_line() as line:
        result = await line.sends(Text("Hello?"))

        assert isinstance(result, Rejected)
        assert result.code == 131047
        assert await line.chat() == []


async def test_every_approved_template_that_is_read_can_be_filled_in_and_sent() -> None:
    async with a_line() as line:
        approved = [template for template in await line.templates() if template.status == "APPROVED"]
        assert {template.name for template in approved} >= {"order_update", "appointment_reminder", "spring_sale"}

        for template in approved:
            given = [Filled(blank.component, blank.name, f"for {blank.name}") for blank in template.parameters]
            filled = fill(template, given)
            assert isinstance(filled, TemplateMessage)
            assert isinstance(await line.sends(filled), Accepted), template.name
            assert (await line.chat())[-1]["text"] == filled.body


@pytest.mark.parametrize("kind", ["timeout_after_accept", "drop_after_accept", "drop_before_accept", "html_502"])
async def test_an_answer_that_is_lost_leaves_the_send_unknown_and_its_marks_tell_what_became_of_it(kind: str) -> None:
    async with a_line() as line:
        await line.writes(text="Hi")
        await line.fault(kind=kind, times=1)
        result = await line.sends(Text("Are you there?"))

        assert isinstance(result, Unanswered)
        was_taken = kind.endswith("after_accept")
        assert line.rungs == ([MessageStatus.SENT, MessageStatus.DELIVERED] if was_taken else [])


async def test_a_rate_limit_is_a_refusal_and_a_failure_afterwards_a_mark() -> None:
    async with a_line() as line:
        await line.writes(text="Hi")
        await line.fault(kind="error", code=131056, times=1)
        limited = await line.sends(Text("One"))
        await line.fault(kind="fail_later", code=131026, times=1)
        taken = await line.sends(Text("Two"))

        assert isinstance(limited, Rejected)
        assert limited.code == 131056
        assert isinstance(taken, Accepted)
        status = line.told[-1]
        assert isinstance(status, StatusReported)
        assert (status.status, status.failure and status.failure.code) == (MessageStatus.FAILED, 131026)


async def test_everything_the_desk_asks_when_it_connects_a_number_is_answered() -> None:
    async with a_line() as line:
        token = await line.api.token_facts(TOKEN)
        account = await line.api.account_facts(TOKEN, ACCOUNT)
        numbers = await line.api.numbers(TOKEN, ACCOUNT)
        registered = await line.api.register(TOKEN, SUPPORT, "123456")
        subscribed = await line.api.subscribe(TOKEN, ACCOUNT)

        assert isinstance(token, TokenFacts)
        assert token.valid
        assert token.permissions == {"whatsapp_business_management", "whatsapp_business_messaging"}
        assert (getattr(account, "name", None), getattr(account, "verified", None)) == ("Acme", True)
        assert isinstance(numbers, list)
        assert [number.phone_number for number in numbers] == ["+15550100001", "+15550100002"]
        assert all(number.registered and number.code_verified for number in numbers)
        assert (registered, subscribed) == (None, None)


async def test_a_revoked_token_is_told_as_such() -> None:
    async with a_line() as line:
        await line.fault(kind="revoke_token")

        result = await line.sends(Text("Hi"))

        assert isinstance(result, Rejected)
        assert result.code == 190
        assert await line.api.token_facts(TOKEN) == TokenFacts(False, frozenset())


CARDS_AT_THEIR_LIMITS = ContactCards((ContactCard("Bo", ("+1555",), ("bo@example.com",), "Acme"),) * 257)
BUTTONS_AT_THEIR_LIMITS = Interactive(
    "b" * 1024, tuple(Option(f"{number}" * 256, f"{number}" * 20) for number in range(3))
)
LIST_AT_ITS_LIMITS = Interactive(
    "b" * 4096, tuple(Option(f"{number}" * 200, "t" * 24, "d" * 72) for number in range(10)), "l" * 20
)


@pytest.mark.parametrize(
    "content",
    [
        Text("a" * 4096),
        Location(-90.0, 180.0, "Café", "Main St 1"),
        CARDS_AT_THEIR_LIMITS,
        BUTTONS_AT_THEIR_LIMITS,
        LIST_AT_ITS_LIMITS,
        Interactive("When?", (Option("t", "Today", "until six"),), "Choose"),
    ],
)
async def test_what_our_rules_let_pass_at_its_limits_the_network_takes(content: Sendable) -> None:
    async with a_line() as line:
        await line.writes(text="Hello")
        assert fault_of(content) is None

        assert isinstance(await line.sends(content), Accepted)
        assert line.rungs == [MessageStatus.SENT, MessageStatus.DELIVERED]


async def test_our_reaction_stands_on_the_phone_until_it_is_taken_away() -> None:
    async with a_line() as line:
        wamid = Wamid(await line.writes(text="Hello"))

        assert isinstance(await line.sends(ReactionTo(wamid, "👍")), Accepted)
        assert [each["emoji"] for each in (await line.chat())[0]["reactions"]] == ["👍"]

        assert isinstance(await line.sends(ReactionTo(wamid, "")), Accepted)
        assert (await line.chat())[0]["reactions"] == []
        assert len(await line.chat()) == 1
