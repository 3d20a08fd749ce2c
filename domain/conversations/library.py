"""The library: what is sent again and again, kept ready for everybody here.

A snippet is words. A document or a video is a file, with words under it or none. The other kinds are links, and go as
words with the link below them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from domain.conversations.contents import CAPTION_LIMIT, TEXT_LIMIT, MediaMessage, Text
from domain.errors import Refusal, TextTooLong, invalid
from domain.files.fit import outbound_refusal
from domain.files.media import Media
from domain.files.rules import MediaKind
from domain.ids import LibraryItemId, MediaId, OrganizationId

TITLE_LIMIT = 200
URL_LIMIT = 2000  # characters; what every browser takes
SCHEMES = ("http", "https")


class LibraryItemKind(StrEnum):
    SNIPPET = "SNIPPET"
    DOCUMENT = "DOCUMENT"
    MEETING_LINK = "MEETING_LINK"
    QUOTE = "QUOTE"
    KNOWLEDGE_ARTICLE = "KNOWLEDGE_ARTICLE"
    VIDEO = "VIDEO"


FILES: dict[LibraryItemKind, tuple[MediaKind, ...]] = {
    LibraryItemKind.DOCUMENT: (MediaKind.DOCUMENT, MediaKind.IMAGE),
    LibraryItemKind.VIDEO: (MediaKind.VIDEO,),
}
"""What goes as a file, and as which sorts of files."""

LINKS = frozenset({LibraryItemKind.MEETING_LINK, LibraryItemKind.QUOTE, LibraryItemKind.KNOWLEDGE_ARTICLE})


@dataclass(frozen=True, slots=True)
class LibraryItem:
    organization: OrganizationId
    id: LibraryItemId
    kind: LibraryItemKind
    title: str  # what people here find it by; said in place of a body where a link has none
    created_at: datetime
    updated_at: datetime
    body: str | None = None
    url: str | None = None
    media: MediaId | None = None


def as_sent(item: LibraryItem) -> Text | MediaMessage:
    """What a contact gets of it. A message keeps this, whatever becomes of the item."""
    if item.media is not None:
        return MediaMessage(item.media, item.body)
    if item.url is not None:
        return Text(f"{item.body or item.title}\n{item.url}", preview_url=True)
    return Text(item.body or "")


def fault_of(item: LibraryItem, file: Media | None) -> Refusal | None:
    """Why it can't be kept, naming the field at fault; None where all of it could be sent. `file` is its media's."""
    if not item.title.strip():
        return invalid("An item has a title.", "title")
    if len(item.title) > TITLE_LIMIT:
        return TextTooLong(TITLE_LIMIT, len(item.title), ("title",))
    if item.kind in FILES:
        return _strange(item, url=True) or _file_fault(item, file) or _length_fault(item, CAPTION_LIMIT)
    if item.kind in LINKS:
        below = len(item.url or "") + 1
        return _strange(item, media=True) or _url_fault(item.url) or _length_fault(item, TEXT_LIMIT - below)
    if not (item.body or "").strip():
        return invalid("A snippet has words.", "body")
    return _strange(item, url=True, media=True) or _length_fault(item, TEXT_LIMIT)


def file_refusal(file: Media | None, *field: str) -> Refusal | None:
    """Why an item's file can't be sent now."""
    if file is None:
        return invalid("The bytes of this file are not here; PUT them at its uploadUrl first.", *field)
    return outbound_refusal(file, *field)


def _strange(item: LibraryItem, *, url: bool = False, media: bool = False) -> Refusal | None:
    """What this kind has no use for is refused: left in silence, it would look as if it were sent."""
    named = item.kind.lower().replace("_", " ")
    if url and item.url is not None:
        return invalid(f"A {named} has no url; put the link into its body.", "url")
    if media and item.media is not None:
        return invalid(f"A {named} has no file.", "mediaId")
    return None


def _length_fault(item: LibraryItem, limit: int) -> Refusal | None:
    body = item.body or ""
    return TextTooLong(limit, len(body), ("body",)) if len(body) > limit else None


def _file_fault(item: LibraryItem, file: Media | None) -> Refusal | None:
    if item.media is None:
        return invalid("This kind goes as a file: name one.", "mediaId")
    if file is not None and file.message is not None:
        return invalid("This file came with a message and goes when that goes; upload it to keep it.", "mediaId")
    fitting = FILES[item.kind]
    if file is not None and file.kind not in fitting:
        return invalid(f"This kind takes files that are {' or '.join(fitting)}.", "mediaId")
    return file_refusal(file, "mediaId")


def _url_fault(url: str | None) -> Refusal | None:
    if url is None:
        return invalid("This kind goes as a link: name one.", "url")
    if len(url) > URL_LIMIT:
        return TextTooLong(URL_LIMIT, len(url), ("url",))
    if not _is_web_address(url):
        return invalid("A link is a whole address that begins with http:// or https://.", "url")
    return None


def _is_web_address(url: str) -> bool:
    """Nothing a phone would read otherwise than we do: no blanks, no name before an @ that looks like the host."""
    if any(sign.isspace() or not sign.isprintable() or sign == "\\" for sign in url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in SCHEMES and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return False
