"""What is being carried out, known wherever the work goes: tasks that are begun meanwhile inherit it."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

_cause: ContextVar[str | None] = ContextVar("cause", default=None)


def cause() -> str | None:
    """The id of the request, or None."""
    return _cause.get()


@contextmanager
def caused_by(id: str) -> Generator[None]:
    token = _cause.set(id)
    try:
        yield
    finally:
        _cause.reset(token)
