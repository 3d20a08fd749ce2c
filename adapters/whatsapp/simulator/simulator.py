"""The network and its people: what happens when a business sends and when a person writes, reads or goes away.

`Simulator` holds all state and does everything; the HTTP faces (`graph.py`, `control.py`) only translate.
"""

import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

from adapters.whatsapp.simulator.background import Background
from adapters.whatsapp.simulator.faults import STATUSES, Faults
from adapters.whatsapp.simulator.graph import templates
from adapters.whatsapp.simulator.graph.errors import GraphError, missing_object
from adapters.whatsapp.simulator.graph.files import (
    RECEIVED_LIVES_S,
    SAMPLES,
    UPLOAD_LIVES_S,
    File,
    Files,
    check_fits,
)
from adapters.whatsapp.simulator.graph.samples import Samples
from adapters.whatsapp.simulator.graph.sending import MarkRead, SendRequest
from adapters.whatsapp.simulator.graph.templates import Template
from adapters.whatsapp.simulator.ids import Ids
from adapters.whatsapp.simulator.limits import Limits
from adapters.whatsapp.simulator.options import SimulatorOptions
from adapters.whatsapp.simulator.phones.hints import Hint, HintKind, Hints
from adapters.whatsapp.simulator.reviews import Reviews
from adapters.whatsapp.simulator.signups import SignUps
from adapters.whatsapp.simulator.webhooks.payloads import message_change, status_change
from adapters.whatsapp.simulator.webhooks.posts import Update, Webhooks
from adapters.whatsapp.simulator.wire import JsonObject
from adapters.whatsapp.simulator.wording import Written, change_as_written, raw_content, send_answer, shown
from adapters.whatsapp.simulator.world import CHANGES, Conversation, Message, Number, Person, Rung, Send, World

TYPING_S: Final = 25.0
UNDELIVERABLE: Final = 131026


@dataclass(frozen=True, slots=True)
class Accepted:
    """A send the network took. `conversation` is None for a recipient nobody has."""

    number: Number
    request: SendRequest
    conversation: Conversation | None
    message: Message
    answer: JsonObject


class Simulator:
    """One business account on the network. State lives as long as the object."""

    def __init__(self, options: SimulatorOptions | None = None) -> None:
        self.options = options or SimulatorOptions()
        self.ids = Ids(self.options.seed)
        self.world = World(self.options, self.ids)
        self.files = Files(self.ids)
        self.faults = Faults()
        self.hints = Hints()
        self.limits = Limits(self.options.throughput, self.options.pair_burst)
        self._background = Background()
        self.webhooks = Webhooks(self.options, self.faults, self._background, self._mark_taken)
        self._clock_offset_s = 0.0
        self.samples = Samples(self.ids)
        self.signups = SignUps(self.options, self.world, self.ids)
        self.reviews = Reviews(
            self.options.template_review, self.world, self.ids, self.samples, self.webhooks, self.now
        )

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None, None]:
        """Webhooks go out while this is open.

        The application's own lifespan opens it; where the application is mounted into another, its host must.
        """
        async with self.webhooks.running():
            try:
                yield
            finally:
                self.hints.end()

    async def settled(self) -> None:
        """Returns when every webhook was taken or given up and no status is still to follow by itself."""
        await self._background.settled()

    async def verify_webhook(self) -> None:
        """The GET handshake with the webhook. Raises WebhookVerificationFailed, which says what went wrong."""
        await self.webhooks.verify(self.webhooks.url, self.options.verify_token, self.ids.challenge())

    def now(self) -> float:
        """Seconds since 1970 by the simulator's clock."""
        return self.options.clock() + self._clock_offset_s

    def set_clock(self, now: float) -> None:
        self._clock_offset_s = now - self.options.clock()

    # The business

    def accept(self, number: Number, request: SendRequest) -> Accepted:
        """Takes a send, or raises GraphError. Nothing is reported yet: `follow` does."""
        if (silent := self.world.why_silent(number)) is not None:
            raise GraphError(*silent)
        if request.to == number.digits:
            raise GraphError(131021, "The recipient is the sender's own number")
        person = self.world.person(request.to or request.recipient or "")
        self.limits.check(number.id, person.id if person else request.to_as_given, self.now())
        conversation = self.world.conversation(number, person) if person else None
        file = self._sent_file(number, request)
        message = self._composed(number, request, conversation)
        message.file = file
        if conversation is not None:
            self._place(conversation, message, request)
        self.world.sends.append(
            Send(message.id, request.to_as_given, request.kind, request.callback_data, self.now(), request.body)
        )
        return Accepted(number, request, conversation, message, send_answer(request, person, message))

    def follow(self, accepted: Accepted) -> None:
        """Lets the statuses of an accepted send come, each after the pause of the options."""
        if self.options.status_delay_s > 0:
            self._background.start(self._follow_slowly(accepted))
            return
        for rung, code in self._rungs_to_come(accepted):
            self._report_next(accepted, rung, code)

    async def report_first(self, accepted: Accepted) -> None:
        """Reports `sent` and returns once the webhook has answered."""
        if accepted.conversation is None:
            return
        update = self._mark(accepted.conversation, accepted.message, "sent")
        if update is not None:
            await update.attempted.wait()

    def mark_read(self, number: Number, request: MarkRead) -> None:
        """The message and those before it in its thread become read; GraphError for one that is not there."""
        conversation = self.world.conversation_of(request.message_id)
        message = conversation.messages.get(request.message_id) if conversation else None
        if conversation is None or message is None or message.direction != "out" or conversation.number is not number:
            raise GraphError(131009, f"message_id {request.message_id} is no message this number received")
        for earlier in list(conversation.messages.values()):
            if earlier.direction == "out" and earlier.at <= message.at:
                earlier.raise_to("read")
        if request.typing:
            conversation.typing_until = self.now() + TYPING_S
        self._hint("typing" if request.typing else "read", conversation, message.id)

    def take_upload(self, number: Number, mime_type: str, data: bytes) -> File:
        return self.files.add(mime_type, data, expires_at=self.now() + UPLOAD_LIVES_S, number=number.id)

    def file(self, id: str) -> File:
        """GraphError when there is no such file, or not any more."""
        file = self.files.find(id, self.now())
        if file is None:
            raise missing_object(id)
        return file

    # The people

    def attach(self, mime_type: str, data: bytes, name: str | None) -> File:
        """A file on a person's phone, to be written about."""
        return self.files.add(mime_type, data, expires_at=self.now() + RECEIVED_LIVES_S, name=name)

    def write(self, person: Person, number: Number, written: Written) -> str:
        """A person's message, in the conversation and on its way to the webhook. Its id."""
        conversation = self.world.conversation(number, person)
        self.limits.note(number.id, self.now())
        at = self.now() if written.at is None else written.at
        own_id = written.raw.get("id")
        message_id = own_id if isinstance(own_id, str) and own_id else self.ids.message(person.wa_id or "")
        target = str(written.content.get("message_id") or "") if written.kind == "reaction" else None
        message = Message(
            id=message_id,
            direction="out",
            kind=written.kind,
            text=shown(written.kind, written.content),
            content=written.content or raw_content(written),
            at=at,
            reply_to=written.reply_to,
            reacts_to=target,
        )
        self.world.keep(conversation, message)
        conversation.note_written(written.kind, min(at, self.now()))
        if written.kind in CHANGES:
            change_as_written(conversation, written)
        if target is not None:
            conversation.react(target, person.id, str(written.content.get("emoji") or ""))
        received = self._received(written, message)
        body: JsonObject = {"id": message_id, "timestamp": str(int(at)), "type": written.kind}
        if written.reply_to is not None:
            body["context"] = self._context(conversation, written.reply_to)
        if received:
            body[written.kind] = received
        change = message_change(conversation, body | written.raw)
        self.webhooks.report(Update(_lane(conversation), change, written=message_id, account=number.account))
        self._hint("message", conversation, message_id)
        return message_id

    def open_chat(self, person: Person, number: Number) -> int:
        """The person looks at the conversation: how many messages of the business became read."""
        conversation = self.world.conversation(number, person)
        unread = [message for message in conversation.messages.values() if _is_unread(message, person)]
        for message in unread:
            if self.options.auto_deliver:
                self._mark(conversation, message, "sent")
                self._mark(conversation, message, "delivered")
            self._mark(conversation, message, "read")
        return len(unread)

    def set_online(self, person: Person, *, online: bool) -> None:
        """A phone that comes back gets what waited for it."""
        person.online = online
        if not online or not self.options.auto_deliver:
            return
        for conversation in self.world.conversations_of(person):
            for message in list(conversation.messages.values()):
                waits = message.direction == "in" and message.status == "sent" and "sent" in message.reported
                for rung in self._ladder(message) if waits else []:
                    self._mark(conversation, message, rung)

    def set_status(self, conversation: Conversation, message: Message, rung: Rung, code: int | None) -> None:
        """Reports any status by hand, in any order, as often as asked."""
        message.raise_to(rung)
        message.reported.append(rung)
        self._report_change(conversation, message, rung, code)

    # How a send goes on

    def _composed(self, number: Number, request: SendRequest, conversation: Conversation | None) -> Message:
        now = self.now()
        is_open = conversation is not None and conversation.is_window_open(now)
        text, category = self._text_and_category(request, is_open=is_open)
        target = str(request.content.get("message_id")) if request.kind == "reaction" else None
        return Message(
            id=self.ids.message(conversation.person.wa_id or "" if conversation else request.to or ""),
            direction="in",
            kind=request.kind,
            text=text,
            content=request.content,
            at=now,
            reply_to=request.quoted,
            reacts_to=target,
            callback_data=request.callback_data,
            by_user_id=request.to is None,
            category=category,
            is_free=is_open and category in ("service", "utility"),
            is_voice=request.kind == "audio" and request.content.get("voice") is True,
        )

    def _text_and_category(self, request: SendRequest, *, is_open: bool) -> tuple[str, str]:
        if request.kind == "template":
            template = self._template(request.content)
            return templates.fill(template, request.content), template.category.lower()
        if not is_open:
            details = "More than 24 hours have passed since the recipient last replied; only templates can be sent"
            raise GraphError(131047, details)
        return shown(request.kind, request.content), "service"

    def _template(self, content: JsonObject) -> Template:
        language = content.get("language")
        code = str(language.get("code")) if isinstance(language, dict) else ""
        template = self.world.template(str(content.get("name")), code)
        if template is None:
            raise GraphError(132001, f"template name ({content.get('name')}) does not exist in {code}")
        return template

    def _place(self, conversation: Conversation, message: Message, request: SendRequest) -> None:
        self.world.keep(conversation, message)
        conversation.typing_until = 0.0
        if message.reacts_to is not None:
            conversation.react(message.reacts_to, conversation.number.id, str(request.content.get("emoji") or ""))
        self._hint("message", conversation, message.id)

    async def _follow_slowly(self, accepted: Accepted) -> None:
        for rung, code in self._rungs_to_come(accepted):
            await self.options.sleep(self.options.status_delay_s)
            self._report_next(accepted, rung, code)

    def _rungs_to_come(self, accepted: Accepted) -> list[tuple[Rung, int | None]]:
        """The statuses that will follow by themselves, each with the code of a failure."""
        fault = self.faults.take(STATUSES, _names(accepted.request, accepted.conversation))
        if fault is not None and fault.kind == "fail_later":
            return [("failed", fault.code)]
        if accepted.conversation is None:
            return [("failed", UNDELIVERABLE)]
        accepted.message.swallowed = fault is not None
        return [(rung, None) for rung in self._ladder(accepted.message)]

    def _ladder(self, message: Message) -> list[Rung]:
        if not self.options.auto_deliver:
            return []
        if message.kind == "reaction":
            return ["sent"]
        return ["sent", "delivered", "read"] if self.options.auto_read else ["sent", "delivered"]

    def _report_next(self, accepted: Accepted, rung: Rung, code: int | None) -> None:
        conversation = accepted.conversation
        if conversation is None:
            nobody = Person("", accepted.request.to, accepted.request.recipient or "")
            self._report_change(Conversation(accepted.number, nobody), accepted.message, rung, code)
        elif conversation.person.online or rung in ("sent", "failed"):
            self._mark(conversation, accepted.message, rung, code)

    def _mark(self, conversation: Conversation, message: Message, rung: Rung, code: int | None = None) -> Update | None:
        """Puts a message on a rung and reports it, once for each rung."""
        if rung in message.reported:
            return None
        message.raise_to(rung)
        update = self._report_change(conversation, message, rung, code)
        message.reported.append(rung)
        return update

    def _report_change(
        self, conversation: Conversation, message: Message, rung: Rung, code: int | None
    ) -> Update | None:
        self._hint("read" if rung == "read" else "status", conversation, message.id)
        if message.swallowed:
            return None
        change = status_change(conversation, message, rung, at=self.now(), code=code)
        update = Update(_lane(conversation), change, account=conversation.number.account)
        self.webhooks.report(update)
        return update

    # Details of what people write

    def _received(self, written: Written, message: Message) -> JsonObject:
        """The content as the webhook has it. Who attached nothing sends a small file of the kind."""
        if written.kind not in SAMPLES:
            return written.content
        given = written.content.get("id")
        file = self.files.find(given, self.now()) if isinstance(given, str) else None
        if file is None and given is None:
            file = self.attach(*SAMPLES[written.kind], None)
        message.file = file
        media: JsonObject = {"mime_type": SAMPLES[written.kind][0]}
        if file is not None:
            sha256 = base64.b64encode(bytes.fromhex(file.sha256)).decode()
            media = {"mime_type": file.mime_type, "sha256": sha256, "id": file.id}
            if file.name is not None and written.kind == "document":
                media["filename"] = file.name
        if written.kind == "audio":
            media["voice"] = file is not None and file.mime_type.startswith("audio/ogg")
        return media | written.content

    def _sent_file(self, number: Number, request: SendRequest) -> File | None:
        """The uploaded file a send names; GraphError where this number has none such, or it does not fit the kind."""
        kind, named = request.kind, request.content
        if kind == "template":
            kind, named = templates.header_file(request.content) or ("", JsonObject())
        id = named.get("id") if kind in SAMPLES else None
        if not isinstance(id, str):
            return None
        file = self.files.find(id, self.now())
        if file is None or file.number != number.id:
            raise GraphError(100, f"There is no media with the id {id} for this number")
        check_fits(kind, file)
        name = named.get("filename")
        return replace(file, name=name) if isinstance(name, str) else file

    def _context(self, conversation: Conversation, quoted_id: str) -> JsonObject:
        quoted = conversation.messages.get(quoted_id)
        own = quoted is not None and quoted.direction == "out"
        author = conversation.person.wa_id if own else conversation.number.digits
        return {"from": author, "id": quoted_id} if author else {"id": quoted_id}

    def _mark_taken(self, message_id: str) -> None:
        conversation = self.world.conversation_of(message_id)
        message = conversation.messages.get(message_id) if conversation else None
        if conversation is not None and message is not None and message.raise_to("delivered"):
            self._hint("status", conversation, message_id)

    def _hint(self, kind: HintKind, conversation: Conversation, message_id: str) -> None:
        self.hints.tell(Hint(kind, conversation.person.id, conversation.number.id, message_id))

    def number(self, number_id: str) -> Number:
        """GraphError when there is no such number."""
        number = self.world.numbers.get(number_id)
        if number is None:
            raise missing_object(number_id)
        return number


def _is_unread(message: Message, person: Person) -> bool:
    reached = message.status == "delivered" or (message.status == "sent" and person.online)
    return message.direction == "in" and message.reacts_to is None and reached


def _lane(conversation: Conversation) -> str:
    return f"{conversation.number.id}/{conversation.person.user_id or conversation.person.wa_id}"


def _names(request: SendRequest, conversation: Conversation | None) -> frozenset[str]:
    person = conversation.person if conversation else None
    own = {name for name in (person.wa_id, person.user_id) if name} if person else set[str]()
    return request.names | own
