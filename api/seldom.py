"""Lines of the log that a stranger can cause: each kind once in a while, with how often it was meant since the last."""

import logging
import time
from typing import Final

import structlog

EVERY_S: Final = 10.0

log = structlog.stdlib.get_logger()


class Seldom:
    """One for each kind of line. What is said is of the first of its kind; `times` counts those that it stands for."""

    def __init__(self, event: str, *, every_s: float = EVERY_S) -> None:
        self._event = event
        self._every_s = every_s
        self._said_at = -every_s
        self._unsaid = 0

    def warn(self, *, now_s: float | None = None, **about: object) -> None:
        now_s = time.monotonic() if now_s is None else now_s
        self._unsaid += 1
        if now_s - self._said_at < self._every_s:
            return
        log.warning(self._event, times=self._unsaid, **about)
        self._said_at, self._unsaid = now_s, 0


class SeldomWarnings(logging.Filter):
    """For a library that warns of each odd request in a fixed text: every text is a kind of line. Errors pass."""

    def __init__(self) -> None:
        super().__init__()
        self._kinds: dict[str, Seldom] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno != logging.WARNING:
            return True
        text = str(record.msg)  # before anything of a request is filled in, so that there are few of them
        self._kinds.setdefault(text, Seldom(text)).warn()
        return False
