"""One message of every kind, both ways, in a thread of its own: for looking at how each is shown."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import httpx

from domain.channels.channels import Channel
from domain.conversations.contents import ContactCard, ContactCards, Interactive, Location, Option, Text
from domain.conversations.messages import Message
from domain.conversations.sendable import Sendable
from domain.ids import MessageId, Wamid
from domain.people.actors import Actor
from domain.people.organizations import Organization
from domain.ports.bundle import Ports
from domain.use_cases.outbound.react import React, react
from domain.use_cases.outbound.sending.send import SendContent, send_content
from domain.use_cases.people.organization import UpdateOrganization, update_organization

FILLED_WITHIN_S: Final = 60.0

BUTTONS: Final = Interactive("Shall we send it again?", (Option("yes", "Yes, please"), Option("no", "No, thanks")))
LIST: Final = Interactive(
    "When shall it come?",
    (
        Option("mon", "Monday", "8 am to noon"),
        Option("tue", "Tuesday", "noon to 6 pm"),
        Option("wed", "Wednesday"),
        Option("sat", "Saturday", "only in town"),
    ),
    "Choose a day",
)
SHOP: Final = Location(50.8467, 4.3525, "Acme Shop", "Grand-Place 1, Brussels")
COLLEAGUES: Final = ContactCards(
    (
        ContactCard("Sam Rivera", ("+1 555 010 0101",), ("sam@acme.example",), "Acme"),
        ContactCard("Noor Haddad", ("+1 555 010 0102", "+1 555 010 0103")),
    )
)
BLOCKED: Final = ("prize.example",)
OPENING: Final = "*Bold*, _italic_, ~gone~, `code` and a link: https://example.com/orders/1042"


class Gallery:
    """`phone` speaks to the simulator's control face; `person` is the number of the phone that writes."""

    def __init__(self, ports: Ports, actor: Actor, channel: Channel, phone: httpx.AsyncClient, person: str) -> None:
        self._ports = ports
        self._actor = actor
        self._channel = channel
        self._phone = phone
        self._person = person

    async def fill(self) -> None:
        """Returns once every message is in the thread; TimeoutError where that takes more than a minute."""
        async with asyncio.timeout(FILLED_WITHIN_S):
            blocked = await update_organization(self._ports, self._actor, UpdateOrganization(blocked_links=BLOCKED))
            assert isinstance(blocked, Organization), blocked
            first = await self._writes("text", {"body": OPENING})
            await self._what_people_write(first)
            await self._what_we_send(first)
            await self._what_happens_to_messages()

    async def _what_people_write(self, first: Message) -> None:
        await self._writes("text", {"body": "Answering what I said."}, reply_to=first)
        await self._writes("text", {"body": "Passed on from a friend."}, context={"forwarded": True})
        await self._writes("image", {"caption": "The scratch on the frame"})
        await self._writes("video", {"mime_type": "video/mp4"})
        await self._writes("audio", {"voice": True})
        await self._writes("document", {"filename": "reçu 1042.pdf", "caption": "The bill"})
        await self._writes("sticker", {"animated": True})
        await self._writes("location", {"latitude": 50.8503, "longitude": 4.3517, "name": "Home", "address": "Rue 5"})
        await self._writes("location", {"latitude": -33.8688, "longitude": 151.2093})
        bo = {"formatted_name": "Bo Li", "first_name": "Bo"}
        card = {"name": bo, "phones": [{"phone": "+32 470 00 00 00"}], "org": {"company": "Bo's Bikes"}}
        await self._writes("contacts", [card])
        items = [
            {"product_retailer_id": "BELL-01", "quantity": 2, "item_price": 4.5, "currency": "EUR"},
            {"product_retailer_id": "LAMP-07", "quantity": 1, "item_price": 19, "currency": "EUR"},
        ]
        await self._writes("order", {"catalog_id": "1", "text": "In blue, please.", "product_items": items})
        form = '{"size": "L", "colour": "blue", "flow_token": "none"}'
        await self._writes("interactive", {"type": "nfm_reply", "nfm_reply": {"body": "Sent", "response_json": form}})
        await self._writes("button", {"payload": "track", "text": "Track my order"})
        await self._writes("unsupported", {"type": "poll_creation"})
        await self._writes("hologram", {"future": True})
        await self._writes("system", {"type": "customer_identity_changed"})

    async def _what_we_send(self, first: Message) -> None:
        await self._send(first, Text("Good day! Here is what we found."))
        await self._send(first, SHOP)
        await self._send(first, COLLEAGUES)
        question = await self._send(first, BUTTONS)
        answer = {"type": "button_reply", "button_reply": {"id": "yes", "title": "Yes, please"}}
        await self._writes("interactive", answer, reply_to=question)
        question = await self._send(first, LIST)
        row = {"id": "mon", "title": "Monday", "description": "8 am to noon"}
        await self._writes("interactive", {"type": "list_reply", "list_reply": row}, reply_to=question)
        await react(self._ports, self._actor, React(first.id, "👍"))
        echo = {"from": "0", "to": self._person, "id": "wamid.gallery.echo", "timestamp": self._now(), "type": "text"}
        await self._is_told("smb_message_echoes", message_echoes=[echo | {"text": {"body": "Written on the phone."}}])

    async def _what_happens_to_messages(self) -> None:
        changed = await self._writes("text", {"body": "This was said frist."})
        words = {"type": "text", "text": {"body": "This was said second."}}
        await self._says("edit", {"original_message_id": changed.wamid, "message": words})
        await self._until(changed.id, lambda message: message.edited_at is not None)
        gone = await self._writes("text", {"body": "This was better left unsaid."})
        await self._says("revoke", {"original_message_id": gone.wamid})
        await self._until(gone.id, lambda message: message.deleted_at is not None)
        await self._writes("text", {"body": "You have won! Take it at https://prize.example/claim"})
        liked = await self._writes("text", {"body": "Thanks for everything!"})
        await self._says("reaction", {"message_id": liked.wamid, "emoji": "🎉"})
        await self._until(liked.id, lambda message: bool(message.reactions))

    # The phone

    async def _writes(
        self, kind: str, content: object, *, reply_to: Message | None = None, context: object = None
    ) -> Message:
        raw: dict[str, object] = {} if context is None else {"context": context}
        return await self._known(Wamid(await self._says(kind, content, reply_to=reply_to, raw=raw)))

    async def _says(self, kind: str, content: object, *, reply_to: Message | None = None, raw: object = None) -> str:
        message: object = {} if raw is None else raw
        body = {"to": self._channel.phone_number_id, "kind": kind, kind: content, "message": message}
        if reply_to is not None:
            body["replyTo"] = reply_to.wamid
        said = await self._phone.post(f"/_sim/people/{self._person}/messages", json=body)
        said.raise_for_status()
        return said.json()["id"]

    async def _is_told(self, field: str, **value: Sequence[object]) -> None:
        metadata = {"display_phone_number": "0", "phone_number_id": self._channel.phone_number_id}
        change = {"field": field, "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
        body = {"object": "whatsapp_business_account", "entry": [{"id": self._channel.account, "changes": [change]}]}
        (await self._phone.post("/_sim/webhooks", json={"body": body})).raise_for_status()

    def _now(self) -> str:
        return str(int(self._ports.clock.now().timestamp()))

    # The desk

    async def _send(self, first: Message, content: Sendable) -> Message:
        sent = await send_content(self._ports, self._actor, SendContent(first.thread, content))
        assert isinstance(sent, Message), sent
        return await self._until(sent.id, lambda message: message.wamid is not None)

    async def _known(self, wamid: Wamid) -> Message:
        pair = (self._channel.id, wamid)

        async def read() -> Message | None:
            async with self._ports.store.transaction(self._actor.organization, background=True) as tx:
                return (await tx.messages_by_wamid([pair])).get(pair)

        return await self._awaited(read)

    async def _until(self, id: MessageId, is_so: Callable[[Message], bool]) -> Message:
        async def read() -> Message | None:
            found = (await self._ports.reader.by_ids(Message, self._actor.organization, [id])).get(id)
            return found if found is not None and is_so(found) else None

        return await self._awaited(read)

    async def _awaited(self, read: Callable[[], Awaitable[Message | None]]) -> Message:
        async with self._ports.bus.listen(self._actor.organization) as hints:
            if found := await read():
                return found
            async for _ in hints:
                if found := await read():
                    return found
        raise TimeoutError
