"""A message as the Cloud API takes it: the JSON of `POST /{number}/messages`.

Source: WhatsApp Business Platform, "Messages", "Template messages", "Business-scoped user IDs".
"""

import re
from typing import Final, TypeAlias, assert_never

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
from domain.conversations.sendable import is_list
from domain.files.rules import CAPTIONED, MediaKind
from domain.ids import Wamid
from domain.ports.network import Attachment, Outgoing, ReactionTo

MARKS: Final = re.compile(r"[\s\u200e\u200f\u202a-\u202e\u2066-\u2069]+")  # numbers that were pasted bring them
WRITTEN: Final = re.compile(r"[^0-9A-Za-z]")  # what people put between the digits of a number
NUMBER: Final = re.compile(r"[1-9][0-9]{6,14}")  # E.164 without its plus

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = dict[str, Json]


def send_body(outgoing: Outgoing) -> JsonObject:
    """The body of a send. A number wins where both the number and the business-scoped id are known."""
    body: JsonObject = {"messaging_product": "whatsapp", "recipient_type": "individual"}
    if outgoing.wa_id:
        body["to"] = outgoing.wa_id
    else:
        body["recipient"] = outgoing.business_scoped_id
    if outgoing.reply_to:
        body["context"] = {"message_id": outgoing.reply_to}
    match outgoing.content:
        case Text(body=text, preview_url=preview_url):
            body |= {"type": "text", "text": {"body": text, "preview_url": preview_url}}
        case Location() as location:
            body |= {"type": "location", "location": _location(location)}
        case ContactCards(cards=cards):
            body |= {"type": "contacts", "contacts": [_card(card) for card in cards]}
        case Interactive() as question:
            body |= {"type": "interactive", "interactive": _question(question)}
        case ReactionTo(target=target, emoji=emoji):
            body |= {"type": "reaction", "reaction": {"message_id": target, "emoji": emoji}}
        case TemplateMessage() as template:
            body |= {"type": "template", "template": _template(template, outgoing.header)}
        case Attachment(kind=kind) as attachment:
            body |= {"type": kind.value.lower(), kind.value.lower(): _attachment(attachment)}
        case _:
            assert_never(outgoing.content)
    body["biz_opaque_callback_data"] = outgoing.callback
    return body


def read_body(wamid: Wamid, *, typing: bool = False) -> JsonObject:
    """Marks a message, and those before it in its conversation, as read; with `typing`, shows that somebody writes."""
    body: JsonObject = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
    if typing:
        body["typing_indicator"] = {"type": "text"}
    return body


def _location(location: Location) -> JsonObject:
    shaped: JsonObject = {"latitude": location.latitude, "longitude": location.longitude}
    for name, words in (("name", location.name), ("address", location.address)):
        if words:
            shaped[name] = words
    return shaped


def _card(card: ContactCard) -> JsonObject:
    """The network wants one more part of the name besides the whole."""
    shaped: JsonObject = {"name": {"formatted_name": card.name, "first_name": card.name}}
    if card.phones:
        shaped["phones"] = [_phone(phone) for phone in card.phones]
    if card.emails:
        shaped["emails"] = [{"email": email} for email in card.emails]
    if card.organization:
        shaped["org"] = {"company": card.organization}
    return shaped


def _phone(phone: str) -> Json:
    """The number as it is written, and who has it on WhatsApp: without that the reader may invite, and not write."""
    shaped: JsonObject = {"phone": phone}
    if MARKS.sub("", phone).startswith("+") and NUMBER.fullmatch(digits := WRITTEN.sub("", phone.replace("(0)", ""))):
        shaped["wa_id"] = digits
    return shaped


def _question(question: Interactive) -> JsonObject:
    if is_list(question):
        section: JsonObject = {"rows": [_row(option) for option in question.options]}
        action: JsonObject = {"button": question.button_label, "sections": [section]}
        return {"type": "list", "body": {"text": question.body}, "action": action}
    buttons: list[Json] = [
        {"type": "reply", "reply": {"id": option.id, "title": option.title}} for option in question.options
    ]
    return {"type": "button", "body": {"text": question.body}, "action": {"buttons": buttons}}


def _row(option: Option) -> Json:
    row: JsonObject = {"id": option.id, "title": option.title}
    if option.description:
        row["description"] = option.description
    return row


def multipart_edges(boundary: str, mime_type: str) -> tuple[bytes, bytes]:
    """What stands before and after the bytes of a file in the body of `POST /{number}/media`."""
    parts = (("messaging_product", "whatsapp"), ("type", mime_type))
    fields = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts
    )
    file = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n'
    return f"{fields}{file}Content-Type: {mime_type}\r\n\r\n".encode(), f"\r\n--{boundary}--\r\n".encode()


def _attachment(attachment: Attachment) -> JsonObject:
    """Only documents have names; sounds and stickers have no caption."""
    shaped: JsonObject = {"id": attachment.network_id}
    if attachment.caption and attachment.kind in CAPTIONED:
        shaped["caption"] = attachment.caption
    if attachment.file_name and attachment.kind is MediaKind.DOCUMENT:
        shaped["filename"] = attachment.file_name
    if attachment.voice and attachment.kind is MediaKind.AUDIO:
        shaped["voice"] = True
    return shaped


def _template(template: TemplateMessage, header: Attachment | None) -> JsonObject:
    """`components` is there only where something is to be filled in."""
    shaped: JsonObject = {"name": template.name, "language": {"code": template.language}}
    components = [*_file_above(header), *_texts("header", template.parameters), *_texts("body", template.parameters)]
    buttons = (value for value in template.parameters if value.component.startswith("button:"))
    components += [_button(value, is_code=value.component in template.codes) for value in buttons]
    if components:
        shaped["components"] = components
    return shaped


def _file_above(header: Attachment | None) -> list[Json]:
    if header is None:
        return []
    kind = header.kind.value.lower()
    parameter: JsonObject = {"type": kind, kind: _attachment(header)}
    return [{"type": "header", "parameters": [parameter]}]


def _texts(component: str, values: tuple[Filled, ...]) -> list[Json]:
    own = sorted((value for value in values if value.component == component), key=_position)
    parameters: list[Json] = [_parameter(value) for value in own]
    return [{"type": component, "parameters": parameters}] if parameters else []


def _position(value: Filled) -> int:
    """Blanks with places go in the order of their places; those with names stay as they come."""
    return int(value.name) if _has_place(value) else 0


def _parameter(value: Filled) -> Json:
    parameter: JsonObject = {"type": "text", "text": value.value}
    if not _has_place(value):
        parameter["parameter_name"] = value.name
    return parameter


def _has_place(value: Filled) -> bool:
    return value.name.isascii() and value.name.isdigit()


def _button(value: Filled, *, is_code: bool) -> Json:
    index = value.component.removeprefix("button:")
    code: JsonObject = {"type": "coupon_code", "coupon_code": value.value}
    text: JsonObject = {"type": "text", "text": value.value}
    sub_type = "copy_code" if is_code else "url"
    return {"type": "button", "sub_type": sub_type, "index": index, "parameters": [code if is_code else text]}
