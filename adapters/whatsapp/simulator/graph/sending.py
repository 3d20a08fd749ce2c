"""The body of `POST /{number}/messages`, checked the way the network checks it before it looks at anything else.

Codes: 100 where the shape or a length of text is wrong, 131008 where something is missing, 131009 where a value is
not allowed. Source: WhatsApp Business Platform, "Messages" and the pages of each kind.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from adapters.whatsapp.simulator.graph.errors import GraphError
from adapters.whatsapp.simulator.wire import Json, JsonObject, digits

MAX_TEXT: Final = 4096
MAX_CAPTION: Final = 1024
MAX_CALLBACK_DATA: Final = 512
MAX_CONTACTS: Final = 257
MAX_INTERACTIVE_BODY: Final = 1024
MAX_INTERACTIVE_EDGE: Final = 60  # header text, footer
MAX_BUTTONS: Final = 3
MAX_LIST_ENTRIES: Final = 10  # sections, and rows in all of them
INTERACTIVE_KINDS: Final = frozenset(
    {
        "button",
        "list",
        "cta_url",
        "flow",
        "location_request_message",
        "contact_request",
        "address_message",
        "product",
        "product_list",
        "catalog_message",
        "carousel",
        "call_permission_request",
    }
)


@dataclass(frozen=True, slots=True)
class SendRequest:
    """A send in good shape. `to` is digits and wins over `recipient`, a business-scoped user id; one of them is set."""

    kind: str
    content: JsonObject
    to: str | None
    to_as_given: str
    recipient: str | None
    quoted: str | None
    callback_data: str | None
    body: JsonObject

    @property
    def names(self) -> frozenset[str]:
        """All names the body gives its recipient."""
        return frozenset(name for name in (self.to, self.recipient) if name)


@dataclass(frozen=True, slots=True)
class MarkRead:
    message_id: str
    typing: bool


def read_request(body: Json) -> SendRequest | MarkRead:
    """What the body asks for, or GraphError."""
    if not isinstance(body, dict):
        raise GraphError(100, "The body must be a JSON object")
    if body.get("messaging_product") != "whatsapp":
        raise GraphError(100, "The parameter messaging_product is required and must be whatsapp")
    if "status" in body:
        return _mark_read(body)
    return _send(body)


def _mark_read(body: JsonObject) -> MarkRead:
    if body["status"] != "read":
        raise GraphError(131009, "status must be read")
    typing = body.get("typing_indicator")
    if typing is not None and typing != {"type": "text"}:
        raise GraphError(131009, "typing_indicator.type must be text")
    return MarkRead(_text(body, "message_id"), typing is not None)


def _send(body: JsonObject) -> SendRequest:
    kind = body.get("type", "text")
    if not isinstance(kind, str) or kind not in CHECKS:
        raise GraphError(100, f"Param type must be one of {{{', '.join(sorted(CHECKS)).upper()}}}")
    if body.get("recipient_type", "individual") != "individual":
        raise GraphError(131041, "This number is in no groups; recipient_type must be individual")
    to, recipient = _optional_text(body, "to"), _optional_text(body, "recipient")
    if to is None and recipient is None:
        raise GraphError(131008, "The parameter to is required")
    if to is not None and not 5 <= len(digits(to)) <= 20:
        raise GraphError(131009, "to must be a phone number with its country code")
    # contacts is the one kind whose object is a list
    content = {"contacts": body.get("contacts")} if kind == "contacts" else _object(body, kind)
    CHECKS[kind](content)
    return SendRequest(
        kind=kind,
        content=content,
        to=digits(to) if to is not None else None,
        to_as_given=to or recipient or "",
        recipient=recipient,
        quoted=_quoted(body, kind),
        callback_data=_optional_text(body, "biz_opaque_callback_data", limit=MAX_CALLBACK_DATA),
        body=body,
    )


def _quoted(body: JsonObject, kind: str) -> str | None:
    if body.get("context") is None:
        return None
    if kind == "reaction":
        raise GraphError(131009, "A reaction cannot have a context")
    return _text(_object(body, "context"), "message_id", "context.")


# One check a kind


def _check_text(text: JsonObject) -> None:
    _text(text, "body", "text.", limit=MAX_TEXT)
    if not isinstance(text.get("preview_url", False), bool):
        raise GraphError(100, "Param text['preview_url'] must be true or false")


def _check_captioned(media: JsonObject) -> None:
    _check_source(media)
    _optional_text(media, "caption", limit=MAX_CAPTION)


def _check_bare(media: JsonObject) -> None:
    _check_source(media)
    if "caption" in media:
        raise GraphError(100, "This kind of media has no caption")


def _check_source(media: JsonObject) -> None:
    media_id, link = _optional_text(media, "id"), _optional_text(media, "link")
    if (media_id is None) == (link is None):
        raise GraphError(131008, "Exactly one of id and link is required")
    if link is not None and not link.startswith(("https://", "http://")):
        raise GraphError(131009, "link must be an http or https address")


def _check_location(location: JsonObject) -> None:
    for name, limit in (("latitude", 90), ("longitude", 180)):
        value = location.get(name)
        if value is None:
            raise GraphError(131008, f"location.{name} is required")
        try:
            inside = -limit <= float(str(value)) <= limit
        except ValueError:
            inside = False
        if not inside:
            raise GraphError(131009, f"location.{name} must be a number from -{limit} to {limit}")


def _check_contacts(content: JsonObject) -> None:
    cards = _list(content, "contacts", most=MAX_CONTACTS)
    for card in cards:
        name = _object(card, "name", "contacts.")
        _text(name, "formatted_name", "contacts.name.")
        if not any(name.get(part) for part in ("first_name", "last_name", "middle_name", "suffix", "prefix")):
            raise GraphError(131008, "contacts.name needs one more part besides formatted_name")


def _check_reaction(reaction: JsonObject) -> None:
    _text(reaction, "message_id", "reaction.")
    if not isinstance(reaction.get("emoji"), str):
        raise GraphError(131008, "reaction.emoji is required, empty to remove")


def _check_template(template: JsonObject) -> None:
    _text(template, "name", "template.")
    _text(_object(template, "language", "template."), "code", "template.language.")


def _check_interactive(interactive: JsonObject) -> None:
    kind = interactive.get("type")
    if not isinstance(kind, str) or kind not in INTERACTIVE_KINDS:
        raise GraphError(131009, f"interactive.type must be one of {', '.join(sorted(INTERACTIVE_KINDS))}")
    action = _object(interactive, "action", "interactive.")
    limit = MAX_TEXT if kind == "list" else MAX_INTERACTIVE_BODY
    if kind not in ("product", "catalog_message") or interactive.get("body") is not None:
        _short(_object(interactive, "body", "interactive."), "text", "interactive.body.", limit)
    for part in ("header", "footer"):
        edge = interactive.get(part)
        if isinstance(edge, dict) and edge.get("type", "text") == "text":
            _short(edge, "text", f"interactive.{part}.", MAX_INTERACTIVE_EDGE)
    if kind == "button":
        _check_reply_buttons(action)
    elif kind == "list":
        _check_rows(action)
    elif kind == "cta_url":
        parameters = _object(action, "parameters", "interactive.action.")
        _short(parameters, "display_text", "interactive.action.parameters.", 20)
        _text(parameters, "url", "interactive.action.parameters.")


def _check_reply_buttons(action: JsonObject) -> None:
    replies = [_object(button, "reply", "buttons.") for button in _list(action, "buttons", most=MAX_BUTTONS)]
    titles = [_short(reply, "title", "buttons.reply.", 20) for reply in replies]
    ids = [_short(reply, "id", "buttons.reply.", 256) for reply in replies]
    if len(set(titles)) != len(titles) or len(set(ids)) != len(ids):
        raise GraphError(131009, "Button ids and titles must be unique")


def _check_rows(action: JsonObject) -> None:
    _short(action, "button", "interactive.action.", 20)
    sections = _list(action, "sections", most=MAX_LIST_ENTRIES)
    rows = [row for section in sections for row in _list(section, "rows", most=MAX_LIST_ENTRIES)]
    if len(rows) > MAX_LIST_ENTRIES:
        raise GraphError(131009, f"A list has {MAX_LIST_ENTRIES} rows at most, in all its sections")
    for section in sections if len(sections) > 1 else []:
        _short(section, "title", "sections.", 24)
    ids = [_short(row, "id", "rows.", 200) for row in rows]
    if len(set(ids)) != len(ids):
        raise GraphError(131009, "Row ids must be unique")
    for row in rows:
        _short(row, "title", "rows.", 24)
        if row.get("description") is not None:
            _short(row, "description", "rows.", 72)


CHECKS: Final[dict[str, Callable[[JsonObject], None]]] = {
    "text": _check_text,
    "image": _check_captioned,
    "video": _check_captioned,
    "document": _check_captioned,
    "audio": _check_bare,
    "sticker": _check_bare,
    "location": _check_location,
    "contacts": _check_contacts,
    "reaction": _check_reaction,
    "interactive": _check_interactive,
    "template": _check_template,
}


# Reading one value


def _object(owner: JsonObject, name: str, path: str = "") -> JsonObject:
    value = owner.get(name)
    if value is None:
        raise GraphError(131008, f"The parameter {path}{name} is required")
    if not isinstance(value, dict):
        raise GraphError(100, f"Param {path}{name} must be a JSON object")
    return value


def _list(owner: JsonObject, name: str, *, most: int) -> list[JsonObject]:
    value = owner.get(name)
    if not isinstance(value, list) or not value:
        raise GraphError(131008, f"The parameter {name} is required and must be a list")
    entries = [entry for entry in value if isinstance(entry, dict)]
    if len(entries) != len(value):
        raise GraphError(100, f"Param {name} must be a list of JSON objects")
    if len(entries) > most:
        raise GraphError(131009, f"{name} can have {most} entries at most")
    return entries


def _text(owner: JsonObject, name: str, path: str = "", limit: int = MAX_TEXT) -> str:
    value = owner.get(name)
    if value is None or value == "":
        raise GraphError(131008, f"The parameter {path}{name} is required")
    if not isinstance(value, str):
        raise GraphError(100, f"Param {path}{name} must be a string")
    if len(value) > limit:
        raise GraphError(100, f"Param {path}{name} must be at most {limit} characters long.")
    return value


def _optional_text(owner: JsonObject, name: str, limit: int = MAX_TEXT) -> str | None:
    return None if owner.get(name) is None else _text(owner, name, limit=limit)


def _short(owner: JsonObject, name: str, path: str, limit: int) -> str:
    """Text of an interactive message: the network calls a long one an invalid value (131009)."""
    value = owner.get(name)
    if isinstance(value, str) and len(value) > limit:
        raise GraphError(131009, f"{path}{name} length invalid. Min length: 1, Max length: {limit}")
    return _text(owner, name, path)
