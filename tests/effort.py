"""How much work something is, so that a test can tell what grows faster than its input, on any machine.

Python's own steps are counted. What runs in C, patterns above all, takes none: there the processor's time of a long
input is held against that of a shorter one, never against the clock.
"""

import sys
from collections.abc import Callable
from functools import partial
from time import process_time
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import TraceFunction

T = TypeVar("T", str, bytes)

LONG = 65_536


def steps(call: Callable[[], object]) -> int:
    """The bytecodes run by a call."""
    count = 0

    def step(frame: FrameType, event: str, _: object) -> "TraceFunction":
        nonlocal count
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        count += event == "opcode"
        return step

    before = sys.gettrace()
    sys.settrace(step)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


def expect_linear(read: Callable[[T], object], make: Callable[[int], T], *, shorter: int = 256) -> None:
    """Twice the input may be little more than twice the work. `make` gives an input of about so many characters."""
    read(make(shorter))  # what is made ready once is no work of the input's
    once, twice = (steps(partial(read, make(length))) for length in (shorter, 2 * shorter))
    assert twice <= 2.2 * once + 200, f"{once:,} steps became {twice:,}"
    short, long = make(LONG // 8), make(LONG)
    for tries in (1, 3, 9):  # another process may take the caches away; it does not do so each time
        quick, slow = (min(_seconds(read, input) for _ in range(tries)) for input in (short, long))
        if slow <= 24 * max(quick, 0.0005):  # 8 is linear, 64 is the square
            return
    raise AssertionError(f"eight times the input took {slow / quick:.0f} times as long, {slow:.2f} s")


def _seconds(read: Callable[[T], object], input: T) -> float:
    begun = process_time()
    read(input)
    return process_time() - begun
