"""What may be sent besides files and templates, and how long its parts may be.

Source: WhatsApp Business Platform, "Messages" and the pages of each kind. Lengths are in characters (code points).
"""

import math
from typing import TypeAlias, assert_never

from domain.conversations.contents import TEXT_LIMIT, ContactCard, ContactCards, Interactive, Location, Option, Text
from domain.errors import Field, Refusal, TextTooLong, invalid
from domain.text.emoji import is_emoji

Sendable: TypeAlias = Text | Location | ContactCards | Interactive
SENDABLE = (Text, Location, ContactCards, Interactive)

CARDS_LIMIT = 257
BUTTONS_LIMIT = 3
ROWS_LIMIT = 10
BUTTONS_BODY_LIMIT = 1024
LIST_BODY_LIMIT = 4096
BUTTON_TITLE_LIMIT = 20
BUTTON_ID_LIMIT = 256
LIST_LABEL_LIMIT = 20
ROW_TITLE_LIMIT = 24
ROW_ID_LIMIT = 200
ROW_DESCRIPTION_LIMIT = 72
EMOJI_LIMIT = 32  # code points; a family of four with skin tones has eleven


def is_list(question: Interactive) -> bool:
    """Buttons show up to three titles and nothing below them; anything more opens as a list."""
    return len(question.options) > BUTTONS_LIMIT or any(option.description for option in question.options)


def fault_of(content: Sendable) -> Refusal | None:
    """Why the network would not take it, naming the field of `messageSend` at fault; None where it would."""
    match content:
        case Text(body=body):
            return _text_fault(body, TEXT_LIMIT, "content", "text", "body")
        case Location():
            return _location_fault(content)
        case ContactCards(cards=cards):
            return _cards_fault(cards)
        case Interactive():
            return _question_fault(content)
        case _:
            assert_never(content)


def emoji_fault(emoji: str) -> Refusal | None:
    """A reaction is one emoji, or empty where it is taken away."""
    if len(emoji) > EMOJI_LIMIT:
        return TextTooLong(EMOJI_LIMIT, len(emoji), ("emoji",))
    if emoji and not is_emoji(emoji):
        return invalid("A reaction is one emoji.", "emoji")
    return None


def _text_fault(text: str, limit: int, *field: str) -> Refusal | None:
    if not text.strip():
        return invalid("A text is not empty.", *field)
    return _length_fault(text, limit, *field)


def _length_fault(text: str, limit: int, *field: str) -> Refusal | None:
    return TextTooLong(limit, len(text), field) if len(text) > limit else None


def _location_fault(location: Location) -> Refusal | None:
    for name, value, limit in (("latitude", location.latitude, 90), ("longitude", location.longitude, 180)):
        if not math.isfinite(value) or abs(value) > limit:
            return invalid(f"A {name} lies between -{limit} and {limit} degrees.", "content", "location", name)
    for name, words in (("name", location.name), ("address", location.address)):
        if refusal := _length_fault(words or "", TEXT_LIMIT, "content", "location", name):
            return refusal
    return None


def _cards_fault(cards: tuple[ContactCard, ...]) -> Refusal | None:
    if not 1 <= len(cards) <= CARDS_LIMIT:
        return invalid(f"A message holds 1 to {CARDS_LIMIT} contact cards.", "content", "contacts")
    faults = (_card_fault(card, ("content", "contacts", str(index))) for index, card in enumerate(cards))
    return next((fault for fault in faults if fault is not None), None)


def _card_fault(card: ContactCard, at: Field) -> Refusal | None:
    if refusal := _text_fault(card.name, TEXT_LIMIT, *at, "name"):
        return refusal
    if not card.phones and not card.emails:
        return invalid("A contact card has a number or a mail address.", *at, "phones")
    for name, values in (("phones", card.phones), ("emails", card.emails)):
        for index, value in enumerate(values):
            if refusal := _text_fault(value, TEXT_LIMIT, *at, name, str(index)):
                return refusal
    return _length_fault(card.organization or "", TEXT_LIMIT, *at, "organization")


def _question_fault(question: Interactive) -> Refusal | None:
    at = ("content", "interactive")
    listed = is_list(question)
    if not 1 <= len(question.options) <= ROWS_LIMIT:
        return invalid(f"A question has 1 to {ROWS_LIMIT} options.", *at, "options")
    limit = LIST_BODY_LIMIT if listed else BUTTONS_BODY_LIMIT
    if refusal := _text_fault(question.body, limit, *at, "body"):
        return refusal
    if listed and not (question.button_label or "").strip():
        return invalid("A list needs the words that open it.", *at, "buttonLabel")
    if refusal := _length_fault(question.button_label or "", LIST_LABEL_LIMIT, *at, "buttonLabel"):
        return refusal
    for index, option in enumerate(question.options):
        if refusal := _option_fault(option, listed, (*at, "options", str(index))):
            return refusal
    return _twice_fault(question, listed, (*at, "options"))


def _option_fault(option: Option, listed: bool, at: Field) -> Refusal | None:
    title_limit, id_limit = (ROW_TITLE_LIMIT, ROW_ID_LIMIT) if listed else (BUTTON_TITLE_LIMIT, BUTTON_ID_LIMIT)
    return (
        _text_fault(option.id, id_limit, *at, "id")
        or _text_fault(option.title, title_limit, *at, "title")
        or _length_fault(option.description or "", ROW_DESCRIPTION_LIMIT, *at, "description")
    )


def _twice_fault(question: Interactive, listed: bool, at: Field) -> Refusal | None:
    """An answer names its option by id, and a button is told from the others by its title."""
    ids, titles = set[str](), set[str]()
    for index, option in enumerate(question.options):
        if option.id in ids:
            return invalid("Each option has an id of its own.", *at, str(index), "id")
        if not listed and option.title in titles:
            return invalid("Each button has a title of its own.", *at, str(index), "title")
        ids.add(option.id)
        titles.add(option.title)
    return None
