"""Sending again, taking back, and saying what became of it: what a person does about a message on its way out."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.channels.channels import ChannelState
from domain.channels.templates import TemplateStatus
from domain.conversations.contents import MediaMessage, RemovalReason, Removed, TemplateMessage
from domain.conversations.messages import Message
from domain.conversations.status import SAID_NOT_SENT, SENT_AFTER_ALL, AttemptOutcome, Failure, MessageStatus
from domain.error_codes import ErrorCode
from domain.errors import SessionClosed
from domain.events import MessageStatusChanged, QuotaChanged
from domain.files.media import MediaState
from domain.ids import MediaId, MessageId, TemplateId, Wamid
from domain.outbound.outbox import OutboxItem
from domain.people.actors import Actor, Role, Scope
from domain.ports.network import NotSent, Outgoing, Rejected, Unanswered
from domain.use_cases.outbound.cancel import CANCELLED, cancel
from domain.use_cases.outbound.leaving.dispatch import dispatch
from domain.use_cases.outbound.react import React, react
from domain.use_cases.outbound.retry import Retry, retry
from domain.use_cases.outbound.settle import Settle, settle
from tests.builders import ACME, DAY, HOUR, MINUTE, NOON, a_media, a_template, an_id, an_organization
from tests.domain.one_desk import (
    AGENT,
    MAY_WORK,
    READER,
    Desk,
    a_key_for,
    a_user_as,
    granted,
    open_desk,
    refusal_of,
    refused_as,
)
from tests.domain.standins import wamid_number

QUEUED, UNKNOWN, SENT = MessageStatus.QUEUED, MessageStatus.UNKNOWN, MessageStatus.SENT
FAILED, DELIVERED, READ = MessageStatus.FAILED, MessageStatus.DELIVERED, MessageStatus.READ
BUSY = Rejected(131016, "Come back later.")
BLOCKED = Rejected(130403, "You blocked them.")  # a person unblocks them, and it can go
NO_ANSWER = Unanswered("no answer in 12 s")
MAY_NOT = [READER, a_key_for(Scope.TICKETS)]


@pytest.fixture
async def desk() -> Desk:
    """A contact wrote at noon; it is noon still."""
    desk = await open_desk()
    await desk.wrote()
    return desk


async def that_failed(desk: Desk, answer: Rejected = BLOCKED) -> Message:
    desk.network.answers.append(answer)
    return await desk.dispatch(await desk.reply())


async def that_nobody_knows_of(desk: Desk) -> Message:
    desk.network.answers.append(NO_ANSWER)
    return await desk.dispatch(await desk.reply())


async def again(desk: Desk, message: Message, key: str | None = None, by: Actor = AGENT) -> Message:
    return granted(await retry(desk.ports, by, Retry(message.id, key)))


async def statuses(desk: Desk, message: Message) -> list[tuple[MessageStatus, int | None]]:
    return [(each.status, each.attempt) for each in await desk.marks(message)]


async def a_template_outside_a_session(desk: Desk) -> Message:
    """It took one conversation of the month."""
    desk.later(DAY)
    return await desk.reply_with_template()


# Sent again


async def test_a_failed_message_goes_again_as_itself(desk: Desk) -> None:
    failed = await that_failed(desk)
    head = await desk.head()

    queued = await again(desk, failed)

    assert (queued.id, queued.status, queued.failure) == (failed.id, QUEUED, None)
    assert await desk.events(head) == [MessageStatusChanged(failed.thread, failed.id, QUEUED)]
    sent = await desk.dispatch(queued)
    assert [(each.number, each.outcome) for each in sent.attempts] == [
        (1, AttemptOutcome.REFUSED),
        (2, AttemptOutcome.ACCEPTED),
    ]
    assert [each.callback for each in desk.network.sent] == [f"dk1:{sent.id}:1", f"dk1:{sent.id}:2"]
    assert await statuses(desk, sent) == [(QUEUED, 1), (FAILED, 1), (QUEUED, 2), (SENT, 2)]
    assert len(await desk.messages()) == 2, "it made no second message"


async def test_what_failed_after_the_network_took_it_goes_again_under_a_new_network_id(desk: Desk) -> None:
    sent = await desk.dispatch(await desk.reply())
    why = Failure("The network is busy", "Try again.", retryable=True, code=131000)
    await desk.receive(desk.status(FAILED, wamid=wamid_number(1), failure=why))

    after = await desk.dispatch(await again(desk, sent))

    assert (after.status, after.wamid) == (SENT, wamid_number(2))
    assert [each.wamid for each in after.attempts] == [wamid_number(1), wamid_number(2)]


async def test_a_late_failure_of_the_first_attempt_does_not_touch_the_second(desk: Desk) -> None:
    sent = await desk.dispatch(await desk.reply())
    why = Failure("The network is busy", "Try again.", retryable=True, code=131000)
    await desk.receive(desk.status(FAILED, wamid=wamid_number(1), failure=why))
    await again(desk, sent)

    await desk.receive(desk.status(FAILED, wamid=wamid_number(1), callback=f"dk1:{sent.id}:1", failure=why))

    assert (await desk.message_by_id(sent.id)).status is QUEUED
    assert (await desk.dispatch(sent)).status is SENT


@pytest.mark.parametrize("status", [DELIVERED, READ])
async def test_a_first_attempt_that_arrived_all_the_same_cancels_the_second(desk: Desk, status: MessageStatus) -> None:
    failed = await that_failed(desk)
    await again(desk, failed)

    await desk.receive(desk.status(status, wamid=Wamid("wamid.1"), callback=f"dk1:{failed.id}:1"))

    assert (await desk.message_by_id(failed.id)).status is status
    assert (await desk.dispatch_due(), len(desk.network.sent)) == ([], 1)


async def test_a_second_attempt_on_its_way_is_not_called_back_by_the_arrival_of_the_first(desk: Desk) -> None:
    async def the_first_arrives(outgoing: Outgoing) -> None:
        if outgoing.callback.endswith(":2"):
            await desk.receive(desk.status(DELIVERED, wamid=Wamid("wamid.1"), callback=outgoing.callback[:-1] + "1"))

    failed = await that_failed(desk)
    desk.network.meanwhile = the_first_arrives

    after = await desk.dispatch(await again(desk, failed))

    assert (after.status, len(desk.network.sent)) == (DELIVERED, 2)
    assert await desk.dispatch_due() == []


async def test_it_goes_after_what_was_queued_in_its_thread_meanwhile(desk: Desk) -> None:
    failed = await that_failed(desk)
    desk.later(MINUTE)
    newer = await desk.reply("newer")
    desk.later(MINUTE)

    await again(desk, failed)

    assert await desk.dispatch_due() == [newer.id]
    assert await desk.dispatch_due() == [failed.id]


async def test_one_that_never_got_as_far_as_an_attempt_goes_as_the_second_try(desk: Desk) -> None:
    """Its file could not be uploaded for a day, so nothing was tried."""
    await desk.given(a_media(state=MediaState.READY))
    reply = await desk.reply()
    why = Failure("The network did not take it in time", "Send it again.", retryable=True)
    failed = replace(reply, status=FAILED, failure=why, content=MediaMessage(a_media().id))
    async with desk.database.store.transaction(ACME) as tx:
        item = await tx.row(OutboxItem, reply.id)
        assert item is not None
        tx.save(failed)
        tx.remove(item)

    queued = granted(await _unwatched(desk, failed))

    assert queued.attempt == 2


async def _unwatched(desk: Desk, message: Message) -> Any:
    """For states that were made by hand, whose marks do not add up."""
    return await retry(replace(desk.ports, store=desk.database.store), AGENT, Retry(message.id))


async def test_the_same_key_sends_it_again_once(desk: Desk) -> None:
    failed = await that_failed(desk)
    desk.network.answers.append(BLOCKED)
    await desk.dispatch(await again(desk, failed, key="k1"))

    repeated = await again(desk, failed, key="k1")

    assert (repeated.status, len(desk.network.sent)) == (FAILED, 2)
    other = await that_failed(desk)
    assert refused_as(await retry(desk.ports, AGENT, Retry(other.id, "k1"))) is ErrorCode.IDEMPOTENCY_MISMATCH
    assert refused_as(await retry(desk.ports, AGENT, Retry(other.id, ""))) is ErrorCode.INVALID


# What it costs


async def test_a_refunded_template_is_paid_for_again(desk: Desk) -> None:
    message = await a_template_outside_a_session(desk)
    desk.network.answers.append(BLOCKED)
    failed = await desk.dispatch(message)
    assert (await desk.period()).used == 0
    head = await desk.head()

    await again(desk, failed)

    assert (await desk.period()).used == 1
    assert QuotaChanged() in await desk.events(head)
    desk.network.answers.append(BLOCKED)
    await desk.dispatch(message)
    assert ((await desk.period()).used, [each.refunded_at is not None for each in await desk.entries()]) == (
        0,
        [True, True],
    )


async def test_what_was_paid_for_and_not_given_back_is_not_paid_for_twice(desk: Desk) -> None:
    message = await a_template_outside_a_session(desk)
    desk.network.answers.append(NO_ANSWER)
    await desk.dispatch(message)
    granted(await settle(desk.ports, AGENT, Settle(message.id, was_sent=False)))
    assert (await desk.period()).used == 1, "a person's word gives nothing back"

    await again(desk, message)

    assert ((await desk.period()).used, len(await desk.entries())) == (1, 1)


async def test_nothing_is_sent_again_for_which_the_month_has_nothing_left(desk: Desk) -> None:
    message = await a_template_outside_a_session(desk)
    desk.network.answers.append(BLOCKED)
    failed = await desk.dispatch(message)
    await desk.given(an_organization(quota_limit=0))

    assert refused_as(await retry(desk.ports, AGENT, Retry(failed.id, "k"))) is ErrorCode.QUOTA_EXCEEDED

    await desk.given(an_organization())
    assert (await again(desk, failed, key="k")).status is QUEUED, "the key of what was refused is free"


# Not sent again


async def test_a_reply_is_not_sent_again_after_its_session(desk: Desk) -> None:
    failed = await that_failed(desk)
    desk.later(DAY)

    refusal = refusal_of(await retry(desk.ports, AGENT, Retry(failed.id)))

    assert isinstance(refusal, SessionClosed)
    assert len(refusal.templates) == 1


async def test_a_template_is_not_sent_again_once_it_must_not_be(desk: Desk) -> None:
    message = await a_template_outside_a_session(desk)
    desk.network.answers.append(BLOCKED)
    failed = await desk.dispatch(message)
    assert isinstance(failed.content, TemplateMessage)

    await desk.given(a_template(status=TemplateStatus.PAUSED))
    assert refused_as(await retry(desk.ports, AGENT, Retry(failed.id))) is ErrorCode.TEMPLATE_NOT_SENDABLE
    await desk.given(a_template())
    await desk.given(replace(await desk.contact(), opted_out_at=NOON))
    assert refused_as(await retry(desk.ports, AGENT, Retry(failed.id))) is ErrorCode.CONTACT_OPTED_OUT
    await desk.given(replace(failed, content=replace(failed.content, template=TemplateId("gone"))))
    assert refused_as(await retry(desk.ports, AGENT, Retry(failed.id))) is ErrorCode.NOT_FOUND


async def test_a_number_that_is_gone_sends_nothing_again(desk: Desk) -> None:
    failed = await that_failed(desk)
    await desk.given(replace(await desk.channel(), state=ChannelState.DISCONNECTED))

    assert refused_as(await retry(desk.ports, AGENT, Retry(failed.id))) is ErrorCode.CHANNEL_UNAVAILABLE


@pytest.mark.parametrize("file", [None, MediaState.FAILED])
async def test_a_file_that_is_gone_is_not_sent_again(desk: Desk, file: MediaState | None) -> None:
    failed = await that_failed(desk)
    await desk.given(replace(failed, content=MediaMessage(MediaId(an_id(77)))))
    if file is not None:
        await desk.given(a_media(MediaId(an_id(77)), state=file))

    assert refused_as(await retry(desk.ports, AGENT, Retry(failed.id))) is ErrorCode.INVALID


async def test_what_would_fail_again_is_not_sent_again(desk: Desk) -> None:
    failed = await that_failed(desk, Rejected(131026, "Not on WhatsApp."))

    refusal = refusal_of(await retry(desk.ports, AGENT, Retry(failed.id)))

    assert refused_as(refusal) is ErrorCode.INVALID
    assert failed.failure is not None
    assert failed.failure.hint in getattr(refusal, "message", "")
    await desk.given(replace(failed, failure=None))
    assert refused_as(await retry(desk.ports, AGENT, Retry(failed.id))) is ErrorCode.INVALID


async def test_what_is_erased_is_not_sent_again(desk: Desk) -> None:
    failed = await that_failed(desk)
    await desk.given(replace(failed, content=Removed(RemovalReason.ERASURE, NOON)))

    assert refused_as(await retry(desk.ports, AGENT, Retry(failed.id))) is ErrorCode.INVALID


async def test_only_what_failed_is_sent_again(desk: Desk) -> None:
    unknown = await that_nobody_knows_of(desk)
    queued = await desk.reply()
    assert refused_as(await retry(desk.ports, AGENT, Retry(unknown.id))) is ErrorCode.CONFLICT
    assert refused_as(await retry(desk.ports, AGENT, Retry(queued.id))) is ErrorCode.CONFLICT
    sent = await desk.dispatch(queued)
    assert refused_as(await retry(desk.ports, AGENT, Retry(sent.id))) is ErrorCode.CONFLICT


async def test_a_failed_message_waits_for_a_reaction_to_it_that_is_on_its_way(desk: Desk) -> None:
    sent = await desk.dispatch(await desk.reply())
    granted(await react(desk.ports, AGENT, React(sent.id, "👍")))
    why = Failure("The network is busy", "Try again.", retryable=True, code=131000)
    await desk.receive(desk.status(FAILED, wamid=wamid_number(1), failure=why))

    assert refused_as(await retry(desk.ports, AGENT, Retry(sent.id))) is ErrorCode.CONFLICT
    await desk.dispatch_due()
    assert (await again(desk, sent)).status is QUEUED


# Taken back


async def test_a_queued_message_is_taken_back(desk: Desk) -> None:
    message = await a_template_outside_a_session(desk)
    head = await desk.head()

    taken = granted(await cancel(desk.ports, AGENT, message.id))

    assert (taken.status, taken.failure) == (FAILED, CANCELLED)
    assert (CANCELLED.refusal, CANCELLED.retryable) == (ErrorCode.CANCELLED, False)
    assert (await desk.period()).used == 0
    assert await desk.events(head) == [MessageStatusChanged(message.thread, message.id, FAILED), QuotaChanged()]
    assert (await desk.dispatch_due(), desk.network.sent) == ([], [])


async def test_a_message_that_waits_for_its_next_try_is_taken_back_and_the_next_of_its_thread_goes(desk: Desk) -> None:
    desk.network.answers.append(NotSent("no connection"))
    first, second = await desk.reply("one"), await desk.reply("two")
    await desk.dispatch(first)

    taken = granted(await cancel(desk.ports, AGENT, first.id))

    assert (taken.status, taken.failure) == (FAILED, CANCELLED)
    assert await desk.dispatch_due() == [second.id]


async def test_taking_back_twice_is_taking_back(desk: Desk) -> None:
    message = await desk.reply()
    once = granted(await cancel(desk.ports, AGENT, message.id))
    head = await desk.head()

    assert granted(await cancel(desk.ports, AGENT, message.id)) == once
    assert await desk.events(head) == []
    assert refused_as(await retry(desk.ports, AGENT, Retry(message.id))) is ErrorCode.INVALID


async def test_what_has_left_or_is_leaving_is_not_taken_back(desk: Desk) -> None:
    refused: list[ErrorCode] = []

    async def somebody_tries(_: Outgoing) -> None:
        refused.append(refused_as(await cancel(desk.ports, AGENT, message.id)))

    desk.network.meanwhile = somebody_tries
    message = await desk.reply()
    sent = await desk.dispatch(message)

    refused.append(refused_as(await cancel(desk.ports, AGENT, message.id)))
    assert (refused, sent.status) == ([ErrorCode.CONFLICT] * 2, SENT)
    unknown = await that_nobody_knows_of(desk)
    assert refused_as(await cancel(desk.ports, AGENT, unknown.id)) is ErrorCode.CONFLICT


async def test_of_one_message_either_the_taking_back_or_the_sending_wins(desk: Desk) -> None:
    """Whichever comes first; never both."""
    first, second = await desk.reply("one"), await desk.reply("two")
    await cancel(desk.ports, AGENT, first.id)
    await dispatch(desk.ports, ACME, first.id)
    await dispatch(desk.ports, ACME, second.id)

    assert [each.callback for each in desk.network.sent] == [f"dk1:{second.id}:1"]


# Settled by a person


@pytest.mark.parametrize(("was_sent", "status", "failure"), [(True, SENT, None), (False, FAILED, SAID_NOT_SENT)])
async def test_what_nobody_knew_is_settled(
    desk: Desk, was_sent: bool, status: MessageStatus, failure: Failure | None
) -> None:
    message = await that_nobody_knows_of(desk)
    head = await desk.head()

    settled = granted(await settle(desk.ports, AGENT, Settle(message.id, was_sent)))

    assert (settled.status, settled.failure) == (status, failure)
    assert await desk.events(head) == [MessageStatusChanged(message.thread, message.id, status)]
    assert await statuses(desk, message) == [(QUEUED, 1), (UNKNOWN, 1), (status, 1)]
    assert settled.attempts[0].outcome is AttemptOutcome.UNKNOWN, "the network still has not said"


async def test_what_was_not_sent_may_be_sent_again(desk: Desk) -> None:
    message = await that_nobody_knows_of(desk)
    await settle(desk.ports, AGENT, Settle(message.id, was_sent=False))

    sent = await desk.dispatch(await again(desk, message))

    assert (sent.status, sent.attempt) == (SENT, 2)


@pytest.mark.parametrize("was_sent", [True, False])
@pytest.mark.parametrize("mark", [DELIVERED, READ])
async def test_a_later_mark_wins_over_a_persons_word(desk: Desk, was_sent: bool, mark: MessageStatus) -> None:
    message = await that_nobody_knows_of(desk)
    await settle(desk.ports, AGENT, Settle(message.id, was_sent))

    await desk.receive(desk.status(mark, wamid=Wamid("wamid.1"), callback=f"dk1:{message.id}:1"))

    after = await desk.message_by_id(message.id)
    assert (after.status, after.failure, after.wamid) == (mark, None, "wamid.1")


async def test_a_failure_that_the_network_tells_later_says_why_and_gives_back(desk: Desk) -> None:
    message = await a_template_outside_a_session(desk)
    desk.network.answers.append(NO_ANSWER)
    await desk.dispatch(message)
    await settle(desk.ports, AGENT, Settle(message.id, was_sent=False))
    why = Failure("It can't be delivered", "Reach the contact another way.", retryable=False, code=131026)

    await desk.receive(desk.status(FAILED, wamid=Wamid("wamid.1"), callback=f"dk1:{message.id}:1", failure=why))

    after = await desk.message_by_id(message.id)
    assert (after.status, after.failure, (await desk.period()).used) == (FAILED, why, 0)


async def test_what_the_network_reports_as_sent_is_not_sent_again_for_a_persons_mistake(desk: Desk) -> None:
    message = await that_nobody_knows_of(desk)
    await settle(desk.ports, AGENT, Settle(message.id, was_sent=False))

    await desk.receive(desk.status(SENT, wamid=Wamid("wamid.1"), callback=f"dk1:{message.id}:1"))

    after = await desk.message_by_id(message.id)
    assert (after.status, after.failure) == (FAILED, SENT_AFTER_ALL)
    assert refused_as(await retry(desk.ports, AGENT, Retry(message.id))) is ErrorCode.INVALID


async def test_only_what_nobody_knows_is_settled(desk: Desk) -> None:
    sent = await desk.dispatch(await desk.reply())

    for was_sent in (True, False):
        assert refused_as(await settle(desk.ports, AGENT, Settle(sent.id, was_sent))) is ErrorCode.CONFLICT


# Who, and what


@pytest.mark.parametrize("actor", MAY_NOT)
async def test_who_may_not_send_does_none_of_it(desk: Desk, actor: Actor) -> None:
    failed = await that_failed(desk)

    assert refused_as(await retry(desk.ports, actor, Retry(failed.id))) is ErrorCode.FORBIDDEN
    assert refused_as(await cancel(desk.ports, actor, failed.id)) is ErrorCode.FORBIDDEN
    assert refused_as(await settle(desk.ports, actor, Settle(failed.id, was_sent=True))) is ErrorCode.FORBIDDEN


@pytest.mark.parametrize("actor", [*MAY_WORK, a_key_for(Scope.MESSAGES)])
async def test_everybody_who_sends_may_send_again(desk: Desk, actor: Actor) -> None:
    failed = await that_failed(desk)

    assert (await again(desk, failed, by=actor)).status is QUEUED


async def test_what_is_not_here_or_was_not_sent_from_here_is_refused(desk: Desk) -> None:
    inbound = (await desk.messages())[0]
    from_the_phone = await desk.wrote_from_the_phone()
    elsewhere = a_user_as(Role.ADMIN, organization=(await desk.organization()).id)
    nowhere = MessageId(an_id(999))

    for id, code in (
        (inbound.id, ErrorCode.INVALID),
        (from_the_phone.id, ErrorCode.INVALID),
        (nowhere, ErrorCode.NOT_FOUND),
    ):
        assert refused_as(await retry(desk.ports, elsewhere, Retry(id))) is code
        assert refused_as(await cancel(desk.ports, AGENT, id)) is code
        assert refused_as(await settle(desk.ports, AGENT, Settle(id, was_sent=True))) is code


async def test_a_busy_network_is_not_a_failure_to_send_again(desk: Desk) -> None:
    held = await that_failed(desk, BUSY)

    assert (held.status, held.not_before is not None) == (QUEUED, True)
    assert refused_as(await retry(desk.ports, AGENT, Retry(held.id))) is ErrorCode.CONFLICT
    desk.later(HOUR + timedelta(0))
    assert (await desk.dispatch(held)).status is SENT
