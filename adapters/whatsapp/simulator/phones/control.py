"""The control face under `/_sim`: the simulated phones, the clock, the faults, and what was sent. JSON, camelCase.

A wrong call is answered 400 (or 404) with `{"error": "what was wrong"}` and changes nothing.
"""

from collections.abc import Awaitable, Callable, Collection
from typing import Final, get_args

import httpx
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from adapters.whatsapp.simulator.faults import read_fault
from adapters.whatsapp.simulator.graph.answers import json_answer, read_bytes, read_object
from adapters.whatsapp.simulator.graph.templates import CATEGORIES, QUALITIES, STATUSES, TemplateReview
from adapters.whatsapp.simulator.options import PersonOptions
from adapters.whatsapp.simulator.phones.refusing import ControlError
from adapters.whatsapp.simulator.simulator import Simulator
from adapters.whatsapp.simulator.webhooks.posts import WebhookVerificationFailed
from adapters.whatsapp.simulator.wire import Json, JsonObject, digits, encode, instant, seconds
from adapters.whatsapp.simulator.wording import Written
from adapters.whatsapp.simulator.world import Number, Person, Rung

MAX_NAME: Final = 200
MAX_WRITTEN_TEXT: Final = 100_000
MAX_ATTACHED_BYTES: Final = 200 * 1024 * 1024  # more than the network passes on, so that this can be tried

Endpoint = Callable[[Request], Awaitable[Response]]


def control_routes(sim: Simulator) -> list[Route]:
    control = _Control(sim)
    endpoints: tuple[tuple[str, str, Endpoint], ...] = (
        ("GET", "", control.overview),
        ("POST", "/people", control.add_person),
        ("POST", "/people/{person}/messages", control.write),
        ("GET", "/people/{person}/messages", control.conversation),
        ("POST", "/people/{person}/read", control.open_chat),
        ("POST", "/people/{person}/online", control.set_online),
        ("POST", "/messages/{message:path}/statuses", control.set_status),
        ("POST", "/media", control.attach),
        ("GET", "/media/{file}", control.see_file),
        ("GET", "/events", control.events),
        ("GET", "/sends", control.sends),
        ("POST", "/sends/clear", control.clear_sends),
        ("GET", "/faults", control.faults),
        ("POST", "/faults", control.add_fault),
        ("DELETE", "/faults", control.clear_faults),
        ("POST", "/clock", control.set_clock),
        ("PUT", "/templates", control.set_review),
        ("POST", "/templates/{template}", control.review_template),
        ("POST", "/webhooks", control.post_webhook),
        ("POST", "/webhooks/verify", control.verify_webhook),
        ("PUT", "/webhooks/url", control.set_webhook_url),
    )
    return [Route("/_sim" + path, endpoint, methods=[method]) for method, path, endpoint in endpoints]


class _Control:
    def __init__(self, sim: Simulator) -> None:
        self._sim = sim

    async def overview(self, request: Request) -> Response:
        options = self._sim.options
        numbers: list[Json] = [
            {
                "phoneNumberId": number.id,
                "displayPhoneNumber": number.display_phone_number,
                "verifiedName": number.verified_name,
                "businessAccountId": number.account,
            }
            for number in self._sim.world.numbers.values()
        ]
        people: list[Json] = [person.row() for person in self._sim.world.people]
        return json_answer(
            {
                "numbers": numbers,
                "people": people,
                "webhookUrl": self._sim.webhooks.override_url or self._sim.webhooks.url,
                "subscribed": options.business_account_id in self._sim.webhooks.subscribed,
                "now": instant(self._sim.now()),
                "limitErrors": self._sim.limits.refused,
            }
        )

    # People

    async def add_person(self, request: Request) -> Response:
        """`{name, waId?, userId?, username?}`; without a number it is somebody known by user id only."""
        body = await read_object(request)
        name, wa_id = _text(body, "name"), _optional_text(body, "waId")
        if wa_id is not None and not 5 <= len(digits(wa_id)) <= 20:
            raise ControlError("waId must be a phone number with its country code")
        wanted = PersonOptions(
            name=name,
            wa_id=digits(wa_id) if wa_id else None,
            user_id=_optional_text(body, "userId"),
            username=_optional_text(body, "username"),
        )
        try:
            person = self._sim.world.add_person(wanted)
        except ValueError as error:
            raise ControlError(str(error), 409) from error
        return json_answer(person.row(), 201)

    async def write(self, request: Request) -> Response:
        """`{to, text}`, `{to, reaction: {messageId, emoji}}`, `{to, kind, <kind>: {…}}` or `{to, message: {…}}`;
        all with `replyTo?` and `timestamp?` in seconds."""
        person, body = self._person(request), await read_object(request)
        number = self._number(_text(body, "to"))
        return json_answer({"id": self._sim.write(person, number, _written(body))}, 201)

    async def attach(self, request: Request) -> Response:
        """The body is a file, `?mimeType=…&name=…` what it is called: it can be written about by the id answered."""
        mime_type = request.query_params.get("mimeType", "application/octet-stream")
        data = await read_bytes(request, MAX_ATTACHED_BYTES)
        file = self._sim.attach(mime_type, data, request.query_params.get("name"))
        return json_answer({"id": file.id, "sha256": file.sha256}, 201)

    async def see_file(self, request: Request) -> Response:
        """The bytes of a file, as whoever received it sees them."""
        file = self._sim.files.find(request.path_params["file"], self._sim.now())
        if file is None:
            raise ControlError("there is no file with that id", 404)
        kind = file.mime_type.split(";", 1)[0]
        is_shown = kind.startswith(("image/", "video/", "audio/")) and kind != "image/svg+xml"
        shown = "inline" if is_shown else "attachment"
        headers = {"Content-Type": file.mime_type, "Content-Disposition": shown, "X-Content-Type-Options": "nosniff"}
        return Response(file.data, headers=headers)

    async def conversation(self, request: Request) -> Response:
        person = self._person(request)
        number = self._number(request.query_params.get("number", ""))
        conversation = self._sim.world.conversation(number, person)
        messages: list[Json] = [message.row() for message in conversation.visible()]
        return json_answer({"messages": messages, "typing": self._sim.now() < conversation.typing_until})

    async def open_chat(self, request: Request) -> Response:
        person, body = self._person(request), await read_object(request)
        return json_answer({"read": self._sim.open_chat(person, self._number(_text(body, "number")))})

    async def set_online(self, request: Request) -> Response:
        person, body = self._person(request), await read_object(request)
        online = body.get("online")
        if not isinstance(online, bool):
            raise ControlError("online must be true or false")
        self._sim.set_online(person, online=online)
        return json_answer(person.row())

    async def events(self, request: Request) -> Response:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._sim.hints.stream(), media_type="text/event-stream", headers=headers)

    # The network

    async def set_status(self, request: Request) -> Response:
        """`{status, code?}`: reports a status of a business message by hand, whatever came before."""
        body = await read_object(request)
        conversation = self._sim.world.conversation_of(request.path_params["message"])
        message = conversation.messages.get(request.path_params["message"]) if conversation else None
        if conversation is None or message is None or message.direction != "in":
            raise ControlError("no number sent that message", 404)
        rung = _rung(body.get("status"))
        if rung == "played" and not message.is_voice:
            raise ControlError("only a voice message can be played")
        code = body.get("code")
        if code is not None and (isinstance(code, bool) or not isinstance(code, int)):
            raise ControlError("code must be a whole number")
        self._sim.set_status(conversation, message, rung, code)
        return json_answer({"status": rung})

    async def sends(self, request: Request) -> Response:
        sends: list[Json] = [send.row() for send in self._sim.world.sends]
        return json_answer({"sends": sends})

    async def clear_sends(self, request: Request) -> Response:
        self._sim.world.sends.clear()
        return json_answer({"sends": []})

    async def faults(self, request: Request) -> Response:
        return json_answer(self._fault_rows())

    async def add_fault(self, request: Request) -> Response:
        """`{kind, times?, match?: {to?}, …}`. Without `times` it stays until the faults are cleared."""
        try:
            fault = read_fault(await read_object(request))
            self._sim.faults.add(fault)
        except ValueError as error:
            raise ControlError(str(error)) from error
        return json_answer(fault.row(), 201)

    async def clear_faults(self, request: Request) -> Response:
        self._sim.faults.clear()
        self._sim.webhooks.release()
        return json_answer(self._fault_rows())

    async def set_clock(self, request: Request) -> Response:
        """`{advanceSeconds}` or `{now}` (seconds since 1970, or RFC 3339)."""
        body = await read_object(request)
        try:
            now = self._sim.now() + _seconds(body["advanceSeconds"]) if "advanceSeconds" in body else body.get("now")
            self._sim.set_clock(seconds(now))
        except ValueError as error:
            raise ControlError(f"advanceSeconds or now: {error}") from error
        return json_answer({"now": instant(self._sim.now())})

    async def review_template(self, request: Request) -> Response:
        """`{status, reason?}`, `{category}` or `{quality}`: what the network says of a template, with its webhook."""
        body = await read_object(request)
        template = self._sim.world.templates.get(request.path_params["template"])
        status = body.get("status")
        if template is None:
            raise ControlError("there is no template with that id", 404)
        if "category" in body:
            return json_answer(self._sim.reviews.move(template, _one_of(body, "category", CATEGORIES)).row())
        if "quality" in body:
            return json_answer(self._sim.reviews.rate(template, _one_of(body, "quality", QUALITIES)).row())
        if not isinstance(status, str) or status not in STATUSES:
            raise ControlError(f"status must be one of {', '.join(sorted(STATUSES))}")
        reviewed = self._sim.reviews.decide(template, status, _optional_text(body, "reason") or "NONE")
        return json_answer(reviewed.row())

    async def set_review(self, request: Request) -> Response:
        """`{review}`: what becomes of new templates from now on: by_hand, approve or reject."""
        body = await read_object(request)
        for review in get_args(TemplateReview):
            if body.get("review") == review:
                self._sim.reviews.by_itself = review
                return json_answer({"review": review})
        raise ControlError(f"review must be one of {', '.join(get_args(TemplateReview))}")

    async def post_webhook(self, request: Request) -> Response:
        """`{body}` is signed and posted as JSON, `{raw}` as these very characters. The status of the answer."""
        wanted = await read_object(request)
        raw = wanted.get("raw")
        if "body" not in wanted and not isinstance(raw, str):
            raise ControlError("body (any JSON) or raw (a string) is required")
        data = encode(wanted["body"]) if "body" in wanted else str(raw).encode("utf-8", "surrogatepass")
        try:
            return json_answer({"status": await self._sim.webhooks.post_raw(data)})
        except ValueError as error:
            raise ControlError(str(error), 409) from error
        except httpx.HTTPError as error:
            raise ControlError(f"the webhook gave no answer: {error!r}", 502) from error

    async def verify_webhook(self, request: Request) -> Response:
        try:
            await self._sim.verify_webhook()
        except WebhookVerificationFailed as error:
            raise ControlError(str(error), 409) from error
        return json_answer({"verified": True})

    async def set_webhook_url(self, request: Request) -> Response:
        url = _text(await read_object(request), "url", limit=2000)
        if not url.startswith(("http://", "https://")):
            raise ControlError("url must be an http or https address")
        self._sim.webhooks.url = url
        return json_answer({"webhookUrl": url})

    def _fault_rows(self) -> JsonObject:
        rows: list[Json] = [fault.row() for fault in self._sim.faults]
        return {"faults": rows}

    def _person(self, request: Request) -> Person:
        person = self._sim.world.person(request.path_params["person"])
        if person is None:
            raise ControlError("there is nobody with that waId or userId", 404)
        return person

    def _number(self, number_id: str) -> Number:
        number = self._sim.world.numbers.get(number_id)
        if number is None:
            raise ControlError(f"there is no number with the id {number_id!r}", 404)
        return number


def _written(body: JsonObject) -> Written:
    reply_to = _optional_text(body, "replyTo")
    raw = body.get("message", {})
    if not isinstance(raw, dict):
        raise ControlError("message must be an object")
    at = None if body.get("timestamp") is None else _seconds(body["timestamp"])
    if "text" in body and "kind" not in body:
        return Written("text", {"body": _text(body, "text", limit=MAX_WRITTEN_TEXT)}, reply_to, at, raw)
    reaction = body.get("reaction")
    if isinstance(reaction, dict) and "messageId" in reaction:
        target, emoji = _text(reaction, "messageId"), reaction.get("emoji") or ""
        return Written("reaction", {"message_id": target, "emoji": emoji}, reply_to, at, raw)
    kind = body.get("kind") or raw.get("type")
    if not isinstance(kind, str):
        raise ControlError("text, reaction, kind or message is required")
    content = body.get(kind, raw.get(kind))
    if isinstance(content, dict):
        return Written(kind, content, reply_to, at, {name: raw[name] for name in raw if name != kind})
    extra: JsonObject = {} if content is None else {kind: content}
    return Written(kind, {}, reply_to, at, extra | raw)


def _one_of(body: JsonObject, name: str, known: Collection[str]) -> str:
    value = body.get(name)
    if not isinstance(value, str) or value not in known:
        raise ControlError(f"{name} must be one of {', '.join(sorted(known))}")
    return value


def _rung(value: Json) -> Rung:
    for rung in get_args(Rung):
        if value == rung:
            return rung
    raise ControlError(f"status must be one of {', '.join(get_args(Rung))}")


def _seconds(value: Json) -> float:
    try:
        return seconds(value)
    except ValueError as error:
        raise ControlError(str(error)) from error


def _text(body: JsonObject, name: str, limit: int = MAX_NAME) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise ControlError(f"{name} is required, a string")
    if len(value) > limit:
        raise ControlError(f"{name} can have {limit} characters at most")
    return value


def _optional_text(body: JsonObject, name: str) -> str | None:
    return None if body.get(name) is None else _text(body, name)
