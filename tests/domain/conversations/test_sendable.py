"""What may be sent besides files and templates: every limit at its edge, and the field that is at fault."""

from dataclasses import replace
from typing import get_args

import pytest

from domain.conversations.contents import ContactCard, ContactCards, Interactive, Location, Option, Text
from domain.conversations.sendable import SENDABLE, Sendable, emoji_fault, fault_of, is_list
from domain.error_codes import ErrorCode
from domain.errors import Refused, TextTooLong

BO = ContactCard("Bo", ("+1555",))
TODAY = Option("t", "Today")
BUTTONS = Interactive("When?", (TODAY, Option("l", "Later")))
LIST = Interactive("When?", tuple(Option(str(n), "Day") for n in range(4)), "Choose a day")


def test_what_is_told_apart_at_run_time_is_what_the_type_says() -> None:
    """A kind that is in `Sendable` alone would be accepted, and break the worker that is to hand it over."""
    assert set(SENDABLE) == set(get_args(Sendable))


def a_list_of(option: Option) -> Interactive:
    return replace(LIST, options=(*LIST.options, option))


@pytest.mark.parametrize(
    "content",
    [
        Text("a" * 4096),
        Location(90.0, -180.0),
        Location(-90.0, 180.0, "n" * 4096, "a" * 4096),
        ContactCards((BO,) * 257),
        ContactCards((ContactCard("Bo", (), ("bo@example.com",), "Acme"),)),
        BUTTONS,
        replace(BUTTONS, body="a" * 1024, options=(Option("i" * 256, "t" * 20),)),
        LIST,
        replace(LIST, body="a" * 4096, button_label="l" * 20),
        a_list_of(Option("i" * 200, "t" * 24, "d" * 72)),
        replace(LIST, options=tuple(Option(str(n), "Day") for n in range(10))),
        Interactive("When?", (Option("t", "Today", "until six"),), "Choose"),
    ],
)
def test_what_the_network_takes_is_not_refused(content: Sendable) -> None:
    assert fault_of(content) is None


@pytest.mark.parametrize(
    ("content", "field", "limit"),
    [
        (Text("a" * 4097), "text/body", 4096),
        (Location(0.0, 0.0, "n" * 4097), "location/name", 4096),
        (Location(0.0, 0.0, None, "a" * 4097), "location/address", 4096),
        (ContactCards((BO, replace(BO, name="n" * 4097))), "contacts/1/name", 4096),
        (ContactCards((replace(BO, phones=("1", "p" * 4097)),)), "contacts/0/phones/1", 4096),
        (ContactCards((replace(BO, emails=("e" * 4097,)),)), "contacts/0/emails/0", 4096),
        (ContactCards((replace(BO, organization="o" * 4097),)), "contacts/0/organization", 4096),
        (replace(BUTTONS, body="a" * 1025), "interactive/body", 1024),
        (replace(BUTTONS, button_label="l" * 21), "interactive/buttonLabel", 20),
        (replace(BUTTONS, options=(TODAY, Option("l", "t" * 21))), "interactive/options/1/title", 20),
        (replace(BUTTONS, options=(Option("i" * 257, "Today"),)), "interactive/options/0/id", 256),
        (replace(LIST, body="a" * 4097), "interactive/body", 4096),
        (replace(LIST, button_label="l" * 21), "interactive/buttonLabel", 20),
        (a_list_of(Option("x", "t" * 25)), "interactive/options/4/title", 24),
        (a_list_of(Option("i" * 201, "Day")), "interactive/options/4/id", 200),
        (a_list_of(Option("x", "Day", "d" * 73)), "interactive/options/4/description", 72),
    ],
)
def test_what_is_too_long_is_refused_with_the_limit_and_the_field(content: Sendable, field: str, limit: int) -> None:
    refusal = fault_of(content)

    assert isinstance(refusal, TextTooLong)
    assert (refusal.field, refusal.limit, refusal.length) == (("content", *field.split("/")), limit, limit + 1)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (Text(" \n"), "text/body"),
        (Location(90.1, 0.0), "location/latitude"),
        (Location(0.0, -180.1), "location/longitude"),
        (Location(float("nan"), 0.0), "location/latitude"),
        (Location(0.0, float("inf")), "location/longitude"),
        (ContactCards(()), "contacts"),
        (ContactCards((BO,) * 258), "contacts"),
        (ContactCards((replace(BO, name=" "),)), "contacts/0/name"),
        (ContactCards((ContactCard("Bo"),)), "contacts/0/phones"),
        (ContactCards((replace(BO, phones=("",)),)), "contacts/0/phones/0"),
        (replace(BUTTONS, options=()), "interactive/options"),
        (replace(LIST, options=tuple(Option(str(n), "Day") for n in range(11))), "interactive/options"),
        (replace(BUTTONS, body=""), "interactive/body"),
        (replace(BUTTONS, options=(Option("", "Today"),)), "interactive/options/0/id"),
        (replace(BUTTONS, options=(Option("t", " "),)), "interactive/options/0/title"),
        (replace(BUTTONS, options=(TODAY, Option("t", "Later"))), "interactive/options/1/id"),
        (replace(BUTTONS, options=(TODAY, Option("l", "Today"))), "interactive/options/1/title"),
        (replace(LIST, button_label=None), "interactive/buttonLabel"),
        (replace(LIST, button_label="  "), "interactive/buttonLabel"),
        (a_list_of(Option("0", "Day")), "interactive/options/4/id"),
    ],
)
def test_what_the_network_would_refuse_is_refused_by_field(content: Sendable, field: str) -> None:
    refusal = fault_of(content)

    assert isinstance(refusal, Refused)
    assert (refusal.code, refusal.field) == (ErrorCode.INVALID, ("content", *field.split("/")))


def test_up_to_three_options_are_buttons_unless_there_is_more_to_read() -> None:
    assert not is_list(BUTTONS)
    assert not is_list(replace(BUTTONS, options=LIST.options[:3]))
    assert is_list(LIST)
    assert is_list(replace(BUTTONS, options=(Option("t", "Today", "until six"),)))


@pytest.mark.parametrize("emoji", ["", "👍", "👍🏽", "❤️", "1️⃣", "ℹ️", "™️", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"])  # noqa: RUF001
def test_an_emoji_or_none_is_a_reaction(emoji: str) -> None:
    assert emoji_fault(emoji) is None


@pytest.mark.parametrize("emoji", ["ok", ":)", "1", "👍 👍", "👍👍", "é", "👍a", " "])
def test_words_are_no_reaction(emoji: str) -> None:
    refusal = emoji_fault(emoji)

    assert isinstance(refusal, Refused)
    assert (refusal.code, refusal.field) == (ErrorCode.INVALID, ("emoji",))


def test_a_row_of_emoji_is_too_long_for_a_reaction() -> None:
    assert emoji_fault("👍" * 33) == TextTooLong(32, 33, ("emoji",))
