"""The dry run of a send answers what the send itself would, leaves no trace, and asks nothing of the network."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias, assert_never

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.channels.channels import ChannelState
from domain.channels.templates import TemplateCategory, TemplateStatus
from domain.conversations.contents import TEXT_LIMIT, Filled, Location, Text
from domain.conversations.library import LibraryItemKind
from domain.conversations.messages import Direction, Message
from domain.error_codes import ErrorCode
from domain.errors import REFUSALS, Refusal, code_of
from domain.files.media import MediaState
from domain.files.rules import MediaKind
from domain.ids import ChannelId, ContactId, LibraryItemId, MediaId, MessageId, TemplateId, ThreadId
from domain.outbound.pace import PAIR_BURST, PAIR_EVERY
from domain.people.actors import Actor
from domain.ports.bundle import Ports
from domain.use_cases.outbound.sending.preflight import Foreseen, Intended, preflight
from domain.use_cases.outbound.sending.send import SendContent, SendTemplate, send_content, send_template
from domain.use_cases.outbound.sending.send_item import SendItem, send_item
from domain.use_cases.outbound.sending.send_media import SendMedia, send_media
from domain.use_cases.outbound.sending.start import StartThread, start_thread
from tests.builders import (
    CHANNEL,
    CONTACT,
    DAY,
    HOUR,
    LIBRARY_ITEM,
    NOON,
    TEMPLATE,
    THREAD,
    WA_ID,
    a_contact,
    a_library_item,
    a_media,
    a_pace,
    a_session,
    a_template,
    a_thread,
    an_id,
    an_identity,
    an_inbound,
    an_organization,
)
from tests.domain.one_desk import AGENT, HELLO, READER, Desk, granted, open_desk

LAST_OCTOBER = datetime(2024, 10, 30, 12, tzinfo=UTC)
"""When replies counted."""

PICTURE = MediaId(an_id(40))
STICKER = MediaId(an_id(41))
COMING = MediaId(an_id(42))
HUGE = MediaId(an_id(43))
NOT_OUT = MessageId(an_id(44))
NOT_HERE_YET = LibraryItemId(an_id(45))
NOWHERE = an_id(99)
KEY = "the-key"

TEXT = SendContent(THREAD, Text("Hi"))
FILE = SendMedia(THREAD, (PICTURE,))
HELLO_ANA = SendTemplate(THREAD, TEMPLATE, HELLO)
TO_ANA = StartThread(CHANNEL, number=f"+{WA_ID}", template=TEMPLATE, values=HELLO)
TO_BEN = replace(TO_ANA, number="+48 600 700 800")
ANA_AGAIN = StartThread(CHANNEL, CONTACT)
HOURS = SendItem(THREAD, LIBRARY_ITEM)
FREE_FORM: tuple[SendContent | SendMedia | SendItem, ...] = (TEXT, FILE, HOURS)
IN_A_THREAD: tuple[SendContent | SendMedia | SendItem | SendTemplate, ...] = (*FREE_FORM, HELLO_ANA)
EVERY_KIND: tuple[Intended, ...] = (*IN_A_THREAD, TO_ANA, TO_BEN, ANA_AGAIN)

Arrange: TypeAlias = Callable[[Desk], Awaitable[None]]


class Untouched:
    """Stands for what nobody may ask anything of."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"a dry run asked for {name}")


async def a_desk_in_session(at: datetime = NOON) -> Desk:
    """Ana wrote an hour ago; files of every sort are at hand."""
    desk = await open_desk(at)
    begun = at - HOUR
    await desk.given(
        replace(an_organization(), subscribed_on=date(2024, 1, 1)),
        replace(await desk.channel(), connected_at=at - 30 * DAY),
        a_contact(),
        an_identity(),
        a_thread(session=a_session(begun)),
        an_inbound(at=begun),
        an_inbound(NOT_OUT, at=begun, wamid=None),
        a_media(PICTURE, direction=Direction.OUTBOUND, state=MediaState.READY, size=100),
        a_media(STICKER, kind=MediaKind.STICKER, mime_type="image/webp", state=MediaState.READY, size=100),
        a_media(COMING, direction=Direction.OUTBOUND, size=100),
        a_library_item(),
        a_library_item(NOT_HERE_YET, kind=LibraryItemKind.DOCUMENT, media=COMING),
        a_media(HUGE, state=MediaState.READY, size=6 * 1024 * 1024),
    )
    return desk


async def foreseen(desk: Desk, intended: Intended, by: Actor = AGENT) -> Foreseen:
    """The dry run's answer, got from readers alone, and with nothing changed by it."""
    before, untouched = await desk.state(), Untouched()
    ports: Ports = replace(desk.ports, store=untouched, network=untouched, media=untouched, bus=untouched)  # pyright: ignore[reportArgumentType]  # on purpose none of these
    answer = await preflight(ports, by, intended)
    assert await desk.state() == before
    return answer


async def sent(desk: Desk, intended: Intended, by: Actor = AGENT) -> object:
    match intended:
        case SendContent():
            return await send_content(desk.ports, by, intended)
        case SendMedia():
            return await send_media(desk.ports, by, intended)
        case SendItem():
            return await send_item(desk.ports, by, intended)
        case SendTemplate():
            return await send_template(desk.ports, by, intended)
        case StartThread():
            return await start_thread(desk.ports, by, intended)
        case _:
            assert_never(intended)


async def as_foreseen(desk: Desk, intended: Intended, by: Actor = AGENT) -> Refusal | None:
    """The refusal that both the dry run and the send gave; None where both would send, at the same price."""
    answer = await foreseen(desk, intended, by)
    units = len(await desk.entries())
    came = await sent(desk, intended, by)
    refusal = came if isinstance(came, REFUSALS) else None
    assert answer == Foreseen(refusal, takes_unit=len(await desk.entries()) > units)
    assert desk.network.sent == []
    return refusal


# Every refusal, and in what desk it comes


async def as_it_is(desk: Desk) -> None:
    pass


async def a_day_later(desk: Desk) -> None:
    desk.later(DAY)


async def used_up(desk: Desk) -> None:
    desk.later(DAY)
    await desk.given(replace(await desk.organization(), quota_limit=0))


async def day_used_up(desk: Desk) -> None:
    desk.later(DAY)
    await desk.given(replace(await desk.channel(), messaging_limit=0))


async def day_begun(desk: Desk) -> None:
    """An hour ago the one conversation of the day was begun."""
    desk.later(DAY)
    await desk.given(replace(await desk.channel(), messaging_limit=1))
    await sent(desk, HELLO_ANA)
    desk.later(HOUR)


async def disconnected(desk: Desk) -> None:
    await desk.given(replace(await desk.channel(), state=ChannelState.DISCONNECTED))


async def said_stop(desk: Desk) -> None:
    desk.later(DAY)
    await desk.given(replace(a_contact(), opted_out_at=NOON))


async def stopped_marketing(desk: Desk) -> None:
    desk.later(DAY)
    await desk.given(replace(a_contact(), marketing_opted_out_at=NOON), a_template(category=TemplateCategory.MARKETING))


async def paused(desk: Desk) -> None:
    await desk.given(a_template(status=TemplateStatus.PAUSED))


async def never_wrote(desk: Desk) -> None:
    await desk.given(a_thread(), a_template(TemplateId(an_id(50)), name="other"))


async def key_was_used(desk: Desk) -> None:
    """For something else, where that could be sent."""
    await sent(desk, replace(TEXT, content=Location(1, 2), idempotency_key=KEY))


@dataclass(frozen=True, slots=True)
class Case:
    intended: Intended
    code: ErrorCode
    arrange: Arrange = as_it_is
    by: Actor = AGENT


CASES: Sequence[Case] = (
    *(Case(each, ErrorCode.FORBIDDEN, by=READER) for each in EVERY_KIND),
    *(Case(replace(each, idempotency_key=""), ErrorCode.INVALID) for each in EVERY_KIND),
    *(Case(replace(each, idempotency_key=KEY), ErrorCode.IDEMPOTENCY_MISMATCH, key_was_used) for each in EVERY_KIND),
    *(Case(replace(each, thread=ThreadId(NOWHERE)), ErrorCode.NOT_FOUND) for each in IN_A_THREAD),
    *(Case(each, ErrorCode.CHANNEL_UNAVAILABLE, disconnected) for each in EVERY_KIND),
    *(Case(each, ErrorCode.SESSION_CLOSED, arrange) for each in FREE_FORM for arrange in (a_day_later, never_wrote)),
    *(Case(replace(each, reply_to=MessageId(NOWHERE)), ErrorCode.NOT_FOUND) for each in FREE_FORM),
    *(Case(replace(each, reply_to=NOT_OUT), ErrorCode.INVALID) for each in FREE_FORM),
    Case(replace(HOURS, item=LibraryItemId(NOWHERE)), ErrorCode.NOT_FOUND),
    Case(replace(HOURS, item=NOT_HERE_YET), ErrorCode.INVALID),
    Case(replace(TEXT, content=Text(" ")), ErrorCode.INVALID),
    Case(replace(TEXT, content=Text("x" * (TEXT_LIMIT + 1))), ErrorCode.TEXT_TOO_LONG),
    Case(replace(TEXT, content=Location(91, 0)), ErrorCode.INVALID),
    Case(replace(FILE, files=()), ErrorCode.INVALID),
    Case(replace(FILE, caption="x" * 1025), ErrorCode.TEXT_TOO_LONG),
    Case(replace(FILE, files=(PICTURE, MediaId(NOWHERE))), ErrorCode.NOT_FOUND),
    Case(replace(FILE, files=(COMING,)), ErrorCode.INVALID),
    Case(replace(FILE, files=(PICTURE, HUGE)), ErrorCode.MEDIA_REJECTED),
    Case(replace(FILE, files=(STICKER,), caption="Look"), ErrorCode.INVALID),
    Case(replace(HELLO_ANA, automation=" "), ErrorCode.INVALID),
    Case(replace(HELLO_ANA, template=TemplateId(NOWHERE)), ErrorCode.NOT_FOUND),
    Case(replace(HELLO_ANA, values=()), ErrorCode.TEMPLATE_PARAMETERS),
    Case(replace(HELLO_ANA, values=(*HELLO, Filled("body", "2", "more"))), ErrorCode.TEMPLATE_PARAMETERS),
    Case(replace(HELLO_ANA, header_media=PICTURE), ErrorCode.TEMPLATE_PARAMETERS),
    *(
        Case(each, code, arrange)
        for each in (HELLO_ANA, TO_ANA)
        for code, arrange in (
            (ErrorCode.TEMPLATE_NOT_SENDABLE, paused),
            (ErrorCode.CONTACT_OPTED_OUT, said_stop),
            (ErrorCode.CONTACT_OPTED_OUT, stopped_marketing),
            (ErrorCode.QUOTA_EXCEEDED, used_up),
            (ErrorCode.DAILY_ALLOWANCE_EXCEEDED, day_used_up),
            (ErrorCode.DAILY_ALLOWANCE_EXCEEDED, day_begun),
        )
    ),
    Case(TO_BEN, ErrorCode.QUOTA_EXCEEDED, used_up),
    Case(TO_BEN, ErrorCode.DAILY_ALLOWANCE_EXCEEDED, day_used_up),
    Case(StartThread(CHANNEL), ErrorCode.INVALID),
    Case(replace(TO_BEN, number="600 700 800"), ErrorCode.INVALID),
    Case(replace(TO_BEN, number="+15550783881"), ErrorCode.INVALID),
    Case(replace(TO_BEN, template=None), ErrorCode.INVALID),
    Case(replace(TO_BEN, template=None, values=()), ErrorCode.SESSION_CLOSED),
    Case(replace(TO_BEN, template=TemplateId(NOWHERE)), ErrorCode.NOT_FOUND),
    Case(replace(TO_BEN, values=()), ErrorCode.TEMPLATE_PARAMETERS),
    Case(replace(TO_BEN, channel=ChannelId(NOWHERE)), ErrorCode.NOT_FOUND),
    Case(ANA_AGAIN, ErrorCode.SESSION_CLOSED, a_day_later),
    Case(replace(ANA_AGAIN, contact=ContactId(NOWHERE)), ErrorCode.NOT_FOUND),
)


@pytest.mark.parametrize("case", CASES)
async def test_a_send_that_would_be_refused_is_foreseen_with_the_same_refusal(case: Case) -> None:
    desk = await a_desk_in_session()
    await case.arrange(desk)

    refusal = await as_foreseen(desk, case.intended, case.by)

    assert refusal is not None
    assert code_of(refusal) is case.code


@pytest.mark.parametrize("intended", IN_A_THREAD)
async def test_where_replies_counted_a_used_up_month_is_foreseen(intended: Intended) -> None:
    desk = await a_desk_in_session(LAST_OCTOBER)
    await desk.given(replace(await desk.organization(), quota_limit=0))

    refusal = await as_foreseen(desk, intended)

    assert refusal is not None
    assert code_of(refusal) is ErrorCode.QUOTA_EXCEEDED


# Histories nobody thought of

ARRANGEMENTS = (
    a_day_later,
    used_up,
    day_used_up,
    disconnected,
    said_stop,
    stopped_marketing,
    paused,
    never_wrote,
    key_was_used,
)
INTENTIONS = (*EVERY_KIND, *(case.intended for case in CASES))


@given(
    begun=st.sampled_from([NOON, LAST_OCTOBER]),
    arrangements=st.lists(st.sampled_from(ARRANGEMENTS), max_size=4, unique=True),
    intentions=st.lists(
        st.tuples(st.sampled_from(INTENTIONS), st.sampled_from([None, KEY, "another"])), min_size=1, max_size=4
    ),
)
async def test_whatever_stands_in_the_way_the_dry_run_knows_it(
    begun: datetime, arrangements: list[Arrange], intentions: list[tuple[Intended, str | None]]
) -> None:
    desk = await a_desk_in_session(begun)
    for arrange in arrangements:
        await arrange(desk)

    for intended, key in intentions:
        await as_foreseen(desk, replace(intended, idempotency_key=key))
        desk.later(timedelta(seconds=1))


# What it costs


@pytest.mark.parametrize(
    ("intended", "later", "takes"),
    [
        *((each, HOUR, each is TO_BEN) for each in EVERY_KIND),
        *((each, DAY, True) for each in (HELLO_ANA, TO_ANA, TO_BEN)),
    ],
)
async def test_only_what_leaves_outside_a_session_takes_a_unit(
    intended: Intended, later: timedelta, takes: bool
) -> None:
    desk = await a_desk_in_session()
    desk.later(later)

    assert await foreseen(desk, intended) == Foreseen(takes_unit=takes)


async def test_where_replies_counted_the_first_of_a_session_takes_a_unit_and_no_other() -> None:
    desk = await a_desk_in_session(LAST_OCTOBER)

    assert (await foreseen(desk, TEXT)).takes_unit
    granted(await send_content(desk.ports, AGENT, TEXT))
    assert not (await foreseen(desk, FILE)).takes_unit


async def test_asking_again_and_again_takes_nothing() -> None:
    desk = await a_desk_in_session()
    await day_begun(desk)
    await desk.given(replace(await desk.channel(), messaging_limit=2))

    for _ in range(10):
        assert await foreseen(desk, HELLO_ANA) == Foreseen(takes_unit=True)

    assert len(await desk.entries()) == 1


async def test_what_was_sent_under_its_key_already_would_cost_nothing_again() -> None:
    desk = await a_desk_in_session()
    desk.later(DAY)
    keyed = replace(HELLO_ANA, idempotency_key=KEY)
    assert (await foreseen(desk, keyed)).takes_unit

    message = await sent(desk, keyed)
    await used_up(desk)

    assert isinstance(message, Message)
    assert await foreseen(desk, keyed) == Foreseen()


async def test_a_session_that_is_closed_names_the_templates_that_would_work() -> None:
    desk = await a_desk_in_session()
    desk.later(DAY)
    await desk.given(a_template(TemplateId(an_id(51)), name="paused", status=TemplateStatus.PAUSED))

    refusal = await as_foreseen(desk, TEXT)

    assert getattr(refusal, "templates", None) == (TEMPLATE,)
    assert getattr(refusal, "closed_at", None) == NOON - HOUR + DAY


async def test_a_pause_that_would_hold_it_back_is_foreseen_and_no_other() -> None:
    desk = await a_desk_in_session()
    assert (await preflight(desk.ports, AGENT, TEXT)).not_before is None

    await desk.given(replace(a_pace(), not_before=NOON + HOUR, templates_not_before=NOON + DAY))
    assert (await preflight(desk.ports, AGENT, TEXT)).not_before == NOON + HOUR
    assert (await preflight(desk.ports, AGENT, HELLO_ANA)).not_before == NOON + DAY

    await desk.given(a_pace(), replace(await desk.thread(), pair_next_at=NOON + PAIR_BURST * PAIR_EVERY))
    assert (await preflight(desk.ports, AGENT, TEXT)).not_before == NOON + PAIR_EVERY
    assert (await preflight(desk.ports, AGENT, TO_BEN)).not_before is None
