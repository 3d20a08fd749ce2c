"""A virus scanner, over each adapter that asks one."""

from collections.abc import AsyncIterator

import pytest

from adapters.clamd.address import read_address
from adapters.clamd.scanner import Clamd
from adapters.memory.scanner import NAME, VIRUS, MemoryScanner
from domain.ports.files import Clean, Infected, Scanner
from tests.peers.clamd import clamd


class DeskOnFire(Exception):
    """Something goes wrong while the bytes come."""


@pytest.fixture(params=["memory", "clamd"])
async def scanner(request: pytest.FixtureRequest) -> AsyncIterator[Scanner]:
    if request.param == "memory":
        yield MemoryScanner()
        return
    async with clamd() as scanning:
        yield Clamd(read_address(scanning.address))


async def in_pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 7):
        yield data[start : start + 7]


async def test_a_harmless_file_is_clean(scanner: Scanner) -> None:
    assert await scanner.scan(in_pieces(b"Dear Sir")) == Clean()
    assert await scanner.scan(in_pieces(b"")) == Clean()


async def test_a_virus_is_named(scanner: Scanner) -> None:
    assert await scanner.scan(in_pieces(b"before " + VIRUS + b" after")) == Infected(NAME)


async def test_what_goes_wrong_while_the_bytes_come_goes_on(scanner: Scanner) -> None:
    async def breaking_off() -> AsyncIterator[bytes]:
        yield b"begun"
        raise DeskOnFire

    with pytest.raises(DeskOnFire):
        await scanner.scan(breaking_off())
