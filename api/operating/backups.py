"""A desk on SQLite in one file, and back: the database, its key, and the files that it keeps in a folder.

A backup may be made while the desk serves: the database is copied as of one instant, and files are taken after it, so
that each one it names is there. A restore puts everything together beside its place first and moves it there at the
end, the database last: a desk is there whole or not at all.
"""

import os
import secrets
import shutil
import sqlite3
import tarfile
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from adapters.db.migrating.history import DatabaseRefused
from adapters.private import OWNER_ONLY_FILE, OWNER_ONLY_FOLDER
from api.keys import key_file
from api.refusals import CannotBackUp, WrongSetting
from api.settings import Settings
from api.wiring import wired
from domain.use_cases.restored import Restored, after_restore

DATABASE: Final = "desk.db"
KEY: Final = "desk.db.key"
MEDIA: Final = "desk.db.media"
DRAFTS: Final = ".drafts"
NO_SERVER: Final = "A desk on PostgreSQL is backed up by PostgreSQL's own tools; see the README."


@dataclass(frozen=True, slots=True)
class BackedUp:
    bytes: int
    files: int
    has_key: bool


def back_up(settings: Settings, target: Path) -> BackedUp:
    """Raises CannotBackUp; then there is no file at `target`."""
    database = _database_of(settings)
    if not database.is_file():
        raise CannotBackUp(f"There is no database {database} to back up.")
    if target.exists():
        raise CannotBackUp(f"{target} is there already; name another file.")
    with _beside(target) as folder:
        _copy_of(database, folder / DATABASE)
        draft = folder / "backup"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY_FILE), "wb") as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                tar.add(folder / DATABASE, DATABASE)
                has_key = settings.secret_key is None and key_file(database).is_file()
                if has_key:
                    tar.add(key_file(database), KEY)
                files = 0 if settings.media_objects is not None else _add_files(tar, settings.media_folder)
            file.flush()
            os.fsync(file.fileno())
        size = draft.stat().st_size
        draft.rename(target)
        _settle(target.parent)
    return BackedUp(size, files, has_key)


async def restore(settings: Settings, source: Path, *, replace: bool = False) -> Restored:
    """Raises CannotBackUp, DatabaseRefused and WrongSetting; then everything is as it was.

    With `replace`, what is there is moved aside, and stays under another name.
    """
    database = _database_of(settings)
    _refuse_what_is_no_file(source)
    places = {DATABASE: database, KEY: key_file(database), MEDIA: settings.media_folder}
    if settings.media_objects is not None:
        del places[MEDIA]
    _refuse_what_is_there(places, database, replace=replace)
    with _beside(database) as folder:
        _unpack(source, folder)
        if not (folder / DATABASE).is_file():
            raise CannotBackUp(f"{source} is no backup of a desk.")
        if settings.secret_key is None and not (folder / KEY).is_file():
            raise WrongSetting("DESKLINE_SECRET_KEY: expected the secret that the desk had; the backup holds none")
        if settings.secret_key is not None:
            (folder / KEY).unlink(missing_ok=True)  # what the settings say is what it was made with
        alone = {"database_url": f"sqlite:///{(folder / DATABASE).absolute()}", "media_store": None, "redis_url": None}
        async with wired(settings.model_copy(update=alone)) as desk:
            restored = await after_restore(desk.ports)
        _move_in(folder, places)
    return restored


async def after_restore_elsewhere(settings: Settings) -> Restored:
    """What `restore` does in the end, for a database on a server that its own tools have put back."""
    if settings.database_file is not None:
        raise CannotBackUp("On SQLite, deskline restore has done this already.")
    async with wired(settings) as desk:
        if others := await _others_at(desk.database):
            raise CannotBackUp(
                f"{others} connections of Deskline's are open. Stop whatever serves this database first."
            )
        return await after_restore(desk.ports)


async def _others_at(database: object) -> int:
    from adapters.db.postgres.database import PostgresDatabase  # who has a file need not wait for its library

    return await database.others() if isinstance(database, PostgresDatabase) else 0


# ---------------------------------------------------------------- files


def _database_of(settings: Settings) -> Path:
    if settings.database_file is None:
        raise CannotBackUp(NO_SERVER)
    return settings.database_file


@contextmanager
def _beside(place: Path) -> Generator[Path]:
    """A folder on the same file system, for its owner alone, gone in the end."""
    folder = place.absolute().with_name(f".{place.name}.{secrets.token_hex(4)}")
    try:
        folder.mkdir(OWNER_ONLY_FOLDER)
        yield folder
    except (OSError, sqlite3.Error, tarfile.TarError) as error:
        # Not an OSError's own words: they name the folder in between, which nobody knows.
        why = (error.strerror if isinstance(error, OSError) else None) or error
        raise CannotBackUp(f"{place}: {why}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy_of(database: Path, copy: Path) -> None:
    """All of it in one step: nobody who writes meanwhile waits, or makes it begin again."""
    served = sqlite3.connect(f"file:{quote(str(database.absolute()))}?mode=rw", uri=True)
    with closing(served) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target, pages=-1)
        target.execute("PRAGMA journal_mode = DELETE")
    copy.chmod(OWNER_ONLY_FILE)


def _add_files(tar: tarfile.TarFile, folder: Path) -> int:
    files = 0
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        name = path.relative_to(folder)
        if path.is_file() and name.parts[0] != DRAFTS:
            try:
                tar.add(path, f"{MEDIA}/{name.as_posix()}")
            except FileNotFoundError:  # its time was over meanwhile
                continue
            files += 1
    return files


def _unpack(source: Path, folder: Path) -> None:
    try:
        with tarfile.open(source, mode="r:") as tar:
            for member in tar:
                if not member.isfile() or not (member.name in (DATABASE, KEY) or member.name.startswith(f"{MEDIA}/")):
                    raise CannotBackUp(f"{source} is no backup of a desk: there is {member.name!r} in it.")
                member.mode = OWNER_ONLY_FILE
                tar.extract(member, folder, filter="data")
    except tarfile.TarError as error:
        raise CannotBackUp(f"{source} is no backup of a desk: {error}.") from error
    for path in (folder / MEDIA, *(folder / MEDIA).rglob("*")):
        if path.is_dir():
            path.chmod(OWNER_ONLY_FOLDER)


def _refuse_what_is_no_file(source: Path) -> None:
    if not source.is_file():
        raise CannotBackUp(f"There is no file {source} to restore from.")


def _refuse_what_is_there(places: dict[str, Path], database: Path, *, replace: bool) -> None:
    there = [place for place in places.values() if place.exists() and not _is_empty(place)]
    if there and not replace:
        raise CannotBackUp(f"{there[0]} is there already. Say --replace to move it aside, or name another database.")
    if database.exists():
        try:
            with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as held:
                held.execute("PRAGMA locking_mode = EXCLUSIVE")
                held.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            raise DatabaseRefused(f"{database} is in use ({error}). Stop the Deskline that serves it first.") from error


def _is_empty(place: Path) -> bool:
    return place.is_dir() and not any(place.iterdir())


def _move_in(folder: Path, places: dict[str, Path]) -> None:
    """The database last: where this breaks off, there is no desk."""
    aside = secrets.token_hex(4)
    for name in (DATABASE, KEY, MEDIA):
        place = places.get(name)
        if place is not None and place.exists():
            place.rename(place.with_name(f"{place.name}.replaced-{aside}"))
    for suffix in ("-wal", "-shm"):
        places[DATABASE].with_name(places[DATABASE].name + suffix).unlink(missing_ok=True)
    for name in (MEDIA, KEY, DATABASE):
        place = places.get(name)
        if place is not None and (folder / name).exists():
            shutil.move(folder / name, place)
    _settle(places[DATABASE].parent)


def _settle(folder: Path) -> None:
    """The folder's entries survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
