"""What is stored is what was meant: every row, content, author, event and instant comes back as it went in."""

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from types import NoneType
from typing import Any, TypeAlias, cast, get_args, get_origin, get_type_hints

import pytest

from adapters.db.rows.codecs import StoredWrong, codec_of, from_json, members_of, to_json, underlying
from adapters.db.rows.mapping import (
    EVENT_COLUMNS,
    Value,
    columns,
    event_from_record,
    event_values,
    from_record,
    to_values,
)
from adapters.db.rows.times import instant_of, instant_text
from adapters.db.sqlite.connections import bound
from domain.contacts import Contact
from domain.conversations.contents import Content, Order, OrderItem, Text
from domain.events import Event, LoggedEvent, MessageAdded
from domain.ids import ContactId, MessageId, ThreadId
from domain.people.actors import Author
from domain.ports.deliveries import Delivery
from domain.rows import ROW_TYPES
from domain.updates import Update
from tests.builders import ACME, NOON, a_contact, a_parked, a_thread, an_inbound

ODD = datetime(2026, 2, 28, 23, 59, 59, 7, tzinfo=UTC)

STORED = (*ROW_TYPES, Delivery)

Form: TypeAlias = Callable[[tuple[Value, ...]], Sequence[Any]]
FORMS = pytest.mark.parametrize("form", [pytest.param(bound, id="sqlite"), pytest.param(list, id="postgres")])


def filled(hint: Any, *, present: bool, member: int = 0) -> Any:
    """A value of a declared type: with everything that may be absent there, or nothing of it."""
    hint = underlying(hint)
    members = members_of(hint)
    if len(members) > 1:
        if NoneType in members and not present:
            return None
        kinds = [each for each in members if each is not NoneType]
        return filled(kinds[member % len(kinds)], present=present, member=member)
    if get_origin(hint) is tuple:
        return (filled(get_args(hint)[0], present=present, member=member),) * 2 if present else ()
    if is_dataclass(hint):
        kind = cast(Any, hint)
        hints = get_type_hints(kind)
        return kind(**{each.name: filled(hints[each.name], present=present, member=member) for each in fields(kind)})
    if issubclass(hint, StrEnum):
        return list(hint)[-1 if present else 0]
    plain: dict[Any, Any] = {
        str: "Größe 🙂 \x00 '",
        int: 7,
        float: -0.1,
        Decimal: Decimal("-0.10"),
        bool: True,
        bytes: b"\x00{}",
        datetime: ODD,
        date: date(2026, 1, 31),
    }
    return plain[hint] if present or hint is not str else ""


def stored(row: Any, form: Form = list) -> dict[str, Any]:
    kind: type[Any] = row.__class__
    return dict(zip(columns(kind), form(to_values(row)), strict=True))


def logged_record(logged: LoggedEvent, form: Form = list) -> dict[str, Any]:
    return dict[str, Any](zip(EVENT_COLUMNS, form(event_values(ACME, logged)), strict=True))


@FORMS
@pytest.mark.parametrize("present", [True, False], ids=["everything there", "nothing that may be absent"])
@pytest.mark.parametrize("kind", STORED)
def test_a_row_comes_back_as_it_went_in(kind: type[Any], present: bool, form: Form) -> None:
    row = filled(kind, present=present)

    assert from_record(kind, stored(row, form)) == row


@pytest.mark.parametrize(
    ("union", "member"),
    [(union, member) for union in (Content, Author, Event, Update) for member in get_args(union)],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_each_member_of_a_union_comes_back_as_itself(union: Any, member: type[Any]) -> None:
    codec = codec_of(union)

    for present in (True, False):
        value = filled(member, present=present)
        assert from_json(codec, to_json(codec, value)) == value


@FORMS
@pytest.mark.parametrize("member", get_args(Event))
def test_a_logged_event_comes_back_as_it_went_in(member: type[Any], form: Form) -> None:
    logged = LoggedEvent(3, ODD, filled(member, present=True))
    record = logged_record(logged, form)

    assert event_from_record(record) == logged
    assert record["kind"] == member.__name__


def test_a_message_is_stored_under_names_that_say_what_they_point_at() -> None:
    record = stored(replace(an_inbound(), reply_to=MessageId("m0")))

    assert record["organization_id"] == ACME
    assert record["reply_to_id"] == "m0"
    assert record["content"] == '{"is":"Text","v":1,"body":"Hello","preview_url":false}'


def test_a_thread_tells_when_its_session_ends_to_those_who_search() -> None:
    thread = filled(type(a_thread()), present=True)

    assert stored(thread)["session_expires_at"] == ODD + timedelta(days=1)
    assert stored(thread, bound)["session_expires_at"] == "2026-03-01T23:59:59.000007Z"
    assert stored(a_thread())["session_expires_at"] is None


def test_a_word_is_found_in_any_of_the_searched_texts_and_not_across_two() -> None:
    contact = replace(a_contact(name="Große", profile_name=None), username="@ana", email="A@b.example")

    assert stored(contact)["searched"] == "grosse\x1f\x1f@ana\x1fa@b.example"


# What does not fit


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"is":"Poll","v":1}', "'Poll' in version 1 is not known here"),
        ('{"is":"Text","v":2,"body":"Hi"}', "'Text' in version 2 is not known here"),
        ('{"body":"Hi"}', "does not say which of Text"),
        ('{"is":"Text","v":1}', "a Text without 'body'"),
        ('{"is":"Text","v":1,"body":5}', "5 stands where a str belongs"),
        ('["Text"]', "does not say which of Text"),
        ("{", "not JSON"),
    ],
)
def test_content_that_this_version_does_not_know_is_a_clear_error(text: str, complaint: str) -> None:
    with pytest.raises(StoredWrong, match=complaint):
        from_record(type(an_inbound()), {**stored(an_inbound()), "content": text})


@pytest.mark.parametrize(
    ("column", "value", "complaint"),
    [
        ("status", "ARCHIVED", "'ARCHIVED' is no ThreadStatus known here"),
        ("channel_id", None, "nothing is stored in 'channel_id'"),
    ],
)
def test_a_row_that_this_version_does_not_know_is_a_clear_error(column: str, value: object, complaint: str) -> None:
    with pytest.raises(StoredWrong, match=complaint):
        from_record(type(a_thread()), {**stored(a_thread()), column: value})


def test_an_event_of_a_later_version_is_a_clear_error() -> None:
    logged = LoggedEvent(1, NOON, MessageAdded(ThreadId("t"), MessageId("m")))
    record = logged_record(logged)

    with pytest.raises(StoredWrong, match="'MessageAdded' in version 2"):
        event_from_record({**record, "version": 2})


def test_a_field_that_came_later_has_its_default_in_older_rows_and_one_unknown_is_passed_over() -> None:
    text = '{"is":"Text","v":1,"body":"Hi","colour":"red"}'

    assert from_json(codec_of(Content), text) == Text("Hi", preview_url=False)


@pytest.mark.parametrize(("price", "read"), [("4.5", "4.5"), ("30", "30"), ("599.9", "599.9"), ('"4.50"', "4.50")])
def test_a_price_is_exact_also_one_that_was_kept_as_a_number_once(price: str, read: str) -> None:
    item = f'{{"product_id":"BELL","quantity":1,"price":{price},"currency":"EUR"}}'

    order = from_json(codec_of(Content), f'{{"is":"Order","v":1,"items":[{item}],"note":null}}')

    assert order == Order((OrderItem("BELL", 1, Decimal(read), "EUR"),))
    assert str(order.items[0].price) == read


@pytest.mark.parametrize("price", ['"NaN"', '"Infinity"', '"ten"', "true", "null", "[]"])
def test_a_price_that_is_none_is_a_clear_error(price: str) -> None:
    item = f'{{"product_id":"BELL","quantity":1,"price":{price},"currency":"EUR"}}'

    with pytest.raises(StoredWrong, match="where a number belongs"):
        from_json(codec_of(Content), f'{{"is":"Order","v":1,"items":[{item}]}}')


def test_a_phone_book_entry_that_is_no_list_is_a_clear_error() -> None:
    with pytest.raises(StoredWrong, match="where a list belongs"):
        from_record(Contact, {**stored(a_contact(ContactId("c"))), "phones": "{}"})


def test_a_parked_update_that_is_no_update_that_waits_is_a_clear_error() -> None:
    with pytest.raises(StoredWrong, match="'Ignored' in version 1 is not known here"):
        from_record(type(a_parked()), {**stored(a_parked()), "update": '{"is":"Ignored","v":1}'})


# Instants


INSTANTS: list[Callable[[], datetime]] = [
    lambda: datetime(1970, 1, 1, tzinfo=UTC),
    lambda: NOON,
    lambda: NOON + timedelta(microseconds=1),
    lambda: NOON + timedelta(seconds=1),
    lambda: datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
]


def test_instants_sort_as_text_as_they_sort_in_time() -> None:
    texts = [instant_text(make()) for make in INSTANTS]

    assert texts == sorted(texts)
    assert {len(text) for text in texts} == {27}
    assert [instant_of(text) for text in texts] == [make() for make in INSTANTS]


def test_an_instant_of_another_zone_is_stored_in_utc() -> None:
    warsaw = timezone(timedelta(hours=1))

    assert instant_text(datetime(2026, 11, 20, 13, 0, tzinfo=warsaw)) == "2026-11-20T12:00:00.000000Z"


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        instant_text(datetime(2026, 11, 20, 12, 0))  # noqa: DTZ001


@pytest.mark.parametrize("text", ["2026-11-20 12:00:00.000000+00:00", "2026-11-20T12:00:00Z"])
def test_an_instant_in_another_form_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="not an instant as stored here"):
        instant_of(text)
