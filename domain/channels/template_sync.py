"""Reading all templates of an account, again and again: when, and what became of each since the last time.

Templates are made at the network. A row is never removed, since messages name it: what is gone there is DELETED here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.channels.templates import Template, TemplateStatus
from domain.ids import BusinessAccountId, OrganizationId, TemplateId

EVERY = timedelta(hours=6)  # webhooks tell what changes meanwhile; this finds what they did not
SOONEST = timedelta(minutes=1)  # between two readings that webhooks ask for; an account has 200 calls an hour
LEASE = timedelta(minutes=15)  # longer than 60 pages take
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class TemplateSync:
    """When an account's templates are to be read; None while nothing can read them. Its id is the account's.

    Whoever reads moves `due_at` on first, so that several workers do it once.
    """

    organization: OrganizationId
    id: BusinessAccountId
    due_at: datetime | None
    begun_at: datetime | None = None
    tries: int = 0  # in a row that failed


def soon(sync: TemplateSync, now: datetime) -> TemplateSync:
    """To be read as soon as may be, since the network told of something that does not fit what is known."""
    earliest = max(now, sync.begun_at + SOONEST) if sync.begun_at is not None else now
    return sync if sync.due_at is not None and sync.due_at <= earliest else replace(sync, due_at=earliest)


def pause_after(sync: TemplateSync) -> timedelta:
    """Doubling, up to an hour."""
    return min(FIRST_PAUSE * 2 ** min(max(sync.tries - 1, 0), 16), LONGEST_PAUSE)


@dataclass(frozen=True, slots=True)
class Compared:
    """What a reading found. `same` are as they were, and only read again."""

    added: tuple[Template, ...] = ()
    changed: tuple[Template, ...] = ()
    removed: tuple[Template, ...] = ()
    same: tuple[Template, ...] = ()


def compared(kept: Iterable[Template], read: Iterable[Template], began: datetime) -> Compared:
    """One account's templates as they are kept, held against all that the network told from `began` on.

    One is known again by name and language: deleted and made anew, under another id, it goes on as the same.
    What was heard of a template since the reading began is newer than the reading, and stays.
    """
    rows = sorted(kept, key=_is_live)
    known_as = {(row.name, row.language): row for row in rows}
    found: dict[TemplateId, Template] = {}
    new: list[Template] = []
    for template in sorted(read, key=_is_live):
        known = known_as.get((template.name, template.language))
        if known is not None:
            found[known.id] = replace(template, id=known.id, told_at=known.told_at, heard_at=known.heard_at)
        elif _is_live(template):
            new.append(template)
    older = [row for row in rows if row.known_at <= began]
    return _sorted_out(new, [(row, found.get(row.id) or _gone(row, began)) for row in older])


def _sorted_out(new: list[Template], pairs: list[tuple[Template, Template]]) -> Compared:
    added, changed, removed, same = [*new], list[Template](), list[Template](), list[Template]()
    for before, after in pairs:
        if _is_live(after) and not _is_live(before):
            added.append(after)
        elif _is_live(before) and not _is_live(after):
            removed.append(after)
        elif is_alike(before, after):
            same.append(after)
        else:
            changed.append(after)
    return Compared(tuple(added), tuple(changed), tuple(removed), tuple(same))


def is_alike(one: Template, other: Template) -> bool:
    """Whether two readings of a template show the same."""
    return replace(one, synced_at=other.synced_at, told_at=other.told_at, heard_at=other.heard_at) == other


def _is_live(template: Template) -> bool:
    return template.status is not TemplateStatus.DELETED


def _gone(template: Template, at: datetime) -> Template:
    return replace(template, status=TemplateStatus.DELETED, synced_at=at)
