"""Previews: one line of every kind of message."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.conversations.contents import (
    ContactCard,
    ContactCards,
    Content,
    Interactive,
    InteractiveReply,
    Location,
    MediaMessage,
    Notice,
    Option,
    Order,
    OrderItem,
    Quarantined,
    QuarantineReason,
    RemovalReason,
    Removed,
    TemplateMessage,
    Text,
    Unsupported,
)
from domain.conversations.previews import PREVIEW_LIMIT, WORDLESS, preview, words_of
from domain.files.media import Media
from domain.files.rules import MediaKind
from domain.ids import MediaId, TemplateId
from domain.text.names import shows_something
from tests.builders import NOON, a_media

FILE = MediaId("f")
BELL = OrderItem("BELL", 1, Decimal("4.5"), "EUR")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (Text("Where is my *order*?\n\nAnd when?"), "Where is my order? And when?"),
        (TemplateMessage(TemplateId("t"), "shipped", "en", "Your _order_ has left."), "Your order has left."),
        (MediaMessage(FILE, "The *receipt*"), "The receipt"),
        (MediaMessage(FILE), "Attachment"),
        (Notice("Ana changed her number."), "Ana changed her number."),
        (Location(1.0, 2.0, "Café", "Main St 1"), "Location: Café"),
        (Location(1.0, 2.0, address="Main St 1"), "Location: Main St 1"),
        (Location(-33.86885, 151.2093), "Location: 33.8689° S, 151.2093° E"),
        (Location(48.1351, -11.582), "Location: 48.1351° N, 11.5820° W"),
        (ContactCards((ContactCard("Bo"), ContactCard("Li"))), "Contact: Bo, Li"),
        (Interactive("When?", (Option("t", "Today"),)), "When?"),
        (InteractiveReply("t", "Today"), "Today"),
        (Order((BELL,)), "Order of 1 product"),
        (Order((BELL, BELL)), "Order of 2 products"),
        (Order((BELL,), "In blue"), "In blue"),
        (Removed(RemovalReason.DELETED_BY_CONTACT, NOON), "This message was deleted"),
        (Removed(RemovalReason.RETENTION, NOON), "This message is no longer kept"),
        (Removed(RemovalReason.ERASURE, NOON), "This message is no longer kept"),
        (Quarantined(QuarantineReason.PHISHING, NOON), "Hidden: it has a blocked link"),
        (Quarantined(QuarantineReason.PERSONAL_DATA, NOON), "Hidden: it has personal data"),
        (Quarantined(QuarantineReason.MALWARE, NOON), "Hidden: its file has a virus"),
        (Quarantined(QuarantineReason.NETWORK_POLICY, NOON), "Hidden: it breaks WhatsApp's rules"),
        (Unsupported("view_once", "It can't be shown."), "Can't be shown here: view once"),
        (Text("\u3164 \u200b"), WORDLESS),
        (Text("**"), "**"),
    ],
)
def test_every_kind_of_message_has_one_line(content: Content, line: str) -> None:
    assert preview(content) == line


@pytest.mark.parametrize(
    ("file", "line"),
    [
        (a_media(kind=MediaKind.IMAGE, file_name="IMG_1.jpg"), "Photo"),
        (a_media(kind=MediaKind.VIDEO), "Video"),
        (a_media(kind=MediaKind.AUDIO), "Audio"),
        (a_media(kind=MediaKind.AUDIO, voice=True), "Voice note"),
        (a_media(kind=MediaKind.STICKER), "Sticker"),
        (a_media(kind=MediaKind.DOCUMENT), "Document"),
        (a_media(kind=MediaKind.DOCUMENT, file_name="reçu 1042.pdf"), "reçu 1042.pdf"),
    ],
)
def test_a_file_without_words_is_called_what_it_is(file: Media, line: str) -> None:
    assert preview(MediaMessage(FILE), file) == line
    assert preview(MediaMessage(FILE, " "), file) == line
    assert preview(MediaMessage(FILE, "See here"), file) == "See here"


def test_a_long_message_is_cut() -> None:
    assert preview(Text("word " * 2000)) == ("word " * 40)[: PREVIEW_LIMIT - 1].rstrip() + "…"


@given(st.text(max_size=600))
def test_a_preview_is_one_line_with_something_in_it(text: str) -> None:
    shown = preview(Text(text))

    assert shows_something(shown)
    assert shown.splitlines() == [shown]
    assert len(shown) <= PREVIEW_LIMIT


def test_the_words_of_a_message_keep_their_lines_and_marks() -> None:
    assert words_of(Text("Where is my *order*?\n\nAnd when?")) == "Where is my *order*?\n\nAnd when?"
