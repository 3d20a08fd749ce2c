"""A desk in one file."""

from pathlib import Path

from api.operating.process import PREFIX, say, start


def backup(file: Path) -> None:
    """A desk on SQLite in one file: the database, its key and its files. Safe while it serves.

    Args:
        file: Where to; it must not be there yet. Whoever has it can open the desk's secrets.
    """
    from api.operating.backups import back_up

    made = back_up(start(begins=False), file)
    key = "its key" if made.has_key else f"without {PREFIX}SECRET_KEY, which you keep"
    say(f"{file}: {made.bytes} bytes; the database, {key}, and {made.files} files.")
