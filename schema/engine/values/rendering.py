"""Texts as HTML, many at a time: a few short ones at once, more of them in a thread beside the event loop."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from schema.engine.values.text_marks import rendered

AT_ONCE: Final = 4_000  # characters rendered on the event loop: less than a millisecond
IN_ONE_GO: Final = 64_000  # then others who wait for the thread have their turn

# One thread, so that whoever renders much waits for itself and not the event loop for it.
beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="html")


async def rendered_all(texts: Sequence[str]) -> list[str]:
    """HTML for each text, in order."""
    if sum(map(len, texts)) <= AT_ONCE:
        return _rendered(texts)
    loop = asyncio.get_running_loop()
    pages: list[str] = []
    for part in _parts(texts):
        pages += await loop.run_in_executor(beside, _rendered, part)
    return pages


def _rendered(texts: Sequence[str]) -> list[str]:
    return [rendered(text) for text in texts]


def _parts(texts: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    length = 0
    for text in texts:
        part.append(text)
        length += len(text)
        if length >= IN_ONE_GO:
            yield part
            part, length = [], 0
    if part:
        yield part
