"""One line of a message for a list, a quote or a notification, whatever it is."""

from typing import assert_never

from domain.conversations.contents import (
    ContactCards,
    Content,
    Interactive,
    InteractiveReply,
    Location,
    MediaMessage,
    Notice,
    Order,
    Quarantined,
    QuarantineReason,
    RemovalReason,
    Removed,
    TemplateMessage,
    Text,
    Unsupported,
)
from domain.files.media import Media
from domain.files.rules import MediaKind
from domain.text.marks import unmarked
from domain.text.names import in_one_line, shows_something

PREVIEW_LIMIT = 200  # characters
LOOKED_AT = 400  # characters: a preview costs no more for a long text
WORDLESS = "Nothing to read"

_FILES = {
    MediaKind.IMAGE: "Photo",
    MediaKind.VIDEO: "Video",
    MediaKind.AUDIO: "Audio",
    MediaKind.DOCUMENT: "Document",
    MediaKind.STICKER: "Sticker",
}
_HIDDEN = {
    QuarantineReason.PHISHING: "Hidden: it has a blocked link",
    QuarantineReason.PERSONAL_DATA: "Hidden: it has personal data",
    QuarantineReason.MALWARE: "Hidden: its file has a virus",
    QuarantineReason.NETWORK_POLICY: "Hidden: it breaks WhatsApp's rules",
}


def preview(content: Content, file: Media | None = None) -> str:
    """The words without marks, else what stands in their place; never empty, at most `PREVIEW_LIMIT` characters.

    `file` is the one a `MediaMessage` brings. Of what is withheld or gone nothing is told but why.
    """
    words = in_one_line(unmarked(words_of(content, file)[:LOOKED_AT]), PREVIEW_LIMIT)
    return words if shows_something(words) else WORDLESS


def words_of(content: Content, file: Media | None = None) -> str:
    """The words as they were written, on all their lines, else what stands in their place."""
    match content:
        case Text(body=body) | TemplateMessage(body=body) | Interactive(body=body):
            return body
        case MediaMessage(caption=caption):
            return caption if caption and shows_something(caption) else _file(file)
        case Location():
            return f"Location: {content.name or content.address or _degrees(content)}"
        case ContactCards(cards=cards):
            return f"Contact: {', '.join(card.name for card in cards)}"
        case InteractiveReply(title=title):
            return title
        case Order(items=items, note=note):
            return note or (f"Order of {len(items)} products" if len(items) != 1 else "Order of 1 product")
        case Notice(text=text):
            return text
        case Unsupported(kind=kind):
            return f"Can't be shown here: {kind.replace('_', ' ')}"
        case Quarantined(reason=reason):
            return _HIDDEN[reason]
        case Removed(reason=reason):
            deleted = reason is RemovalReason.DELETED_BY_CONTACT
            return "This message was deleted" if deleted else "This message is no longer kept"
        case _:
            assert_never(content)


def _file(file: Media | None) -> str:
    if file is None:
        return "Attachment"
    if file.kind is MediaKind.DOCUMENT and file.file_name:
        return file.file_name
    if file.voice:
        return "Voice note"
    return _FILES[file.kind]


def _degrees(place: Location) -> str:
    north = f"{abs(place.latitude):.4f}° {'S' if place.latitude < 0 else 'N'}"
    return f"{north}, {abs(place.longitude):.4f}° {'W' if place.longitude < 0 else 'E'}"
