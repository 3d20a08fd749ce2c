"""What leaves: the data as it was read, and errors by allowlist.

An `ApiError` is shown as it was raised. What the caller got wrong in the document or its variables is a BAD_REQUEST in
GraphQL's own words. Everything else is a bug of ours: the caller gets INTERNAL and a reference, and the log has the
traceback under that reference.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson
import structlog
from graphql import GraphQLError

from domain.errors import Throttled, TookTooLong, Unavailable
from domain.ports.system import Ids
from schema.engine.api_error import ApiError, Code

log = structlog.stdlib.get_logger()

LONGEST_MESSAGE = 500
LOGGED_PER_ANSWER = 3  # the same bug in each of fifty rows needs no fifty tracebacks
TOOK_TOO_LONG = "This took longer than {:.0f} s to read and was stopped; ask for less at once."
SUGGESTION = re.compile(r"(?<!\s)\s*+Did you mean .*", re.DOTALL)

Shown: TypeAlias = dict[str, Any]
"""One error as GraphQL's response format has it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation came to. `ran` is False where it was refused before its first resolver."""

    data: Any = None
    errors: Sequence[Shown] = ()
    ran: bool = True
    retry_after_s: float | None = None  # set where the store could not answer, or the caller has to slow down
    unavailable: bool = False
    extensions: Shown = field(default_factory=dict[str, Any])

    @property
    def payload(self) -> Shown:
        """As the response's JSON object."""
        payload: Shown = {"errors": list(self.errors)} if self.errors else {}
        if self.ran:
            payload["data"] = self.data
        if self.extensions:
            payload["extensions"] = self.extensions
        return payload

    @property
    def code(self) -> str | None:
        """The first error's."""
        return self.errors[0]["extensions"]["code"] if self.errors else None


def refused(code: Code, message: str) -> Answer:
    """An answer of one error, nothing having run."""
    return Answer(errors=[_shown(code, message)], ran=False)


def throttled(message: str, retry_after_s: float, *, limit: int) -> Answer:
    """Too much at once: come back after `retry_after_s`."""
    shown = _shown(Code.THROTTLED, message, {"limit": limit, "retryAfter": math.ceil(retry_after_s)})
    return Answer(errors=[shown], ran=False, retry_after_s=retry_after_s)


def refused_as(error: GraphQLError) -> Answer:
    """A document that is none, or does not fit the schema."""
    return Answer(errors=[_bad_request(error)], ran=False)


def answered(data: Any, errors: Sequence[GraphQLError] | None, ids: Ids) -> Answer:
    """An execution's result, with what nobody outside should read taken out."""
    if not errors:
        return Answer(data)
    if all(error.path is None for error in errors):  # the variables did not fit: nothing ran
        return Answer(errors=[_bad_request(errors[0])], ran=False)
    mask = _Mask(ids)
    shown = [mask.show(error) for error in errors]
    return Answer(data, shown, retry_after_s=mask.retry_after_s, unavailable=mask.unavailable)


def failed(error: BaseException, ids: Ids) -> Answer:
    """The answer to what broke outside any field."""
    mask = _Mask(ids)
    shown = mask.show(GraphQLError(str(error), original_error=error if isinstance(error, Exception) else None))
    return Answer(errors=[shown], ran=False, retry_after_s=mask.retry_after_s, unavailable=mask.unavailable)


def encoded(answer: Answer, ids: Ids) -> bytes:
    """The answer's JSON. What cannot be written as JSON is a bug of ours, and said as one."""
    try:
        return orjson.dumps(answer.payload)
    except TypeError as error:
        return orjson.dumps(failed(error, ids).payload)


class _Mask:
    """Shows the errors of one answer; those of ours share one reference."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._reference: str | None = None
        self._logged = 0
        self.retry_after_s: float | None = None
        self.unavailable = False

    def show(self, error: GraphQLError) -> Shown:
        cause = _cause(error)
        match cause:
            case ApiError():
                return _placed(_shown(cause.code, cause.message, cause.extensions), error)
            case Throttled(retry_after_s=wait_s):
                self.retry_after_s = wait_s
                message = f"Too many tries; try again in {math.ceil(wait_s)} s."
                return _placed(_shown(Code.THROTTLED, message, {"retryAfter": math.ceil(wait_s)}), error)
            case TookTooLong(within_s=within_s):
                return _placed(_shown(Code.TOO_COMPLEX, TOOK_TOO_LONG.format(within_s)), error)
            case Unavailable(retry_after_s=wait_s):
                self.retry_after_s, self.unavailable = wait_s, True
                log.warning("graphql.unavailable", path=_path(error), retry_after_s=wait_s)
                message = "Nothing can be read or stored right now; try again shortly."
                return _placed(_shown(Code.UNAVAILABLE, message, {"retryAfter": math.ceil(wait_s)}), error)
            case None if error.message.startswith("Argument '"):  # a variable that is null, over its default
                return _bad_request(error)
            case _:
                self._log(error, cause)
                message = "Something went wrong here; the reference finds it in the log."
                return _placed(_shown(Code.INTERNAL, message, {"reference": self.reference}), error)

    @property
    def reference(self) -> str:
        if self._reference is None:
            self._reference = self._ids.secret()[:12]
        return self._reference

    def _log(self, error: GraphQLError, cause: BaseException | None) -> None:
        self._logged += 1
        if self._logged > LOGGED_PER_ANSWER:
            return
        log.error("graphql.failed", reference=self.reference, path=_path(error), exc_info=cause or error)


def _path(error: GraphQLError) -> str:
    return ".".join(map(str, error.path or ()))


def _cause(error: GraphQLError) -> BaseException | None:
    """What was raised first; None for GraphQL's own errors."""
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError) and not isinstance(cause, ApiError):
        cause = cause.original_error
    return cause


def _bad_request(error: GraphQLError) -> Shown:
    message = SUGGESTION.sub("", error.message)
    if len(message) > LONGEST_MESSAGE:
        message = message[:LONGEST_MESSAGE] + "…"
    return _placed(_shown(Code.BAD_REQUEST, message), error)


def _shown(code: Code, message: str, extra: Mapping[str, object] | None = None) -> Shown:
    return {"message": message, "extensions": {**(extra or {}), "code": str(code)}}


def _placed(shown: Shown, error: GraphQLError) -> Shown:
    if error.locations:
        shown["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path is not None:
        shown["path"] = list(error.path)
    return shown
