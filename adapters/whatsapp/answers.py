"""The Graph API's answers into facts. An element of a list that can't be used is left out.

Source: WhatsApp Business Platform, "Phone numbers", "Message templates"; Graph API, "Debug token".
"""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec

from adapters.whatsapp.reading import Word, as_code, as_id, as_list, as_object, as_text, read_model
from domain.ids import BusinessAccountId, OrganizationId, PhoneNumberId, TemplateId
from domain.ports import AccountFacts, FileFacts, NumberFacts, TokenFacts
from domain.templates import (
    Button,
    Header,
    HeaderKind,
    Parameter,
    Template,
    TemplateCategory,
    TemplateStatus,
    blanks,
)

NUMBER_FIELDS = (
    "id,display_phone_number,verified_name,quality_rating,code_verification_status,throughput,status,"
    "whatsapp_business_manager_messaging_limit"
)
TEMPLATE_FIELDS = "id,name,status,category,language,components,parameter_format,quality_score,rejected_reason"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PER_SECOND = {"STANDARD": 80, "HIGH": 1000}
_TIER = re.compile(r"TIER_([0-9]{1,6})(K?)")

# Statuses that say more than the desk tells apart. What is not known can't be sent.
_STATUSES = {
    "PENDING_DELETION": TemplateStatus.DELETED,
    "ARCHIVED": TemplateStatus.DISABLED,
    "FLAGGED": TemplateStatus.APPROVED,
    "REINSTATED": TemplateStatus.APPROVED,
}


# Tokens, accounts, numbers


class _Token(msgspec.Struct):
    app_id: Word = None
    is_valid: bool | None = None
    expires_at: int | None = None  # seconds since 1970, 0 for never
    scopes: list[Word] | None = None


def token_facts(data: dict[str, object]) -> TokenFacts:
    token, _ = read_model(data, _Token)
    scopes = (as_text(scope) for scope in token.scopes or [])
    return TokenFacts(
        valid=token.is_valid is True,
        permissions=frozenset(scope for scope in scopes if scope),
        app_id=as_id(token.app_id),
        expires_at=_expiry(token.expires_at),
    )


def account_facts(account: BusinessAccountId, node: dict[str, object]) -> AccountFacts:
    verification = (as_text(node.get("business_verification_status")) or "").lower()
    return AccountFacts(account, as_text(node.get("name")) or "", verified=verification == "verified")


class _File(msgspec.Struct):
    url: Word = None
    sha256: Word = None
    file_size: Word = None  # a number or a text of digits


def file_facts(node: dict[str, object]) -> FileFacts | None:
    """None where it does not say where the file is."""
    file, _ = read_model(node, _File)
    url = as_text(file.url)
    return FileFacts(url, as_text(file.sha256), as_code(file.file_size)) if url else None


class _Throughput(msgspec.Struct):
    level: Word = None


class _Number(msgspec.Struct):
    id: Word = None
    display_phone_number: Word = None
    verified_name: Word = None
    quality_rating: Word = None
    code_verification_status: Word = None
    status: Word = None
    throughput: _Throughput | None = None
    whatsapp_business_manager_messaging_limit: Word = None


def number_facts(raw: object) -> NumberFacts | None:
    row = as_object(raw)
    number = read_model(row, _Number)[0] if row is not None else _Number()
    network_id, digits = as_id(number.id), re.sub(r"[^0-9]", "", as_id(number.display_phone_number) or "")
    if network_id is None or not digits:
        return None
    level = as_text(number.throughput.level) if number.throughput else None
    return NumberFacts(
        id=PhoneNumberId(network_id),
        phone_number=f"+{digits}",
        display_name=as_text(number.verified_name) or "",
        connected=number.status == "CONNECTED",
        code_verified=number.code_verification_status == "VERIFIED",
        quality_rating=as_text(number.quality_rating),
        messaging_limit=_messaging_limit(as_text(number.whatsapp_business_manager_messaging_limit)),
        throughput_per_second=_PER_SECOND.get(level or ""),
    )


def _expiry(seconds: int | None) -> datetime | None:
    try:
        return _EPOCH + timedelta(seconds=seconds) if seconds else None
    except OverflowError:
        return None


def _messaging_limit(tier: str | None) -> int | None:
    """`TIER_2K` is 2,000; None for unlimited and untold."""
    found = _TIER.fullmatch(tier or "")
    return int(found[1]) * (1000 if found[2] else 1) if found else None


# Templates


class _Quality(msgspec.Struct):
    score: Word = None


class _TemplateRow(msgspec.Struct):
    id: Word = None
    name: Word = None
    language: Word = None
    status: Word = None
    category: Word = None
    parameter_format: Word = None
    rejected_reason: Word = None
    quality_score: _Quality | None = None
    components: list[object] | None = None


class _NamedExample(msgspec.Struct):
    param_name: Word = None
    example: Word = None


class _Examples(msgspec.Struct):
    header_text: list[Word] | None = None
    body_text: list[list[Word]] | None = None
    header_text_named_params: list[_NamedExample] | None = None
    body_text_named_params: list[_NamedExample] | None = None


class _Button(msgspec.Struct):
    type: Word = None
    text: Word = None
    url: Word = None
    example: object = None


class _Component(msgspec.Struct):
    type: Word = None
    format: Word = None
    text: Word = None
    example: _Examples | None = None
    buttons: list[object] | None = None

    @property
    def words(self) -> str:
        return as_text(self.text) or ""


def template_of(
    raw: object, *, id: TemplateId, organization: OrganizationId, account: BusinessAccountId, now: datetime
) -> Template | None:
    row_object = as_object(raw)
    row = read_model(row_object, _TemplateRow)[0] if row_object is not None else _TemplateRow()
    network_id, name, language = as_id(row.id), as_id(row.name), as_id(row.language)
    if network_id is None or name is None or language is None:
        return None
    components = _components(row.components)
    header, body, footer = (components.get(kind, _Component()) for kind in ("HEADER", "BODY", "FOOTER"))
    buttons = [_button(button) for button in components.get("BUTTONS", _Component()).buttons or []]
    rejection = as_text(row.rejected_reason)
    return Template(
        organization=organization,
        id=id,
        account=account,
        network_id=network_id,
        name=name,
        language=language,
        category=_category(as_text(row.category)),
        status=_status(as_text(row.status)),
        body=body.words,
        synced_at=now,
        header=_header(header),
        footer=footer.words or None,
        buttons=tuple(Button((as_text(b.type) or "").upper(), as_text(b.text) or "", as_text(b.url)) for b in buttons),
        parameters=(*_header_blanks(header), *_body_blanks(body), *_button_blanks(buttons)),
        named=row.parameter_format == "NAMED",
        quality=as_text(row.quality_score.score) if row.quality_score else None,
        rejection_reason=None if rejection == "NONE" else rejection,
    )


def _components(raws: list[object] | None) -> dict[str, _Component]:
    """By type, the first of each."""
    components: dict[str, _Component] = {}
    for raw in raws or []:
        component_object = as_object(raw)
        if component_object is not None:
            component, _ = read_model(component_object, _Component)
            components.setdefault((as_text(component.type) or "").upper(), component)
    return components


def _button(raw: object) -> _Button:
    """One that can't be read keeps its place: the others are counted from 0."""
    button_object = as_object(raw)
    return read_model(button_object, _Button)[0] if button_object is not None else _Button()


def _category(told: str | None) -> TemplateCategory:
    """One that is not known counts as marketing, which has the strictest rules."""
    return TemplateCategory(told) if told in TemplateCategory.__members__ else TemplateCategory.MARKETING


def _status(told: str | None) -> TemplateStatus:
    if told in TemplateStatus.__members__:
        return TemplateStatus(told)
    return _STATUSES.get(told or "", TemplateStatus.DISABLED)


def _header(header: _Component) -> Header | None:
    told = (as_text(header.format) or "").upper()
    if told not in HeaderKind.__members__:
        return None
    kind = HeaderKind(told)
    return Header(kind, header.words) if kind is HeaderKind.TEXT else Header(kind)


def _header_blanks(header: _Component) -> list[Parameter]:
    if as_text(header.format) != "TEXT":
        return []
    examples = header.example or _Examples()
    return _with_examples(blanks(header.words, "header"), examples.header_text, examples.header_text_named_params)


def _body_blanks(body: _Component) -> list[Parameter]:
    examples = body.example or _Examples()
    rows = examples.body_text or []
    return _with_examples(blanks(body.words, "body"), rows[0] if rows else None, examples.body_text_named_params)


def _button_blanks(buttons: list[_Button]) -> list[Parameter]:
    """The one blank a link may end with."""
    found: list[Parameter] = []
    for index, button in enumerate(buttons):
        if blanks(as_text(button.url) or "", ""):
            examples = as_list(button.example) or [button.example]
            found.append(Parameter(f"button:{index}", "1", example=as_text(examples[0])))
    return found


def _with_examples(
    found: tuple[Parameter, ...], by_place: list[Word] | None, by_name: list[_NamedExample] | None
) -> list[Parameter]:
    examples = {str(place): as_text(example) for place, example in enumerate(by_place or [], start=1)}
    examples |= {as_text(named.param_name) or "": as_text(named.example) for named in by_name or []}
    return [replace(blank, example=examples.get(blank.name)) for blank in found]
