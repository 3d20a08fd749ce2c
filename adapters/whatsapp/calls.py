"""What one answer of the Graph API means for the call it answers: done, refused, or nobody knows."""

import re
from dataclasses import dataclass

import httpx

from adapters.whatsapp.inbound.people import scoped_id_of, wa_id_of
from adapters.whatsapp.inbound.reading import as_code, as_id, as_list, as_object, as_text, read_json
from domain.ids import Wamid
from domain.outbound.failures import refuses_for_certain
from domain.ports.network import (
    Accepted,
    Failed,
    Rejected,
    Unanswered,
    Unreadable,
)

OK = 200
MAX_RETRY_AFTER_S = 7 * 24 * 3600.0
MESSAGE_LIMIT = 500  # characters of the network's words
TOKEN_INVALID = 190
CONTROL = re.compile(r"[\x00-\x20\x7f]")  # Python leaves some of them out of an address without a word


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: dict[str, object] | None  # None: not a JSON object
    retry_after_s: float | None

    @property
    def is_success(self) -> bool:
        return 200 <= self.status <= 299


def refusal_in(answer: Answer, token: str) -> Rejected | Unanswered | None:
    """What speaks against success; None for a 2xx with a JSON object that is no error."""
    error = as_object(answer.body.get("error")) if answer.body is not None else None
    if error is None:
        if answer.is_success and answer.body is not None:
            return None
        return foreign_answer(answer.status)
    code = as_code(error.get("code"))
    is_refused = 400 <= answer.status <= 499 or refuses_for_certain(code)
    said = words_of(error, token)
    if not is_refused:
        return Unanswered(f"The network had trouble of its own ({answer.status}, code {code}): {said}")
    return Rejected(code, said, answer.retry_after_s, as_code(error.get("error_subcode")))


def done_or_failed(answer: Answer | Failed, token: str) -> Failed | None:
    if not isinstance(answer, Answer):
        return answer
    if refusal := refusal_in(answer, token):
        return refusal
    return None if (answer.body or {}).get("success") in (True, "true") else foreign_answer()


def accepted_or_not(body: dict[str, object], recipient: str) -> Accepted | Unanswered:
    message = as_object(next(iter(as_list(body.get("messages")) or []), None)) or {}
    contact = as_object(next(iter(as_list(body.get("contacts")) or []), None)) or {}
    wamid = as_id(message.get("id"))
    typed = as_text(contact.get("input"))
    if wamid is None or (typed is not None and _bare(typed) != _bare(recipient)):
        return Unanswered("The network's answer does not name the message.")
    return Accepted(Wamid(wamid), wa_id_of(as_id(contact.get("wa_id"))), scoped_id_of(as_id(contact.get("user_id"))))


def _bare(recipient: str) -> str:
    """A recipient without what is only there to be read."""
    return re.sub(r"[+\s()-]", "", recipient)


def words_of(error: dict[str, object], token: str) -> str:
    data = as_object(error.get("error_data")) or {}
    reasons = (data.get("details"), error.get("message"), error.get("error_user_msg"))
    words = next((text for part in reasons if (text := as_text(part))), "no reason given")
    return words.replace(token, "…")[:MESSAGE_LIMIT]


def bad_token() -> Rejected:
    return Rejected(TOKEN_INVALID, "The access token holds characters that no token has.")


def foreign_answer(status: int | None = None) -> Unanswered:
    code = f" ({status})" if status is not None else ""
    return Unanswered(f"The answer{code} is not one of the network's.")


def json_object(content: bytes) -> dict[str, object] | None:
    try:
        return as_object(read_json(content))
    except Unreadable:
        return None


def retry_after_s(headers: httpx.Headers) -> float | None:
    """The longest pause that the network asks for. Usage tells it in minutes."""
    waits = [as_code(headers.get("Retry-After")) or 0, *(60 * minutes for minutes in minutes_to_regain_access(headers))]
    longest = float(max(waits))
    return min(longest, MAX_RETRY_AFTER_S) if longest > 0 else None


def minutes_to_regain_access(headers: httpx.Headers) -> list[int]:
    usage = json_object(headers.get("X-Business-Use-Case-Usage", "").encode()) or {}
    rows = [as_object(row) or {} for listed in usage.values() for row in as_list(listed) or []]
    return [as_code(row.get("estimated_time_to_regain_access")) or 0 for row in rows]
