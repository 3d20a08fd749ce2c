"""What the network tells of one template: what it is then, whatever comes late, twice or in another order."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest

from domain.channels.template_news import (
    CLOCKS_DIFFER_BY,
    CategoryNews,
    Heard,
    PartsNews,
    QualityNews,
    StatusNews,
    TemplateNews,
    heard,
)
from domain.channels.templates import Button, Header, HeaderKind, Parameter, Template, TemplateCategory, TemplateStatus
from tests.builders import HOUR, MINUTE, NOON, a_template

NOW = NOON + HOUR
PENDING = a_template(status=TemplateStatus.PENDING)
APPROVED = StatusNews(TemplateStatus.APPROVED)
PAUSED = StatusNews(TemplateStatus.PAUSED)


def after(template: Template, news: TemplateNews, told_at: datetime = NOON) -> Heard:
    return heard(template, news, told_at=told_at, now=NOW)


def test_a_template_that_is_approved_may_be_sent_from_then_on() -> None:
    expected = replace(PENDING, status=TemplateStatus.APPROVED, told_at=NOON, heard_at=NOW)

    assert after(PENDING, APPROVED) == Heard(expected)


def test_one_that_is_refused_says_why_and_loses_the_reason_once_it_is_approved() -> None:
    refused = after(PENDING, StatusNews(TemplateStatus.REJECTED, "INVALID_FORMAT")).template

    assert (refused.status, refused.rejection_reason) == (TemplateStatus.REJECTED, "INVALID_FORMAT")
    assert after(refused, APPROVED, NOON + MINUTE).template.rejection_reason is None


def test_a_reason_for_anything_else_is_not_why_it_was_refused() -> None:
    assert after(PENDING, StatusNews(TemplateStatus.PAUSED, "FIRST_PAUSE")).template.rejection_reason is None


@pytest.mark.parametrize("category", [None, TemplateCategory.MARKETING])
def test_a_status_may_bring_another_category(category: TemplateCategory | None) -> None:
    told = after(PENDING, StatusNews(TemplateStatus.APPROVED, category=category)).template

    assert told.category is (category or TemplateCategory.UTILITY)


def test_quality_and_category_change_alone() -> None:
    rated = after(PENDING, QualityNews("RED")).template
    moved = after(PENDING, CategoryNews(TemplateCategory.MARKETING)).template

    assert rated == replace(PENDING, quality="RED", told_at=NOON, heard_at=NOW)
    assert moved == replace(PENDING, category=TemplateCategory.MARKETING, told_at=NOON, heard_at=NOW)


def test_new_words_bring_their_blanks_and_keep_the_examples_there_were() -> None:
    template = a_template(header=Header(HeaderKind.TEXT, "News"), footer="Acme")
    buttons = (Button("URL", "Track", "https://acme.example/{{1}}"), Button("COPY_CODE", "Copy"))

    told = after(template, PartsNews("Hi {{1}}, {{2}} left.", "For {{1}}", None, buttons))

    assert told.doubtful, "examples were not told"
    assert (told.template.header, told.template.footer) == (Header(HeaderKind.TEXT, "For {{1}}"), None)
    assert (told.template.body, told.template.buttons) == ("Hi {{1}}, {{2}} left.", buttons)
    assert told.template.parameters == (
        Parameter("header", "1"),
        Parameter("body", "1", example="Ana"),
        Parameter("body", "2"),
        Parameter("button:0", "1"),
        Parameter("button:1", "1", "COUPON_CODE"),
    )


def test_a_header_that_is_a_file_is_not_told_and_stays() -> None:
    template = a_template(header=Header(HeaderKind.IMAGE))

    assert after(template, PartsNews("Hi {{1}}.")).template.header == Header(HeaderKind.IMAGE)


def test_what_repeats_changes_nothing() -> None:
    once = after(PENDING, APPROVED).template

    assert heard(once, APPROVED, told_at=NOON, now=NOW + HOUR) == Heard(once)


def test_the_newest_wins_in_whatever_order_they_come() -> None:
    told: list[tuple[TemplateNews, datetime]] = [
        (APPROVED, NOON),
        (PAUSED, NOON + MINUTE),
        (StatusNews(TemplateStatus.DISABLED), NOON + 2 * MINUTE),
    ]
    for order in permutations(told):
        template = PENDING
        for news, told_at in order:
            template = heard(template, news, told_at=told_at, now=NOON + 2 * MINUTE).template
        assert template.status is TemplateStatus.DISABLED


def test_two_of_one_second_are_in_doubt() -> None:
    paused = after(PENDING, PAUSED).template

    told = after(paused, APPROVED)

    assert (told.template.status, told.doubtful) == (TemplateStatus.APPROVED, True)


@pytest.mark.parametrize(("early", "counts"), [(CLOCKS_DIFFER_BY, True), (CLOCKS_DIFFER_BY + MINUTE, False)])
def test_what_is_older_than_the_last_reading_is_in_doubt_and_not_taken_over(early: timedelta, counts: bool) -> None:
    template = replace(PENDING, synced_at=NOON + HOUR)

    told = after(template, APPROVED, template.synced_at - early)

    assert (told.template.status is TemplateStatus.APPROVED) is counts
    assert told.doubtful is not counts
