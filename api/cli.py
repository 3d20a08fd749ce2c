"""The command line: `deskline COMMAND`. Exit codes: 0 done, 1 refused (with one line), 2 wrong use.

A command is a file of `api.commands`, and imports what it needs when it runs.
"""

import gc
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import NoReturn

from cyclopts import App
from cyclopts.exceptions import CycloptsError

from adapters.db.refusals import DatabaseRefused
from api.commands.backup import backup, restore, restored
from api.commands.bootstrap import bootstrap
from api.commands.copy import copy
from api.commands.demo import demo
from api.commands.doctor import doctor
from api.commands.migrate import migrate
from api.commands.quota import quota
from api.commands.replay import replay
from api.commands.schema import schema
from api.commands.serve import serve
from api.commands.simulate import simulate
from api.commands.worker import worker
from api.operating.process import DATABASE, DONE, REFUSED, WRONG_USE, Refused
from api.refusals import CannotBackUp, CannotListen, DatabaseNotReady, WrongSetting
from domain.errors import Unavailable

cli = App(
    name="deskline",
    help="A help desk and shared inbox for WhatsApp business numbers, behind one live GraphQL API.",
    version=lambda: f"deskline {version('deskline')}",
    help_format="plaintext",
)
cli.command(demo, help_epilogue="Example: deskline demo --port 8080")
cli.command(
    simulate,
    help_epilogue="Example: deskline simulate --port 8001 --webhook-url http://127.0.0.1:8000/webhooks/whatsapp",
)
cli.command(serve, help_epilogue="Example: deskline serve --host 0.0.0.0 --port 8000")
cli.command(worker, help_epilogue="Example: deskline worker --port 9100")
cli.command(migrate, help_epilogue="Example: deskline migrate")
cli.command(
    copy,
    help_epilogue="Example: deskline copy --from sqlite:///deskline.db --to postgresql://desk:word@db/desk --migrate",
)
cli.command(backup, help_epilogue="Example: deskline backup desk-2026-11-30.backup")
cli.command(restore, help_epilogue="Example: deskline restore desk-2026-11-30.backup")
cli.command(restored, help_epilogue="Example: pg_restore --dbname deskline desk.dump && deskline restored")
cli.command(bootstrap, help_epilogue="Example: deskline bootstrap --organization Acme --email ada@acme.example --json")
cli.command(replay, help_epilogue="Example: deskline replay --state FAILED")
cli.command(quota)
cli.command(doctor, help_epilogue="Example: deskline doctor")
cli.command(schema, help_epilogue="Example: deskline schema > schema.graphql")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    gc.disable()  # while modules are loaded nothing is thrown away, and looking for it takes a third of the time
    sys.exit(run_command(sys.argv[1:] if arguments is None else arguments))


def run_command(arguments: Sequence[str]) -> int:
    """The exit code. Refusals are one line on standard error, without a traceback."""
    try:
        code = cli(arguments, exit_on_error=False, result_action="return_value")
    except CycloptsError:
        return WRONG_USE  # it has said what was wrong
    except (Refused, WrongSetting, CannotListen) as refusal:
        return refused(str(refusal))
    except CannotBackUp as refusal:
        return refused(str(refusal))
    except (DatabaseRefused, DatabaseNotReady) as refusal:
        return refused(str(refusal), DATABASE)
    except Unavailable:
        return refused("The database can't answer now: it is away or full, or another process holds it.", DATABASE)
    except KeyboardInterrupt:
        return 130
    return code if isinstance(code, int) else DONE


def refused(why: str, setting: str | None = None) -> int:
    """One line on standard error, which names the setting to look at; the exit code."""
    text = why if setting is None or setting in why else f"{setting}: {why}"
    sys.stderr.write(f"{' '.join(text.split())}\n")
    return REFUSED


if __name__ == "__main__":
    main()
