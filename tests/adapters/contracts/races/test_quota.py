"""What is counted is exact: of 64 who begin a conversation with the last unit there is, one does, and all are told why.

`./dev race --rounds 10000` runs as many rounds of these; the suite a few.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain.conversations.messages import Message
from domain.error_codes import ErrorCode
from domain.errors import QuotaExceeded
from domain.events import QuotaChanged
from domain.ids import ChannelId, ContactId, EntryId, MessageId, PeriodId, PhoneNumberId, ThreadId
from domain.ports.bundle import Ports
from domain.quota import ALLOWANCE_WINDOW, UNVERIFIED_ALLOWANCE, Period, month_of
from domain.rows import Row
from domain.use_cases.outbound.sending.send import SendTemplate, send_template
from domain.use_cases.people.organization import UpdateOrganization, update_organization
from tests.adapters.contracts.races.races import ROUNDS, Course
from tests.builders import (
    ACCOUNT,
    ACME,
    CHANNEL,
    DAY,
    MINUTE,
    NOON,
    TEMPLATE,
    FixedClock,
    a_contact,
    a_period,
    a_thread,
    an_entry,
    an_id,
    an_organization,
)
from tests.domain.one_desk import ADMIN, AGENT, HELLO, a_desk_number

SENDERS = 64
ANOTHER = ChannelId(an_id(8))
TICK = timedelta(microseconds=1)


def thread_of(sender: int) -> ThreadId:
    return ThreadId(an_id(1000 + sender))


async def given(course: Course, *rows: Row) -> None:
    """Without a look at all that is there, which would take longer each round."""
    async with course.processes[0].store.transaction(ACME) as tx:
        tx.save(*rows)


async def two_numbers(course: Course, **facts: object) -> None:
    """Two numbers of one account, and a contact for each sender who has never written."""
    first, second = replace(a_desk_number(), **facts), replace(a_desk_number(PhoneNumberId("8")), id=ANOTHER, **facts)
    contacts = [a_contact(ContactId(an_id(1000 + sender))) for sender in range(SENDERS)]
    threads = [
        a_thread(thread_of(sender), channel=(CHANNEL, ANOTHER)[sender % 2], contact=contacts[sender].id)
        for sender in range(SENDERS)
    ]
    await given(course, first, second, *contacts, *threads)


async def send(ports: Ports, sender: int) -> object:
    return await send_template(ports, AGENT, SendTemplate(thread_of(sender), TEMPLATE, HELLO))


async def month_at(course: Course, at: datetime) -> Period:
    period = await course.desk.ports.reader.period_at(ACME, at)
    assert period is not None
    return period


def assert_one_went(answers: Sequence[object], refused: QuotaExceeded) -> None:
    went = [answer for answer in answers if isinstance(answer, Message)]
    assert len(went) == 1, f"{len(went)} went"
    assert [answer for answer in answers if not isinstance(answer, Message)] == [refused] * (len(answers) - 1)


async def test_the_last_conversation_of_the_month_goes_to_one_of_64(course: Course) -> None:
    await two_numbers(course)
    december = datetime(2026, 12, 1, tzinfo=UTC)
    for limit in range(1, ROUNDS + 1):
        await given(course, an_organization(quota_limit=limit))

        answers = await course.run(send, SENDERS)

        assert_one_went(answers, QuotaExceeded(limit, december))
        assert (await month_at(course, NOON)).used == limit
    counted = await course.desk.ports.reader.units_by_hour(ACME, datetime(2026, 11, 1, tzinfo=UTC), december)
    assert sum(counted.values()) == ROUNDS


async def test_nothing_is_begun_any_more_once_a_lower_limit_is_told(course: Course) -> None:
    """One of the 64 is an administrator who lowers the limit to nothing, which its event alone warns of."""
    await two_numbers(course)
    much = 1_000_000_000
    await given(course, an_organization(quota_limit=much))
    assert isinstance(await send(course.processes[0], 0), Message)  # so that the month is in the ledger
    went = 1
    for _ in range(ROUNDS):
        await update_organization(course.processes[0], ADMIN, UpdateOrganization(quota_limit=much))
        head = await course.desk.head()

        async def act(ports: Ports, caller: int) -> object:
            if caller == SENDERS // 2:
                return await update_organization(ports, ADMIN, UpdateOrganization(quota_limit=0))
            return await send(ports, caller)

        answers = await course.run(act, SENDERS)

        went += sum(isinstance(answer, Message) for answer in answers)
        told = [event.warning for event in await course.desk.events(head) if isinstance(event, QuotaChanged)]
        assert told == [None] * (len(told) - 1) + [100]
        assert (await month_at(course, NOON)).used == went


async def test_the_unit_that_leaves_the_day_goes_to_one_of_64_of_both_numbers(course: Course) -> None:
    """Each round begins at the instant at which the oldest of the last 24 hours is exactly a day old."""
    await two_numbers(course, business_verified=False)
    taken = [NOON - DAY + minute * MINUTE for minute in range(1, UNVERIFIED_ALLOWANCE + 1)]
    month = a_period(used=len(taken))
    entries = [
        an_entry(EntryId(an_id(number)), at=at, thread=thread_of(0), message=MessageId(an_id(number)))
        for number, at in enumerate(taken)
    ]
    await given(course, an_organization(quota_limit=1_000_000), month, *entries)
    for _ in range(ROUNDS):
        course.desk.clock.at = taken[0] + ALLOWANCE_WINDOW
        taken = [*taken[1:], course.desk.clock.at]

        answers = await course.run(send, SENDERS)

        resets_at = taken[0] + ALLOWANCE_WINDOW
        assert_one_went(answers, QuotaExceeded(50, resets_at, ErrorCode.DAILY_ALLOWANCE_EXCEEDED))
        since = course.desk.clock.at - ALLOWANCE_WINDOW
        counted = await course.desk.ports.reader.allowance_taken(ACME, [ACCOUNT], since)
        assert counted[ACCOUNT] == taken


async def test_the_day_goes_over_the_turn_of_the_month_for_those_on_both_sides_of_it(course: Course) -> None:
    """The clocks of half of the processes stand a tick before the turn, those of the others at it."""
    await two_numbers(course, messaging_limit=1)
    await given(course, an_organization(quota_limit=1_000_000))
    turn = NOON
    for number in range(ROUNDS):
        month = month_of(turn, an_organization().subscribed_on, "UTC")
        turn = month[1]
        if await course.desk.ports.reader.period_at(ACME, month[0]) is None:
            await given(course, a_period(PeriodId(an_id(5000 + number)), starts_at=month[0], ends_at=month[1]))
        sides = [replace(ports, clock=FixedClock(at)) for ports in course.processes for at in (turn - TICK, turn)]

        answers = await replace(course, processes=sides).run(send, SENDERS)

        assert sum(isinstance(answer, Message) for answer in answers) == 1
        refusals = {answer.code for answer in answers if isinstance(answer, QuotaExceeded)}
        assert refusals == {ErrorCode.DAILY_ALLOWANCE_EXCEEDED}
