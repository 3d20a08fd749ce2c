"""Who a person is, as the network's own bodies tell it: from the request to us, and from our request to it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from adapters.whatsapp.client import CloudApi, http_client
from adapters.whatsapp.inbound.updates import CloudInterpreter
from domain.conversations.messages import Message
from domain.conversations.sessions import SessionState
from domain.ids import DeliveryId
from domain.ports.deliveries import Delivery
from domain.updates import Update
from domain.use_cases.marks import callback_of
from domain.use_cases.outbound.sending.start import StartThread, start_thread
from tests.builders import ACCOUNT, CHANNEL, NUMBER, TEMPLATE, CountingIds
from tests.domain.one_desk import AGENT, HELLO, Desk, granted, open_desk

SECOND = timedelta(seconds=1)
Contacts = Callable[[str], list[dict[str, Any]]]


class Interpreter:
    """The network's bodies as they are read in production, though not in a process of their own."""

    async def updates(self, delivery: Delivery) -> list[Update]:
        return CloudInterpreter().updates(delivery)


@dataclass
class Story:
    """A desk that speaks to the network by its own bodies alone. `contacts` is what an answer says of a recipient."""

    desk: Desk
    contacts: Contacts = lambda to: [{"input": to, "wa_id": to}]
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.asked.append(body)
        contacts = self.contacts(body.get("to") or body.get("recipient"))
        return httpx.Response(200, json={"contacts": contacts, "messages": [{"id": f"wamid.out{len(self.asked)}"}]})

    async def start(self, number: str) -> Message:
        asked = StartThread(CHANNEL, number=number, template=TEMPLATE, values=HELLO)
        message = granted(await start_thread(self.desk.ports, AGENT, asked)).message
        assert message is not None
        return await self.desk.dispatch(message)

    async def hears(
        self,
        contacts: list[dict[str, Any]] | None = None,
        *,
        messages: list[dict[str, Any]] | None = None,
        statuses: list[dict[str, Any]] | None = None,
    ) -> None:
        """A webhook of a second later."""
        at = {"timestamp": str(int(self.desk.later(SECOND).timestamp()))}
        items = {"messages": messages, "statuses": statuses}
        value = {name: [item | at for item in listed] for name, listed in items.items() if listed is not None}
        if contacts is not None:
            value["contacts"] = contacts
        change = {"field": "messages", "value": {"metadata": {"phone_number_id": NUMBER}, **value}}
        body = json.dumps({"entry": [{"id": ACCOUNT, "changes": [change]}]}).encode()
        self.desk.deliveries += 1
        id = DeliveryId(f"delivery-{self.desk.deliveries:06d}")
        await self.desk.ports.webhook_inbox.append(Delivery(id, self.desk.clock.now(), body))
        await self.desk.interpret()


@pytest.fixture
async def story() -> Story:
    story = Story(await open_desk())
    api = CloudApi("https://graph.example.com/", "v26.0", http_client(httpx.MockTransport(story.answer)), CountingIds())
    story.desk.ports = replace(story.desk.ports, network=api, interpreter=Interpreter())
    return story


async def test_a_template_its_marks_and_a_reply_by_the_id_they_named_are_one_thread(story: Story) -> None:
    story.contacts = lambda to: [{"input": to, "wa_id": to, "user_id": "US.7700112233445566"}]
    message = await story.start("+14155550121")
    mark = {
        "id": message.wamid,
        "status": "sent",
        "recipient_id": "14155550121",
        "recipient_user_id": "US.7700112233445566",
        "biz_opaque_callback_data": callback_of(message),
    }
    ben: dict[str, Any] = {"user_id": "US.7700112233445566", "profile": {"name": "Ben Sample"}}

    await story.hears(statuses=[mark], contacts=[ben | {"wa_id": "14155550121"}])
    named = ben | {"profile": {"name": "Ben Sample", "username": "ben.sample"}}
    await story.hears(statuses=[mark | {"status": "delivered"}], contacts=[named | {"wa_id": "14155550121"}])
    text = {"from_user_id": "US.7700112233445566", "id": "wamid.in", "type": "text", "text": {"body": "thanks"}}
    await story.hears(messages=[text], contacts=[named])

    contact = await story.desk.contact()
    assert (contact.wa_id, contact.business_scoped_id) == ("14155550121", "US.7700112233445566")
    assert (contact.username, contact.profile_name) == ("ben.sample", "Ben Sample")
    assert len(await story.desk.messages()) == 2
    assert await story.desk.session_state() is SessionState.OPEN


async def test_who_writes_from_the_number_that_the_answer_named_is_who_it_was_written_to(story: Story) -> None:
    story.contacts = lambda to: [{"input": to, "wa_id": "4915155500129"}]
    message = await story.start("+49 01515 5500120")
    assert [body["to"] for body in story.asked] == ["4915155500120"]

    mark = {"id": message.wamid, "status": "delivered", "recipient_id": "4915155500129"}
    await story.hears(statuses=[mark | {"biz_opaque_callback_data": callback_of(message)}])
    eva = {"profile": {"name": "Eva Sample"}, "wa_id": "4915155500129"}
    text = {"from": "4915155500129", "id": "wamid.in", "type": "text", "text": {"body": "danke"}}
    await story.hears(messages=[text], contacts=[eva])

    assert (await story.desk.contact()).wa_id == "4915155500129"
    assert len(await story.desk.messages()) == 2


async def test_a_number_shared_on_request_is_whose_it_is(story: Story) -> None:
    uma: dict[str, Any] = {"profile": {"name": "Uma", "username": "uma"}, "user_id": "US.7700112233446699"}
    by_id = {"from_user_id": "US.7700112233446699"}
    await story.hears(messages=[by_id | {"id": "wamid.1", "type": "text", "text": {"body": "hi"}}], contacts=[uma])
    phones = [{"phone": "+1 415 555 0168", "type": "CELL", "wa_id": "14155550168"}]
    card = {"name": {"formatted_name": "Uma"}, "phones": phones, "origin": "contact_request"}
    await story.hears(
        messages=[by_id | {"id": "wamid.2", "type": "contacts", "contacts": [card], "context": {"id": "wamid.asked"}}],
        contacts=[uma],
    )

    text = {"from": "14155550168", "id": "wamid.3", "type": "text", "text": {"body": "it is me, from the number"}}
    await story.hears(messages=[text], contacts=[{"profile": {"name": "Uma"}, "wa_id": "14155550168"}])

    contact = await story.desk.contact()
    assert (contact.wa_id, contact.business_scoped_id) == ("14155550168", "US.7700112233446699")
    assert len(await story.desk.messages()) == 3


@pytest.mark.parametrize(
    ("typed", "dialled"),
    [
        ("\u202a+1 415-555-0151\u202c", "14155550151"),
        ("\u200e+14155550152", "14155550152"),
        ("+14155550153\u200b", "14155550153"),
        ("+33\u202f6\u202f39\u202f98\u202f01\u202f54", "33639980154"),
        ("+44 (0)7700 900155", "447700900155"),
        ("+1\u00a0415\u00a0555\u00a00156", "14155550156"),
        ("\uff0b14155550157", "14155550157"),
    ],
)
async def test_a_number_as_it_is_pasted_is_dialled_as_it_was_meant(story: Story, typed: str, dialled: str) -> None:
    await story.start(typed)

    assert [body["to"] for body in story.asked] == [dialled]
