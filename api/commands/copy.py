"""From SQLite to PostgreSQL."""

from typing import Annotated

from cyclopts import Parameter

from adapters.db.refusals import DatabaseRefused
from api.operating.process import DATABASE, PREFIX, Refused, run, say
from domain.errors import Unavailable


def copy(
    *,
    source: Annotated[str, Parameter(name="--from")],
    target: Annotated[str, Parameter(name="--to")],
    migrate: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Take a desk from SQLite to PostgreSQL, with everything in it. Stop it first; the file stays as it is.

    Args:
        source: Where it is, such as sqlite:///deskline.db.
        target: An empty database on a server, such as postgresql://user:password@host/name.
        migrate: Make the target's tables first.
    """
    from adapters.db.migrating.copy import copy_database
    from adapters.system import SystemIds
    from api.logs import set_up_logs

    set_up_logs("console", (target,))
    try:
        copied = run(copy_database(source, target, SystemIds(), migrate=migrate))
    except DatabaseRefused as refusal:
        raise Refused(str(refusal).replace(DATABASE, "--to")) from None
    except Unavailable:
        raise Refused("--to: the database went away meanwhile. Nothing was copied; try again.") from None
    say(f"Copied {copied.rows} rows in {copied.tables} tables, of {len(copied.organizations)} organizations.")
    say(f"Now serve it with {DATABASE} set to the target, and with what sealed its secrets before:")
    say(f"{PREFIX}SECRET_KEY, or where it was not set what stands in {source.removeprefix('sqlite:///')}.key,")
    say(f"and {PREFIX}ENCRYPTION_KEYS where they were set.")
    say("Whoever listens reads once anew: cursors from before are answered with CURSOR_EXPIRED.")
