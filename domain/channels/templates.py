"""Message templates: what may be sent outside a session, and how it reads once its blanks are filled."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.conversations.contents import Filled, TemplateMessage
from domain.conversations.messages import Direction
from domain.errors import Field, MediaRejected, Refusal, TemplateParameterWrong
from domain.files.fit import outbound_refusal
from domain.files.media import Media
from domain.files.rules import MediaKind, rule_for
from domain.ids import BusinessAccountId, OrganizationId, TemplateId

BODY_LIMIT = 1024  # characters once filled; Cloud API, "Templates"
HEADER_LIMIT = 60
URL_LIMIT = 2000
CODE_LIMIT = 15
SENDABLE_BUTTONS = frozenset({"QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE", "REQUEST_CONTACT_INFO", "VOICE_CALL"})
COUPON_CODE = "COUPON_CODE"  # the kind of blank that a COPY_CODE button has
BLANK = re.compile(r"\{\{\s*+([A-Za-z0-9_]++)\s*+\}\}")


class TemplateCategory(StrEnum):
    MARKETING = "MARKETING"
    UTILITY = "UTILITY"
    AUTHENTICATION = "AUTHENTICATION"


class TemplateStatus(StrEnum):
    APPROVED = "APPROVED"
    PENDING = "PENDING"
    REJECTED = "REJECTED"
    PAUSED = "PAUSED"
    DISABLED = "DISABLED"
    IN_APPEAL = "IN_APPEAL"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    DELETED = "DELETED"


class HeaderKind(StrEnum):
    TEXT = "TEXT"
    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    DOCUMENT = "DOCUMENT"
    LOCATION = "LOCATION"


HEADER_FILES = {
    HeaderKind.IMAGE: MediaKind.IMAGE,
    HeaderKind.VIDEO: MediaKind.VIDEO,
    HeaderKind.DOCUMENT: MediaKind.DOCUMENT,
}
HEADER_FIELD: Field = ("headerMediaId",)


@dataclass(frozen=True, slots=True)
class Header:
    kind: HeaderKind
    text: str | None = None


class ButtonKind(StrEnum):
    """The network's words, and one for those that come later."""

    QUICK_REPLY = "QUICK_REPLY"
    URL = "URL"
    PHONE_NUMBER = "PHONE_NUMBER"
    COPY_CODE = "COPY_CODE"
    OTP = "OTP"
    FLOW = "FLOW"
    CATALOG = "CATALOG"
    REQUEST_CONTACT_INFO = "REQUEST_CONTACT_INFO"
    VOICE_CALL = "VOICE_CALL"
    OTHER = "OTHER"


def button_kind(word: str) -> ButtonKind:
    """What the network's word means; it is kept as it was told."""
    return ButtonKind(word) if word in tuple(ButtonKind) else ButtonKind.OTHER


@dataclass(frozen=True, slots=True)
class Button:
    kind: str  # QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE, FLOW, OTP, … as the network spells it
    text: str
    url: str | None = None
    phone_number: str | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A blank to fill: where it stands (header, body, button:N from 0), its name or place from 1, an example."""

    component: str
    name: str
    kind: str = "TEXT"
    example: str | None = None


@dataclass(frozen=True, slots=True)
class Template:
    organization: OrganizationId
    id: TemplateId
    account: BusinessAccountId
    network_id: str
    name: str
    language: str
    category: TemplateCategory
    status: TemplateStatus
    body: str
    synced_at: datetime
    header: Header | None = None
    footer: str | None = None
    buttons: tuple[Button, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    named: bool = False  # blanks have names instead of places
    quality: str | None = None
    rejection_reason: str | None = None
    other_parts: tuple[str, ...] = ()  # what else it has, as the network spells it: CAROUSEL, …
    told_at: datetime | None = None  # by the network's clock: when it last told of this one alone
    heard_at: datetime | None = None  # by ours: when that was taken over

    @property
    def known_at(self) -> datetime:
        """The last instant at which the network said how it is."""
        return max(self.synced_at, self.heard_at or self.synced_at)


def not_sendable_reason(template: Template) -> str | None:
    """Why this template can't be sent from here; None where it can."""
    if template.status is not TemplateStatus.APPROVED:
        return f"The network has it as {template.status}; only APPROVED templates can be sent."
    if template.header is not None and template.header.kind is HeaderKind.LOCATION:
        return "Its header is a location, which can't be sent yet."
    for part in template.other_parts:
        return f"It has a part of the kind {part}, which can't be sent yet."
    for button in template.buttons:
        if button.kind not in SENDABLE_BUTTONS:
            return f"It has a button of the kind {button.kind}, which can't be sent yet."
    return None


def fill(template: Template, values: Iterable[Filled], file: Media | None = None) -> TemplateMessage | Refusal:
    """The template as the contact will see it, with the file above its text; or every blank that is wrong.

    Values are checked as the network checks them: none missing, none extra, not empty, no line break, no tab, no
    more than four spaces in a row, and the filled text within its limit. So is the file: one of the header's kind.
    """
    listed = tuple(values)
    given = {(value.component, value.name): value for value in listed}
    amiss = header_refusal(template, file)
    wrong = [*_unfit(template, listed), *([amiss] if isinstance(amiss, TemplateParameterWrong) else [])]
    if not wrong:
        wrong = _too_long(template, given)
    if wrong:
        return replace(wrong[0], others=tuple(wrong[1:]))
    if amiss is not None:
        return amiss
    header_text = template.header.text if template.header else None
    return TemplateMessage(
        template=template.id,
        name=template.name,
        language=template.language,
        body=_filled(template.body, "body", given),
        header=_filled(header_text, "header", given) if header_text else None,
        footer=template.footer,
        buttons=tuple(button.text for button in template.buttons),
        parameters=tuple(given[(blank.component, blank.name)] for blank in template.parameters),
        header_media=file.id if file is not None else None,
        codes=tuple(blank.component for blank in template.parameters if blank.kind == COUPON_CODE),
    )


def header_refusal(template: Template, file: Media | None) -> Refusal | None:
    """Why this file, or none, can't stand above the template's text; None where it can."""
    wanted = HEADER_FILES.get(template.header.kind) if template.header is not None else None
    if wanted is None:
        message = "The template has no file above its text."
        return TemplateParameterWrong("header", "media", message, HEADER_FIELD) if file is not None else None
    kind = wanted.lower()
    if file is None:
        message = f"The template has a file of the kind {kind} above its text; give it as headerMediaId."
        return TemplateParameterWrong("header", kind, message, HEADER_FIELD)
    if file.kind is not wanted:
        message = f"The template wants a file of the kind {kind}; this one is of the kind {file.kind.lower()}."
        rule = rule_for(wanted, Direction.OUTBOUND)
        return MediaRejected(rule, file.mime_type, file.size or 0, message, HEADER_FIELD)
    return outbound_refusal(file, *HEADER_FIELD)


def blanks(text: str, component: str) -> tuple[Parameter, ...]:
    """The blanks of a text in the order they stand, each once."""
    names = dict.fromkeys(match.group(1) for match in BLANK.finditer(text))
    return tuple(Parameter(component, name) for name in names)


def blanks_of(header: Header | None, body: str, buttons: Iterable[Button]) -> tuple[Parameter, ...]:
    """Every blank of a template, in the order they stand: the one a link may end with, and the code to copy, too."""
    header_text = header.text if header is not None and header.kind is HeaderKind.TEXT else None
    of_buttons = (_button_blank(f"button:{index}", button) for index, button in enumerate(buttons))
    return (
        *blanks(header_text or "", "header"),
        *blanks(body, "body"),
        *(blank for blank in of_buttons if blank is not None),
    )


def _button_blank(component: str, button: Button) -> Parameter | None:
    if button.kind == "COPY_CODE":
        return Parameter(component, "1", COUPON_CODE)
    return Parameter(component, "1") if blanks(button.url or "", component) else None


def _filled(text: str, component: str, given: dict[tuple[str, str], Filled]) -> str:
    def value(match: re.Match[str]) -> str:
        filled = given.get((component, match.group(1)))
        return filled.value if filled else match.group(0)

    return BLANK.sub(value, text)


def _unfit(template: Template, values: Sequence[Filled]) -> list[TemplateParameterWrong]:
    """Values that are missing, too many, or nothing the network would take."""
    wanted = {(blank.component, blank.name): blank for blank in template.parameters}
    given = {(value.component, value.name): value for value in values}
    wrong = [
        TemplateParameterWrong(component, name, "The template has no such blank.")
        for component, name in given
        if (component, name) not in wanted
    ]
    times = Counter((value.component, value.name) for value in values)
    for key, blank in wanted.items():
        value = given.get(key)
        fault = "A value is missing." if value is None else _fault(blank, value.value)
        if times[key] > 1:
            fault = "More than one value is given."
        if fault is not None:
            wrong.append(TemplateParameterWrong(*key, fault))
    return wrong


def _fault(blank: Parameter, value: str) -> str | None:
    if not value.strip():
        return "The value is empty."
    if "\n" in value or "\r" in value or "\t" in value:
        return "The network takes no line break and no tab here."
    if " " * 5 in value:
        return "The network takes no more than four spaces in a row here."
    if blank.kind == COUPON_CODE and len(value) > CODE_LIMIT:
        return f"A code to copy has {CODE_LIMIT} characters at most; it has {len(value)}."
    return None


def _too_long(template: Template, given: dict[tuple[str, str], Filled]) -> list[TemplateParameterWrong]:
    header = template.header.text if template.header else None
    texts = [("body", template.body, BODY_LIMIT), ("header", header or "", HEADER_LIMIT)]
    texts += [(f"button:{index}", button.url or "", URL_LIMIT) for index, button in enumerate(template.buttons)]
    found = (_too_long_in(component, _filled(text, component, given), limit, given) for component, text, limit in texts)
    return [wrong for wrong in found if wrong is not None]


def _too_long_in(
    component: str, text: str, limit: int, given: dict[tuple[str, str], Filled]
) -> TemplateParameterWrong | None:
    """Blames the longest value. A text without blanks is as the network approved it, and nobody's to shorten."""
    values = [value for value in given.values() if value.component == component]
    if len(text) <= limit or not values:
        return None
    longest = max(values, key=lambda value: len(value.value))
    return TemplateParameterWrong(
        component, longest.name, f"The filled text has {len(text)} characters; {limit} are allowed."
    )
