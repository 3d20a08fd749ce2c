"""What a message says: the network's kinds into the desk's contents, and the rest as `Unsupported` with a reason."""

from adapters.whatsapp.models import InboundMessage, Interactive, MediaBody, ReportedError, SystemBody
from adapters.whatsapp.reading import Word, as_id, as_text
from domain.media import MediaKind
from domain.messages import Notice, Text, Unsupported
from domain.updates import IncomingContent, IncomingMedia

KIND_LIMIT = 64  # characters of a kind's name
REASON_LIMIT = 300

NEVER_EXTENDS_SESSION = frozenset({"system", "edit", "revoke", "reaction"})

_MEDIA = {
    "image": MediaKind.IMAGE,
    "video": MediaKind.VIDEO,
    "audio": MediaKind.AUDIO,
    "document": MediaKind.DOCUMENT,
    "sticker": MediaKind.STICKER,
}
_KINDS_BY_THEIR_OBJECT = (
    "text",
    *_MEDIA,
    "reaction",
    "system",
    "interactive",
    "button",
    "location",
    "contacts",
    "order",
    "edit",
    "revoke",
    "unsupported",
)
_REASONS = {
    "location": "Locations can't be shown yet.",
    "contacts": "Contact cards can't be shown yet.",
    "order": "Orders can't be shown yet.",
    "edit": "The contact changed an earlier message. Changes can't be shown yet.",
    "revoke": "The contact deleted an earlier message. Deletions can't be shown yet.",
    "reaction": "It does not say which message it belongs to.",
    "text": "It has no text.",
    "interactive": "It does not say what was answered.",
    "interactive:nfm_reply": "Filled-in forms can't be shown yet.",
    "interactive:call_permission_reply": "Answers about calls can't be shown yet.",
    "interactive:payment_method": "Payments can't be shown yet.",
    "interactive:payment_notification": "Payments can't be shown yet.",
    "button": "It does not say which button was chosen.",
    "interactive:button_reply": "It does not say which button was chosen.",
    "interactive:list_reply": "It does not say which row was chosen.",
    "unsupported": "The network does not pass on what it is.",
    "unknown": "The network does not pass on what it is.",
}
_NOT_KNOWN = "This kind of message is not known here yet."
_NOTICES = {
    "user_changed_number": "The contact changed their number.",
    "customer_changed_number": "The contact changed their number.",
    "user_changed_user_id": "The contact's user id changed.",
    "customer_identity_changed": "The contact's security code changed.",
}


def kind_of(raw: dict[str, object], told: Word) -> str:
    """The kind as told, or else by the object that is there."""
    kind = as_text(told) or next((name for name in _KINDS_BY_THEIR_OBJECT if raw.get(name)), "unknown")
    return kind[:KIND_LIMIT]


def content_of(message: InboundMessage, kind: str, faults: dict[str, str]) -> IncomingContent:
    """The content of any kind but a reaction that names its message. `faults`: the fields that could not be read."""
    if kind in faults:
        return Unsupported(kind, _cut(f"It could not be read: {faults[kind]}"))
    if message.errors and kind != "text":
        return _troubled(message, kind, message.errors[0])
    match kind:
        case "text" if message.text is not None and (body := as_text(message.text.body)) is not None:
            return Text(body)
        case "image" | "video" | "audio" | "document" | "sticker":
            return _media(kind, _media_body(message, kind))
        case "system":
            return _notice(message.system)
        case "interactive":
            return _answer(message.interactive)
        case "button" if message.button is not None and (pressed := as_text(message.button.text)):
            return Unsupported("button", _pressed(pressed))
        case "unsupported":
            return Unsupported(_named(message), _REASONS["unsupported"])
        case _:
            return Unsupported(kind, _REASONS.get(kind, _NOT_KNOWN))


def _troubled(message: InboundMessage, kind: str, error: ReportedError) -> Unsupported:
    title, explanation = as_text(error.title), as_text(error.explanation)
    said = ": ".join(dict.fromkeys(words for words in (title, explanation) if words))
    named = _named(message) if kind == "unsupported" else kind
    return Unsupported(named, _cut(said) or _REASONS["unsupported"])


def _named(message: InboundMessage) -> str:
    told = as_text(message.unsupported.type) if message.unsupported else None
    return (told or "unsupported")[:KIND_LIMIT]


def _media_body(message: InboundMessage, kind: str) -> MediaBody | None:
    bodies = {
        "image": message.image,
        "video": message.video,
        "audio": message.audio,
        "document": message.document,
        "sticker": message.sticker,
    }
    return bodies[kind]


def _media(kind: str, body: MediaBody | None) -> IncomingMedia | Unsupported:
    network_id = as_id(body.id) if body else None
    if body is None or network_id is None:
        return Unsupported(kind, "It came without the id by which the file could be fetched.")
    return IncomingMedia(
        kind=_MEDIA[kind],
        network_id=network_id,
        mime_type=as_text(body.mime_type) or "application/octet-stream",
        caption=as_text(body.caption),
        file_name=as_text(body.filename),
        sha256=as_text(body.sha256),
        voice=bool(body.voice),
        animated=bool(body.animated),
    )


def _notice(system: SystemBody | None) -> Notice:
    body = as_text(system.body) if system else None
    told = as_text(system.type) if system else None
    return Notice(body or _NOTICES.get(told or "", "Something about the contact changed."))


def _answer(interactive: Interactive | None) -> Unsupported:
    told = as_text(interactive.type) if interactive else None
    if interactive is None or told is None:
        return Unsupported("interactive", _REASONS["interactive"])
    kind = f"interactive:{told}"[:KIND_LIMIT]
    choice = interactive.button_reply or interactive.list_reply
    chosen = as_text(choice.title) if choice else None
    if chosen is not None:
        return Unsupported(kind, _pressed(chosen))
    return Unsupported(kind, _REASONS.get(kind, _NOT_KNOWN))


def _pressed(title: str) -> str:
    return _cut(f"The contact chose \N{LEFT DOUBLE QUOTATION MARK}{title}\N{RIGHT DOUBLE QUOTATION MARK}.")


def _cut(words: str) -> str:
    return words if len(words) <= REASON_LIMIT else f"{words[:REASON_LIMIT]}…"
