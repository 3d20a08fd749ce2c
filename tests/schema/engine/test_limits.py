"""The bounds that a caller can meet, as whoever meets one reads of them."""

import re
from pathlib import Path

import pytest

from adapters.whatsapp import graph, onboarding
from domain import quota
from domain import tickets as tickets_domain
from domain.channels import channels, drafts, profiles, template_drafts, templates
from domain.conversations import contents, library, previews, sendable
from domain.files import fit, names
from domain.moderation import stop_words
from domain.outbound import outbox, pace
from domain.people import organizations, teams
from domain.text import numbers
from domain.use_cases.channels import discover
from domain.use_cases.contacts import contacts, merging
from domain.use_cases.desk import tickets
from domain.use_cases.outbound import react, show_typing
from domain.use_cases.outbound.sending import send, send_media
from domain.use_cases.people import organization
from schema.engine import limits
from schema.engine.values import media_links

LIMITS = (Path(__file__).parents[3] / "docs" / "limits.md").read_text()


def test_every_bound_of_a_document_is_told() -> None:
    _, _, after = LIMITS.partition("## What a document may hold\n")
    section, _, _ = after.partition("\n## ")
    told = sorted(int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", section.replace("400 `", "`")))

    bounds = [
        limits.DOCUMENT_BYTES // 1024,
        limits.TOKENS,
        limits.NESTING,
        limits.DEPTH,
        limits.ALIASES,
        limits.DIRECTIVES,
        limits.FRAGMENTS,
        limits.SPREADS,
        limits.FIELDS,
        limits.EQUAL_NAMES,
        limits.EQUAL_TYPENAMES,
        limits.SIGN_INS,
        limits.JSON_DEPTH,
        limits.PAGE_MOST,
        limits.PAGE_DEFAULT,
        limits.IDS,
        limits.FILTER_VALUES,
    ]
    assert told == sorted([*bounds, 4400])  # a close code


BOUNDS = {
    "What a message may hold": [
        contents.TEXT_LIMIT,
        contents.CAPTION_LIMIT,
        send_media.FILES_LIMIT,
        sendable.CARDS_LIMIT,
        sendable.BUTTONS_LIMIT,
        sendable.ROWS_LIMIT,
        sendable.BUTTONS_BODY_LIMIT,
        sendable.LIST_BODY_LIMIT,
        sendable.BUTTON_TITLE_LIMIT,
        sendable.BUTTON_ID_LIMIT,
        sendable.LIST_LABEL_LIMIT,
        sendable.ROW_TITLE_LIMIT,
        sendable.ROW_DESCRIPTION_LIMIT,
        sendable.ROW_ID_LIMIT,
        sendable.EMOJI_LIMIT,
        react.REACTED_FOR.days,
        send.AUTOMATION_NAME_LIMIT,
        templates.BODY_LIMIT,
        templates.HEADER_LIMIT,
        templates.URL_LIMIT,
        templates.CODE_LIMIT,
        512,  # a template's name; a pattern
        templates.BODY_LIMIT,
        templates.HEADER_LIMIT,
        template_drafts.FOOTER_LIMIT,
        template_drafts.BUTTONS_LIMIT,
        template_drafts.LABEL_LIMIT,
        templates.URL_LIMIT,
        fit.PIXEL_LIMIT,
        names.FILE_NAME_LIMIT,
        media_links.LIFETIME.seconds // 60,
    ],
    "How fast messages leave": [
        3,
        4,
        round(pace.THROUGHPUT * pace.STEADY),
        pace.PAIR_EVERY.seconds,
        pace.PAIR_BURST,
        round(outbox.RETRIED_FOR.total_seconds()) // 3600,
        quota.DEFAULT_LIMIT,
        *quota.WARN_AT,
        quota.UNVERIFIED_ALLOWANCE,
        round(quota.ALLOWANCE_WINDOW.total_seconds()) // 3600,
        channels.NUMBERS_PER_ACCOUNT,
        round(show_typing.SHOWN_S),
    ],
    "Names, tickets, people and the organization": [
        previews.PREVIEW_LIMIT,
        1,
        tickets_domain.SUBJECT_LIMIT,
        tickets.PROPERTIES_LIMIT,
        tickets.PROPERTY_NAME_LIMIT,
        tickets.PROPERTY_VALUE_LIMIT,
        organizations.SKILLS_LIMIT,
        organizations.NAME_LIMIT,
        organizations.NAME_LIMIT,
        teams.TEAMS_LIMIT,
        teams.NAME_LIMIT,
        teams.MEMBERS_LIMIT,
        254,  # RFC 5321
        library.TITLE_LIMIT,
        library.URL_LIMIT,
        organization.BLOCKED_LINKS_LIMIT,
        organization.BLOCKED_LINK_LIMIT,
        organization.STOP_WORDS_LIMIT,
        stop_words.STOP_WORD_LIMIT,
        organization.WEBSITE_LIMIT,
    ],
    "What a contact may have": [
        contacts.PHONES_LIMIT,
        organizations.NAME_LIMIT,
        merging.MERGED_LIMIT,
        numbers.TYPED_LIMIT,
    ],
    "Connecting a number": [
        drafts.SIGN_IN_WITHIN.seconds // 60,
        discover.DRAFTS_AT_MOST,
        onboarding.BUSINESSES_AT_MOST,
        graph.MAX_ANSWER_BYTES // 1_000_000,
        discover.ACCOUNTS_AT_MOST,
        discover.REACHED_WITHIN.seconds,
        round(onboarding.LISTED_WITHIN_S),
        discover.TOKEN_LIMIT,
        discover.CODE_LIMIT,
        channels.NUMBERS_PER_ACCOUNT,
        organizations.NAME_LIMIT,
        *profiles.LENGTHS.values(),
        profiles.WEBSITE_LENGTH,
    ],
}


@pytest.mark.parametrize("heading", BOUNDS)
def test_every_bound_of_what_is_sent_and_kept_is_told(heading: str) -> None:
    _, _, after = LIMITS.partition(f"## {heading}\n")
    section, _, _ = after.partition("\n## ")
    rows = "\n".join(line for line in section.splitlines() if line.startswith("|"))
    told = sorted(int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", rows.replace("403 `", "`")))

    assert told == sorted(BOUNDS[heading])
