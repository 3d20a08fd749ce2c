"""How the network stands with an account, read from its webhooks."""

import json

import pytest

from adapters.whatsapp.inbound.account_news import account_news_of
from adapters.whatsapp.inbound.updates import CloudInterpreter
from domain.channels.channels import ProblemCode
from domain.ids import BusinessAccountId, DeliveryId
from domain.ports.deliveries import Delivery
from domain.updates import MessageReceived, UpdateKey
from tests.builders import NOON

PLACE = UpdateKey(DeliveryId("d"), 0, NOON, None, BusinessAccountId("1"))


@pytest.mark.parametrize(
    ("field", "value", "problem", "words"),
    [
        (
            "account_update",
            {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "ADULT"}},
            ProblemCode.RESTRICTED,
            "WhatsApp found something that breaks its rules (adult).",
        ),
        (
            "account_update",
            {"event": "ACCOUNT_VIOLATION", "violation_info": "nonsense"},
            ProblemCode.RESTRICTED,
            "WhatsApp found something that breaks its rules.",
        ),
        (
            "account_update",
            {
                "event": "ACCOUNT_RESTRICTION",
                "restriction_info": [{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING"}, "nonsense"],
            },
            ProblemCode.RESTRICTED,
            "WhatsApp restricts what the account may send (restricted biz initiated messaging).",
        ),
        (
            "account_update",
            {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE", "waba_ban_date": "today"}},
            ProblemCode.BANNED,
            "WhatsApp has shut the account.",
        ),
        (
            "account_update",
            {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "SCHEDULE_FOR_DISABLE"}},
            ProblemCode.BANNED,
            "WhatsApp is about to shut the account.",
        ),
        (
            "phone_number_quality_update",
            {"event": "FLAGGED", "display_phone_number": "+1 555-000-1111"},
            ProblemCode.QUALITY_LOW,
            "People complain about this number or block it; WhatsApp has flagged it.",
        ),
    ],
)
def test_trouble_is_told_in_the_desks_words(
    field: str, value: dict[str, object], problem: ProblemCode, words: str
) -> None:
    news = account_news_of(PLACE, field, value)

    assert news is not None
    assert (news.problem, news.message, news.is_over) == (problem, words, False)
    assert news.phone == ("15550001111" if field == "phone_number_quality_update" else None)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        (
            "account_update",
            {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}},
            ProblemCode.BANNED,
        ),
        ("phone_number_quality_update", {"event": "UNFLAGGED"}, ProblemCode.QUALITY_LOW),
    ],
)
def test_what_is_over_is_told_as_over(field: str, value: dict[str, object], problem: ProblemCode) -> None:
    news = account_news_of(PLACE, field, value)

    assert news is not None
    assert (news.problem, news.is_over) == (problem, True)


@pytest.mark.parametrize("field", ["account_update", "phone_number_quality_update"])
@pytest.mark.parametrize("value", [{}, {"event": "UPGRADE"}, {"event": ["FLAGGED"]}, {"event": "PARTNER_ADDED"}])
def test_other_news_says_nothing_of_it(field: str, value: dict[str, object]) -> None:
    assert account_news_of(PLACE, field, value) is None


@pytest.mark.parametrize(("code", "breaks_rules"), [(368, True), ("368", True), (131051, False)])
def test_a_message_that_came_with_the_networks_mark_says_so(code: object, *, breaks_rules: bool) -> None:
    message = {"from": "15550100011", "id": "w1", "type": "unsupported", "errors": [{"code": code, "title": "No"}]}
    value = {"metadata": {"phone_number_id": "2"}, "messages": [message]}
    body = {"entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]}

    [update] = CloudInterpreter().updates(Delivery(DeliveryId("d"), NOON, json.dumps(body).encode()))

    assert isinstance(update, MessageReceived)
    assert update.breaks_rules is breaks_rules
