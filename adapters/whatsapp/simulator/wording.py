"""How the simulated network words what happened: its answers, and what a phone shows."""

from dataclasses import dataclass, field

from adapters.whatsapp.simulator.graph.sending import SendRequest
from adapters.whatsapp.simulator.wire import JsonObject
from adapters.whatsapp.simulator.world import Conversation, Message, Person


@dataclass(frozen=True, slots=True)
class Written:
    """What a person writes. `content` is the object named like the kind; `raw` is merged over the finished message.

    `at` is the phone's time in seconds since 1970, None for now.
    """

    kind: str
    content: JsonObject
    reply_to: str | None = None
    at: float | None = None
    raw: JsonObject = field(default_factory=lambda: JsonObject())


def send_answer(request: SendRequest, person: Person | None, message: Message) -> JsonObject:
    contact: JsonObject = {"input": request.to_as_given}
    if request.to is not None:
        contact["wa_id"] = (person.wa_id if person else None) or request.to
        if person is not None:
            contact["user_id"] = person.user_id
    else:
        contact["user_id"] = request.recipient
    sent: JsonObject = {"id": message.id}
    if request.kind == "template":
        sent["message_status"] = "accepted"
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [sent]}


def raw_content(written: Written) -> JsonObject:
    """Of the one kind whose object is a list, and of whatever else came whole."""
    return {written.kind: written.raw[written.kind]} if written.kind in written.raw else {}


def shown(kind: str, content: JsonObject) -> str:
    """The words a phone shows for a message; empty where there are none."""
    match kind:
        case "text":
            shown = content.get("body")
        case "interactive":
            body = content.get("body")
            shown = body.get("text") if isinstance(body, dict) else None
        case "button":
            shown = content.get("text")
        case "reaction":
            shown = content.get("emoji")
        case _:
            shown = content.get("caption")
    return shown if isinstance(shown, str) else ""


def change_as_written(conversation: Conversation, written: Written) -> None:
    """An own message as its phone shows it from now on: with the new words, or as deleted."""
    target = conversation.messages.get(str(written.content.get("original_message_id")))
    new = written.content.get("message")
    if target is None or target.direction != "out":
        return
    if written.kind == "revoke":
        target.kind, target.text, target.content = "deleted", "", {}
    elif isinstance(new, dict):
        content = new.get(target.kind)
        target.content = content if isinstance(content, dict) else target.content
        target.text = shown(target.kind, target.content)
