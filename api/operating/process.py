"""What commands share: beginning with the settings, running until the end, saying a line, refusing in one.

A command imports what it needs when it runs: together that takes seconds, and most need little of it.
"""

import asyncio
import gc
import platform
import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

from cyclopts import Parameter, validators

if TYPE_CHECKING:
    from api.settings import Settings

T = TypeVar("T")

DONE: Final = 0
REFUSED: Final = 1
WRONG_USE: Final = 2
PREFIX: Final = "DESKLINE_"
DATABASE: Final = f"{PREFIX}DATABASE_URL"

Port = Annotated[int, Parameter(validator=validators.Number(gte=0, lte=65535))]


class Refused(Exception):
    """What was asked can't be done; one line."""


def start(*, begins: bool = True) -> "Settings":
    """The settings, with logging as they say. Raises WrongSetting. What `begins` no desk makes no key for one."""
    from structlog.stdlib import get_logger

    from api.keys import keys_of
    from api.logs import set_up_logs
    from api.settings import read_settings, unknown_variables

    settings = read_settings()
    set_up_logs(settings.log_format, settings.secrets, level=settings.log_level)
    for name, meant in unknown_variables().items():
        get_logger().warning("a variable is set that nothing reads", variable=name, meant=meant)
    if begins:
        keys_of(settings)  # a secret that can't be kept is told before anything else begins
    return settings


@contextmanager
def in_the_log(command: str, settings: "Settings") -> Generator[None]:
    """What runs, with which version and settings, and that it ended: an operator's first and last line."""
    from structlog.stdlib import get_logger

    from api.settings import variable_of

    log = get_logger()
    is_set = {variable_of(name): settings.shown(name) for name in type(settings).model_fields if settings.differs(name)}
    log.info("starting", command=command, version=version("deskline"), python=platform.python_version(), **is_set)
    try:
        yield
    except BaseException as error:
        log.error("ended by an error", command=command, error=type(error).__name__)
        raise
    log.info("stopped", command=command)


def run(work: Coroutine[None, None, T]) -> T:
    if not gc.isenabled():
        gc.freeze()  # what is loaded stays until the end: no use in looking through it again and again
        gc.enable()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(work)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # not on every system
        return None
    return uvloop.new_event_loop


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
