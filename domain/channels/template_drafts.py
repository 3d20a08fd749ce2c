"""A template that is to be made: what the network's review takes, checked before anybody is asked.

Source: WhatsApp Business Platform, "Message templates", "Template components". Lengths are in characters (code points).
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from domain.channels.templates import (
    BLANK,
    BODY_LIMIT,
    CODE_LIMIT,
    COUPON_CODE,
    HEADER_LIMIT,
    URL_LIMIT,
    Button,
    Header,
    HeaderKind,
    Parameter,
    TemplateCategory,
    blanks,
    blanks_of,
)
from domain.conversations.contents import Filled
from domain.errors import Refusal, TemplateParameterWrong, TextTooLong, invalid

FOOTER_LIMIT = 60
BUTTONS_LIMIT = 10
LABEL_LIMIT = 25
BUTTONS_OF_A_KIND = {
    "QUICK_REPLY": 10,
    "URL": 2,
    "PHONE_NUMBER": 1,
    "COPY_CODE": 1,
    "REQUEST_CONTACT_INFO": 1,
    "VOICE_CALL": 1,
}
"""Kinds that can be made here, and how many of each a template takes."""

_NAME = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?")
_PLACE = re.compile(r"[1-9][0-9]{0,3}")
_WORD = re.compile(r"[a-z][a-z0-9_]*")
_PHONE_NUMBER = re.compile(r"\+[0-9]{5,19}")


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """What somebody wants reviewed. `examples` fills each blank once, as a send would."""

    name: str
    language: str
    category: TemplateCategory
    body: str
    header: Header | None = None
    footer: str | None = None
    buttons: tuple[Button, ...] = ()
    examples: tuple[Filled, ...] = ()

    @property
    def named(self) -> bool:
        """Whether its blanks have names instead of places."""
        texts = (self.body, self.header.text or "" if self.header is not None else "")
        return any(not _PLACE.fullmatch(blank.name) for text in texts for blank in blanks(text, ""))

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Every blank with its example."""
        given = {(value.component, value.name): value.value for value in self.examples}
        found = blanks_of(self.header, self.body, self.buttons)
        return tuple(replace(blank, example=given.get((blank.component, blank.name))) for blank in found)


def fault_of(draft: TemplateDraft) -> Refusal | None:
    """Why the network would not take it, naming the field of `templateCreate` at fault; None where it would."""
    if not _NAME.fullmatch(draft.name):
        return invalid("A template's name has 1 to 512 small letters, digits and underscores.", "name")
    if not _LANGUAGE.fullmatch(draft.language):
        return invalid("A language is written as en, en_US or pt_BR.", "language")
    return (
        _header_fault(draft)
        or _text_fault(draft.body, BODY_LIMIT, "body")
        or _blanks_fault(draft.body, draft.named, "body")
        or _footer_fault(draft.footer)
        or _buttons_fault(draft.buttons)
        or _examples_fault(draft)
    )


# ---------------------------------------------------------------- texts


def _header_fault(draft: TemplateDraft) -> Refusal | None:
    header = draft.header
    if header is None:
        return None
    if header.kind is not HeaderKind.TEXT:
        return invalid("Only a header of the kind TEXT has a text.", "header", "text") if header.text else None
    text = header.text or ""
    if "\n" in text or "\r" in text:
        return invalid("A header is one line.", "header", "text")
    if len(blanks(text, "header")) > 1:
        return invalid("A header has one blank at most.", "header", "text")
    return _text_fault(text, HEADER_LIMIT, "header", "text") or _blanks_fault(text, draft.named, "header", "text")


def _text_fault(text: str, limit: int, *field: str) -> Refusal | None:
    if not text.strip():
        return invalid("A text is not empty.", *field)
    return TextTooLong(limit, len(text), field) if len(text) > limit else None


def _blanks_fault(text: str, named: bool, *field: str) -> Refusal | None:
    """Blanks are counted on from 1 or have names in small letters; none begins or ends the text."""
    names = [blank.name for blank in blanks(text, "")]
    if named and (wrong := next((name for name in names if not _WORD.fullmatch(name)), None)):
        return invalid(
            f"The blank {{{{{wrong}}}}} has to be a word in small letters, digits and underscores, as the others are.",
            *field,
        )
    if not named and names != [str(place) for place in range(1, len(names) + 1)]:
        return invalid("Blanks are {{1}}, {{2}} and so on, in order and without a gap.", *field)
    if "{{" in BLANK.sub("", text):
        return invalid("What stands in {{ }} is a number, or a word in letters, digits and underscores.", *field)
    stripped = text.strip()
    found = list(BLANK.finditer(stripped))
    if field[0] == "body" and found and (found[0].start() == 0 or found[-1].end() == len(stripped)):
        return invalid("A body neither begins nor ends with a blank.", *field)
    return None


def _footer_fault(footer: str | None) -> Refusal | None:
    if footer is None:
        return None
    if blanks(footer, ""):
        return invalid("A footer has no blanks.", "footer")
    return _text_fault(footer, FOOTER_LIMIT, "footer")


# ---------------------------------------------------------------- buttons


def _buttons_fault(buttons: tuple[Button, ...]) -> Refusal | None:
    if len(buttons) > BUTTONS_LIMIT:
        return invalid(f"A template has {BUTTONS_LIMIT} buttons at most.", "buttons")
    for index, button in enumerate(buttons):
        if refusal := _button_fault(button, "buttons", str(index)):
            return refusal
    for kind, count in Counter(button.kind for button in buttons).items():
        if count > BUTTONS_OF_A_KIND[kind]:
            return invalid(f"A template has {BUTTONS_OF_A_KIND[kind]} buttons of the kind {kind} at most.", "buttons")
    replies = [index for index, button in enumerate(buttons) if button.kind == "QUICK_REPLY"]
    if replies and replies[-1] - replies[0] >= len(replies):
        return invalid("Quick replies stand together, before or behind the other buttons.", "buttons")
    return None


def _button_fault(button: Button, *at: str) -> Refusal | None:
    if button.kind not in BUTTONS_OF_A_KIND:
        kinds = ", ".join(BUTTONS_OF_A_KIND)
        return invalid(f"A button of the kind {button.kind} can't be made here; there are {kinds}.", *at, "kind")
    if refusal := _text_fault(button.text, LABEL_LIMIT, *at, "text"):
        return refusal
    if (button.url is not None) is not (button.kind == "URL"):
        return invalid("A button of the kind URL has a url, and no other has.", *at, "url")
    if (button.phone_number is not None) is not (button.kind == "PHONE_NUMBER"):
        message = "A button of the kind PHONE_NUMBER has a phoneNumber, and no other has."
        return invalid(message, *at, "phoneNumber")
    if button.url is not None and (refusal := _url_fault(button.url, *at, "url")):
        return refusal
    if button.phone_number is not None and not _PHONE_NUMBER.fullmatch(button.phone_number):
        return invalid("A phone number is written in E.164, as +15550100001.", *at, "phoneNumber")
    return None


def _url_fault(url: str, *field: str) -> Refusal | None:
    if len(url) > URL_LIMIT:
        return TextTooLong(URL_LIMIT, len(url), field)
    if not _leads_somewhere(url):
        return invalid("A link begins with https:// or http:// and names a host.", *field)
    names = [blank.name for blank in blanks(url, "")]
    if names not in ([], ["1"]) or (names and not url.endswith("{{1}}")) or "{{" in url.replace("{{1}}", "", 1):
        return invalid("A link has one blank at most, {{1}} at its end.", *field)
    return None


def _leads_somewhere(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not any(map(str.isspace, url))
    except ValueError:
        return False


# ---------------------------------------------------------------- examples


def _examples_fault(draft: TemplateDraft) -> Refusal | None:
    wrong = list(_wrong_examples(draft.parameters, draft.examples))
    return replace(wrong[0], others=tuple(wrong[1:])) if wrong else None


def _wrong_examples(wanted: Iterable[Parameter], given: Iterable[Filled]) -> Iterator[TemplateParameterWrong]:
    """The review wants an example for each blank, and for nothing else."""
    left = Counter((value.component, value.name) for value in given)
    for blank in wanted:
        times = left.pop((blank.component, blank.name), 0)
        if fault := _example_fault(blank, times):
            yield TemplateParameterWrong(blank.component, blank.name, fault, ("examples",))
    for component, name in left:
        yield TemplateParameterWrong(component, name, "The template has no such blank.", ("examples",))


def _example_fault(blank: Parameter, times: int) -> str | None:
    if times > 1:
        return "More than one example is given."
    if blank.example is None or not blank.example.strip():
        return "An example is needed for the review."
    if blank.kind == COUPON_CODE and len(blank.example) > CODE_LIMIT:
        return f"A code to copy has {CODE_LIMIT} characters at most."
    return None
