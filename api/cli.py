"""The command line: `deskline COMMAND`. Exit codes: 0 done, 1 refused (with one line), 2 wrong use.

Each command imports what it needs, when it runs: together that takes seconds, and most need little of it.
"""

import asyncio
import gc
import json
import platform
import signal
import sys
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Annotated, Final, NoReturn, TypeVar

from cyclopts import App, Parameter, validators
from cyclopts.exceptions import CycloptsError

from adapters.db.refusals import DatabaseRefused
from api.http.sockets import address_of, bound
from api.refusals import CannotBackUp, CannotListen, DatabaseNotReady, WrongSetting
from domain.errors import Refused as DomainRefused
from domain.errors import Unavailable
from domain.ids import DeliveryId
from domain.ports.deliveries import DeliveryState

if TYPE_CHECKING:
    from api.settings import Settings
    from domain.use_cases.people.bootstrap import Bootstrap, Bootstrapped
    from domain.use_cases.restored import Restored

T = TypeVar("T")

DONE: Final = 0
REFUSED: Final = 1
WRONG_USE: Final = 2
PREFIX: Final = "DESKLINE_"
DATABASE: Final = f"{PREFIX}DATABASE_URL"

Port = Annotated[int, Parameter(validator=validators.Number(gte=0, lte=65535))]

cli = App(
    name="deskline",
    help="A help desk and shared inbox for WhatsApp business numbers, behind one live GraphQL API.",
    version=lambda: f"deskline {version('deskline')}",
    help_format="plaintext",
)


class Refused(Exception):
    """What was asked can't be done; one line."""


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
    told = why if setting is None or setting in why else f"{setting}: {why}"
    sys.stderr.write(f"{' '.join(told.split())}\n")
    return REFUSED


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


# Trying it


@cli.command(help_epilogue="Example: deskline demo --port 8080")
def demo(
    *,
    port: Port = 8000,
    open_browser: Annotated[bool, Parameter(name="--open", negative="--no-open")] = True,
    directory: Path | None = None,
    gallery: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Open the product: the inbox beside two simulated phones, on a database of its own.

    Args:
        port: Where the page is, on this machine only. 0 takes a free port.
        open_browser: Open the page in the browser.
        directory: Keep the data here; without it, it is gone at the end.
        gallery: Add a third phone, and a thread with one message of every kind.
    """
    from api.commands.demo import run_demo
    from api.logs import set_up_logs

    set_up_logs("console")
    with bound("127.0.0.1", port) as sock:
        run(run_demo(sock, open_browser=open_browser, directory=directory, with_gallery=gallery))


@cli.command(
    help_epilogue="Example: deskline simulate --port 8001 --webhook-url http://127.0.0.1:8000/webhooks/whatsapp"
)
def simulate(
    *,
    host: str = "127.0.0.1",
    port: Port = 8001,
    webhook_url: str | None = None,
    app_secret: str = "simulator-secret",
    verify_token: str = "simulator-verify",
    access_token: str = "simulator-token",
    subscribed: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """The WhatsApp Cloud API simulator alone, for anybody's tests. Its phones and faults are under /_sim.

    Args:
        host: The address to listen on.
        port: The port to listen on; 0 takes a free one.
        webhook_url: Where webhooks go.
        app_secret: What webhooks are signed with.
        verify_token: The word of the webhook's handshake.
        access_token: The token that API calls have to bear.
        subscribed: Send webhooks from the start, without waiting for the account's subscription.
    """
    from adapters.whatsapp.simulator import Simulator, SimulatorOptions, simulator_app
    from api.http.server import serve
    from api.logs import set_up_logs

    options = SimulatorOptions(
        webhook_url=webhook_url,
        app_secret=app_secret,
        verify_token=verify_token,
        access_token=access_token,
        subscribed=subscribed,
    )
    set_up_logs("console", (app_secret, verify_token, access_token))
    with bound(host, port) as sock:
        simulator = Simulator(options)

        async def drain() -> None:
            simulator.hints.end()

        async def started() -> None:
            say(f"The simulator is at {address_of(sock)}")

        run(serve(simulator_app(simulator), sock, drain=drain, started=started))


# Running it


@cli.command(name="serve", help_epilogue="Example: deskline serve --host 0.0.0.0 --port 8000")
def serve_command(
    *,
    host: str = "127.0.0.1",
    port: Port = 8000,
    worker: Annotated[bool | None, Parameter(name="--with-worker", negative="--without-worker")] = None,
) -> None:
    """The API, Meta's webhook and the inbox page. Ready when /readyz answers 200; SIGTERM ends it politely.

    Args:
        host: The address to listen on; 0.0.0.0 for every one this machine has.
        port: The port to listen on; 0 takes a free one.
        worker: Run the worker inside. With SQLite it does unless told otherwise; with PostgreSQL it has processes of
            its own.
    """
    from api.http.app import serving
    from api.http.server import serve
    from api.wiring import wired

    settings = start()
    with_worker = settings.database_file is not None if worker is None else worker

    async def serving_until_told() -> None:
        async with wired(settings) as desk:
            server = serving(settings, desk, with_worker=with_worker)

            async def started() -> None:
                say(f"Deskline is at {address_of(sock)}")

            await serve(server.app, sock, drain=server.drain, started=started, bounds=settings.request_bounds)

    with bound(host, port) as sock, in_the_log("serve", settings):
        run(serving_until_told())


@cli.command(name="worker", help_epilogue="Example: deskline worker --port 9100")
def worker_command(*, host: str = "127.0.0.1", port: Port | None = None) -> None:
    """The worker alone: interprets what came in, sends what goes out. SIGTERM ends it politely.

    Args:
        host: The address that /healthz, /readyz and /metrics are told at, where a port is given.
        port: The port they are told at; 0 takes a free one. Without it the worker listens nowhere.
    """
    from api.http.server import serve
    from api.http.working import working
    from api.metrics import Meters
    from api.wiring import wired
    from api.worker.loops import Worker

    settings = start()

    async def until_told() -> None:
        stop = asyncio.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(each, stop.set)
        async with wired(settings) as desk, Worker(desk.ports, Meters(desk.shared), settings.events_kept).running():
            say("The worker is running.")
            await stop.wait()

    async def listening(sock: socket) -> None:
        async with wired(settings) as desk:
            worker = working(desk)

            async def started() -> None:
                say(f"The worker is running; how it fares is told at {address_of(sock)}")

            await serve(worker.app, sock, drain=worker.drain, started=started, bounds=settings.request_bounds)

    if port is None:
        with in_the_log("worker", settings):
            run(until_told())
        return
    with bound(host, port) as sock, in_the_log("worker", settings):
        run(listening(sock))


@cli.command(help_epilogue="Example: deskline migrate")
def migrate(*, to: str | None = None) -> None:
    """Bring the database up to date. Safe while Deskline is serving.

    Args:
        to: Stop at the migration of this name.
    """
    from api.wiring import opened

    settings = start()

    async def migrating() -> list[str]:
        async with opened(settings) as database:
            return await database.migrate(to)

    for name in run(migrating()) or ["The database is up to date."]:
        say(name)


@cli.command(
    help_epilogue="Example: deskline copy --from sqlite:///deskline.db --to postgresql://desk:word@db/desk --migrate"
)
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


@cli.command(help_epilogue="Example: deskline backup desk-2026-11-30.backup")
def backup(file: Path) -> None:
    """A desk on SQLite in one file: the database, its key and its files. Safe while it serves.

    Args:
        file: Where to; it must not be there yet. Whoever has it can open the desk's secrets.
    """
    from api.commands.backup import back_up

    made = back_up(start(begins=False), file)
    key = "its key" if made.has_key else f"without {PREFIX}SECRET_KEY, which you keep"
    say(f"{file}: {made.bytes} bytes; the database, {key}, and {made.files} files.")


@cli.command(help_epilogue="Example: deskline restore desk-2026-11-30.backup")
def restore(file: Path, *, replace: Annotated[bool, Parameter(negative=())] = False) -> None:
    """Put a desk back from a backup. Nothing that waited to leave then is sent: it is UNKNOWN, as it may have gone.

    Args:
        file: What `deskline backup` made.
        replace: Move aside what is there.
    """
    from api.commands.backup import restore as carry_out
    from api.logs import set_up_logs
    from api.settings import read_settings

    settings = read_settings()  # no key is made here: the backup brings its own
    set_up_logs("console", settings.secrets)
    _tell_restored(run(carry_out(settings, file, replace=replace)))


@cli.command(help_epilogue="Example: pg_restore --dbname deskline desk.dump && deskline restored")
def restored() -> None:
    """After a database on PostgreSQL was put back by its own tools, and before anything serves it."""
    from api.commands.backup import after_restore_elsewhere

    _tell_restored(run(after_restore_elsewhere(start())))


def _tell_restored(restored: "Restored") -> None:
    say(f"Restored {restored.organizations} organizations.")
    say(f"{restored.unknown} messages waited to leave, and may have been sent since: they are UNKNOWN, and stay here.")
    say("Whoever listens reads once anew: cursors from before are answered with CURSOR_EXPIRED.")


@cli.command(help_epilogue="Example: deskline bootstrap --organization Acme --email ada@acme.example --json")
def bootstrap(
    *,
    organization: str,
    email: str,
    password: str | None = None,
    time_zone: str = "UTC",
    subscribed_on: str | None = None,
    quota: int = 1000,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> None:
    """A new organization with its first administrator and an API key that has the administrator's rights.

    Args:
        organization: The organization's name.
        email: The administrator's address, to sign in with.
        password: The administrator's password; made and shown where left out.
        time_zone: Where the organization's months turn, by its IANA name.
        subscribed_on: The day of the subscription, such as 2026-01-31; today where left out.
        quota: Conversations a month.
        as_json: Print one line of JSON: organizationId, userId, apiKey, and password where it was made.
    """
    from domain.use_cases.people.bootstrap import Bootstrap
    from schema.engine.values.id_text import id_text

    settings = start()
    asked = Bootstrap(organization, email, password, time_zone, _day(subscribed_on), quota)
    begun = run(_begin(settings, asked))
    ids = {"organizationId": id_text("Organization", begun.organization), "userId": id_text("User", begun.user)}
    if as_json:
        made = {"password": begun.password} if password is None else {}
        say(json.dumps(ids | {"apiKey": begun.secret} | made))
        return
    say(f"Organization {organization}: {ids['organizationId']}")
    say(f"Administrator {email}: {ids['userId']}")
    if password is None:
        say(f"Password, shown this once: {begun.password}")
    say(f"API key, shown this once: {begun.secret}")


async def _begin(settings: "Settings", asked: "Bootstrap") -> "Bootstrapped":
    from api.wiring import wired
    from domain.use_cases.people.bootstrap import Bootstrapped
    from domain.use_cases.people.bootstrap import bootstrap as carry_out

    async with wired(settings) as desk:
        begun = await carry_out(desk.ports, asked)
    if isinstance(begun, Bootstrapped):
        return begun
    assert isinstance(begun, DomainRefused), begun  # of the refusals it needs only the plain one
    raise Refused(begun.message)


@cli.command(help_epilogue="Example: deskline replay --state FAILED")
def replay(
    *,
    state: DeliveryState = DeliveryState.FAILED,
    delivery: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    files: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Interpret webhook deliveries again, after a fix. What was applied before is not applied twice.

    Args:
        state: Which deliveries: FAILED, IGNORED or INTERPRETED.
        delivery: Only the delivery with this id; may be repeated.
        files: Files that could not be fetched, instead of deliveries: they are asked of the network again.
    """
    from api.commands.replay import replay_deliveries, replay_files
    from api.wiring import wired

    settings = start()

    async def replaying() -> str:
        async with wired(settings) as desk:
            if files:
                return await replay_files(desk.ports)
            return await replay_deliveries(desk.ports, state, [DeliveryId(id) for id in delivery])

    say(run(replaying()))


# Looking at it


@cli.command(help_epilogue="Example: deskline doctor")
def doctor() -> int:
    """Every setting, and what is wrong with database, page, tokens and webhooks. Exit 1 where anything is."""
    from api.commands.doctor import examine
    from api.logs import set_up_logs
    from api.settings import read_settings

    set_up_logs("console")
    settings = read_settings()
    report = run(examine(settings))
    for line in report.lines:
        say(line)
    return REFUSED if report.faults else DONE


@cli.command(help_epilogue="Example: deskline schema > schema.graphql")
def schema(
    *,
    check: Annotated[bool, Parameter(negative=())] = False,
    write: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Print the GraphQL schema.

    Args:
        check: Compare it with the committed schema/schema.graphql; exit 1 where they differ.
        write: Write it there.
    """
    from schema import sdl

    path = Path(sdl.__file__).with_name("schema.graphql")
    if write:
        path.write_text(sdl.sdl(), encoding="utf-8")
    elif not check:
        sys.stdout.write(sdl.sdl())
    elif not path.exists() or path.read_text(encoding="utf-8") != sdl.sdl():
        raise Refused("schema/schema.graphql is not what the code makes. Run ./dev schema, and review the difference.")


# What commands share


def start(*, begins: bool = True) -> "Settings":
    """The settings, with logging as they say. Raises WrongSetting. What `begins` no desk makes no key for one."""
    from structlog.stdlib import get_logger

    from api.keys import keys_of
    from api.logs import set_up_logs
    from api.settings import read_settings, unknown_variables

    settings = read_settings()
    set_up_logs(settings.log_format, settings.secrets, level=settings.log_level)
    for name, meant in unknown_variables().items():
        get_logger().warning("a variable is set that nothing reads", variable=name, meant=meant)
    if begins:
        keys_of(settings)  # a secret that can't be kept is told before anything else begins
    return settings


@contextmanager
def in_the_log(command: str, settings: "Settings") -> Generator[None]:
    """What runs, with which version and settings, and that it ended: an operator's first and last line."""
    from structlog.stdlib import get_logger

    from api.settings import variable_of

    log = get_logger()
    is_set = {variable_of(name): settings.shown(name) for name in type(settings).model_fields if settings.differs(name)}
    log.info("starting", command=command, version=version("deskline"), python=platform.python_version(), **is_set)
    try:
        yield
    except BaseException as error:
        log.error("ended by an error", command=command, error=type(error).__name__)
        raise
    log.info("stopped", command=command)


def run(work: Coroutine[None, None, T]) -> T:
    if not gc.isenabled():
        gc.freeze()  # what is loaded stays until the end: no use in looking through it again and again
        gc.enable()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(work)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # not on every system
        return None
    return uvloop.new_event_loop


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise Refused(f"--subscribed-on: expected a day such as 2026-01-31, not {text!r}") from None


if __name__ == "__main__":
    main()
