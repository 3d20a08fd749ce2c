"""Deliveries as received become updates, each handed to the organization it belongs to, exactly once."""

from dataclasses import replace
from datetime import datetime
from typing import cast

import pytest

from domain.channels.channels import Channel, Problem, ProblemCode
from domain.channels.health.problems import QUIET_FOR
from domain.claims import CLAIMS_AT_MOST
from domain.conversations.contents import Text, Unsupported
from domain.conversations.sessions import SessionState
from domain.conversations.status import MessageStatus
from domain.errors import Unavailable
from domain.events import ChannelChanged
from domain.ids import BusinessAccountId, ChannelId, DeliveryId, OrganizationId, PhoneNumberId
from domain.ports.bundle import Ports
from domain.ports.deliveries import DeliveryState
from domain.ports.directory import DirectoryEntry
from domain.ports.reads import PageAsk, ThreadAsk
from domain.updates import Ignored, IncomingMedia, MessageReceived, Update
from domain.use_cases.inbound.interpret import BATCH, NEVER_FINISHED, Interpreted, NeverFinished, interpret
from domain.use_cases.inbound.receive import receive
from tests.builders import ACCOUNT, ACME, DAY, GLOBEX, HOUR, MINUTE, NOON, NUMBER, a_channel, an_id, an_organization
from tests.domain.one_desk import ANA, Desk, in_delivery, open_desk

GLOBEX_NUMBER = PhoneNumberId("106540352242777")
GLOBEX_ACCOUNT = BusinessAccountId("102290129340777")
UNKNOWN_NUMBER = PhoneNumberId("106540352242000")


@pytest.fixture
async def desk() -> Desk:
    return await open_desk()


async def with_globex(desk: Desk, account: BusinessAccountId = GLOBEX_ACCOUNT) -> None:
    """A second organization, with a number of its own."""
    channel = a_channel(ChannelId(an_id(7)), organization=GLOBEX, phone_number_id=GLOBEX_NUMBER, account=account)
    await desk.given(an_organization(GLOBEX, name="Globex"), channel)
    async with desk.database.store.transaction(GLOBEX) as tx:
        await tx.enlist(DirectoryEntry.NUMBER, GLOBEX_NUMBER, GLOBEX_NUMBER)
        await tx.enlist(DirectoryEntry.ACCOUNT, account, account)


async def texts_of(desk: Desk, organization: OrganizationId) -> list[str]:
    state = await desk.state(organization)
    return [each.content.body for each in state.messages.values() if isinstance(each.content, Text)]


async def states(desk: Desk, *deliveries: DeliveryId) -> list[DeliveryState]:
    kept = [await desk.ports.webhook_inbox.delivery(id) for id in deliveries]
    return [each.state for each in kept if each is not None]


async def reason(desk: Desk, delivery: DeliveryId) -> str | None:
    kept = await desk.ports.webhook_inbox.delivery(delivery)
    assert kept is not None
    return kept.reason


def poisoned(update: MessageReceived) -> MessageReceived:
    """A message with a file of which nothing is known, not even its kind: a state no code foresaw."""
    return replace(update, content=IncomingMedia.__new__(IncomingMedia))


def poisoned_throughout(update: MessageReceived) -> MessageReceived:
    """One that fails even without its content: its time has no zone."""
    return replace(update, sent_at=datetime(2026, 11, 20, 12))  # noqa: DTZ001 - that is the poison


async def test_nothing_waits_and_nothing_happens(desk: Desk) -> None:
    assert await desk.interpret() == Interpreted(0, 0)


async def test_every_update_of_a_delivery_has_its_effect(desk: Desk) -> None:
    """Three messages and a mark, a reaction and something ignored in one body."""
    first = desk.message("a", wamid="wamid.a")
    delivery = await desk.deliver(
        first,
        desk.message("b"),
        desk.reaction(first.wamid),
        Ignored(desk.place(), "group"),
        desk.message("c"),
        desk.status(MessageStatus.READ, wamid=first.wamid),
    )

    done = await desk.interpret()

    assert (done.deliveries, done.updates, done.failures, done.unknown_numbers) == (1, 6, (), 0)
    assert await desk.texts() == ["a", "b", "c"]
    assert [each.emoji for each in (await desk.message_of(first.wamid)).reactions] == ["👍"]
    assert await states(desk, delivery) == [DeliveryState.INTERPRETED]


async def test_the_oldest_deliveries_are_taken_first_and_no_more_than_asked(desk: Desk) -> None:
    for text in ("a", "b", "c"):
        await desk.deliver(desk.message(text))

    assert (await desk.interpret(limit=2)).deliveries == 2
    assert await desk.texts() == ["a", "b"]
    assert (await desk.interpret(limit=2)).deliveries == 1
    assert await desk.texts() == ["a", "b", "c"]


async def test_one_body_may_carry_the_mail_of_two_organizations(desk: Desk) -> None:
    await with_globex(desk)

    delivery = await desk.deliver(
        desk.message("for Acme"), desk.message("for Globex", number=GLOBEX_NUMBER), desk.message("Acme again")
    )
    await desk.interpret()

    assert await texts_of(desk, ACME) == ["for Acme", "Acme again"]
    assert await texts_of(desk, GLOBEX) == ["for Globex"]
    assert await states(desk, delivery) == [DeliveryState.INTERPRETED]


async def test_an_update_without_a_number_belongs_to_the_only_organization_of_its_account(desk: Desk) -> None:
    await with_globex(desk)
    notice = Ignored(replace(desk.place(), number=None, account=GLOBEX_ACCOUNT), "an account notice")

    delivery = await desk.deliver(notice)
    done = await desk.interpret()

    assert done.unknown_numbers == 0
    assert (await states(desk, delivery), await reason(desk, delivery)) == (
        [DeliveryState.IGNORED],
        "an account notice",
    )
    async with desk.ports.store.transaction(GLOBEX) as tx:
        assert (await tx.recorded([f"{delivery}:0"])).keys() == {f"{delivery}:0"}


@pytest.mark.parametrize("account", [ACCOUNT, BusinessAccountId("1"), None])
async def test_an_update_that_belongs_to_nobody_for_certain_is_kept_for_the_operator(
    desk: Desk, account: BusinessAccountId | None
) -> None:
    """Two organizations share the account, or none has it."""
    await with_globex(desk, account=ACCOUNT)
    notice = Ignored(replace(desk.place(), number=None, account=account), "an account notice")

    delivery = await desk.deliver(notice)
    done = await desk.interpret()

    assert (done.deliveries, done.unknown_numbers) == (1, 0)
    assert await reason(desk, delivery) == "an account notice"
    async with desk.ports.store.transaction(ACME) as tx:
        assert await tx.recorded([f"{delivery}:0"]) == {}


# A number nobody here has


async def test_mail_for_an_unknown_number_is_a_problem_of_the_same_accounts_channels(desk: Desk) -> None:
    await with_globex(desk)
    delivery = await desk.deliver(desk.message(number=UNKNOWN_NUMBER))
    done = await desk.interpret()

    channel = await desk.channel()
    assert done.unknown_numbers == 1
    assert channel.problems == (
        Problem(
            ProblemCode.UNKNOWN_NUMBER_TRAFFIC,
            f"Messages come for the number id {UNKNOWN_NUMBER}, which is not connected.",
            "Connect that number, or take it off the business account.",
            NOON,
            expires_at=NOON + QUIET_FOR,
            told_at=NOON,
        ),
    )
    assert await desk.events() == [ChannelChanged(channel.id)]
    assert await desk.threads() == []
    assert (await desk.state(GLOBEX)).log == [], "nobody else hears of it"
    assert await states(desk, delivery) == [DeliveryState.IGNORED]
    assert await reason(desk, delivery) == f"a number nobody here has: {UNKNOWN_NUMBER}"


async def test_the_problem_is_over_once_nothing_came_for_a_week(desk: Desk) -> None:
    for _ in range(3):
        await desk.deliver(desk.message(number=UNKNOWN_NUMBER))
        await desk.interpret()
        desk.later(3 * DAY)
        await desk.look_after()
    [problem] = (await desk.channel()).problems
    assert (problem.since, problem.expires_at) == (NOON, NOON + 6 * DAY + QUIET_FOR)

    desk.later(4 * DAY)
    await desk.look_after()
    assert (await desk.channel()).problems == ()


async def test_the_problem_is_told_once_however_much_comes(desk: Desk) -> None:
    for _ in range(3):
        await desk.deliver(desk.message(number=UNKNOWN_NUMBER), desk.message(number=UNKNOWN_NUMBER))
        await desk.interpret()
        desk.later(HOUR)

    assert await desk.head() == 1
    assert [each.since for each in (await desk.channel()).problems] == [NOON]


async def test_other_channels_and_other_accounts_have_no_problem(desk: Desk) -> None:
    other = replace(a_channel(ChannelId(an_id(8)), account=BusinessAccountId("9")), phone_number_id=PhoneNumberId("9"))
    await desk.given(other)
    nobodys = desk.message(number=UNKNOWN_NUMBER)
    placeless = replace(nobodys, place=replace(nobodys.place, account=None))
    foreign = replace(nobodys, place=replace(nobodys.place, account=BusinessAccountId("nobody's")))

    await desk.deliver(placeless, foreign)
    assert (await desk.interpret()).unknown_numbers == 2
    assert await desk.head() == 0

    await desk.deliver(nobodys)
    await desk.interpret()
    told = {each.id: bool(each.problems) for each in await desk.ports.reader.all_of(Channel, ACME, "created_at")}
    assert told == {(await desk.channel()).id: True, other.id: False}


async def test_what_came_for_an_unknown_number_stays_away_after_it_was_connected(desk: Desk) -> None:
    await desk.deliver(desk.message("too early", number=UNKNOWN_NUMBER))
    await desk.interpret()
    later = desk.later(HOUR)
    await desk.given(replace(a_channel(ChannelId(an_id(9)), phone_number_id=UNKNOWN_NUMBER), connected_at=later))
    await desk.list_number(UNKNOWN_NUMBER)

    await desk.deliver(desk.message("in time", number=UNKNOWN_NUMBER))
    await desk.interpret()

    assert await desk.texts() == ["in time"]


async def test_known_and_unknown_numbers_in_one_body_do_not_disturb_each_other(desk: Desk) -> None:
    delivery = await desk.deliver(desk.message("Hello"), desk.message(number=UNKNOWN_NUMBER))

    done = await desk.interpret()

    assert done.unknown_numbers == 1
    assert await desk.texts() == ["Hello"]
    assert await states(desk, delivery) == [DeliveryState.INTERPRETED]


# What can't be read, or not be applied


async def test_a_delivery_nothing_can_be_made_of_is_kept_and_blocks_nobody(desk: Desk) -> None:
    unreadable = await desk.deliver()
    del desk.interpreter.readings[unreadable]
    good = await desk.deliver(desk.message("Hello"))

    done = await desk.interpret()

    assert (done.deliveries, done.updates) == (2, 1)
    assert await desk.texts() == ["Hello"]
    assert await states(desk, unreadable, good) == [DeliveryState.FAILED, DeliveryState.INTERPRETED]
    assert await reason(desk, unreadable) == "not a delivery of the network"


async def test_a_delivery_with_nothing_in_it_is_ignored(desk: Desk) -> None:
    empty = await desk.deliver()

    await desk.interpret()

    assert (await states(desk, empty), await reason(desk, empty)) == ([DeliveryState.IGNORED], "nothing in it")


@pytest.mark.parametrize("place", range(10))
async def test_one_poisoned_message_among_ten_stands_as_unsupported_and_nine_are_as_written(
    desk: Desk, place: int
) -> None:
    updates: list[Update] = [desk.message(f"text {number}") for number in range(10)]
    spoiled = updates[place]
    assert isinstance(spoiled, MessageReceived)
    updates[place] = replace(poisoned(spoiled), original='{"type": "poison"}')

    delivery = await desk.deliver(*updates)
    done = await desk.interpret()

    assert [(each.delivery, each.index) for each in done.failures] == [(delivery, place)]
    assert isinstance(done.failures[0].error, AttributeError)
    assert await desk.texts() == [f"text {number}" for number in range(10) if number != place]
    bad = await desk.message_of(spoiled.wamid)
    assert bad.content == Unsupported("unreadable", "This message could not be read.")
    assert bad.original == '{"type": "poison"}'
    assert await states(desk, delivery) == [DeliveryState.INTERPRETED]


async def test_what_cannot_be_applied_at_all_is_listed_as_failed_and_goes_in_after_a_fix(desk: Desk) -> None:
    good = [desk.message(text) for text in ("a", "b")]
    bad = poisoned_throughout(desk.message("c", at=NOON))
    mark = replace(desk.status(MessageStatus.READ, wamid=bad.wamid), callback=cast("str", 7))

    delivery = await desk.deliver(good[0], bad, mark, good[1])
    done = await desk.interpret()

    assert [each.index for each in done.failures] == [1, 2]
    assert await desk.texts() == ["a", "b"]
    assert await states(desk, delivery) == [DeliveryState.FAILED]
    assert await reason(desk, delivery) == "could not be applied: TypeError"

    desk.interpreter.readings[delivery][1] = in_delivery(replace(bad, sent_at=NOON), delivery, 1)
    desk.interpreter.readings[delivery][2] = in_delivery(replace(mark, callback=None), delivery, 2)
    assert await desk.ports.webhook_inbox.again([DeliveryState.FAILED]) == 1
    done = await desk.interpret()

    assert done.failures == ()
    assert sorted(await desk.texts()) == ["a", "b", "c"]
    assert await states(desk, delivery) == [DeliveryState.INTERPRETED]


async def test_a_store_that_cannot_answer_leaves_everything_waiting(desk: Desk) -> None:
    class Away:
        """A store that is away from the n-th transaction on."""

        def __init__(self, after: int) -> None:
            self.left = after
            self.due_numbers = desk.store.due_numbers
            self.due_sends_of = desk.store.due_sends_of
            self.old_sends = desk.store.old_sends
            self.lost_sends = desk.store.lost_sends
            self.due_alarms = desk.store.due_alarms
            self.due_parked = desk.store.due_parked
            self.next_due = desk.store.next_due

        def transaction(self, organization: OrganizationId, *, background: bool = False):
            if self.left == 0:
                raise Unavailable
            self.left -= 1
            return desk.store.transaction(organization, background=background)

    delivery = await desk.deliver(desk.message("a"), poisoned(desk.message("b")), desk.message("c"))
    for transactions in range(5):
        ports: Ports = replace(desk.ports, store=Away(transactions))
        with pytest.raises(Unavailable):
            await interpret(ports, await desk.ports.webhook_inbox.waiting(10))
        assert await states(desk, delivery) == [DeliveryState.WAITING]

    await desk.interpret()

    assert await desk.texts() == ["a", "c"]
    assert len(await desk.messages()) == 3


# Taken up too often


async def test_one_that_was_taken_up_three_times_without_an_end_is_set_aside_and_its_neighbours_go_on(
    desk: Desk,
) -> None:
    before = await desk.deliver(desk.message("before"))
    poison = await desk.deliver(desk.message("poison"))
    after = await desk.deliver(desk.message("after"))
    waiting = await desk.ports.webhook_inbox.waiting(10)

    claimed = [replace(each, claims=CLAIMS_AT_MOST + (each.id == poison)) for each in waiting]
    done = await interpret(desk.ports, claimed)

    assert await desk.texts() == ["before", "after"]
    assert await states(desk, before, poison, after) == [
        DeliveryState.INTERPRETED,
        DeliveryState.FAILED,
        DeliveryState.INTERPRETED,
    ]
    assert await reason(desk, poison) == NEVER_FINISHED == "was taken up 3 times and never finished"
    [told] = done.failures
    assert (told.delivery, type(told.error)) == (poison, NeverFinished)


# Again


async def test_interpreting_again_changes_nothing(desk: Desk) -> None:
    first = desk.message("a", wamid="wamid.a")
    delivery = await desk.deliver(first, desk.reaction(first.wamid), desk.message("b"))
    await desk.interpret()
    seen = await desk.state()

    for _ in range(3):
        assert await desk.ports.webhook_inbox.again([], [delivery]) == 1
        assert (await desk.interpret()).deliveries == 1

    assert await desk.state() == seen
    assert await states(desk, delivery) == [DeliveryState.INTERPRETED]


@pytest.mark.parametrize("applied", range(7))
async def test_killed_midway_it_goes_on_where_it_was_and_ends_as_if_nothing_had_happened(
    desk: Desk, applied: int
) -> None:
    """The process died after some updates were committed and before the delivery was marked as interpreted."""
    undisturbed = await open_desk()
    for each in (desk, undisturbed):
        first = each.message("a", wamid="wamid.a")
        await each.deliver(
            first,
            each.reaction(first.wamid),
            each.message("b"),
            each.status(MessageStatus.READ, wamid=first.wamid),
            Ignored(each.place(), "group"),
            each.message("c"),
        )
    [delivery] = await desk.ports.webhook_inbox.waiting(10)
    await receive(desk.ports, ACME, desk.interpreter.readings[delivery.id][:applied])

    await desk.interpret()
    await undisturbed.interpret()

    shown = [[(each.content, each.reactions) for each in await one.messages()] for one in (desk, undisturbed)]
    assert shown[0] == shown[1]
    assert await desk.events() != []
    assert len(await desk.events()) == len(await undisturbed.events())
    assert await states(desk, delivery.id) == [DeliveryState.INTERPRETED]


@pytest.mark.parametrize("outcome", [DeliveryState.IGNORED, DeliveryState.INTERPRETED])
async def test_killed_before_the_end_the_delivery_still_ends_as_what_its_updates_were(
    desk: Desk, outcome: DeliveryState
) -> None:
    """All updates were committed, and the process died before it said so of the delivery."""
    ignored = Ignored(desk.place(), "group")
    delivery = await desk.deliver(ignored if outcome is DeliveryState.IGNORED else desk.message("a"), ignored)
    await receive(desk.ports, ACME, desk.interpreter.readings[delivery])

    await desk.interpret()

    assert await states(desk, delivery) == [outcome]
    assert await reason(desk, delivery) == ("group" if outcome is DeliveryState.IGNORED else None)


async def test_the_same_body_delivered_again_is_a_delivery_of_its_own_and_doubles_nothing(desk: Desk) -> None:
    updates = [desk.message("a"), desk.message("b")]

    deliveries = [await desk.deliver(*updates) for _ in range(3)]
    await desk.interpret()

    assert await desk.texts() == ["a", "b"]
    assert await states(desk, *deliveries) == [DeliveryState.INTERPRETED] * 3


async def test_a_big_delivery_is_applied_in_order_a_batch_at_a_time(desk: Desk) -> None:
    texts = [f"{number:03d}" for number in range(BATCH + 6)]
    await desk.deliver(*(desk.message(text) for text in texts))

    done = await desk.interpret()

    assert done.updates == BATCH + 6
    assert await desk.texts() == texts
    assert len(await desk.tickets()) == 1


async def test_a_message_that_was_interpreted_opens_the_session_by_its_own_time(desk: Desk) -> None:
    """The worker was down for an hour: what counts is when the contact wrote, and when it came in."""
    await desk.deliver(desk.message(at=NOON - MINUTE))
    desk.later(HOUR)

    await desk.interpret()

    session = (await desk.thread()).session
    assert session is not None
    assert session.last_at == NOON - MINUTE
    assert (await desk.messages())[0].received_at == NOON
    assert await desk.session_state() is SessionState.OPEN


async def test_threads_of_another_organization_are_never_touched(desk: Desk) -> None:
    await with_globex(desk)
    await desk.deliver(desk.message("one", by=ANA), desk.message("two", by=ANA, number=GLOBEX_NUMBER))

    await desk.interpret()

    for organization in (ACME, GLOBEX):
        page = await desk.ports.reader.threads(organization, ThreadAsk(PageAsk(10)), NOON)
        assert [thread.organization for thread in page.rows] == [organization]
    assert NUMBER != GLOBEX_NUMBER
