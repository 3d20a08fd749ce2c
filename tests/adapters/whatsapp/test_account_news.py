"""How the network stands with an account, read from its webhooks."""

import json
from datetime import UTC, datetime

import pytest

from adapters.whatsapp.inbound.account_news import account_news_of
from adapters.whatsapp.inbound.updates import CloudInterpreter
from domain.channels.channels import ProblemCode
from domain.channels.health.account_news import (
    LimitTold,
    News,
    ProblemBegun,
    ProblemEnded,
    ReadAgain,
    ThroughputTold,
    Verified,
)
from domain.ids import BusinessAccountId, DeliveryId
from domain.ports.deliveries import Delivery
from domain.updates import MessageReceived, UpdateKey
from tests.builders import NOON

PLACE = UpdateKey(DeliveryId("d"), 0, NOON, None, BusinessAccountId("1"))


UNTIL = datetime(2026, 11, 27, 12, tzinfo=UTC)
SENDS = "RESTRICTED_BIZ_INITIATED_MESSAGING"


def restricted(*kinds: str, expiration: object = None) -> dict[str, object]:
    told = [{"restriction_type": kind, "expiration": expiration} for kind in kinds]
    return {"event": "ACCOUNT_RESTRICTION", "restriction_info": told}


def ban(state: object) -> dict[str, object]:
    return {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": state, "waba_ban_date": "today"}}


def alert(severity: str, status: str | None, description: str | None = None) -> dict[str, object]:
    told = {"alert_severity": severity, "alert_status": status, "alert_type": "SOME_ALERT"}
    return {"entity_type": "BUSINESS", "alert_info": told | {"alert_description": description}}


BEGINS: list[tuple[str, dict[str, object], ProblemCode, str]] = [
    (
        "account_update",
        {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "ADULT"}},
        ProblemCode.POLICY_VIOLATION,
        "WhatsApp found something that breaks its rules (adult).",
    ),
    (
        "account_update",
        {"event": "ACCOUNT_VIOLATION", "violation_info": "nonsense"},
        ProblemCode.POLICY_VIOLATION,
        "WhatsApp found something that breaks its rules.",
    ),
    (
        "account_update",
        restricted(SENDS),
        ProblemCode.RESTRICTED,
        "WhatsApp restricts what the account may send (restricted biz initiated messaging).",
    ),
    ("account_update", ban("DISABLE"), ProblemCode.BANNED, "WhatsApp has shut the account."),
    (
        "account_update",
        ban("SCHEDULE_FOR_DISABLE"),
        ProblemCode.POLICY_VIOLATION,
        "WhatsApp is about to shut the account.",
    ),
    (
        "account_update",
        {"event": "ACCOUNT_DELETED"},
        ProblemCode.BANNED,
        "The business account was deleted at Meta.",
    ),
    (
        "account_update",
        {"event": "ACCOUNT_OFFBOARDED"},
        ProblemCode.NOT_REGISTERED,
        "The number was taken off the Cloud API.",
    ),
    (
        "account_update",
        {"event": "PARTNER_REMOVED"},
        ProblemCode.WEBHOOK_NOT_SUBSCRIBED,
        "The account was taken away from the app: its messages do not come here any more.",
    ),
    (
        "account_review_update",
        {"decision": "REJECTED"},
        ProblemCode.ACCOUNT_LOCKED,
        "WhatsApp's review has turned the business account down.",
    ),
    (
        "account_alerts",
        alert("CRITICAL", "ACTIVE"),
        ProblemCode.POLICY_VIOLATION,
        "WhatsApp warns of the account (some alert).",
    ),
    (
        "phone_number_name_update",
        {"decision": "REJECTED", "rejection_reason": "NAME_EMPLOYEE_ISSUE", "display_phone_number": "+1 555-000-1111"},
        ProblemCode.DISPLAY_NAME_REJECTED,
        "WhatsApp has turned the display name down (name employee issue).",
    ),
    (
        "phone_number_name_update",
        {"decision": "REJECTED", "rejection_reason": "NONE"},
        ProblemCode.DISPLAY_NAME_REJECTED,
        "WhatsApp has turned the display name down.",
    ),
    (
        "phone_number_quality_update",
        {"event": "FLAGGED", "display_phone_number": "+1 555-000-1111"},
        ProblemCode.QUALITY_LOW,
        "People complain about this number or block it; WhatsApp has flagged it.",
    ),
]


@pytest.mark.parametrize(("field", "value", "problem", "words"), BEGINS)
def test_trouble_is_told_in_the_desks_words(
    field: str, value: dict[str, object], problem: ProblemCode, words: str
) -> None:
    news = account_news_of(PLACE, field, value, NOON)

    assert news is not None
    first = news.news[0]
    assert isinstance(first, ProblemBegun)
    assert (first.code, first.message, first.hint.endswith("."), news.told_at) == (problem, words, True, NOON)
    assert words.endswith("."), "as every problem's"
    assert news.phone == ("15550001111" if "display_phone_number" in value else None)


def test_what_whatsapp_says_of_an_alert_is_quoted() -> None:
    news = account_news_of(PLACE, "account_alerts", alert("CRITICAL", None, "Mend it."))

    assert news is not None
    assert [each.hint for each in news.news if isinstance(each, ProblemBegun)] == ["WhatsApp said: Mend it."]


@pytest.mark.parametrize(
    ("expirations", "until"),
    [
        ([1795780800], UNTIL),
        (["1795780800"], UNTIL),
        (["2026-11-27T12:00:00+0000"], UNTIL),
        (["2026-11-27T13:00:00+01:00"], UNTIL),
        (["2026-11-26T12:00:00+0000", 1795780800], UNTIL),
        ([1795780800, None], None),
        (["2026-13-27T12:00:00+0000"], None),
        (["next week"], None),
    ],
)
def test_a_restriction_ends_with_the_last_of_those_named(expirations: list[object], until: datetime | None) -> None:
    told = [{"restriction_type": SENDS, "expiration": each} for each in expirations]
    news = account_news_of(PLACE, "account_update", {"event": "ACCOUNT_RESTRICTION", "restriction_info": told})

    assert news is not None
    assert [each.expires_at for each in news.news if isinstance(each, ProblemBegun)] == [until]


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("account_update", ban("REINSTATE"), ProblemCode.BANNED),
        ("account_update", restricted(), ProblemCode.RESTRICTED),
        ("account_update", {"event": "ACCOUNT_RECONNECTED"}, ProblemCode.NOT_REGISTERED),
        ("account_review_update", {"decision": "APPROVED"}, ProblemCode.ACCOUNT_LOCKED),
        ("phone_number_name_update", {"decision": "APPROVED"}, ProblemCode.DISPLAY_NAME_REJECTED),
        ("phone_number_quality_update", {"event": "UNFLAGGED"}, ProblemCode.QUALITY_LOW),
    ],
)
def test_what_is_over_is_told_as_over(field: str, value: dict[str, object], problem: ProblemCode) -> None:
    news = account_news_of(PLACE, field, value)

    assert news is not None
    assert news.news[0] == ProblemEnded(problem)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        (
            "phone_number_quality_update",
            {"event": "THROUGHPUT_UPGRADE", "current_limit": "TIER_UNLIMITED"},
            (ThroughputTold(1000),),
        ),
        ("phone_number_quality_update", {"event": "UPGRADE", "current_limit": "TIER_10K"}, (LimitTold(10_000),)),
        ("phone_number_quality_update", {"event": "DOWNGRADE", "current_limit": "TIER_250"}, (LimitTold(250),)),
        ("phone_number_quality_update", {"event": "ONBOARDING", "current_limit": "TIER_UNLIMITED"}, (LimitTold(None),)),
        (
            "phone_number_quality_update",
            {"event": "UPGRADE", "current_limit": "TIER_NEW", "max_daily_conversations_per_business": 2000},
            (LimitTold(2000),),
        ),
        ("business_capability_update", {"max_daily_conversations_per_business": 2000}, (LimitTold(2000),)),
        ("business_capability_update", {"max_daily_conversation_per_phone": "250"}, (LimitTold(250),)),
        ("business_capability_update", {"max_daily_conversation_per_phone": -1}, (LimitTold(None),)),
        (
            "account_update",
            {"event": "VERIFIED_ACCOUNT", "phone_number": "15550001111"},
            (Verified(), ReadAgain()),
        ),
        ("account_update", {"event": "PARTNER_APP_INSTALLED"}, (ReadAgain(),)),
    ],
)
def test_figures_are_told(field: str, value: dict[str, object], told: tuple[News, ...]) -> None:
    news = account_news_of(PLACE, field, value)

    assert news is not None
    assert news.news == told


def test_what_a_partner_is_told_of_an_account_is_that_accounts() -> None:
    news = account_news_of(PLACE, "account_update", {"event": "PARTNER_REMOVED", "waba_info": {"waba_id": "77"}})

    assert news is not None
    assert news.place.account == "77"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            (field, value)
            for field in ("account_update", "phone_number_quality_update", "account_review_update", "account_alerts")
            for value in (dict[str, object](), {"event": "UPGRADE"}, {"event": ["FLAGGED"]}, {"event": "NEW_EVENT"})
        ),
        ("account_update", ban("SOMETHING_NEW")),
        ("account_update", {"event": "DISABLED_UPDATE", "ban_info": "nonsense"}),
        ("account_update", restricted("RESTRICTED_ADD_PHONE_NUMBER_ACTION")),
        ("account_review_update", {"decision": "PENDING"}),
        ("account_alerts", alert("WARNING", "ACTIVE")),
        ("account_alerts", alert("CRITICAL", "NONE")),
        ("phone_number_name_update", {"decision": "DEFERRED"}),
        ("business_capability_update", {"max_daily_conversations_per_business": "many"}),
        ("phone_number_quality_update", {"event": "UPGRADE", "current_limit": "TIER_NEW"}),
        ("security", {"event": "PIN_CHANGED"}),
    ],
)
def test_a_word_that_is_not_known_says_nothing(field: str, value: dict[str, object]) -> None:
    assert account_news_of(PLACE, field, value) is None


@pytest.mark.parametrize(("code", "breaks_rules"), [(368, True), ("368", True), (131051, False)])
def test_a_message_that_came_with_the_networks_mark_says_so(code: object, *, breaks_rules: bool) -> None:
    message = {"from": "15550100011", "id": "w1", "type": "unsupported", "errors": [{"code": code, "title": "No"}]}
    value = {"metadata": {"phone_number_id": "2"}, "messages": [message]}
    body = {"entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]}

    [update] = CloudInterpreter().updates(Delivery(DeliveryId("d"), NOON, json.dumps(body).encode()))

    assert isinstance(update, MessageReceived)
    assert update.breaks_rules is breaks_rules
