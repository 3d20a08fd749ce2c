"""Templates as the network writes them: a row of its list, what has one made, the webhooks that tell of one alone.

Source: WhatsApp Business Platform, "Message templates", "Template components", and the webhooks
"message_template_status_update", "…_quality_update", "…_components_update" and "template_category_update".
"""

from dataclasses import replace
from datetime import datetime

import msgspec

from adapters.whatsapp.inbound.reading import Word, as_id, as_list, as_object, as_text, read_model
from adapters.whatsapp.outbound import Json, JsonObject
from domain.channels.template_drafts import TemplateDraft
from domain.channels.template_news import CategoryNews, PartsNews, QualityNews, StatusNews, TemplateNews
from domain.channels.templates import (
    Button,
    Header,
    HeaderKind,
    Parameter,
    Template,
    TemplateCategory,
    TemplateStatus,
    blanks_of,
)
from domain.ids import BusinessAccountId, OrganizationId, TemplateId
from domain.ports.network import TemplateMade

TEMPLATE_FIELDS = "id,name,status,category,language,components,parameter_format,quality_score,rejected_reason"
NEWS_FIELDS = frozenset(
    {
        "message_template_status_update",
        "message_template_quality_update",
        "message_template_components_update",
        "template_category_update",
    }
)

# Statuses that say more than the desk tells apart. What is not known can't be sent.
_STATUSES = {
    "PENDING_DELETION": TemplateStatus.DELETED,
    "ARCHIVED": TemplateStatus.DISABLED,
    "FLAGGED": TemplateStatus.APPROVED,
    "REINSTATED": TemplateStatus.APPROVED,
}
_PARTS = frozenset({"HEADER", "BODY", "FOOTER", "BUTTONS"})
_NO_REASON = "NONE"


# A row of the list


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
    phone_number: Word = None
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
    told_header, body, footer = (components.get(kind, _Component()) for kind in ("HEADER", "BODY", "FOOTER"))
    told_buttons = [_button(button) for button in components.get("BUTTONS", _Component()).buttons or []]
    header = _header(told_header)
    buttons = tuple(
        Button((as_text(b.type) or "").upper(), as_text(b.text) or "", as_text(b.url), as_text(b.phone_number))
        for b in told_buttons
    )
    examples = _examples(told_header, body, told_buttons)
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
        header=header,
        footer=footer.words or None,
        buttons=buttons,
        parameters=tuple(
            replace(blank, example=examples.get((blank.component, blank.name)))
            for blank in blanks_of(header, body.words, buttons)
        ),
        named=row.parameter_format == "NAMED",
        quality=as_text(row.quality_score.score) if row.quality_score else None,
        rejection_reason=_reason(as_text(row.rejected_reason)),
        other_parts=_other_parts(components, header),
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


def _category(word: str | None) -> TemplateCategory:
    """One that is not known counts as marketing, which has the strictest rules."""
    return TemplateCategory(word) if word in TemplateCategory.__members__ else TemplateCategory.MARKETING


def _status(word: str | None) -> TemplateStatus:
    if word in TemplateStatus.__members__:
        return TemplateStatus(word)
    return _STATUSES.get(word or "", TemplateStatus.DISABLED)


def _header(header: _Component) -> Header | None:
    format = (as_text(header.format) or "").upper()
    if format not in HeaderKind.__members__:
        return None
    kind = HeaderKind(format)
    return Header(kind, header.words) if kind is HeaderKind.TEXT else Header(kind)


def _other_parts(components: dict[str, _Component], header: Header | None) -> tuple[str, ...]:
    """What it has besides the parts that are known here; a header of another kind is such a part."""
    others = [kind for kind in components if kind not in _PARTS]
    component = components.get("HEADER", _Component())
    if "HEADER" in components and header is None:
        others.append(f"HEADER {as_text(component.format) or 'of no kind'}")
    return tuple(others)


def _reason(word: str | None) -> str | None:
    return None if word == _NO_REASON else word


def _examples(header: _Component, body: _Component, buttons: list[_Button]) -> dict[tuple[str, str], str | None]:
    """What was reviewed in each blank, by where it stands and its name or place."""
    of_header, of_body = header.example or _Examples(), body.example or _Examples()
    rows = of_body.body_text or []
    found = _named("header", of_header.header_text, of_header.header_text_named_params)
    found |= _named("body", rows[0] if rows else None, of_body.body_text_named_params)
    for index, button in enumerate(buttons):
        examples = as_list(button.example) or [button.example]
        found[(f"button:{index}", "1")] = _filled(as_text(button.url), as_text(examples[0]))
    return found


def _filled(url: str | None, example: str | None) -> str | None:
    """What fills the blank of a link, as a send would: the network's example is the whole link."""
    before, blank, after = (url or "").partition("{{1}}")
    if example is None or not blank or len(example) <= len(before) + len(after):
        return example
    fits = example.startswith(before) and example.endswith(after)
    return example[len(before) : len(example) - len(after)] if fits else example


def _named(
    component: str, by_place: list[Word] | None, by_name: list[_NamedExample] | None
) -> dict[tuple[str, str], str | None]:
    examples = {(component, str(place)): as_text(example) for place, example in enumerate(by_place or [], start=1)}
    return examples | {(component, as_text(each.param_name) or ""): as_text(each.example) for each in by_name or []}


# Making one


def creation_body(draft: TemplateDraft, sample: str | None) -> JsonObject:
    """The body of `POST /{account}/message_templates`. `sample` is the handle of the file above the text."""
    texts = [_header_made(draft, sample), _body_made(draft)]
    if draft.footer is not None:
        texts.append({"type": "FOOTER", "text": draft.footer})
    if draft.buttons:
        buttons: list[Json] = [_button_made(draft, index, button) for index, button in enumerate(draft.buttons)]
        texts.append({"type": "BUTTONS", "buttons": buttons})
    components: list[Json] = [component for component in texts if component is not None]
    return {
        "name": draft.name,
        "language": draft.language,
        "category": draft.category.value,
        "parameter_format": "NAMED" if draft.named else "POSITIONAL",
        "components": components,
    }


def made_of(body: dict[str, object], category_wanted: TemplateCategory) -> TemplateMade | None:
    network_id, category = as_id(body.get("id")), as_text(body.get("category"))
    if network_id is None:
        return None
    known = TemplateCategory(category) if category in TemplateCategory.__members__ else category_wanted
    return TemplateMade(network_id, _status(as_text(body.get("status")) or "PENDING"), known)


def _header_made(draft: TemplateDraft, sample: str | None) -> JsonObject | None:
    header = draft.header
    if header is None:
        return None
    made: JsonObject = {"type": "HEADER", "format": header.kind.value}
    if header.kind is HeaderKind.TEXT:
        made["text"] = header.text
        return made | _example(draft, "header", "header_text")
    if sample is not None:
        made["example"] = {"header_handle": [sample]}
    return made


def _body_made(draft: TemplateDraft) -> JsonObject:
    return {"type": "BODY", "text": draft.body} | _example(draft, "body", "body_text")


def _example(draft: TemplateDraft, component: str, name: str) -> JsonObject:
    """Examples by name, or in the order of their places: for the body as the first of several rows."""
    own = [blank for blank in draft.parameters if blank.component == component]
    if not own:
        return {}
    if draft.named:
        named: list[Json] = [{"param_name": blank.name, "example": blank.example} for blank in own]
        return {"example": {f"{name}_named_params": named}}
    row: list[Json] = [blank.example for blank in own]
    return {"example": {name: [row] if component == "body" else row}}


def _button_made(draft: TemplateDraft, index: int, button: Button) -> JsonObject:
    example = next((_example_of(blank) for blank in draft.parameters if blank.component == f"button:{index}"), None)
    match button.kind:
        case "URL":
            made: JsonObject = {"type": "URL", "text": button.text, "url": button.url}
            if example is not None:
                made["example"] = [(button.url or "").replace("{{1}}", example)]
            return made
        case "PHONE_NUMBER":
            return {"type": "PHONE_NUMBER", "text": button.text, "phone_number": button.phone_number}
        case "COPY_CODE":  # the network writes on it itself
            return {"type": "COPY_CODE", "example": example}
        case _:
            return {"type": button.kind, "text": button.text}


def _example_of(blank: Parameter) -> str:
    return blank.example or ""


# News of one


class _News(msgspec.Struct):
    event: Word = None
    reason: Word = None
    message_template_id: Word = None
    message_template_category: Word = None
    new_quality_score: Word = None
    new_category: Word = None
    message_template_title: Word = None
    message_template_element: Word = None
    message_template_footer: Word = None
    message_template_buttons: list[object] | None = None


class _NewButton(msgspec.Struct):
    message_template_button_type: Word = None
    message_template_button_text: Word = None
    message_template_button_url: Word = None
    message_template_button_phone_number: Word = None


def news_of(value: dict[str, object]) -> tuple[str | None, TemplateNews | None]:
    """The network's id of a template and what is told of it, by what the change holds: its field may be another's.

    No news where they are of a kind, or name a status, that is not known here.
    """
    news, _ = read_model(value, _News)
    return as_id(news.message_template_id), _news(news)


def _news(news: _News) -> TemplateNews | None:
    if quality := as_text(news.new_quality_score):
        return QualityNews(quality)
    if category := as_text(news.new_category):
        return CategoryNews(TemplateCategory(category)) if category in TemplateCategory.__members__ else None
    if body := as_text(news.message_template_element):
        buttons = tuple(_new_button(raw) for raw in news.message_template_buttons or [])
        return PartsNews(body, as_text(news.message_template_title), as_text(news.message_template_footer), buttons)
    event, category = as_text(news.event), as_text(news.message_template_category)
    if event not in TemplateStatus.__members__ and event not in _STATUSES:
        return None
    return StatusNews(
        status=_status(event),
        reason=_reason(as_text(news.reason)),
        category=TemplateCategory(category) if category in TemplateCategory.__members__ else None,
    )


def _new_button(raw: object) -> Button:
    button_object = as_object(raw)
    button = read_model(button_object, _NewButton)[0] if button_object is not None else _NewButton()
    return Button(
        (as_text(button.message_template_button_type) or "").upper(),
        as_text(button.message_template_button_text) or "",
        as_text(button.message_template_button_url),
        as_text(button.message_template_button_phone_number),
    )
