"""Structured logs on standard error: one line an event, as JSON or for reading.

Values are cut, control characters can't forge a line, and known secrets and everything that looks like one of ours
is replaced before it is written. What a library logs goes the same way; who asked for which page is not logged.
"""

import logging
import re
import sys
from collections.abc import Collection
from typing import Final, Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from api.seldom import SeldomWarnings

LONGEST_VALUE: Final = 1024
LONGEST_TRACE: Final = 4096  # the end of it, where the cause stands
HIDDEN: Final = "•••"
OURS: Final = re.compile(r"\b(?:dk|ds|whsec)_[A-Za-z0-9_-]{8,}|(?<=Bearer )[^\s\"',]+")
CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
SHORTEST_SECRET: Final = 4  # a shorter one would hide every other word
QUIET_LIBRARIES: Final = ("httpx", "httpcore", "uvicorn", "asyncio", "aiosqlite", "tortoise", "strawberry")
TELLS_OF_STRANGERS: Final = "uvicorn.error"  # a line for each request that is no HTTP, or asks for an odd upgrade


def set_up_logs(
    format: Literal["json", "console"],
    secrets: Collection[str] = (),
    *,
    level: Literal["debug", "info", "warning"] = "info",
) -> None:
    """`secrets` are the values that must never be seen, wherever they turn up. Libraries are told of from info on."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: Processor = (
        structlog.processors.JSONRenderer()
        if format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    finishing: list[Processor] = [
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        _Cleaner(secrets, escape=format == "console"),
        last,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=finishing))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in QUIET_LIBRARIES:
        library = logging.getLogger(name)
        library.setLevel(logging.WARNING)
        library.handlers, library.propagate = [], True  # also where it was set to write by itself
    strangers = logging.getLogger(TELLS_OF_STRANGERS)
    strangers.setLevel(logging.NOTSET)  # as loud as its library, whatever a server was started with before
    strangers.filters = [SeldomWarnings()]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


class _Cleaner:
    """Cuts, hides and escapes every text of an event."""

    def __init__(self, secrets: Collection[str], *, escape: bool) -> None:
        long_enough = sorted((text for text in secrets if len(text) >= SHORTEST_SECRET), key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, long_enough))) if long_enough else None
        self._escape = escape

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        return {key[:LONGEST_VALUE]: self._clean(key, value) for key, value in event.items()}

    def _clean(self, key: str, value: object) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        text = value if isinstance(value, str) else repr(value)
        text = OURS.sub(HIDDEN, text)
        if self._secrets is not None:
            text = self._secrets.sub(HIDDEN, text)
        if key == "exception":
            return _escaped(text[-LONGEST_TRACE:], keep="\n\t") if self._escape else text[-LONGEST_TRACE:]
        return _escaped(text[:LONGEST_VALUE]) if self._escape else text[:LONGEST_VALUE]


def _escaped(text: str, keep: str = "") -> str:
    return CONTROLS.sub(
        lambda found: found[0] if found[0] in keep else found[0].encode("unicode_escape").decode(), text
    )
