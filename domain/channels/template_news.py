"""What the network tells of one template between two readings of all, and what the template is then.

News repeat, come late and in any order; the network's own time tells which is the newer.
Source: WhatsApp Business Platform, the webhooks "message_template_status_update", "…_quality_update",
"…_components_update" and "template_category_update".
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias, assert_never

from domain.channels.templates import Button, Header, HeaderKind, Template, TemplateCategory, TemplateStatus, blanks_of

CLOCKS_DIFFER_BY = timedelta(minutes=5)  # the network's from ours, and a reading's beginning from its end


@dataclass(frozen=True, slots=True)
class StatusNews:
    status: TemplateStatus
    reason: str | None = None  # why it was refused
    category: TemplateCategory | None = None


@dataclass(frozen=True, slots=True)
class QualityNews:
    quality: str


@dataclass(frozen=True, slots=True)
class CategoryNews:
    category: TemplateCategory


@dataclass(frozen=True, slots=True)
class PartsNews:
    """Its texts and buttons; without examples, and without a header that is a file."""

    body: str
    header: str | None = None
    footer: str | None = None
    buttons: tuple[Button, ...] = ()


TemplateNews: TypeAlias = StatusNews | QualityNews | CategoryNews | PartsNews


@dataclass(frozen=True, slots=True)
class Heard:
    """The template after the news. `doubtful`: they do not tell for certain how it is, so it has to be read again."""

    template: Template
    doubtful: bool = False


def heard(template: Template, news: TemplateNews, *, told_at: datetime, now: datetime) -> Heard:
    """What the template is once the network has told, at `told_at` by its own clock."""
    if template.told_at is not None and told_at < template.told_at:
        return Heard(template)
    if told_at < template.synced_at - CLOCKS_DIFFER_BY:
        return Heard(template, doubtful=True)
    after = _after(template, news)
    of_one_second = after != template and told_at == template.told_at
    known = replace(after, told_at=told_at, heard_at=now) if told_at != template.told_at or of_one_second else template
    return Heard(known, doubtful=of_one_second or isinstance(news, PartsNews))


def _after(template: Template, news: TemplateNews) -> Template:
    match news:
        case StatusNews(status=status, reason=reason, category=category):
            refused_for = reason if status is TemplateStatus.REJECTED else None
            moved = category or template.category
            return replace(template, status=status, rejection_reason=refused_for, category=moved)
        case QualityNews(quality=quality):
            return replace(template, quality=quality)
        case CategoryNews(category=category):
            return replace(template, category=category)
        case PartsNews():
            return _with_parts(template, news)
        case _:
            assert_never(news)


def _with_parts(template: Template, news: PartsNews) -> Template:
    header = Header(HeaderKind.TEXT, news.header) if news.header is not None else template.header
    examples = {(blank.component, blank.name): blank.example for blank in template.parameters}
    return replace(
        template,
        header=header,
        body=news.body,
        footer=news.footer,
        buttons=news.buttons,
        parameters=tuple(
            replace(blank, example=examples.get((blank.component, blank.name)))
            for blank in blanks_of(header, news.body, news.buttons)
        ),
    )
