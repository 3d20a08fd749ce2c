"""Tickets: whose turn it is, closing, reopening, and what the history tells."""

from dataclasses import replace

import pytest

from domain.error_codes import ErrorCode
from domain.errors import Refused
from domain.ids import TeamId
from domain.tickets import (
    SUBJECT_LIMIT,
    Property,
    ReopenPolicy,
    Ticket,
    TicketPriority,
    TicketStatus,
    after_contact_wrote,
    after_our_reply,
    changed_fields,
    close,
    goes_on,
    reopen,
    subject_from,
    with_properties,
)
from tests.builders import HOUR, NOON, USER, a_ticket

NEW, WAITING_ON_US = TicketStatus.NEW, TicketStatus.WAITING_ON_US
WAITING_ON_CONTACT, CLOSED = TicketStatus.WAITING_ON_CONTACT, TicketStatus.CLOSED
OPEN_STATUSES = [NEW, WAITING_ON_US, WAITING_ON_CONTACT]


def test_a_ticket_is_new_until_our_first_reply() -> None:
    assert after_contact_wrote(a_ticket(status=NEW)).status is NEW

    replied = after_our_reply(a_ticket(status=NEW))
    assert (replied.status, replied.replied) == (WAITING_ON_CONTACT, True)


def test_a_ticket_waits_on_whoever_did_not_write_last() -> None:
    waiting = after_contact_wrote(a_ticket(status=WAITING_ON_CONTACT, replied=True))
    assert waiting.status is WAITING_ON_US

    assert after_our_reply(waiting).status is WAITING_ON_CONTACT


def test_what_we_send_never_reopens_a_closed_ticket() -> None:
    closed = a_ticket(status=CLOSED, closed_at=NOON)

    assert after_our_reply(closed) == closed


@pytest.mark.parametrize("status", OPEN_STATUSES)
def test_an_open_ticket_can_be_closed(status: TicketStatus) -> None:
    ticket = a_ticket(status=status)
    assert ticket.is_open

    closed = close(ticket, NOON + HOUR)

    assert closed == replace(ticket, status=CLOSED, closed_at=NOON + HOUR)


def test_a_closed_ticket_cannot_be_closed_again() -> None:
    refusal = close(a_ticket(number=7, status=CLOSED, closed_at=NOON), NOON + HOUR)

    assert refusal == Refused(ErrorCode.ALREADY_CLOSED, "Ticket 7 is closed already.", ("ticketId",))


@pytest.mark.parametrize(
    ("ticket", "policy", "expected"),
    [
        (None, ReopenPolicy.REOPEN_TICKET, False),
        (a_ticket(status=WAITING_ON_US), ReopenPolicy.NEW_TICKET, True),
        (a_ticket(status=CLOSED), ReopenPolicy.REOPEN_TICKET, True),
        (a_ticket(status=CLOSED), ReopenPolicy.NEW_TICKET, False),
    ],
)
def test_what_is_said_belongs_to_the_open_ticket_or_to_the_one_its_policy_opens_again(
    ticket: Ticket | None, policy: ReopenPolicy, expected: bool
) -> None:
    assert goes_on(ticket, policy) is expected


def test_a_ticket_that_somebody_reopens_waits_on_us() -> None:
    closed = a_ticket(status=CLOSED, closed_at=NOON, owner=USER)

    assert reopen(closed) == replace(closed, status=WAITING_ON_US, closed_at=None)


@pytest.mark.parametrize("status", OPEN_STATUSES)
def test_an_open_ticket_cannot_be_reopened(status: TicketStatus) -> None:
    refusal = reopen(a_ticket(number=7, status=status))

    assert refusal == Refused(ErrorCode.CONFLICT, "Ticket 7 is open.", ("ticketId",))


@pytest.mark.parametrize(
    ("wrote", "subject"),
    [
        ("Where is my order?", "Where is my order?"),
        ("  Hello \nWhere is my order?", "Hello"),
        ("\n\n Hello", "Hello"),
        ("", ""),
        (" \n ", ""),
        ("x" * SUBJECT_LIMIT, "x" * SUBJECT_LIMIT),
        ("x" * (SUBJECT_LIMIT + 1), "x" * (SUBJECT_LIMIT - 1) + "…"),
    ],
)
def test_a_new_ticket_is_called_by_the_first_line_of_what_the_contact_wrote(wrote: str, subject: str) -> None:
    assert subject_from(wrote) == subject


def test_the_history_tells_each_field_that_changed_and_no_other() -> None:
    before = a_ticket(subject="Hello", properties=(Property("colour", "red"), Property("size", "L")))
    after = replace(
        before,
        subject="Order 7",
        status=CLOSED,
        priority=TicketPriority.URGENT,
        owner=USER,
        team=TeamId("team"),
        required_skills=("french", "returns"),
        properties=(Property("colour", "blue"), Property("shop", "Oslo")),
        closed_at=NOON,
    )

    assert changed_fields(before, after) == (
        ("subject", "Hello", "Order 7"),
        ("status", "NEW", "CLOSED"),
        ("priority", "MEDIUM", "URGENT"),
        ("owner", None, USER),
        ("team", None, "team"),
        ("requiredSkills", "", "french, returns"),
        ("colour", "red", "blue"),
        ("shop", None, "Oslo"),
        ("size", "L", None),
    )


def test_a_ticket_that_did_not_change_has_no_history_to_tell() -> None:
    ticket = a_ticket(properties=(Property("colour", "red"),), required_skills=("french",))

    assert changed_fields(ticket, replace(ticket, replied=True)) == ()


def properties_after(ticket: Ticket, *changes: Property) -> dict[str, str | None]:
    return {each.name: each.value for each in with_properties(ticket, changes).properties}


def test_a_property_is_set_changed_or_taken_away_and_the_others_stay() -> None:
    ticket = a_ticket(properties=(Property("size", "L"), Property("colour", "red")))

    assert properties_after(ticket) == {"colour": "red", "size": "L"}
    assert properties_after(ticket, Property("size", "M")) == {"colour": "red", "size": "M"}
    assert properties_after(ticket, Property("size", None)) == {"colour": "red"}
    assert properties_after(ticket, Property("gone", None)) == {"colour": "red", "size": "L"}
    assert list(properties_after(ticket, Property("brand", "Acme"))) == ["brand", "colour", "size"]
