"""The virus scanner over its socket: what it finds, what it does not take, and what it costs where it is silent."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.clamd import scanner
from adapters.clamd.address import ClamdAddress, read_address
from adapters.clamd.scanner import TOO_LARGE, Clamd, Health
from adapters.memory.scanner import NAME, VIRUS
from domain.errors import Unavailable
from domain.ports.files import Clean, Infected, NotScanned
from tests.peers.clamd import Scanning, clamd


@pytest.fixture(params=["port", "path"])
async def scanning(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Scanning]:
    async with clamd(tmp_path / "clamd.ctl" if request.param == "path" else None) as scanning:
        yield scanning


async def in_pieces(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def test_what_is_harmless_is_clean_however_large(scanning: Scanning) -> None:
    clam = Clamd(read_address(scanning.address))

    assert await clam.scan(in_pieces(b"")) == Clean()
    assert await clam.scan(in_pieces(bytes(2_000_000), 700_000)) == Clean()
    assert scanning.scanned == [0, 2_000_000]


async def test_a_virus_is_named_also_where_it_lies_across_two_pieces(scanning: Scanning) -> None:
    data = bytes(990) + VIRUS + bytes(5000)

    assert await Clamd(read_address(scanning.address)).scan(in_pieces(data)) == Infected(NAME)


async def test_a_file_larger_than_it_takes_is_not_scanned(scanning: Scanning) -> None:
    scanning.limit = 1_000_000

    answer = await Clamd(read_address(scanning.address)).scan(in_pieces(bytes(30_000_000), 1_000_000))

    assert answer == NotScanned(TOO_LARGE)


@pytest.mark.parametrize("says", [b"", b"stream: OK", b"something else\0", b"x" * 100_000])
async def test_an_answer_that_is_none_is_never_taken_for_a_clean_file(scanning: Scanning, says: bytes) -> None:
    scanning.says = says

    with pytest.raises(Unavailable):
        await Clamd(read_address(scanning.address)).scan(in_pieces(b"anything"))


async def test_a_scanner_that_is_silent_is_given_up_on(scanning: Scanning, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner, "ANSWER_WITHIN_S", 0.1)
    scanning.silent = True

    with pytest.raises(Unavailable):
        await Clamd(read_address(scanning.address)).scan(in_pieces(b"anything"))


async def test_a_scanner_that_takes_no_more_is_given_up_on(scanning: Scanning, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner, "PIECE_WITHIN_S", 0.1)
    monkeypatch.setattr(scanner, "ANSWER_WITHIN_S", 0.1)
    scanning.silent = True

    with pytest.raises(Unavailable):
        await Clamd(read_address(scanning.address)).scan(in_pieces(bytes(20_000_000), 1_000_000))


async def test_a_scanner_that_is_not_there_is_away(tmp_path: Path) -> None:
    for address in (ClamdAddress(host="127.0.0.1", port=9), ClamdAddress(path=str(tmp_path / "none"))):
        with pytest.raises(Unavailable):
            await Clamd(address).scan(in_pieces(b"anything"))
        state = await Clamd(address).look()
        assert state.health is Health.AWAY
        assert state.message.startswith(f"DESKLINE_CLAMD: the virus scanner at {address} does not answer")


async def test_a_scanner_that_is_there_tells_its_version(scanning: Scanning) -> None:
    state = await Clamd(read_address(scanning.address)).look()

    assert (state.health, state.message) == (Health.READY, f"ClamAV 1.4.1/27000 answers at {scanning.address}")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/run/clamav/clamd.ctl", ClamdAddress(path="/run/clamav/clamd.ctl")),
        ("clamav:3310", ClamdAddress(host="clamav", port=3310)),
        ("[::1]:3310", ClamdAddress(host="::1", port=3310)),
    ],
)
def test_an_address_is_read(text: str, address: ClamdAddress) -> None:
    assert read_address(text) == address


@pytest.mark.parametrize("text", ["clamav", "clamav:0", "clamav:99999", "tcp://clamav:3310", "run/clamd.ctl", ""])
def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"clamd\.ctl or host:3310"):
        read_address(text)
