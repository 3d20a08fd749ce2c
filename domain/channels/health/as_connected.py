"""What is wrong with a number already when it is connected: by the words of its record that are known, and no other."""

from collections.abc import Mapping

from domain.channels.channels import ProblemCode
from domain.channels.health.account_news import ProblemBegun
from domain.channels.numbers import NumberFacts

_BY_STATUS: Mapping[str, ProblemBegun] = {
    "FLAGGED": ProblemBegun(
        ProblemCode.QUALITY_LOW,
        "People complain about this number or block it; WhatsApp has flagged it.",
        "Send fewer and better chosen templates until the flag is gone.",
    ),
    "RESTRICTED": ProblemBegun(
        ProblemCode.RESTRICTED,
        "WhatsApp restricts what the number may send.",
        "Wait until it ends, or ask for a review in Meta's Business Support Home.",
    ),
    "RATE_LIMITED": ProblemBegun(
        ProblemCode.RESTRICTED,
        "WhatsApp lets the number begin no more conversations today.",
        "Wait until tomorrow; replies in a session still go.",
    ),
}
_BY_NAME: Mapping[str, ProblemBegun] = {
    "DECLINED": ProblemBegun(
        ProblemCode.DISPLAY_NAME_REJECTED,
        "WhatsApp has turned the display name down.",
        "Ask for another name in the number's profile: one that fits the business.",
    ),
}


def wrong_with(number: NumberFacts) -> list[ProblemBegun]:
    told = (_BY_STATUS.get(number.status or ""), _BY_NAME.get(number.name_status or ""))
    return [each for each in told if each is not None]
