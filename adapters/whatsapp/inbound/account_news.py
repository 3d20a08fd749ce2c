"""How the network stands with an account or a number, read from its webhooks: flagged, restricted, shut, or well again.

A word that is not known says nothing: it never counts as the worst one. Source: WhatsApp Business Platform, webhooks
"account_update", "account_alerts", "account_review_update", "business_capability_update", "phone_number_name_update"
and "phone_number_quality_update".
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from adapters.whatsapp.inbound.reading import as_code, as_id, as_list, as_object, as_text
from adapters.whatsapp.inbound.times import instant_of
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
from domain.ids import BusinessAccountId
from domain.updates import AccountNews, UpdateKey

WORDS_LIMIT = 100  # characters of the network's own words
UPGRADED = 1000  # messages a second of a number with more throughput
REVIEW_HINT = "Ask for a review in Meta's Business Support Home."

_ISO = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(Z|[+-][0-9]{2}:?[0-9]{2})")
_TIER = re.compile(r"TIER_(?:([0-9]{1,6})(K?)|(UNLIMITED))")
_NOT_THIS = frozenset({"RESTRICTED_ADD_PHONE_NUMBER_ACTION"})
"""Restrictions of something else than sending."""

_Value = dict[str, object]


def account_news_of(place: UpdateKey, field: str, value: _Value, told_at: datetime | None = None) -> AccountNews | None:
    """What a change says of the account's health, or of one number's; None where it says nothing of it."""
    reader = _READERS.get(field)
    news = tuple(reader(value)) if reader is not None else ()
    if not news:
        return None
    shared = as_object(value.get("waba_info")) or {}
    account = as_id(shared.get("waba_id"))
    if account is not None:  # what a partner is told of another's account
        place = replace(place, account=BusinessAccountId(account))
    number = as_text(value.get("display_phone_number")) or as_text(value.get("phone_number"))
    digits = "".join(sign for sign in number or "" if sign.isdecimal())
    return AccountNews(place, news, told_at, digits or None)


# ---------------------------------------------------------------- account_update


def _account_update(value: _Value) -> Iterable[News]:
    match as_text(value.get("event")):
        case "ACCOUNT_VIOLATION":
            violation = as_object(value.get("violation_info")) or {}
            kind = _words([as_text(violation.get("violation_type"))])
            yield ProblemBegun(
                ProblemCode.POLICY_VIOLATION,
                f"WhatsApp found something that breaks its rules{kind}.",
                "Look at the case in Meta's Business Support Home, and stop what it names.",
            )
        case "ACCOUNT_RESTRICTION":
            yield from _restriction(value)
        case "DISABLED_UPDATE":
            yield from _ban(value)
        case "ACCOUNT_DELETED":
            yield ProblemBegun(
                ProblemCode.BANNED,
                "The business account was deleted at Meta.",
                "Disconnect the number, and connect it again from another account.",
            )
        case "ACCOUNT_OFFBOARDED":
            yield ProblemBegun(
                ProblemCode.NOT_REGISTERED,
                "The number was taken off the Cloud API.",
                "Disconnect the number, and connect it again.",
            )
            yield ReadAgain()
        case "ACCOUNT_RECONNECTED":
            yield ProblemEnded(ProblemCode.NOT_REGISTERED)
            yield ReadAgain()
        case "PARTNER_REMOVED" | "PARTNER_APP_UNINSTALLED":
            yield ProblemBegun(
                ProblemCode.WEBHOOK_NOT_SUBSCRIBED,
                "The account was taken away from the app: its messages do not come here any more.",
                "Give the app the account again in Meta's business settings; it is subscribed again by itself.",
            )
            yield ReadAgain()
        case "PARTNER_ADDED" | "PARTNER_APP_INSTALLED":
            yield ReadAgain()
        case "VERIFIED_ACCOUNT":
            yield Verified()
            yield ReadAgain()
        case _:
            return


def _restriction(value: _Value) -> Iterable[News]:
    """One problem of all that are named; it ends with the last of them. None named: there is none any more."""
    told = [as_object(each) or {} for each in as_list(value.get("restriction_info")) or []]
    restrictions = [each for each in told if as_text(each.get("restriction_type")) not in _NOT_THIS]
    if not restrictions:
        if not told:
            yield ProblemEnded(ProblemCode.RESTRICTED)
        return
    kinds = _words(as_text(each.get("restriction_type")) for each in restrictions)
    ends = [_end(each.get("expiration")) for each in restrictions]
    known = [end for end in ends if end is not None]
    expires_at = max(known) if len(known) == len(ends) else None
    yield ProblemBegun(
        ProblemCode.RESTRICTED,
        f"WhatsApp restricts what the account may send{kinds}.",
        "Wait until it ends, or ask for a review in Meta's Business Support Home.",
        expires_at,
    )


def _ban(value: _Value) -> Iterable[News]:
    match as_text((as_object(value.get("ban_info")) or {}).get("waba_ban_state")):
        case "REINSTATE":
            yield ProblemEnded(ProblemCode.BANNED)
            yield ProblemEnded(ProblemCode.POLICY_VIOLATION)
            yield ReadAgain()
        case "DISABLE":
            yield ProblemBegun(ProblemCode.BANNED, "WhatsApp has shut the account.", REVIEW_HINT)
        case "SCHEDULE_FOR_DISABLE":
            yield ProblemBegun(ProblemCode.POLICY_VIOLATION, "WhatsApp is about to shut the account.", REVIEW_HINT)
        case _:
            return


# ---------------------------------------------------------------- the other fields


def _review(value: _Value) -> Iterable[News]:
    match as_text(value.get("decision")):
        case "REJECTED":
            yield ProblemBegun(
                ProblemCode.ACCOUNT_LOCKED, "WhatsApp's review has turned the business account down.", REVIEW_HINT
            )
        case "APPROVED":
            yield ProblemEnded(ProblemCode.ACCOUNT_LOCKED)
        case _:
            return


def _alert(value: _Value) -> Iterable[News]:
    """Only what is critical is a problem; the rest is about badges, pictures and limits that were asked for."""
    alert = as_object(value.get("alert_info")) or {}
    kind, status = as_text(alert.get("alert_type")), as_text(alert.get("alert_status"))
    if as_text(alert.get("alert_severity")) == "CRITICAL" and status in ("ACTIVE", None):
        said = as_text(alert.get("alert_description"))
        message = f"WhatsApp warns of the account{_words([kind])}."
        hint = f"WhatsApp said: {said[:WORDS_LIMIT]}" if said else REVIEW_HINT
        yield ProblemBegun(ProblemCode.POLICY_VIOLATION, message, hint)


def _capability(value: _Value) -> Iterable[News]:
    """-1 is as many as one likes."""
    for name in (
        "max_daily_conversations_per_business",
        "max_daily_conversation_per_business",
        "max_daily_conversation_per_phone",
    ):
        told = as_text(value.get(name))
        if told is not None and re.fullmatch(r"-1|[0-9]{1,9}", told):
            yield LimitTold(None if told == "-1" else int(told))
            return


def _name(value: _Value) -> Iterable[News]:
    match as_text(value.get("decision")):
        case "REJECTED" | "DECLINED":
            reason = as_text(value.get("rejection_reason"))
            why = _words([reason]) if reason != "NONE" else ""
            yield ProblemBegun(
                ProblemCode.DISPLAY_NAME_REJECTED,
                f"WhatsApp has turned the display name down{why}.",
                "Ask for another name in the number's profile: one that fits the business.",
            )
        case "APPROVED":
            yield ProblemEnded(ProblemCode.DISPLAY_NAME_REJECTED)
            yield ReadAgain()
        case _:
            return


def _quality(value: _Value) -> Iterable[News]:
    event = as_text(value.get("event"))
    match event:
        case "FLAGGED":
            message = "People complain about this number or block it; WhatsApp has flagged it."
            hint = "Send fewer and better chosen templates until the flag is gone."
            yield ProblemBegun(ProblemCode.QUALITY_LOW, message, hint)
            yield ReadAgain()
        case "UNFLAGGED":
            yield ProblemEnded(ProblemCode.QUALITY_LOW)
            yield ReadAgain()
        case "THROUGHPUT_UPGRADE":
            yield ThroughputTold(UPGRADED)
        case _:
            pass
    tier = _TIER.fullmatch(as_text(value.get("current_limit")) or "")
    per_business = as_code(value.get("max_daily_conversations_per_business"))
    if per_business is not None:
        yield LimitTold(per_business)
    elif tier is not None and event != "THROUGHPUT_UPGRADE":
        yield LimitTold(int(tier[1]) * (1000 if tier[2] else 1) if tier[1] else None)


_READERS: dict[str, Callable[[_Value], Iterable[News]]] = {
    "account_update": _account_update,
    "account_alerts": _alert,
    "account_review_update": _review,
    "business_capability_update": _capability,
    "phone_number_name_update": _name,
    "phone_number_quality_update": _quality,
}
FIELDS = frozenset(_READERS)


def _end(value: object) -> datetime | None:
    """An instant in seconds, or written out."""
    text = as_text(value)
    written = _ISO.fullmatch(text or "")
    if written is None:
        return instant_of(value)
    try:
        return datetime.fromisoformat(f"{written[1]}{written[2]}")
    except ValueError:
        return None


def _words(kinds: Iterable[str | None]) -> str:
    words = ", ".join(kind.replace("_", " ").lower() for kind in kinds if kind)
    return f" ({words[:WORDS_LIMIT]})" if words else ""
