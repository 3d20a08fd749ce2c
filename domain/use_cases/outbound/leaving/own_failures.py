"""Why a message failed by our own judgement, as a person reads it."""

from domain.conversations.status import Failure
from domain.error_codes import ErrorCode

SESSION_OVER = Failure(
    "The session ended before it left",
    "Use a template, or wait until the contact writes again.",
    retryable=False,
    refusal=ErrorCode.SESSION_CLOSED,
)
GAVE_UP = Failure(
    "The network did not take it in time",
    "Send it again, or look at the channel's health.",
    retryable=True,
)
FILE_GONE = Failure("The file is not here any more", "Attach it again.", retryable=False)
