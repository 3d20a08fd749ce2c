"""How the network stands with an account or a number, read from its webhooks: flagged, restricted, shut, or well again.

Source: WhatsApp Business Platform, "account_update" and "phone_number_quality_update" webhooks.
"""

from collections.abc import Iterable

from adapters.whatsapp.inbound.reading import as_list, as_object, as_text
from domain.channels.channels import ProblemCode
from domain.updates import AccountNews, UpdateKey

FIELDS = frozenset({"account_update", "phone_number_quality_update"})
WORDS_LIMIT = 100  # characters of the network's own words


def account_news_of(place: UpdateKey, field: str, value: dict[str, object]) -> AccountNews | None:
    """What a change says of the account's health, or of one number's; None where it says nothing of it."""
    event = as_text(value.get("event"))
    if field == "phone_number_quality_update":
        return _quality(place, event, as_text(value.get("display_phone_number")))
    match event:
        case "ACCOUNT_VIOLATION":
            violation = as_object(value.get("violation_info")) or {}
            kind = _words([as_text(violation.get("violation_type"))])
            message = f"WhatsApp found something that breaks its rules{kind}."
            return AccountNews(place, ProblemCode.RESTRICTED, message, "Meta's Business Support Home has the case.")
        case "ACCOUNT_RESTRICTION":
            restrictions = [as_object(each) or {} for each in as_list(value.get("restriction_info")) or []]
            kinds = _words(as_text(each.get("restriction_type")) for each in restrictions)
            message = f"WhatsApp restricts what the account may send{kinds}."
            return AccountNews(place, ProblemCode.RESTRICTED, message, "Meta's Business Support Home says until when.")
        case "DISABLED_UPDATE":
            state = as_text((as_object(value.get("ban_info")) or {}).get("waba_ban_state"))
            if state == "REINSTATE":
                return AccountNews(place, ProblemCode.BANNED, "", "", is_over=True)
            when = "is about to shut" if state == "SCHEDULE_FOR_DISABLE" else "has shut"
            message, hint = f"WhatsApp {when} the account.", "Ask for a review in Meta's Business Manager."
            return AccountNews(place, ProblemCode.BANNED, message, hint)
        case _:
            return None


def _quality(place: UpdateKey, event: str | None, number: str | None) -> AccountNews | None:
    digits = "".join(sign for sign in number or "" if sign.isdecimal()) or None
    match event:
        case "FLAGGED":
            message = "People complain about this number or block it; WhatsApp has flagged it."
            hint = "Send fewer and better chosen templates until the flag is gone."
            return AccountNews(place, ProblemCode.QUALITY_LOW, message, hint, phone=digits)
        case "UNFLAGGED":
            return AccountNews(place, ProblemCode.QUALITY_LOW, "", "", is_over=True, phone=digits)
        case _:
            return None


def _words(kinds: Iterable[str | None]) -> str:
    words = ", ".join(kind.replace("_", " ").lower() for kind in kinds if kind)
    return f" ({words[:WORDS_LIMIT]})" if words else ""
