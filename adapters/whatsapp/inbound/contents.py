"""What a message says: the network's kinds into the desk's contents, and the rest as `Unsupported` with a reason."""

import json
import re
from collections.abc import Mapping

from adapters.whatsapp.inbound.models import (
    ButtonBody,
    CardBody,
    Choice,
    FilledForm,
    InboundMessage,
    Interactive,
    LocationBody,
    MediaBody,
    OrderBody,
    OrderedProduct,
    ReportedError,
    SystemBody,
    reported_errors,
)
from adapters.whatsapp.inbound.people import wa_id_of
from adapters.whatsapp.inbound.reading import (
    Word,
    as_code,
    as_decimal,
    as_id,
    as_number,
    as_object,
    as_text,
    read_model,
)
from domain.conversations.contents import (
    ContactCard,
    ContactCards,
    InteractiveReply,
    Location,
    Notice,
    Order,
    OrderItem,
    Text,
    Unsupported,
)
from domain.conversations.messages import Direction
from domain.files.names import plain_type
from domain.files.rules import UNKNOWN_TYPE, MediaKind, rule_for
from domain.moderation.quarantine import texts_of
from domain.text.names import shows_something
from domain.text.numbers import typed_number
from domain.updates import IncomingContent, IncomingMedia

KIND_LIMIT = 64  # characters of a kind's name
REASON_LIMIT = 300
NOTICE_LIMIT = 4096  # characters of what the network tells; the original has all of them
SAID_LIMIT = 65_535  # characters of all texts of a message: what WhatsApp's own field takes; each is read several times

OPENED_CHAT = "request_welcome"
NEVER_EXTENDS_SESSION = frozenset({"system", "edit", "revoke", "reaction", OPENED_CHAT})

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
    "location": "It does not say where.",
    "contacts": "It came without a card.",
    "order": "It does not say what is ordered.",
    "edit": "It does not say which message it changes.",
    "revoke": "It does not say which message is deleted.",
    "reaction": "It does not say which message it belongs to.",
    "text": "It has no text.",
    "interactive": "It does not say what was answered.",
    "interactive:nfm_reply": "It does not say what was filled in.",
    "interactive:call_permission_reply": "Answers about calls can't be shown yet.",
    "interactive:payment_method": "Payments can't be shown yet.",
    "interactive:payment_notification": "Payments can't be shown yet.",
    "button": "It does not say which button was chosen.",
    "interactive:button_reply": "It does not say which button was chosen.",
    "interactive:list_reply": "It does not say which row was chosen.",
    "poll": "Polls can't be shown yet.",
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

_WAID = re.compile(r"^[^\n:]*;waid=([0-9]{5,15})[;:]", re.MULTILINE | re.IGNORECASE)


def kind_of(raw: dict[str, object], type: Word) -> str:
    """The kind as told, or else by the object that is there."""
    kind = as_text(type) or next((name for name in _KINDS_BY_THEIR_OBJECT if raw.get(name)), "unknown")
    return kind[:KIND_LIMIT]


def content_of(message: InboundMessage, kind: str, faults: dict[str, str]) -> IncomingContent:
    """The content of any kind but a reaction that names its message. `faults`: the fields that could not be read."""
    content = _content(message, kind, faults)
    if isinstance(content, Unsupported) and (within := faults.get(f"{kind}.")) is not None:
        return Unsupported(kind, _cut(f"It could not be read: {within}"))
    if sum(1 + len(text) for text in texts_of(content)) > SAID_LIMIT + 1:
        return Unsupported(kind, f"It is longer than {SAID_LIMIT:,} characters; the original is kept.")
    return content


def _content(message: InboundMessage, kind: str, faults: dict[str, str]) -> IncomingContent:
    if kind in faults:
        return Unsupported(kind, _cut(f"It could not be read: {faults[kind]}"))
    errors = reported_errors(message.errors)
    if errors and kind != "text":
        return _troubled(message, kind, errors[0])
    match kind:
        case "text" if message.text is not None and (body := as_text(message.text.body)) is not None:
            return Text(body)
        case "image" | "video" | "audio" | "document" | "sticker":
            return _media(kind, _media_body(message, kind))
        case "system":
            return notice_of(message.system)
        case "request_welcome":
            return Notice("The contact opened the chat.")
        case "interactive":
            return _answer(message.interactive)
        case "button" if message.button is not None and (pressed := _pressed(message.button)):
            return pressed
        case "location":
            return _location(message.location)
        case "contacts":
            return _cards(message.contacts)
        case "order":
            return _order(message.order)
        case "reaction" if message.reaction is not None and as_id(message.reaction.message_id):
            return Unsupported("reaction", "A reaction is an emoji, and this is none.")
        case "unsupported":
            return Unsupported(_named(message), _REASONS["unsupported"])
        case _:
            plain = _plain_kind(kind)
            return Unsupported(plain, _REASONS.get(plain, _NOT_KNOWN))


def _troubled(message: InboundMessage, kind: str, error: ReportedError) -> Unsupported:
    title, explanation = as_text(error.title), as_text(error.explanation)
    said = ": ".join(dict.fromkeys(words for words in (title, explanation) if words))
    named = _named(message) if kind == "unsupported" else kind
    return Unsupported(named, _cut(said) or _REASONS["unsupported"])


def _named(message: InboundMessage) -> str:
    type = as_text(message.unsupported.type) if message.unsupported else None
    return _plain_kind((type or "unsupported")[:KIND_LIMIT])


def _plain_kind(type: str) -> str:
    """Polls are told as `poll_creation` and the like: to whoever reads, all of them are polls."""
    return "poll" if type.startswith("poll") else type


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
    mime_type = as_text(body.mime_type) or UNKNOWN_TYPE
    if kind == "document" and not rule_for(MediaKind.DOCUMENT, Direction.INBOUND).takes(plain_type(mime_type)):
        return Unsupported(f"document:{plain_type(mime_type)}"[:KIND_LIMIT], "Files of this type are not taken in.")
    return IncomingMedia(
        kind=_MEDIA[kind],
        network_id=network_id,
        mime_type=mime_type,
        caption=as_text(body.caption),
        file_name=as_text(body.filename),
        sha256=as_text(body.sha256),
        voice=bool(body.voice),
        animated=bool(body.animated),
    )


def notice_of(system: SystemBody | None) -> Notice:
    body = as_text(system.body) if system else None
    type = as_text(system.type) if system else None
    if body is not None and len(body) > NOTICE_LIMIT:
        body = f"{body[: NOTICE_LIMIT - 1]}…"
    return Notice(body or _NOTICES.get(type or "", "Something about the contact changed."))


def _answer(interactive: Interactive | None) -> InteractiveReply | Unsupported:
    type = (as_text(interactive.type) or _answered(interactive)) if interactive else None
    if interactive is None or type is None:
        return Unsupported("interactive", _REASONS["interactive"])
    answer = _form(interactive.nfm_reply) if type == "nfm_reply" else _choice(_chosen(interactive, type))
    kind = f"interactive:{type}"[:KIND_LIMIT]
    return answer or Unsupported(kind, _REASONS.get(kind, _NOT_KNOWN))


def _answered(interactive: Interactive) -> str | None:
    """What kind of answer it is by what it holds, where it does not say so."""
    held = {
        "button_reply": interactive.button_reply,
        "list_reply": interactive.list_reply,
        "nfm_reply": interactive.nfm_reply,
    }
    return next((kind for kind, answer in held.items() if answer is not None), None)


def _chosen(interactive: Interactive, type: str) -> Choice | None:
    match type:
        case "button_reply":
            return interactive.button_reply
        case "list_reply":
            return interactive.list_reply
        case _:
            return None


def _choice(choice: Choice | None) -> InteractiveReply | None:
    """A choice without a title goes by its id, which its sender gave it."""
    title, description = (_visible(choice.title), _visible(choice.description)) if choice else (None, None)
    id = as_id(choice.id) if choice else None
    shown = title or id or description
    return InteractiveReply(id or shown, shown, description) if shown is not None else None


def _pressed(button: ButtonBody) -> InteractiveReply | None:
    """A button of a template: its words, or what it stands for where it came without."""
    payload = as_text(button.payload)
    shown = _visible(button.text) or payload
    return InteractiveReply(as_id(payload) or shown, shown) if shown is not None else None


def _visible(word: Word) -> str | None:
    """A text in which there is something to see."""
    words = as_text(word)
    return words if words is not None and shows_something(words) else None


def _form(form: FilledForm | None) -> InteractiveReply | None:
    """A filled-in form: what the contact saw is its title, their answers, a line each, its description."""
    if form is None:
        return None
    answers = _answers(form.response_json)
    title = as_text(form.body) or ("Form" if answers else None)
    return InteractiveReply(as_text(form.name) or "flow", title, answers) if title is not None else None


def _answers(response: object) -> str | None:
    """The answers of a form, a line each; what is no object is shown as it came. Its own token is none of them."""
    text = as_text(response)
    try:
        value = as_object(json.loads(text)) if text is not None else as_object(response)
        shown = [f"{name}: {_in_words(answer)}" for name, answer in (value or {}).items() if name != "flow_token"]
    except (ValueError, RecursionError):  # no JSON, or nested deeper than anybody reads
        value, shown = None, []
    return ("\n".join(shown) if value is not None else text) or None


def _in_words(answer: object) -> str:
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)


def _location(body: LocationBody | None) -> Location | Unsupported:
    latitude, longitude = (as_number(body.latitude), as_number(body.longitude)) if body else (None, None)
    if body is None or latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return Unsupported("location", _REASONS["location"])
    return Location(latitude, longitude, as_text(body.name), as_text(body.address))


def _cards(raws: list[object] | None) -> ContactCards | Unsupported:
    if not raws:
        return Unsupported("contacts", _REASONS["contacts"])
    return ContactCards(tuple(_card(raw) for raw in raws))


def _card(raw: object) -> ContactCard:
    """A card without a name goes by its first number or address. One that is none keeps its place among the others."""
    value = as_object(raw)
    if value is None:
        return ContactCard("A card that can't be read")
    body, _ = read_model(value, CardBody)
    written = _written_card(as_text(body.vcard) or "")
    phones = tuple(number for phone in body.phones or () if (number := as_text(phone.phone) or _plus(phone.wa_id)))
    emails = tuple(address for email in body.emails or () if (address := as_text(email.email)))
    name = body.name
    parts = [text for part in (name.first_name, name.last_name) if (text := as_text(part))] if name else []
    full_name = (as_text(name.formatted_name) if name else _plainly(value, "name")) or " ".join(parts)
    full_name = full_name or next(iter(written["FN"]), None)
    phones = phones or written["TEL"] or _alone(_plainly(value, "phones"))
    emails = emails or written["EMAIL"] or _alone(_plainly(value, "emails"))
    shown = full_name or next(iter((*phones, *emails)), "Unnamed contact")
    company = as_text(body.org.company) if body.org else _plainly(value, "org")
    return ContactCard(shown, phones, emails, company or next(iter(written["ORG"]), None))


def shared_number(message: InboundMessage) -> str | None:
    """The sender's own number, where they shared their card because we asked for it; digits."""
    for raw in message.contacts or []:
        body, _ = read_model(as_object(raw) or {}, CardBody)
        if as_text(body.origin) != "contact_request":
            continue
        vcard = as_text(body.vcard) or ""
        told = [wa_id_of(phone.wa_id) for phone in body.phones or ()] + _WAID.findall(vcard)
        typed = [as_text(phone.phone) for phone in body.phones or ()] + [*_written_card(vcard)["TEL"]]
        numbers = (*told, *(typed_number(text) for text in typed if text))
        return next((number for number in numbers if number), None)
    return None


def _plainly(value: Mapping[str, object], name: str) -> str | None:
    """A field that is a text, where the network's own pages have an object or a list."""
    text = value.get(name)
    return (text.strip() or None) if isinstance(text, str) else None


def _alone(text: str | None) -> tuple[str, ...]:
    return (text,) if text else ()


def _written_card(vcard: str) -> dict[str, tuple[str, ...]]:
    """What a vCard's text says of the fields that are shown. Source: RFC 6350, a line each, `group.NAME;…:value`."""
    found: dict[str, list[str]] = {name: [] for name in ("FN", "TEL", "EMAIL", "ORG")}
    for line in vcard.splitlines():
        named, _, value = line.partition(":")
        name = named.partition(";")[0].rpartition(".")[2].strip().upper()
        if name in found and (text := value.strip().removeprefix("tel:")):
            found[name].append(text)
    return {name: tuple(values) for name, values in found.items()}


def _plus(wa_id: Word) -> str | None:
    digits = as_text(wa_id)
    return f"+{digits.removeprefix('+')}" if digits else None


def _order(body: OrderBody | None) -> Order | Unsupported:
    """What is ordered; a product whose number or price can't be told exactly is named in the note, with what can be.

    Half an order would be delivered as a whole one.
    """
    items = [_item(product) for product in body.product_items or ()] if body else []
    if body is None or not items:
        return Unsupported("order", _REASONS["order"])
    others = [f"Also ordered: {item}" for item in items if isinstance(item, str)]
    note = "\n".join([*filter(None, [as_text(body.text)]), *others])
    return Order(tuple(item for item in items if isinstance(item, OrderItem)), note or None)


def _item(raw: object) -> OrderItem | str:
    """A product, or in words what is told of it."""
    value = as_object(raw)
    if value is None:
        return "a product that can't be read"
    product, _ = read_model(value, OrderedProduct)
    name, quantity, price = (
        as_id(product.product_retailer_id),
        as_code(product.quantity),
        as_decimal(product.item_price),
    )
    currency = as_text(product.currency) or ""
    if name is not None and quantity is not None and price is not None:
        return OrderItem(name, quantity, price, currency)
    told_name, told_quantity = as_text(product.product_retailer_id), as_text(product.quantity)
    told_price = as_text(product.item_price)
    named = told_name or "a product without a name"
    counted = f"{told_quantity} of {named}" if told_quantity else f"{named}, how many is not told"
    priced = f"{told_price} {currency}".rstrip() + " each" if told_price else "at a price that is not told"
    return f"{counted}, {priced}"


def _cut(words: str) -> str:
    return words if len(words) <= REASON_LIMIT else f"{words[:REASON_LIMIT]}…"
