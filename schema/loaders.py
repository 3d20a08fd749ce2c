"""Rows by their ids, each asked for once an operation however many fields need it."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from domain.channels.channels import Channel
from domain.channels.templates import Template
from domain.contacts import Contact, Identity
from domain.conversations.contents import Content
from domain.conversations.library import LibraryItem
from domain.conversations.messages import Message
from domain.conversations.previews import preview
from domain.conversations.status import Mark
from domain.conversations.threads import Thread
from domain.files.media import Media
from domain.ids import (
    ApiKeyId,
    BusinessAccountId,
    ChannelId,
    ContactId,
    LibraryItemId,
    MediaId,
    MessageId,
    OrganizationId,
    TeamId,
    TemplateId,
    ThreadId,
    TicketId,
    UserId,
)
from domain.people.organizations import ApiKey, Organization, User
from domain.people.teams import Team
from domain.ports.reads import Head, Reads
from domain.quota import ALLOWANCE_WINDOW, Period
from domain.rows import Row
from domain.tickets import Ticket
from schema.engine.batches import Loader
from schema.engine.turns import TurnTaker
from schema.engine.values.rendering import rendered_all

K = TypeVar("K")
V = TypeVar("V")
R = TypeVar("R", bound=Row)


class Loaders:
    """One operation's view of one organization: what was read once stays as it was read.

    `now` bounds what is counted over a moving window. A loader of rows answers None for an id nobody here has.
    """

    def __init__(self, reads: Reads, organization: OrganizationId, now: datetime, turn_taker: TurnTaker) -> None:
        self._reads = reads
        self._organization = organization
        self._now = now
        self._turn_taker = turn_taker
        self._by_type: dict[type[Row], Loader[Any, Any]] = {}

    def hold(self, rows: Iterable[Row]) -> None:
        """Rows as they stand now, not to be read."""
        for row in rows:
            self._rows(type(row)).hold(row.id, row)

    @cached_property
    def threads(self) -> Loader[ThreadId, Thread | None]:
        return self._rows(Thread)

    @cached_property
    def tickets(self) -> Loader[TicketId, Ticket | None]:
        return self._rows(Ticket)

    @cached_property
    def contacts(self) -> Loader[ContactId, Contact | None]:
        return self._rows(Contact)

    @cached_property
    def messages(self) -> Loader[MessageId, Message | None]:
        return self._rows(Message)

    @cached_property
    def media(self) -> Loader[MediaId, Media | None]:
        return self._rows(Media)

    @cached_property
    def library_items(self) -> Loader[LibraryItemId, LibraryItem | None]:
        return self._rows(LibraryItem)

    @cached_property
    def channels(self) -> Loader[ChannelId, Channel | None]:
        return self._rows(Channel)

    @cached_property
    def templates(self) -> Loader[TemplateId, Template | None]:
        return self._rows(Template)

    @cached_property
    def users(self) -> Loader[UserId, User | None]:
        return self._rows(User)

    @cached_property
    def teams(self) -> Loader[TeamId, Team | None]:
        return self._rows(Team)

    @cached_property
    def teams_of(self) -> Loader[UserId, list[Team]]:
        """A user's teams, by name."""

        async def load(keys: list[UserId]) -> list[list[Team]]:
            found: dict[UserId, list[Team]] = {key: [] for key in keys}
            for team in await self.all_teams.load(self._organization):
                for member in team.members:
                    if member in found:
                        found[member].append(team)
            return [found[key] for key in keys]

        return Loader(load, self._turn_taker)

    @cached_property
    def api_keys(self) -> Loader[ApiKeyId, ApiKey | None]:
        return self._rows(ApiKey)

    @cached_property
    def marks(self) -> Loader[MessageId, list[Mark]]:
        """The reports on a message, oldest first."""
        return self._lists(self._reads.marks_of)

    @cached_property
    def identities(self) -> Loader[ContactId, list[Identity]]:
        return self._lists(self._reads.identities_of)

    @cached_property
    def open_tickets(self) -> Loader[UserId, int]:
        async def load(keys: list[UserId]) -> list[int]:
            found = await self._reads.open_tickets_of(self._organization, keys)
            return [found.get(key, 0) for key in keys]

        return Loader(load, self._turn_taker)

    @cached_property
    def allowance_taken(self) -> Loader[BusinessAccountId, list[datetime]]:
        """Instants of an account's business-initiated conversations in the last 24 hours."""

        async def load(keys: list[BusinessAccountId]) -> list[list[datetime]]:
            found = await self._reads.allowance_taken(self._organization, keys, self._now - ALLOWANCE_WINDOW)
            return [found.get(key, []) for key in keys]

        return Loader(load, self._turn_taker)

    @cached_property
    def all_channels(self) -> Loader[OrganizationId, list[Channel]]:
        async def load(keys: list[OrganizationId]) -> list[list[Channel]]:
            return [await self._reads.all_of(Channel, key, "created_at") for key in keys]

        return Loader(load, self._turn_taker)

    @cached_property
    def all_teams(self) -> Loader[OrganizationId, list[Team]]:
        async def load(keys: list[OrganizationId]) -> list[list[Team]]:
            return [await self._reads.all_of(Team, key, "folded_name") for key in keys]

        return Loader(load, self._turn_taker)

    @cached_property
    def organizations(self) -> Loader[OrganizationId, Organization]:
        async def load(keys: list[OrganizationId]) -> list[Organization]:
            return [await self._reads.organization(key) for key in keys]

        return Loader(load, self._turn_taker)

    @cached_property
    def heads(self) -> Loader[OrganizationId, Head]:
        async def load(keys: list[OrganizationId]) -> list[Head]:
            return [await self._reads.head(key) for key in keys]

        return Loader(load, self._turn_taker)

    @cached_property
    def units_by_hour(self) -> Loader[tuple[datetime, datetime], dict[int, int]]:
        """The units of a stretch of time that count, by hours after its start."""

        async def load(keys: list[tuple[datetime, datetime]]) -> list[dict[int, int]]:
            return [await self._reads.units_by_hour(self._organization, *key) for key in keys]

        return Loader(load, self._turn_taker)

    @cached_property
    def periods(self) -> Loader[datetime, Period | None]:
        """The quota's period that holds an instant, where one was begun."""

        async def load(keys: list[datetime]) -> list[Period | None]:
            return [await self._reads.period_at(self._organization, key) for key in keys]

        return Loader(load, self._turn_taker)

    @cached_property
    def html(self) -> Loader[str, str]:
        """What people typed, as HTML: each text rendered once, however many fields show it."""
        return Loader(rendered_all, self._turn_taker)

    @cached_property
    def previews(self) -> Loader[tuple[Content, Media | None], str]:
        """A line of what a message says and the file it brings: each made once, however many fields show it."""

        async def load(keys: list[tuple[Content, Media | None]]) -> list[str]:
            return [preview(content, file) for content, file in keys]

        return Loader(load, self._turn_taker)

    def _rows(self, kind: type[R]) -> Loader[Any, R | None]:
        """By the type's own ids."""

        async def load(keys: list[str]) -> list[R | None]:
            found = await self._reads.by_ids(kind, self._organization, keys)
            return [found.get(key) for key in keys]

        return self._by_type.setdefault(kind, Loader(load, self._turn_taker))

    def _lists(
        self, fetch: Callable[[OrganizationId, Collection[K]], Awaitable[Mapping[K, list[V]]]]
    ) -> Loader[K, list[V]]:
        async def load(keys: list[K]) -> list[list[V]]:
            found = await fetch(self._organization, keys)
            return [found.get(key, []) for key in keys]

        return Loader(load, self._turn_taker)
