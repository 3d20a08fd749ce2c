"""How far a message got: the lattice of marks, attempts, and what is shown of a message."""

from dataclasses import replace
from datetime import datetime
from functools import reduce
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.conversations.contents import RemovalReason, Removed, Text
from domain.conversations.messages import Message, Version, leaving, queued_again, with_mark, with_outcome
from domain.conversations.status import RANK, Attempt, AttemptOutcome, Failure, MessageStatus, arrived, higher
from domain.conversations.versions import changed, taken_back
from domain.error_codes import ErrorCode
from domain.ids import Wamid
from tests.builders import HOUR, MINUTE, NOON, an_inbound, an_outbound

QUEUED, UNKNOWN, SENT = MessageStatus.QUEUED, MessageStatus.UNKNOWN, MessageStatus.SENT
FAILED, DELIVERED = MessageStatus.FAILED, MessageStatus.DELIVERED
READ, PLAYED, RECEIVED = MessageStatus.READ, MessageStatus.PLAYED, MessageStatus.RECEIVED

ASCENDING = (QUEUED, UNKNOWN, SENT, FAILED, DELIVERED, READ, PLAYED)
REPORTED = (UNKNOWN, SENT, FAILED, DELIVERED, READ, PLAYED)
WHY = Failure("It can't be delivered", "Reach the contact another way.", retryable=False, code=131026)

MarkTold = tuple[MessageStatus, datetime]


def after_marks(message: Message, marks: tuple[MarkTold, ...], attempt: int = 1) -> Message:
    def one_more(reached: Message, mark: MarkTold) -> Message:
        status, at = mark
        return with_mark(reached, status, at=at, attempt=attempt, failure=WHY if status is FAILED else None)

    return reduce(one_more, marks, message)


def with_attempts(message: Message, count: int) -> Message:
    return replace(message, attempts=tuple(Attempt(number, NOON) for number in range(1, count + 1)))


def test_the_lattice_rises_from_queued_to_played() -> None:
    for (low, one), (high, other) in product(enumerate(ASCENDING), repeat=2):
        assert higher(one, other) is ASCENDING[max(low, high)]


def test_every_status_has_its_place_in_the_lattice() -> None:
    assert set(RANK) == set(MessageStatus)
    assert len(set(RANK.values())) == len(RANK)


@pytest.mark.parametrize("status", list(MessageStatus))
def test_a_message_arrived_once_it_is_delivered_read_or_played(status: MessageStatus) -> None:
    assert arrived(status) is (status in {DELIVERED, READ, PLAYED})


def test_every_order_of_every_six_marks_with_repeats_ends_the_same() -> None:
    """All sequences of up to six marks, each grown from the one before it; those of the same marks end the same."""
    reached: dict[tuple[MessageStatus, ...], Message] = {(): an_outbound(status=QUEUED)}
    for _ in range(6):
        reached = {
            (*told, status): after_marks(message, ((status, NOON + RANK[status] * MINUTE),))
            for told, message in reached.items()
            for status in REPORTED
        }
        ended: dict[tuple[MessageStatus, ...], Message] = {}
        for told, message in reached.items():
            assert message == ended.setdefault(tuple(sorted(told)), message), told
        for told, message in ended.items():
            assert message.status is max(told, key=ASCENDING.index)
            assert message.failure == (WHY if message.status is FAILED else None)


def test_a_repeat_with_another_time_leaves_the_earliest_in_whatever_order() -> None:
    marks = (
        (SENT, NOON),
        (DELIVERED, NOON + 2 * MINUTE),
        (DELIVERED, NOON + MINUTE),
        (READ, NOON + 5 * MINUTE),
        (READ, NOON + 4 * MINUTE),
        (READ, NOON + 6 * MINUTE),
    )

    ended = {after_marks(an_outbound(), order) for order in permutations(marks)}

    assert len(ended) == 1
    [message] = ended
    assert (message.status, message.delivered_at, message.read_at) == (READ, NOON + MINUTE, NOON + 4 * MINUTE)


@given(st.lists(st.tuples(st.sampled_from(REPORTED), st.integers(0, 90)), min_size=1, max_size=12), st.data())
def test_any_order_and_any_repetition_gives_one_result(
    told: list[tuple[MessageStatus, int]], data: st.DataObject
) -> None:
    marks = [(status, NOON + minutes * MINUTE) for status, minutes in told]
    repeats = data.draw(st.lists(st.sampled_from(marks), max_size=6))
    in_another_order = data.draw(st.permutations([*marks, *repeats]))

    assert after_marks(an_outbound(), tuple(in_another_order)) == after_marks(an_outbound(), tuple(marks))


@given(st.sampled_from(ASCENDING), st.sampled_from(ASCENDING), st.sampled_from(ASCENDING))
def test_the_join_knows_no_order_no_grouping_and_no_repetition(
    one: MessageStatus, two: MessageStatus, three: MessageStatus
) -> None:
    assert higher(one, two) is higher(two, one)
    assert higher(higher(one, two), three) is higher(one, higher(two, three))
    assert higher(one, one) is one


def test_a_sent_report_after_read_leaves_the_blue_ticks() -> None:
    message = after_marks(an_outbound(), ((READ, NOON), (SENT, NOON + HOUR)))

    assert message.status is READ


def test_a_contact_who_turned_read_receipts_off_leaves_it_delivered() -> None:
    message = after_marks(an_outbound(), ((SENT, NOON), (DELIVERED, NOON + MINUTE)))

    assert (message.status, message.read_at) == (DELIVERED, None)


@pytest.mark.parametrize("arrival", [DELIVERED, READ, PLAYED])
def test_a_failure_is_cleared_once_the_message_arrived_all_the_same(arrival: MessageStatus) -> None:
    failed = after_marks(an_outbound(), ((FAILED, NOON),))
    assert (failed.status, failed.failure) == (FAILED, WHY)

    assert after_marks(failed, ((arrival, NOON),)).failure is None
    assert after_marks(an_outbound(), ((arrival, NOON), (FAILED, NOON))).failure is None


def test_the_first_reason_for_a_failure_stands() -> None:
    later = Failure("The network is busy", "Try again.", retryable=True)

    failed = after_marks(an_outbound(), ((FAILED, NOON),))

    assert with_mark(failed, FAILED, at=NOON, attempt=1, failure=later).failure == WHY


@pytest.mark.parametrize("status", [UNKNOWN, SENT, FAILED])
def test_a_late_report_of_an_earlier_attempt_does_not_touch_the_newest(status: MessageStatus) -> None:
    second = with_attempts(an_outbound(status=QUEUED), 2)

    assert after_marks(second, ((status, NOON),), attempt=1) == second


@pytest.mark.parametrize("status", [DELIVERED, READ, PLAYED])
@pytest.mark.parametrize("reached", [QUEUED, UNKNOWN, SENT, FAILED])
def test_an_arrival_of_any_attempt_wins_over_all(status: MessageStatus, reached: MessageStatus) -> None:
    second = with_attempts(an_outbound(status=reached), 2)

    assert after_marks(second, ((status, NOON),), attempt=1).status is status


Told = tuple[str, int, int]
"""(what: a status, or AGAIN; the attempt it speaks of, counted back from the newest; minutes after noon)"""
AGAIN = "again"


@given(
    st.lists(st.tuples(st.sampled_from([*REPORTED, AGAIN, AGAIN]), st.integers(0, 3), st.integers(0, 90)), max_size=14)
)
def test_status_is_the_highest_mark_of_the_newest_attempt_or_of_any_that_arrived(told: list[Told]) -> None:
    message = an_outbound(status=QUEUED)
    marks: list[tuple[MessageStatus, int]] = [(QUEUED, 1)]
    for what, back, minutes in told:
        if what == AGAIN:
            if message.status is FAILED:
                message = queued_again(message, NOON)
                marks.append((QUEUED, message.attempt))
            continue
        attempt = max(1, message.attempt - back)
        message = with_mark(message, MessageStatus(what), at=NOON + minutes * MINUTE, attempt=attempt, failure=WHY)
        marks.append((MessageStatus(what), attempt))

        counting = [status for status, of in marks if of == message.attempt or arrived(status)]
        assert message.status is max(counting, key=ASCENDING.index)
        assert (message.failure is not None) is (message.status is FAILED)


def test_what_is_queued_again_begins_anew_and_leaves_as_the_attempt_begun() -> None:
    failed = after_marks(leaving(an_outbound(status=QUEUED), NOON), ((FAILED, NOON),))
    failed = with_outcome(failed, 1, AttemptOutcome.REFUSED, code=130403, reason="blocked")

    again = queued_again(replace(failed, not_before=NOON), NOON + HOUR)

    assert (again.status, again.failure, again.not_before, again.attempt) == (QUEUED, None, None, 2)
    assert leaving(again, NOON + 2 * HOUR).attempts == (
        Attempt(1, NOON, AttemptOutcome.REFUSED, 130403, "blocked"),
        Attempt(2, NOON + 2 * HOUR),
    )
    tried = with_outcome(leaving(again, NOON), 2, AttemptOutcome.NOT_SENT)
    assert [each.number for each in leaving(tried, NOON).attempts] == [1, 2, 3]


def test_an_outcome_never_undoes_what_a_faster_status_proved() -> None:
    known = with_outcome(with_attempts(an_outbound(), 2), 1, AttemptOutcome.ACCEPTED, wamid=Wamid("w1"))

    assert with_outcome(known, 1, AttemptOutcome.UNKNOWN, reason="no answer") == known
    assert with_outcome(known, 1, AttemptOutcome.ACCEPTED, wamid=Wamid("w2")).attempts[0].wamid == "w2"
    assert known.attempts[1] == Attempt(2, NOON)


def test_the_networks_reason_replaces_a_guess_and_no_other() -> None:
    gave_up = Failure("The network did not take it in time", "Send it again.", retryable=True)
    ours = Failure("It was taken back", "Write it anew.", retryable=False, refusal=ErrorCode.CANCELLED)

    def why(*told: Failure | None) -> Failure | None:
        message = an_outbound()
        for each in told:
            message = with_mark(message, FAILED, at=NOON, attempt=1, failure=each)
        return message.failure

    assert why(gave_up, WHY) == WHY
    assert why(gave_up, None) == gave_up
    assert why(gave_up, ours) == gave_up
    assert why(ours, WHY) == ours
    assert why(WHY, gave_up) == WHY
    assert why(None, gave_up) == gave_up


def test_the_newest_attempt_is_the_last_and_before_the_first_it_is_one() -> None:
    assert an_outbound().attempt == 1
    assert with_attempts(an_outbound(), 3).attempt == 3


def test_an_attempt_under_way_has_no_outcome_yet() -> None:
    assert Attempt(1, NOON).outcome is None
    assert {outcome.value for outcome in AttemptOutcome} == {"ACCEPTED", "REFUSED", "NOT_SENT", "UNKNOWN"}


# What it said before

FIRST, SECOND, THIRD = Text("Fool"), Text("Foal"), Text("Friend")


def after_changes(*changes: tuple[Text, datetime]) -> Message:
    return reduce(lambda message, change: changed(message, *change), changes, an_inbound(content=FIRST))


def test_a_changed_message_says_the_new_and_keeps_the_old() -> None:
    message = after_changes((SECOND, NOON + MINUTE))

    assert message.content == SECOND
    assert message.edited_at == NOON + MINUTE
    assert message.versions == (Version(FIRST, NOON + MINUTE),)


def test_every_order_of_changes_and_repeats_ends_the_same() -> None:
    changes = ((SECOND, NOON + MINUTE), (THIRD, NOON + HOUR), (SECOND, NOON + 2 * HOUR))
    expected = after_changes(*changes)

    assert expected.versions == (
        Version(FIRST, NOON + MINUTE),
        Version(SECOND, NOON + HOUR),
        Version(THIRD, NOON + 2 * HOUR),
    )
    for order in permutations(changes):
        for repeated in order:
            assert after_changes(*order, repeated) == expected


def test_two_changes_within_a_second_both_count_in_the_order_they_came() -> None:
    message = after_changes((SECOND, NOON + MINUTE), (THIRD, NOON + MINUTE))

    assert message.content == THIRD
    assert [version.content for version in message.versions] == [FIRST, SECOND]


def test_of_a_message_edited_without_end_the_first_words_and_the_newest_are_kept() -> None:
    message = an_inbound(content=Text("0"))
    for number in range(1, 1001):
        message = changed(message, Text(f"{number}"), NOON + number * MINUTE)

    kept = [version.content for version in message.versions]
    assert kept == [Text("0"), *(Text(f"{number}") for number in range(901, 1000))]
    assert message.content == Text("1000")
    assert changed(message, Text("500"), NOON + 500 * MINUTE) == message  # told once more: it is kept no longer
    between = changed(message, Text("between"), NOON + 950 * MINUTE + MINUTE / 2)
    assert (len(between.versions), between.versions[0].content, between.content) == (100, Text("0"), Text("1000"))

    gone = taken_back(message, NOON + HOUR * 24)
    assert len(gone.versions) == 100
    assert (gone.versions[0].content, gone.versions[-1].content) == (Text("0"), Text("1000"))


def test_a_deleted_message_says_nothing_but_to_those_who_look_at_its_past() -> None:
    message = taken_back(after_changes((SECOND, NOON + MINUTE)), NOON + HOUR)

    assert message.content == Removed(RemovalReason.DELETED_BY_CONTACT, NOON + HOUR)
    assert message.deleted_at == NOON + HOUR
    assert message.versions == (Version(FIRST, NOON + MINUTE), Version(SECOND, NOON + HOUR))
    assert taken_back(message, NOON + 2 * HOUR) == message


def test_a_change_told_after_the_deletion_joins_the_past_only() -> None:
    deleted = taken_back(an_inbound(content=FIRST), NOON + HOUR)

    assert changed(deleted, SECOND, NOON + MINUTE) == taken_back(after_changes((SECOND, NOON + MINUTE)), NOON + HOUR)
    assert changed(deleted, SECOND, NOON + HOUR) == deleted


def test_a_deletion_stands_no_earlier_than_the_last_change() -> None:
    message = taken_back(after_changes((SECOND, NOON + HOUR)), NOON + MINUTE)

    assert message.deleted_at == NOON + HOUR
    assert message.versions == (Version(FIRST, NOON + HOUR), Version(SECOND, NOON + HOUR))
