"""Message templates: what may be sent outside a session, and how it reads once its blanks are filled."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.errors import TemplateParameterWrong
from domain.ids import BusinessAccountId, OrganizationId, TemplateId
from domain.messages import Filled, TemplateMessage

BODY_LIMIT = 1024  # characters once filled; Cloud API, "Templates"
HEADER_LIMIT = 60
BLANK = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")


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


@dataclass(frozen=True, slots=True)
class Header:
    kind: HeaderKind
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Button:
    kind: str  # QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE, FLOW, OTP, … as the network spells it
    text: str
    url: str | None = None


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


def not_sendable_reason(template: Template) -> str | None:
    """Why this template can't be sent from here; None where it can."""
    if template.status is not TemplateStatus.APPROVED:
        return f"The network has it as {template.status}; only APPROVED templates can be sent."
    if template.header is not None and template.header.kind is not HeaderKind.TEXT:
        return f"Its header is a {template.header.kind.lower()}, which can't be sent yet."
    for button in template.buttons:
        if button.kind not in ("QUICK_REPLY", "URL", "PHONE_NUMBER"):
            return f"It has a button of the kind {button.kind}, which can't be sent yet."
    return None


def fill(template: Template, values: Iterable[Filled]) -> TemplateMessage | TemplateParameterWrong:
    """The template as the contact will see it, or the first blank that is wrong.

    Values are checked as the network checks them: none missing, none extra, not empty, no line break, no tab, no
    more than four spaces in a row, and the filled text within its limit.
    """
    given = {(value.component, value.name): value for value in values}
    wanted = {(blank.component, blank.name) for blank in template.parameters}
    for component, name in given:
        if (component, name) not in wanted:
            return TemplateParameterWrong(component, name, "The template has no such blank.")
    for blank in template.parameters:
        value = given.get((blank.component, blank.name))
        if value is None:
            return TemplateParameterWrong(blank.component, blank.name, "A value is missing.")
        if fault := _fault(value.value):
            return TemplateParameterWrong(blank.component, blank.name, fault)
    body = _filled(template.body, "body", given)
    header_text = template.header.text if template.header else None
    header = _filled(header_text, "header", given) if header_text else None
    if wrong := _too_long("body", body, BODY_LIMIT, given) or _too_long("header", header or "", HEADER_LIMIT, given):
        return wrong
    return TemplateMessage(
        template=template.id,
        name=template.name,
        language=template.language,
        body=body,
        header=header,
        footer=template.footer,
        buttons=tuple(button.text for button in template.buttons),
        parameters=tuple(given[(blank.component, blank.name)] for blank in template.parameters),
    )


def blanks(text: str, component: str) -> tuple[Parameter, ...]:
    """The blanks of a text in the order they stand, each once."""
    names = dict.fromkeys(match.group(1) for match in BLANK.finditer(text))
    return tuple(Parameter(component, name) for name in names)


def _filled(text: str, component: str, given: dict[tuple[str, str], Filled]) -> str:
    def value(match: re.Match[str]) -> str:
        filled = given.get((component, match.group(1)))
        return filled.value if filled else match.group(0)

    return BLANK.sub(value, text)


def _fault(value: str) -> str | None:
    if not value.strip():
        return "The value is empty."
    if "\n" in value or "\r" in value or "\t" in value:
        return "The network takes no line break and no tab here."
    if " " * 5 in value:
        return "The network takes no more than four spaces in a row here."
    return None


def _too_long(
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
