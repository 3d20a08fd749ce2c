"""What an answer over plain HTTP says went wrong: one shape, whoever says it."""

import math

from starlette.responses import JSONResponse


def error_answer(
    code: str, message: str, status: int, *, headers: dict[str, str] | None = None, **more: object
) -> JSONResponse:
    """`{"error": {"code": …, "message": …}}`, and `more` beside the two."""
    return JSONResponse({"error": {"code": code, "message": message, **more}}, status, headers)


def again_in(seconds: float) -> dict[str, str]:
    """The header that says when to come again; a whole second at least."""
    return {"Retry-After": str(max(1, math.ceil(seconds)))}
