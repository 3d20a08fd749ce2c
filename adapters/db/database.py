"""A database behind a URL: opened, brought up to date, closed; and its four ports in between."""

from datetime import datetime
from typing import Protocol

from adapters.db.condition import Condition
from adapters.db.migrating.history import DatabaseRefused, SchemaState
from adapters.db.postgres.database import open_postgres
from adapters.db.sqlite.database import open_sqlite, sqlite_path
from adapters.db.store import Hears
from domain.ports.deliveries import WebhookInbox
from domain.ports.directory import Directory
from domain.ports.hints import Bus
from domain.ports.reads import Reader
from domain.ports.store import Store
from domain.ports.system import Clock, Ids

MIGRATIONS = "migrations"


class Database(Protocol):
    """Order of use: `open_database`, `migrate` where wanted, `start`, the ports, `close`."""

    @property
    def store(self) -> Store: ...

    @property
    def webhook_inbox(self) -> WebhookInbox: ...

    @property
    def directory(self) -> Directory: ...

    @property
    def reader(self) -> Reader: ...

    @property
    def migrates_itself(self) -> bool:
        """Whether a process that is to serve it may bring it up to date; else somebody runs `deskline migrate`."""
        ...

    def tell(self, hears: Hears) -> None:
        """From now on `hears` is told of each commit that this process makes."""
        ...

    async def now(self) -> datetime | None:
        """The time of the server that processes share; None where all are on one machine. May raise `Unavailable`."""
        ...

    async def condition(self) -> Condition:
        """How its storage fares; cheap, but not for every request. May raise `Unavailable`."""
        ...

    async def state(self) -> SchemaState: ...

    async def migrate(self, to: str | None = None) -> list[str]:
        """Run what is missing, up to the migration named `to`; the names of what ran. Raises `DatabaseRefused`."""
        ...

    async def start(self) -> None:
        """From now on it can be written to."""
        ...

    async def close(self) -> None:
        """What was begun is ended first; whoever comes later gets `Unavailable`."""
        ...


async def open_database(url: str, clock: Clock, ids: Ids, bus: Bus, *, migrations: str = MIGRATIONS) -> Database:
    """Connect to `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://user:pw@host/db`.

    A missing file is made. `migrations` names the package that holds them. Raises `DatabaseRefused` for a URL that
    can't be served and for a database that can't be used or is somebody else's, which stays as it was.
    """
    scheme, found, _ = url.partition(":")
    if scheme in ("postgresql", "postgres"):
        return await open_postgres(url, clock, ids, bus, migrations=migrations)
    if scheme == "sqlite":
        return await open_sqlite(sqlite_path(url), clock, ids, bus, migrations=migrations)
    raise DatabaseRefused(
        "DESKLINE_DATABASE_URL begins with sqlite:/// or postgresql://, "
        + (f"not {scheme}:." if found else "and this one with neither.")
    )
