"""What the memory database holds, and the uniqueness it keeps.

A `State` and the `Books` in it never change once published: a transaction works on a copy and publishes that. So a
snapshot is the state of the moment, and a rollback is a copy thrown away.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar, cast

from domain.events import LoggedEvent
from domain.ids import OrganizationId
from domain.ports.directory import DirectoryEntry
from domain.ports.reads import Head
from domain.rows import ONCE, Row, parents_of, unique_name

R = TypeVar("R", bound=Row)

Name: TypeAlias = tuple[type[Row], tuple[object, ...]]
"""What only one row of a type may be called in an organization."""


class Conflict(Exception):
    """What a database refuses: a row that wants another one's name, or one whose parent is not there."""


@dataclass(slots=True)
class Books:
    """One organization's rows by kind and id, the names they hold, its log and its counter of tickets."""

    epoch: str
    rows: dict[type[Row], dict[str, Row]] = field(default_factory=dict[type[Row], dict[str, Row]])
    holders: dict[Name, str] = field(default_factory=dict[Name, str])
    events: list[LoggedEvent] = field(default_factory=list[LoggedEvent])
    ticket_number: int = 0
    forgotten: int = 0
    """The last position that is not kept any more."""
    _own: set[object] = field(default_factory=set[object])
    """What is this copy's alone. All else is shared with the one it was made from, and copied when it is changed."""

    @property
    def head(self) -> Head:
        return Head(self.epoch, self.events[-1].position if self.events else self.forgotten)

    def of(self, kind: type[R]) -> Mapping[str, R]:
        return cast("Mapping[str, R]", self.rows.get(kind, {}))

    def copy(self) -> "Books":
        """To be changed while this one stays as it is, which from now on nobody may change."""
        return Books(self.epoch, dict(self.rows), self.holders, self.events, self.ticket_number, self.forgotten)

    def put(self, row: Row) -> None:
        """Raises `Conflict` before anything changed."""
        if type(row) in ONCE and row.id in self.of(type(row)):
            raise Conflict(f"there already: {row.id}")
        name = unique_name(row)
        if name is not None and self.holders.get((type(row), name), row.id) != row.id:
            raise Conflict(f"taken already: {type(row).__name__} {name}")
        for kind, id in parents_of(row):
            if id not in self.of(kind):
                raise Conflict(f"a {type(row).__name__} without its {kind.__name__} {id}")
        self.drop(row)
        if name is not None:
            self._holders()[type(row), name] = row.id
        self._rows(type(row))[row.id] = row

    def drop(self, row: Row) -> None:
        before = self._rows(type(row)).pop(row.id, None)
        if before is not None and (name := unique_name(before)) is not None:
            del self._holders()[type(before), name]

    def append(self, events: Iterable[LoggedEvent]) -> None:
        self._events().extend(events)

    def forget(self, count: int) -> None:
        """So many of the oldest events."""
        self.forgotten = self.events[count - 1].position
        del self._events()[:count]

    def _rows(self, kind: type[Row]) -> dict[str, Row]:
        if kind not in self._own:
            self._own.add(kind)
            self.rows[kind] = dict(self.rows.get(kind, {}))
        return self.rows[kind]

    def _holders(self) -> dict[Name, str]:
        if Name not in self._own:
            self._own.add(Name)
            self.holders = dict(self.holders)
        return self.holders

    def _events(self) -> list[LoggedEvent]:
        if LoggedEvent not in self._own:
            self._own.add(LoggedEvent)
            self.events = list(self.events)
        return self.events


@dataclass(frozen=True, slots=True)
class State:
    """Everything but the webhook inbox, at one instant."""

    books: Mapping[OrganizationId, Books] = field(default_factory=dict[OrganizationId, Books])
    listings: Mapping[tuple[DirectoryEntry, str, OrganizationId], str] = field(
        default_factory=dict[tuple[DirectoryEntry, str, OrganizationId], str]
    )


@dataclass(slots=True)
class Shelf:
    """Where the published state stands."""

    state: State = field(default_factory=State)
