"""What a refusal of the network means: what to do with the message, and what to tell a person.

Decided by the code alone; titles and HTTP statuses differ between the network's own pages.
Source: WhatsApp Business Platform, "Error codes".
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.channels.channels import ProblemCode
from domain.channels.health.cannot_send import problem_in
from domain.conversations.status import Failure

SAID_LIMIT = 300  # characters of the network's own words in a hint

SEALED = Failure(
    "The access token can't be opened",
    "Its encryption key is gone: have it put back, or disconnect the number and connect it again.",
    retryable=True,
)
"""Ours, not the network's: a key was removed before all it had sealed was sealed anew."""


class Remedy(StrEnum):
    """What becomes of a message that was refused when it was to leave."""

    FAIL = "FAIL"  # it ends here
    LATER = "LATER"  # it goes back into the queue, and slower
    CHANNEL = "CHANNEL"  # the number can't send at all: the channel is degraded, its queue held, nothing failed


@dataclass(frozen=True, slots=True)
class Verdict:
    remedy: Remedy
    failure: Failure
    problem: ProblemCode | None = None  # of the number; there where the remedy is CHANNEL


def verdict(code: int | None, message: str | None) -> Verdict:
    """What a code means. `message` is what the network said; it is quoted where the code alone does not tell enough."""
    meaning = _meaning(code)
    if meaning is None:
        hint = _quoting("The network gave a reason this system does not know. Look at the message once more.", message)
        return Verdict(Remedy.FAIL, Failure("The network refused it", hint, retryable=False, code=code))
    hint = _quoting(meaning.hint, message) if meaning.quotes else meaning.hint
    failure = Failure(meaning.title, hint, retryable=meaning.retryable, code=code)
    return Verdict(meaning.remedy, failure, problem_in(code))


def refuses_for_certain(code: int | None) -> bool:
    """Whether this code proves that nothing was sent, even where it comes as the network's own trouble (5xx).

    Any other code of such an answer leaves open whether the message went, so that it must not be sent again.
    """
    if code is None:
        return False
    is_listed = code in _RATE_LIMITS or code in _SURE_REFUSALS or 132000 <= code <= 132999
    return is_listed or problem_in(code) is not None


@dataclass(frozen=True, slots=True)
class _Meaning:
    remedy: Remedy
    title: str
    hint: str
    retryable: bool
    quotes: bool = False


def _meaning(code: int | None) -> _Meaning | None:
    if code is None:
        return None
    return _meaning_of_access(code) or _MEANINGS.get(code)


def _meaning_of_access(code: int) -> _Meaning | None:
    match problem_in(code):
        case ProblemCode.TOKEN_INVALID:
            return _channel("The access token is no longer accepted", "Give the number a new access token.")
        case ProblemCode.PERMISSION_MISSING:
            return _channel(
                "A permission is missing",
                "Give the app the permissions to manage and to send WhatsApp messages, then the number a new token.",
            )
        case _:
            return None


def _quoting(hint: str, message: str | None) -> str:
    said = (message or "").strip()
    if not said:
        return hint
    cut = said if len(said) <= SAID_LIMIT else f"{said[:SAID_LIMIT]}…"
    return f"{hint} The network said: {cut}"


def _channel(title: str, hint: str) -> _Meaning:
    return _Meaning(Remedy.CHANNEL, title, hint, retryable=True)


def _later(title: str, hint: str) -> _Meaning:
    return _Meaning(Remedy.LATER, title, hint, retryable=True)


def _fixable(title: str, hint: str) -> _Meaning:
    """Somebody must act first; then the same message may go."""
    return _Meaning(Remedy.FAIL, title, hint, retryable=True)


def _final(title: str, hint: str, *, quotes: bool = False) -> _Meaning:
    return _Meaning(Remedy.FAIL, title, hint, retryable=False, quotes=quotes)


_RATE_LIMITS = frozenset({4, 80007, 130429, 131056})
_SURE_REFUSALS = frozenset({100, 131008, 131009, 131026, 131047, 131051})

REGISTER_AGAIN = "Disconnect the number and connect it again: that registers it."

_BUSY = _later("The network is busy", "Try again in a few minutes.")
_TOO_FAST = _later("Too many requests", "Try again in a few minutes.")
_MALFORMED = _final(
    "The network could not use the message", "Tell whoever runs this system; sending it again won't help.", quotes=True
)
_WRONG_BLANKS = _final(
    "The template's blanks do not fit", "Read the templates again, then fill in every blank anew.", quotes=True
)
_NOT_A_MARKETING_TEMPLATE = _final(
    "Not possible as a marketing message", "Choose another template, or send it as an ordinary message."
)

_MEANINGS: dict[int, _Meaning] = {
    1: _BUSY,
    2: _BUSY,
    4: _TOO_FAST,
    33: _channel("The number is not there any more", "It was deleted at Meta, or taken from the token's reach."),
    100: _MALFORMED,
    368: _channel(
        "The business account is blocked for a while",
        "Look at the violations in Meta's Business Support Home, and ask for a review there.",
    ),
    80007: _TOO_FAST,
    130403: _fixable("The contact is blocked", "Unblock the contact to write to them."),
    130429: _later("The number sends too fast", "Try again in a minute."),
    130472: _final(
        "The network keeps marketing from this contact",
        "The contact is part of an experiment. Wait until they write, or reach them another way.",
    ),
    130497: _final("Not allowed in the contact's country", "Reach the contact another way."),
    131000: _BUSY,
    131008: _MALFORMED,
    131009: _MALFORMED,
    131016: _BUSY,
    131020: _final("The group is too small", "Write to its members one by one."),
    131021: _final("A number can't write to itself", "Choose another recipient."),
    131026: _final(
        "It can't be delivered to this number",
        "The number may not be on WhatsApp, may use an old version, or may have blocked us. Reach the contact another "
        "way.",
    ),
    131030: _fixable(
        "The recipient is not on the test number's list", "Add the recipient to the list, or use another number."
    ),
    131031: _channel(
        "The business account is locked",
        "Look at the violations in Meta's Business Support Home, and ask for a review there.",
    ),
    131037: _channel(
        "The display name is not approved",
        "Ask for another display name in the number's profile, or wait for the review.",
    ),
    131041: _final("There is no such group", "Choose another recipient."),
    131042: _channel("Payment is not in order", "Give the business account a payment method that works, at Meta."),
    131043: _final("It expired before it could be delivered", "Send it anew when the contact can be reached."),
    131045: _channel("The number's registration is broken", REGISTER_AGAIN),
    131047: _final(
        "The contact has not written for 24 hours", "Use a template. Once the contact answers, anything can be sent."
    ),
    131048: _later(
        "The number is limited because of spam reports",
        "Wait some hours, and stop sending templates that people report.",
    ),
    131049: _final(
        "The network chose not to deliver it",
        "The contact gets too many marketing messages. Wait a day at least, or until they write.",
    ),
    131050: _final(
        "The contact stopped marketing messages", "Send no more marketing to them. Other messages are possible."
    ),
    131051: _final("This kind of message can't be sent", "Send it as a text."),
    131052: _final("The file could not be fetched", "Add the file anew, and send it again."),
    131053: _final("The file was not taken", "Check the file's kind and size."),
    131055: _NOT_A_MARKETING_TEMPLATE,
    131056: _later("Too many messages to this contact", "Wait a moment before the next."),
    131057: _later("The number is being upgraded", "Try again in a few minutes."),
    131059: _later("The list changed while it was read", "Read it again from its beginning."),
    131062: _final("Only possible with a phone number", "Ask the contact for their number, and write to that."),
    131063: _NOT_A_MARKETING_TEMPLATE,
    131064: _fixable(
        "The messaging limit is reached", "Check the categories of the templates, and try again in a day."
    ),
    132000: _WRONG_BLANKS,
    132001: _fixable(
        "The network has no such approved template", "Read the templates again, and choose one that is approved."
    ),
    132005: _final("The filled-in template is too long", "Use shorter values."),
    132007: _final("The template breaks the network's policy", "Choose another template."),
    132008: _WRONG_BLANKS,
    132012: _WRONG_BLANKS,
    132015: _fixable(
        "The template is paused", "The network paused it for low quality. Try again in some hours, or choose another."
    ),
    132016: _final("The template is disabled", "Choose another template."),
    132018: _WRONG_BLANKS,
    132068: _fixable("The template's flow is blocked", "Repair the flow, then try again."),
    132069: _fixable("The template's flow is throttled", "Try again in an hour."),
    133000: _later("The number is still being deregistered", "Try again in a few minutes."),
    133004: _BUSY,
    133005: _fixable("The PIN is wrong", "Give the number's two-step verification PIN."),
    133006: _channel("The number is not verified", REGISTER_AGAIN),
    133008: _later("Too many wrong PINs", "Wait as long as the network says, then give the right PIN."),
    133009: _later("The PIN was tried too fast", "Wait a moment, then give the PIN again."),
    133010: _channel("The number is not registered", REGISTER_AGAIN),
    133015: _later("The number was deleted a moment ago", "Try again in five minutes."),
    133016: _later("Registered too often", "The network allows ten times in 72 hours. Wait that long."),
    134011: _fixable("The terms for payments are not accepted", "Accept them in the business account."),
    134100: _NOT_A_MARKETING_TEMPLATE,
    134101: _later("The template is still being set up", "Try again in ten minutes."),
    134102: _NOT_A_MARKETING_TEMPLATE,
    135000: _MALFORMED,
}
