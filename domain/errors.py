"""Why not: every refusal a person or a program can act on, one closed union.

A refusal is a value. What is broken in us is an exception and ends at the edge.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias, assert_never

from domain.error_codes import ErrorCode
from domain.ids import TemplateId

if TYPE_CHECKING:
    from domain.files.rules import MediaRule


Field: TypeAlias = tuple[str, ...]
"""The path into the mutation's input, in the API's spelling; empty where no one field is at fault."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal that needs no more than its code and a sentence."""

    code: ErrorCode
    message: str
    field: Field = ()


@dataclass(frozen=True, slots=True)
class SessionClosed:
    """The contact has not written for 24 hours, or never (`closed_at` None)."""

    closed_at: datetime | None
    templates: tuple[TemplateId, ...] = ()  # those that would work now


@dataclass(frozen=True, slots=True)
class QuotaExceeded:
    """This month's conversations are used up, or the account's for a moving day (DAILY_ALLOWANCE_EXCEEDED)."""

    limit: int
    resets_at: datetime
    code: ErrorCode = ErrorCode.QUOTA_EXCEEDED


@dataclass(frozen=True, slots=True)
class TextTooLong:
    """Lengths are in characters (code points)."""

    limit: int
    length: int
    field: Field


@dataclass(frozen=True, slots=True)
class TemplateParameterWrong:
    """A blank that is missing, extra, too long or unfit, named by component and name; `others` are wrong too."""

    component: str
    name: str
    message: str
    field: Field = ("parameters",)
    others: tuple["TemplateParameterWrong", ...] = ()


@dataclass(frozen=True, slots=True)
class MediaRejected:
    """A file that WhatsApp would not take, stopped by this row of the table; type and size are the file's."""

    rule: "MediaRule"
    mime_type: str
    size: int  # bytes
    message: str
    field: Field = ()


Refusal: TypeAlias = Refused | SessionClosed | QuotaExceeded | TextTooLong | TemplateParameterWrong | MediaRejected

REFUSALS = (Refused, SessionClosed, QuotaExceeded, TextTooLong, TemplateParameterWrong, MediaRejected)
"""For isinstance where a use case answers a thing or a refusal."""


def code_of(refusal: Refusal) -> ErrorCode:
    match refusal:
        case Refused(code=code) | QuotaExceeded(code=code):
            return code
        case SessionClosed():
            return ErrorCode.SESSION_CLOSED
        case TextTooLong():
            return ErrorCode.TEXT_TOO_LONG
        case TemplateParameterWrong():
            return ErrorCode.TEMPLATE_PARAMETERS
        case MediaRejected():
            return ErrorCode.MEDIA_REJECTED
        case _:
            assert_never(refusal)


def not_found(what: str, *field: str) -> Refused:
    return Refused(ErrorCode.NOT_FOUND, f"There is no such {what}.", field)


def forbidden(right: str) -> Refused:
    return Refused(ErrorCode.FORBIDDEN, f"This needs the right to {right}.")


def invalid(message: str, *field: str) -> Refused:
    return Refused(ErrorCode.INVALID, message, field)


class Unavailable(Exception):
    """The store cannot answer now; the caller may try again after `retry_after_s` seconds."""

    def __init__(self, retry_after_s: float = 1.0) -> None:
        super().__init__("the store cannot answer now")
        self.retry_after_s = retry_after_s


class TookTooLong(Unavailable):
    """A question took longer than it may and was stopped. To ask for less helps more than to ask again."""

    def __init__(self, within_s: float) -> None:
        super().__init__()
        self.within_s = within_s


class WriteConflict(Exception):
    """Two transactions were in each other's way, and this one was rolled back: the whole of it may be tried again."""


class Throttled(Exception):
    """Too many tries; the next is answered after `retry_after_s` seconds."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"too many tries; again in {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s
