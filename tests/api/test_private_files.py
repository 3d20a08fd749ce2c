"""What holds people's words is for its owner only, whatever the process would let others do with its files."""

import os
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.media.disk import DiskMedia
from adapters.private import make_private_folder, narrow
from api.keys import key_file
from api.settings import Settings
from api.wiring import wired
from domain.use_cases.people.bootstrap import Bootstrap, bootstrap

PHOTO = "0123456789abcdef0123456789abcdef"
SQLITE_FILES = ("desk.db", "desk.db-shm", "desk.db-wal", "desk.db.key")


@pytest.fixture(autouse=True)
def a_careless_machine() -> Iterator[None]:
    """What is made without a word is everybody's."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """Of everything in it, by its path there."""
    return {str(path.relative_to(folder)): oct(mode(path)) for path in sorted(folder.rglob("*"))}


def open_to_everybody(*paths: Path) -> None:
    for path in paths:
        path.chmod(0o755 if path.is_dir() else 0o644)


def open_all_in(folder: Path) -> None:
    open_to_everybody(*folder.rglob("*"))


def touched(path: Path) -> None:
    path.touch(0o644)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def written_in(settings: Settings, folder: Path) -> dict[str, str]:
    """The modes while the desk is open, somebody being in it and a file."""
    async with wired(settings) as desk:
        await bootstrap(desk.ports, Bootstrap(f"Acme {desk.ports.ids.new()}", "ada@acme.example"))
        await desk.ports.media.put(PHOTO, a_photo())
        return modes(folder)


async def a_photo() -> AsyncIterator[bytes]:
    yield b"words in a photo"


def settings_in(folder: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{folder / 'desk.db'}", graph_api_url="http://127.0.0.1:9")


async def test_a_new_desk_is_for_its_owner_only_and_the_folder_it_lies_in_stays_as_it_was(tmp_path: Path) -> None:
    open_to_everybody(tmp_path)

    made = await written_in(settings_in(tmp_path), tmp_path)

    folders = {"desk.db.media", "desk.db.media/.drafts", f"desk.db.media/{PHOTO[-2:]}"}
    files = {*SQLITE_FILES, f"desk.db.media/{PHOTO[-2:]}/{PHOTO}"}
    assert made == dict.fromkeys(folders, "0o700") | dict.fromkeys(files, "0o600")
    assert mode(tmp_path) == 0o755


async def test_a_desk_that_others_could_read_is_closed_to_them_at_the_start_and_the_log_says_so(
    tmp_path: Path,
) -> None:
    open_to_everybody(tmp_path)
    await written_in(settings_in(tmp_path), tmp_path)
    open_all_in(tmp_path)
    touched(tmp_path / "somebody-elses")

    with capture_logs() as logs:
        found = await written_in(settings_in(tmp_path), tmp_path)

    assert found.pop("somebody-elses") == "0o644"
    assert set(found.values()) == {"0o700", "0o600"}
    assert mode(tmp_path) == 0o755
    told = [entry["first"] for entry in logs if entry["event"] == "files.narrowed"]
    assert {str(tmp_path / "desk.db"), str(key_file(tmp_path / "desk.db"))} <= set(told)
    with capture_logs() as again:
        await written_in(settings_in(tmp_path), tmp_path)
    assert [entry for entry in again if entry["event"] == "files.narrowed"] == []


async def test_a_folder_for_files_that_was_there_is_left_and_what_is_made_in_it_is_closed(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    make_private_folder(theirs)
    open_to_everybody(theirs)
    settings = settings_in(tmp_path).model_copy(update={"media_store": f"file://{theirs}"})
    await written_in(settings, theirs)
    open_to_everybody(theirs / PHOTO[-2:], theirs / PHOTO[-2:] / PHOTO)

    found = await written_in(settings, theirs)

    assert mode(theirs) == 0o755
    assert found == {".drafts": "0o700", PHOTO[-2:]: "0o700", f"{PHOTO[-2:]}/{PHOTO}": "0o600"}


async def test_a_folder_for_files_that_was_not_there_is_made_with_those_above_it(tmp_path: Path) -> None:
    await DiskMedia(tmp_path / "srv" / "files").put(PHOTO, a_photo())

    assert mode(tmp_path / "srv") == mode(tmp_path / "srv" / "files") == 0o700


def test_a_folder_that_is_there_already_is_left(tmp_path: Path) -> None:
    open_to_everybody(tmp_path)

    make_private_folder(tmp_path)

    assert mode(tmp_path) == 0o755


def test_what_is_somebody_elses_is_told_of_and_no_reason_not_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "desk.db").touch(0o644)

    def refuse(self: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    with monkeypatch.context() as owner, capture_logs() as logs:
        owner.setattr(Path, "chmod", refuse)
        assert narrow([tmp_path / "desk.db", tmp_path / "missing"]) == []

    assert [(entry["event"], entry["why"]) for entry in logs] == [("files.open_to_others", "Operation not permitted")]
