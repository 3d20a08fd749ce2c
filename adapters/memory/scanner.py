"""A virus scanner in memory: it knows one virus."""

from collections.abc import AsyncIterable
from typing import Final

from domain.errors import Unavailable
from domain.ports.files import Clean, Infected, NotScanned

VIRUS: Final = b"X5O!P%@AP-HARMLESS-TEST-OF-A-VIRUS"
NAME: Final = "Eicar-Test-Signature"


class MemoryScanner:
    """`is_away`: it does not answer."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.is_away = is_away
        self.scanned = 0

    async def scan(self, chunks: AsyncIterable[bytes]) -> Clean | Infected | NotScanned:
        data = b"".join([chunk async for chunk in chunks])
        if self.is_away:
            raise Unavailable(10.0)
        self.scanned += 1
        return Infected(NAME) if VIRUS in data else Clean()
