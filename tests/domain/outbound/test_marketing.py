"""Whether a template may be sent now, and what people choose of marketing in WhatsApp, however it is told."""

from dataclasses import replace
from datetime import datetime
from itertools import permutations

import pytest

from domain.channels.templates import TemplateCategory, TemplateStatus
from domain.contacts import Contact, with_marketing_choice
from domain.conversations.status import MessageStatus
from domain.error_codes import ErrorCode
from domain.ids import ContactId
from domain.outbound.failures import verdict
from domain.outbound.templates import template_refusal
from domain.updates import Outcome, UpdateKey
from domain.use_cases.outbound.sending.send import SendTemplate, send_template
from tests.builders import (
    ACCOUNT,
    ACME,
    HOUR,
    MINUTE,
    NOON,
    TEMPLATE,
    a_contact,
    a_person,
    a_session,
    a_template,
    a_thread,
    joined_with,
)
from tests.domain.one_desk import AGENT, HELLO, Desk, granted, open_desk, refused_as

BEN = a_person("15550102002")
UTILITY, MARKETING = TemplateCategory.UTILITY, TemplateCategory.MARKETING
APPROVED, PAUSED = TemplateStatus.APPROVED, TemplateStatus.PAUSED
OPTED_OUT, NOT_SENDABLE = ErrorCode.CONTACT_OPTED_OUT, ErrorCode.TEMPLATE_NOT_SENDABLE


@pytest.fixture
async def desk() -> Desk:
    desk = await open_desk()
    await desk.wrote()
    return desk


async def test_who_stops_marketing_gets_no_marketing_template_until_they_take_it_again(desk: Desk) -> None:
    await desk.given(a_template(category=TemplateCategory.MARKETING))
    ask = SendTemplate((await desk.thread()).id, TEMPLATE, HELLO)
    at = desk.later(MINUTE)

    [record] = await desk.receive(desk.choice(stopped=True))

    assert record.outcome is Outcome.APPLIED
    assert (await desk.contact()).marketing_opted_out_at == at
    assert refused_as(await send_template(desk.ports, AGENT, ask)) is ErrorCode.CONTACT_OPTED_OUT

    desk.later(MINUTE)
    await desk.receive(desk.choice(stopped=False))
    assert (await desk.contact()).marketing_opted_out_at is None
    assert granted(await send_template(desk.ports, AGENT, ask)).status is MessageStatus.QUEUED


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_the_newest_choice_stands_in_whichever_order_they_are_told(desk: Desk, order: tuple[int, ...]) -> None:
    desk.later(HOUR)
    choices = [
        desk.choice(stopped=stopped, at=NOON + number * MINUTE) for number, stopped in enumerate((True, False, True), 1)
    ]

    for place in order:
        await desk.receive(choices[place])

    contact = await desk.contact()
    assert contact.marketing_opted_out_at is not None
    assert contact.marketing_told_at == NOON + 3 * MINUTE


async def test_the_same_choice_told_again_changes_nothing(desk: Desk) -> None:
    choice = desk.choice(stopped=True)
    await desk.receive(choice)
    before = await desk.contact()

    [again] = await desk.receive(replace(choice, place=desk.place()))
    [repeated] = await desk.receive(desk.choice(stopped=True, at=NOON + MINUTE))

    assert (again.outcome, repeated.outcome) == (Outcome.DUPLICATE, Outcome.DUPLICATE)
    assert await desk.contact() == before


async def test_a_choice_of_somebody_who_never_wrote_is_kept_until_they_do(desk: Desk) -> None:
    await desk.receive(desk.choice(stopped=True, by=BEN))
    await desk.wrote(by=BEN)

    [ben] = [each for each in await desk.contacts() if each.wa_id == BEN.wa_id]
    assert ben.marketing_opted_out_at == NOON


async def test_a_choice_that_names_no_number_is_the_accounts(desk: Desk) -> None:
    named = desk.choice(stopped=True)
    nowhere = UpdateKey(named.place.delivery, 1, NOON, None, ACCOUNT)

    [record] = await desk.receive(replace(named, place=nowhere, at=None))

    assert record.outcome is Outcome.APPLIED
    assert (await desk.contact()).marketing_opted_out_at == NOON


async def test_no_delivery_error_opts_anybody_out(desk: Desk) -> None:
    """Some networks answered with the code for it where nobody had stopped anything."""
    sent = await desk.dispatch(await desk.reply())
    assert sent.wamid is not None
    failure = verdict(131050, "User stopped marketing messages").failure

    await desk.receive(desk.status(MessageStatus.FAILED, wamid=sent.wamid, failure=failure))

    contact = await desk.contact()
    assert (contact.opted_out_at, contact.marketing_opted_out_at) == (None, None)


def test_one_person_under_two_names_has_chosen_what_they_chose_last() -> None:
    stopped = with_marketing_choice(a_contact(), stopped=True, at=NOON)
    resumed = with_marketing_choice(Contact(ACME, ContactId("b"), NOON), stopped=False, at=NOON + MINUTE)

    for one, other in ((stopped, resumed), (resumed, stopped)):
        both = joined_with(one, other)
        assert (both.marketing_opted_out_at, both.marketing_told_at) == (None, NOON + MINUTE)
    alone = joined_with(a_contact(), stopped)
    assert (alone.marketing_opted_out_at, alone.marketing_told_at) == (NOON, NOON)


@pytest.mark.parametrize(
    ("category", "status", "said_stop", "stopped_marketing", "in_session", "code"),
    [
        (UTILITY, APPROVED, None, None, False, None),
        (MARKETING, APPROVED, None, None, False, None),
        (UTILITY, APPROVED, NOON, None, False, OPTED_OUT),
        (UTILITY, APPROVED, NOON, None, True, None),
        (MARKETING, APPROVED, NOON, None, True, OPTED_OUT),
        (UTILITY, APPROVED, None, NOON, False, None),
        (MARKETING, APPROVED, None, NOON, True, OPTED_OUT),
        (UTILITY, PAUSED, None, None, True, NOT_SENDABLE),
        (UTILITY, PAUSED, NOON, None, False, OPTED_OUT),
        (MARKETING, PAUSED, None, NOON, False, OPTED_OUT),
    ],
)
def test_a_template_may_be_sent_by_its_state_and_by_what_the_contact_said(
    category: TemplateCategory,
    status: TemplateStatus,
    said_stop: datetime | None,
    stopped_marketing: datetime | None,
    in_session: bool,
    code: ErrorCode | None,
) -> None:
    contact = replace(a_contact(), opted_out_at=said_stop, marketing_opted_out_at=stopped_marketing)
    thread = a_thread(session=a_session() if in_session else None)

    refusal = template_refusal(a_template(category=category, status=status), contact, thread, NOON, ("templateId",))

    assert (refusal.code if refusal else None) is code
    assert refusal is None or refusal.field == (("templateId",) if code is NOT_SENDABLE else ())


def test_a_contact_who_is_not_here_has_said_nothing() -> None:
    assert template_refusal(a_template(), None, a_thread(), NOON) is None
