"""Errors of a request: what is wrong with the document or its arguments, and not with what was asked."""

from collections.abc import Mapping
from enum import StrEnum

from graphql import GraphQLError

GRAPHQL_INT_MAX = 2**31 - 1


class Code(StrEnum):
    """`extensions.code` of a top-level error."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    THROTTLED = "THROTTLED"
    TOO_COMPLEX = "TOO_COMPLEX"
    BAD_REQUEST = "BAD_REQUEST"
    CURSOR_EXPIRED = "CURSOR_EXPIRED"
    CURSOR_INVALID = "CURSOR_INVALID"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


class ApiError(GraphQLError):
    """A top-level error with words meant for the caller. `extra` stands beside the code in `extensions`."""

    def __init__(self, code: Code, message: str, extra: Mapping[str, object] | None = None) -> None:
        super().__init__(message, extensions={"code": str(code), **(extra or {})})
        self.code = code


def bad_request(message: str) -> ApiError:
    return ApiError(Code.BAD_REQUEST, message)
