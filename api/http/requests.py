"""A request by its id: what the log, and whatever the request causes, calls it by."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from structlog.contextvars import bound_contextvars

from adapters.causes import caused_by

KEY: Final = "deskline.request"  # in the scope of an HTTP request


@contextmanager
def named(request: str) -> Generator[None]:
    """Everything done in here, and in tasks begun in here, is this request's."""
    with caused_by(request), bound_contextvars(request=request):
        yield
