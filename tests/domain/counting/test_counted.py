"""Whatever is begun, fails, passes and is changed, in any order: what goes and what is refused is what a list says."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.conversations.messages import Message
from domain.error_codes import ErrorCode
from domain.errors import QuotaExceeded
from domain.ids import ContactId, MessageId, ThreadId
from domain.ports.network import Rejected
from domain.quota import month_of
from domain.use_cases.outbound.sending.send import SendTemplate, send_template
from domain.use_cases.people.organization import UpdateOrganization, update_organization
from tests.builders import DAY, NOON, TEMPLATE, a_contact, a_thread, an_id
from tests.domain.one_desk import ADMIN, AGENT, HELLO, Desk, granted, open_desk

MOST = 24
ZONES = ("UTC", "Pacific/Kiritimati", "America/Los_Angeles", "America/Havana")


@dataclass(slots=True)
class Unit:
    at: datetime
    month: tuple[datetime, datetime]
    message: MessageId
    is_back: bool = False


@dataclass(slots=True)
class Model:
    """All that was begun, and the calendar as it holds from the next turn on."""

    now: datetime = NOON
    zone: str = "UTC"
    day: int = 1
    limit: int = 1000
    a_day: int | None = None
    month: tuple[datetime, datetime] = month_of(NOON, date(2025, 1, 1), "UTC")
    units: list[Unit] = field(default_factory=list[Unit])

    def pass_on(self, by: timedelta) -> None:
        self.now += by
        while self.now >= self.month[1]:
            self.month = (self.month[1], month_of(self.month[1], date(2025, 1, self.day), self.zone)[1])

    def of_the_month(self) -> int:
        return sum(unit.month == self.month and not unit.is_back for unit in self.units)

    def refusal(self) -> QuotaExceeded | None:
        recent = [unit.at for unit in self.units if unit.at > self.now - DAY and not unit.is_back]
        if self.a_day is not None and len(recent) >= self.a_day:
            leaves = sorted(recent)[len(recent) - self.a_day]
            return QuotaExceeded(self.a_day, leaves + DAY, ErrorCode.DAILY_ALLOWANCE_EXCEEDED)
        return QuotaExceeded(self.limit, self.month[1]) if self.of_the_month() >= self.limit else None


Begun: TypeAlias = tuple[str, int]
STEPS = st.one_of(
    st.tuples(st.just("begin"), st.just(0)),
    st.tuples(st.just("begin"), st.just(0)),
    st.tuples(st.just("begin"), st.just(0)),
    st.tuples(st.just("fail"), st.integers(0, MOST)),
    st.tuples(st.just("hours"), st.sampled_from([1, 11, 24, 24 * 6, 24 * 30])),
    st.tuples(st.just("limit"), st.sampled_from([0, 1, 2, 3, 5])),
    st.tuples(st.just("a day"), st.sampled_from([1, 2, 4])),
    st.tuples(st.just("zone"), st.integers(0, len(ZONES) - 1)),
    st.tuples(st.just("day"), st.integers(1, 31)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, min_size=8, max_size=MOST))
async def test_what_is_counted_is_what_a_list_says(steps: list[Begun]) -> None:
    desk, model = await open_desk(), Model()
    for number in range(MOST):
        contact = a_contact(ContactId(an_id(900 + number)))
        await desk.given(contact, a_thread(thread_of(number), channel=(await desk.channel()).id, contact=contact.id))

    for number, step in enumerate(steps):
        await take(desk, model, step, thread_of(number))

        period = await desk.ports.reader.period_at((await desk.organization()).id, model.now)
        assert (period.used if period is not None else 0) == model.of_the_month()
        if period is not None:
            assert (period.starts_at, period.ends_at) == model.month


def thread_of(number: int) -> ThreadId:
    return ThreadId(an_id(900 + number))


async def take(desk: Desk, model: Model, step: Begun, thread: ThreadId) -> None:
    match step:
        case ("begin", _):
            expected = model.refusal()
            answer = await send_template(desk.ports, AGENT, SendTemplate(thread, TEMPLATE, HELLO))
            assert (None if isinstance(answer, Message) else answer) == expected
            if isinstance(answer, Message):
                model.units.append(Unit(model.now, model.month, answer.id))
        case ("fail", number):
            unit = model.units[number] if number < len(model.units) else None
            if unit is not None and not unit.is_back:
                desk.network.answers.append(Rejected(131026, "Not on WhatsApp."))
                await desk.dispatch(await desk.message_by_id(unit.message))
                desk.network.answers.clear()
                unit.is_back = True
        case ("hours", hours):
            desk.later(timedelta(hours=hours))
            model.pass_on(timedelta(hours=hours))
        case ("a day", limit):
            model.a_day = limit
            await desk.given(replace(await desk.channel(), messaging_limit=limit))
        case (what, value):
            asked = {
                "limit": UpdateOrganization(quota_limit=value),
                "zone": UpdateOrganization(time_zone=ZONES[value % len(ZONES)]),
                "day": UpdateOrganization(subscribed_on=date(2025, 1, value or 1)),
            }[what]
            changed = granted(await update_organization(desk.ports, ADMIN, asked))
            model.limit, model.zone, model.day = changed.quota_limit, changed.time_zone, changed.subscribed_on.day
