"""A desk in one file, and put back: by us, or by PostgreSQL's own tools."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from api.operating.process import PREFIX, run, say, start

if TYPE_CHECKING:
    from domain.use_cases.restored import Restored


def backup(file: Path) -> None:
    """A desk on SQLite in one file: the database, its key and its files. Safe while it serves.

    Args:
        file: Where to; it must not be there yet. Whoever has it can open the desk's secrets.
    """
    from api.operating.backups import back_up

    made = back_up(start(begins=False), file)
    key = "its key" if made.has_key else f"without {PREFIX}SECRET_KEY, which you keep"
    say(f"{file}: {made.bytes} bytes; the database, {key}, and {made.files} files.")


def restore(file: Path, *, replace: Annotated[bool, Parameter(negative=())] = False) -> None:
    """Put a desk back from a backup. Nothing that waited to leave then is sent: it is UNKNOWN, as it may have gone.

    Args:
        file: What `deskline backup` made.
        replace: Move aside what is there.
    """
    from api.logs import set_up_logs
    from api.operating.backups import restore as carry_out
    from api.settings import read_settings

    settings = read_settings()  # no key is made here: the backup brings its own
    set_up_logs("console", settings.secrets)
    _tell_restored(run(carry_out(settings, file, replace=replace)))


def restored() -> None:
    """After a database on PostgreSQL was put back by its own tools, and before anything serves it."""
    from api.operating.backups import after_restore_elsewhere

    _tell_restored(run(after_restore_elsewhere(start())))


def _tell_restored(restored: "Restored") -> None:
    say(f"Organizations restored: {restored.organizations}.")
    say(f"Messages that waited to leave: {restored.unknown}. They may have been sent since, and stay as UNKNOWN.")
    say("Whoever listens reads once anew: cursors from before are answered with CURSOR_EXPIRED.")
