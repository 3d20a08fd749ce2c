"""The month's conversations and the day's, as whoever asks the API meets them (S19, S20, S34 to S40, B7)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pytest

from domain.conversations.sessions import Session
from domain.ids import ChannelId, PhoneNumberId, ThreadId
from domain.people.actors import Role
from domain.use_cases.outbound.leaving.dispatch import dispatch
from schema.engine.values import ids
from tests.builders import (
    ACME,
    CHANNEL,
    DAY,
    HOUR,
    MESSAGE,
    NOON,
    TEMPLATE,
    THREAD,
    a_channel,
    a_template,
    a_thread,
    an_inbound,
    an_organization,
)
from tests.due import due_sends
from tests.schema.desk import JSON, SchemaDesk, as_role, open_desk

TICK = timedelta(microseconds=1)
SECOND_NUMBER = ChannelId("019aa000-0000-7000-8000-0000000000c2")
SECOND_THREAD = ThreadId("019aa000-0000-7000-8000-0000000000d2")
ERRORS = "userErrors { __typename code message field ... on QuotaExceededError { limit resetsAt } }"
SEND_TEMPLATE = f"""mutation($input: MessageSendTemplateInput!) {{
    messageSendTemplate(input: $input) {{ message {{ id }} {ERRORS} }} }}"""
SEND = f"mutation($input: MessageSendInput!) {{ messageSend(input: $input) {{ message {{ id }} {ERRORS} }} }}"
UPDATE = f"""mutation($input: OrganizationUpdateInput!) {{
    organizationUpdate(input: $input) {{ organization {{ timeZone subscribedOn quotaLimit }} {ERRORS} }} }}"""
QUOTA = """{ quota { limit used remaining periodStart resetsAt userInitiatedCounts
    entries { nodes { at kind refundedAt thread { id } message { id } } } } }"""


def refuse(request: httpx.Request) -> httpx.Response:
    return httpx.Response(400, json={"error": {"code": 131026, "message": "Not on WhatsApp."}})


async def a_desk(at: datetime = NOON, **organization: Any) -> SchemaDesk:
    """Two numbers of one account, a thread on each, no session open."""
    desk = await open_desk(refuse)
    desk.clock.at = at
    token = desk.ports.vault.seal(ACME, "access_token", "token")
    second = a_channel(SECOND_NUMBER, phone_number_id=PhoneNumberId("8"), access_token=token)
    await desk.given(
        an_organization(**organization),
        second,
        a_template(),
        a_thread(),
        a_thread(SECOND_THREAD, channel=SECOND_NUMBER),
    )
    return desk


async def begin(desk: SchemaDesk, thread: ThreadId = THREAD) -> JSON:
    """A template, outside of any session unless one is given."""
    input = {
        "threadId": ids.THREAD.encode(thread),
        "templateId": ids.TEMPLATE.encode(TEMPLATE),
        "parameters": [{"component": "body", "name": "1", "value": "Ana"}],
    }
    return (await desk.ask(SEND_TEMPLATE, {"input": input}))["messageSendTemplate"]


async def reply(desk: SchemaDesk, thread: ThreadId = THREAD) -> JSON:
    input = {"threadId": ids.THREAD.encode(thread), "content": {"text": {"body": "Hello"}}}
    return (await desk.ask(SEND, {"input": input}))["messageSend"]


async def opened(desk: SchemaDesk, thread: ThreadId = THREAD, channel: ChannelId = CHANNEL) -> None:
    """The contact writes now."""
    now = desk.clock.now()
    await desk.given(an_inbound(at=now), a_thread(thread, channel=channel, session=Session(now, now, MESSAGE)))


async def quota(desk: SchemaDesk) -> JSON:
    """The month, which always adds up."""
    month = (await desk.ask(QUOTA))["quota"]
    counted = [entry for entry in month["entries"]["nodes"] if entry["refundedAt"] is None]
    assert month["used"] == len(counted)
    assert month["remaining"] == max(0, month["limit"] - month["used"])
    return month


async def updated(desk: SchemaDesk, **input: object) -> JSON:
    return (await desk.ask(UPDATE, {"input": input}, as_role(Role.ADMIN)))["organizationUpdate"]


def went(*answers: JSON) -> None:
    assert [answer["userErrors"] for answer in answers] == [[]] * len(answers)


def refused(answer: JSON, code: str, limit: int, resets_at: str) -> None:
    [error] = answer["userErrors"]
    assert answer["message"] is None
    assert (error["__typename"], error["code"]) == ("QuotaExceededError", code)
    assert (error["limit"], error["resetsAt"]) == (limit, resets_at)


async def test_two_numbers_share_a_month_of_a_thousand_and_each_template_outside_a_session_is_one() -> None:
    desk = await a_desk()

    answers = [await begin(desk), await begin(desk), await begin(desk, SECOND_THREAD)]

    month = await quota(desk)
    assert (month["limit"], month["used"], month["remaining"]) == (1000, 3, 997)
    assert month["entries"]["nodes"] == [
        {
            "at": "2026-11-20T12:00:00Z",
            "kind": "BUSINESS_INITIATED",
            "refundedAt": None,
            "thread": {"id": ids.THREAD.encode(thread)},
            "message": answer["message"],
        }
        for answer, thread in zip(answers, (THREAD, THREAD, SECOND_THREAD), strict=True)
    ]


async def test_entries_are_turned_page_by_page() -> None:
    desk = await a_desk()
    messages = [(await begin(desk))["message"]["id"] for _ in range(5)]
    document = """query($after: String) { quota { entries(first: 2, after: $after) {
        nodes { message { id } } pageInfo { hasNextPage endCursor } } } }"""

    found: list[str] = []
    after: str | None = None
    for pages in count(1):
        page = (await desk.ask(document, {"after": after}))["quota"]["entries"]
        found += [node["message"]["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            assert pages == 3
            break

    assert found == messages


async def test_in_a_session_nothing_counts_since_november_2024() -> None:
    desk = await a_desk()
    await opened(desk)

    went(await reply(desk), await begin(desk))

    month = await quota(desk)
    assert (month["used"], month["userInitiatedCounts"]) == (0, False)


async def test_until_then_a_session_we_replied_in_was_one_and_each_entry_follows_the_rule_of_its_time() -> None:
    desk = await a_desk(datetime(2024, 10, 30, 12, tzinfo=UTC), subscribed_on=date(2024, 1, 1))
    await desk.given(a_channel(access_token=desk.ports.vault.seal(ACME, "access_token", "token")))
    await opened(desk)
    went(await reply(desk), await reply(desk), await reply(desk))
    assert (await quota(desk))["userInitiatedCounts"]
    await opened(desk, SECOND_THREAD, SECOND_NUMBER)
    went(await reply(desk, SECOND_THREAD))

    assert [entry["kind"] for entry in (await quota(desk))["entries"]["nodes"]] == ["USER_INITIATED"] * 2
    went(await updated(desk, quotaLimit=2))
    desk.clock.at = datetime(2024, 11, 1, tzinfo=UTC) - TICK
    await opened(desk)
    refused(await reply(desk), "QUOTA_EXCEEDED", 2, "2024-11-01T00:00:00Z")
    desk.clock.at += TICK
    went(await reply(desk))
    assert (await quota(desk))["used"] == 0


async def test_at_the_limit_only_replies_in_a_session_go_until_the_month_turns() -> None:
    desk = await a_desk(time_zone="Europe/Warsaw", quota_limit=2)
    went(await begin(desk), await begin(desk, SECOND_THREAD))

    refused(await begin(desk), "QUOTA_EXCEEDED", 2, "2026-11-30T23:00:00Z")

    await opened(desk)
    went(await reply(desk), await begin(desk))
    desk.clock.at = datetime(2026, 11, 30, 23, tzinfo=UTC)
    went(await begin(desk))
    assert (await quota(desk))["used"] == 1


async def test_what_the_network_refuses_is_given_back() -> None:
    desk = await a_desk(quota_limit=1)
    went(await begin(desk))
    [queued] = await due_sends(desk.ports.store, desk.clock.now(), 10)
    desk.clock.advance(HOUR)

    await dispatch(desk.ports, *queued)

    month = await quota(desk)
    assert (month["used"], month["entries"]["nodes"][0]["refundedAt"]) == (0, "2026-11-20T13:00:00Z")
    went(await begin(desk))


# The day of an unverified business


async def unverified(desk: SchemaDesk, *, is_verified: bool = False, limit: int | None = None) -> None:
    token = desk.ports.vault.seal(ACME, "access_token", "token")
    for channel in (
        a_channel(access_token=token, business_verified=is_verified),
        a_channel(SECOND_NUMBER, phone_number_id=PhoneNumberId("8"), access_token=token, business_verified=is_verified),
    ):
        await desk.given(replace(channel, messaging_limit=limit))


async def test_an_unverified_business_begins_fifty_in_24_hours_with_all_its_numbers_until_it_is_verified() -> None:
    desk = await a_desk()
    await unverified(desk)
    for number in range(50):
        went(await begin(desk, (THREAD, SECOND_THREAD)[number % 2]))
        desk.clock.advance(timedelta(minutes=1))

    for thread in (THREAD, SECOND_THREAD):
        refused(await begin(desk, thread), "DAILY_ALLOWANCE_EXCEEDED", 50, "2026-11-21T12:00:00Z")
    shown = (await desk.ask("{ channels { dailyAllowance { limit used resetsAt } } }"))["channels"]
    assert shown == [{"dailyAllowance": {"limit": 50, "used": 50, "resetsAt": "2026-11-21T12:00:00Z"}}] * 2
    await opened(desk)
    went(await reply(desk), await begin(desk))

    desk.clock.at = NOON + DAY - TICK
    refused(await begin(desk, SECOND_THREAD), "DAILY_ALLOWANCE_EXCEEDED", 50, "2026-11-21T12:00:00Z")
    desk.clock.at = NOON + DAY
    went(await begin(desk, SECOND_THREAD))
    refused(await begin(desk, SECOND_THREAD), "DAILY_ALLOWANCE_EXCEEDED", 50, "2026-11-21T12:01:00Z")

    await unverified(desk, is_verified=True, limit=2000)
    went(await begin(desk, SECOND_THREAD))
    shown = (await desk.ask("{ channels { dailyAllowance { limit used } health { businessVerified } } }"))["channels"]
    verified = {"dailyAllowance": {"limit": 2000, "used": 51}, "health": {"businessVerified": True}}
    assert shown == [verified] * 2


# What an administrator changes of it


async def test_a_quota_below_what_is_used_is_taken_and_holds_at_once() -> None:
    desk = await a_desk()
    for _ in range(3):
        went(await begin(desk))

    went(await updated(desk, quotaLimit=2))

    month = await quota(desk)
    assert (month["limit"], month["used"], month["remaining"]) == (2, 3, 0)
    answer = await begin(desk)
    refused(answer, "QUOTA_EXCEEDED", 2, "2026-12-01T00:00:00Z")
    assert answer["userErrors"][0]["message"] == "All 2 conversations of this month are used up."


@pytest.mark.parametrize(
    ("input", "field", "said"),
    [
        (
            {"timeZone": "Mars/Olympus"},
            "timeZone",
            "There is no time zone 'Mars/Olympus'; names are like Europe/Warsaw.",
        ),
        ({"timeZone": "localtime"}, "timeZone", "There is no time zone 'localtime'; names are like Europe/Warsaw."),
        ({"timeZone": None}, "timeZone", "There is no time zone None; names are like Europe/Warsaw."),
        ({"quotaLimit": -1}, "quotaLimit", "A quota is 0 to 2147483647 conversations a month."),
        ({"subscribedOn": "2026-11-21"}, "subscribedOn", "The subscription began between 1970-01-01 and today."),
    ],
)
async def test_what_cannot_be_is_refused_with_its_field(input: JSON, field: str, said: str) -> None:
    desk = await a_desk()

    [error] = (await updated(desk, **input))["userErrors"]

    assert (error["code"], error["field"], error["message"]) == ("INVALID", [field], said)


async def test_a_day_that_is_in_no_calendar_is_no_date() -> None:
    desk = await a_desk()

    result = await desk.run(UPDATE, {"input": {"subscribedOn": "2026-02-31"}}, as_role(Role.ADMIN))

    assert result.errors is not None
    assert "subscribedOn: This day does not exist in the calendar." in result.errors[0].message


async def test_a_subscription_of_the_31st_turns_on_the_last_day_of_shorter_months() -> None:
    desk = await a_desk(datetime(2026, 10, 31, 12, tzinfo=UTC))

    went(await updated(desk, subscribedOn="2026-01-31"))

    turns: list[str] = []
    for _ in range(6):
        turns.append((await quota(desk))["resetsAt"][:10])
        desk.clock.at = datetime.fromisoformat((await quota(desk))["resetsAt"])
    assert turns == ["2026-11-01", "2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31"]


async def test_a_new_zone_and_day_hold_from_the_next_turn_which_stays() -> None:
    desk = await a_desk()
    went(await begin(desk))

    went(await updated(desk, timeZone="Asia/Tokyo", subscribedOn="2026-01-15"))

    month = await quota(desk)
    assert (month["used"], month["periodStart"], month["resetsAt"]) == (
        1,
        "2026-11-01T00:00:00Z",
        "2026-12-01T00:00:00Z",
    )
    desk.clock.at = datetime(2026, 12, 1, tzinfo=UTC)
    month = await quota(desk)
    assert (month["used"], month["periodStart"], month["resetsAt"]) == (
        0,
        "2026-12-01T00:00:00Z",
        "2026-12-14T15:00:00Z",
    )
    desk.clock.at = datetime(2026, 12, 14, 15, tzinfo=UTC)
    assert (await quota(desk))["resetsAt"] == "2027-01-14T15:00:00Z"
