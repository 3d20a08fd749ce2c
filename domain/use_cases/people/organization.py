"""What an administrator says of the organization: its names, its calendar and limit, what it keeps out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from domain.error_codes import ErrorCode
from domain.errors import Refusal, Refused, forbidden, invalid
from domain.events import QuotaChanged
from domain.given import UNSET, Left
from domain.ids import PeriodId
from domain.moderation.links import normal_block
from domain.moderation.personal_data import PersonalDataPattern
from domain.moderation.stop_words import STOP_WORD_LIMIT, folded
from domain.people.actors import Actor, Right
from domain.people.organizations import NAME_LIMIT, Organization, is_time_zone
from domain.ports.bundle import Ports
from domain.ports.directory import DirectoryEntry
from domain.ports.store import Transaction
from domain.quota import LIMIT_MAX, begun, limited_anew, turned, warning
from domain.use_cases.again import again_on_collision
from domain.use_cases.people.people import email_fault
from domain.use_cases.work import Work

BLOCKED_LINKS_LIMIT = 1000
BLOCKED_LINK_LIMIT = 500  # characters
STOP_WORDS_LIMIT = 100
WEBSITE_LIMIT = 2000  # characters
FIRST_DAY = date(1970, 1, 1)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UpdateOrganization:
    """What is left out stays; None clears what may be empty."""

    name: str | Left | None = UNSET
    legal_name: str | Left | None = UNSET
    website: str | Left | None = UNSET
    email: str | Left | None = UNSET
    country: str | Left | None = UNSET
    time_zone: str | Left | None = UNSET
    subscribed_on: date | Left | None = UNSET
    quota_limit: int | Left | None = UNSET
    blocked_links: tuple[str, ...] | Left | None = UNSET
    stop_words: tuple[str, ...] | Left | None = UNSET
    personal_data_patterns: tuple[PersonalDataPattern, ...] | Left | None = UNSET


@again_on_collision
async def update_organization(ports: Ports, actor: Actor, command: UpdateOrganization) -> Organization | Refusal:
    """Refuses FORBIDDEN, INVALID with the field, CONFLICT where another organization has the name.

    A new limit holds at once, also one below what is used already: what was counted stays, and nothing more is begun
    until the month turns. A new zone or subscription day holds from that turn on, which stays where it was.
    """
    if not actor.may(Right.ADMINISTER):
        return forbidden("administer the organization")
    if refusal := _fault(command):
        return refusal
    now = ports.clock.now()
    async with ports.store.transaction(actor.organization) as tx:
        before = await tx.settings()
        after = _updated(before, command)
        if refusal := _calendar_fault(after, now):
            return refusal
        if refusal := await _renamed(tx, before, after):
            return refusal
        if (before.time_zone, before.subscribed_on) != (after.time_zone, after.subscribed_on):
            await _finish_month(Work.of(ports, tx, now), before, after)
        if after != before:
            tx.save(after)
        if after.quota_limit != before.quota_limit:
            tx.record(QuotaChanged(await _limited_anew(tx, after, now)))
    return after


async def _renamed(tx: Transaction, before: Organization, after: Organization) -> Refusal | None:
    name, old = after.name.casefold(), before.name.casefold()
    if name == old:
        return None
    if not await tx.enlist(DirectoryEntry.ORGANIZATION, name, after.id):
        return Refused(ErrorCode.CONFLICT, f"There is an organization named {after.name!r} already.", ("name",))
    await tx.delist(DirectoryEntry.ORGANIZATION, old)
    return None


async def _finish_month(work: Work, before: Organization, after: Organization) -> None:
    """Write down the month as it was to end, and one from there to where the new calendar turns.

    So the ledger itself says when the new calendar begins, however often it is changed until then.
    """
    tx = work.tx
    current = await tx.period_at(work.now) or begun(PeriodId(work.new_id()), before, work.now)
    following = await tx.period_at(current.ends_at) or begun(PeriodId(work.new_id()), after, current.ends_at)
    tx.save(current, turned(replace(following, starts_at=current.ends_at), after))


async def _limited_anew(tx: Transaction, after: Organization, now: datetime) -> int | None:
    """The running month under a new limit, which may lie below what is used; the warning that comes of it."""
    period = await tx.period_at(now)
    if period is None:
        return None
    limited = limited_anew(period, after.quota_limit)
    tx.save(limited)
    return warning(period, limited)


def _updated(before: Organization, command: UpdateOrganization) -> Organization:
    """The organization as asked for; what `_fault` let through fits."""
    return replace(
        before,
        name=command.name.strip() if isinstance(command.name, str) else before.name,
        legal_name=_text(command.legal_name, before.legal_name),
        website=_text(command.website, before.website),
        email=_text(command.email, before.email),
        country=_text(command.country, before.country),
        time_zone=command.time_zone if isinstance(command.time_zone, str) else before.time_zone,
        subscribed_on=command.subscribed_on if isinstance(command.subscribed_on, date) else before.subscribed_on,
        quota_limit=command.quota_limit if isinstance(command.quota_limit, int) else before.quota_limit,
        blocked_links=_distinct(map(normal_block, _items(command.blocked_links, before.blocked_links))),
        stop_words=_distinct_words(_items(command.stop_words, before.stop_words)),
        personal_data_patterns=tuple(sorted({*_items(command.personal_data_patterns, before.personal_data_patterns)})),
    )


def _text(said: str | Left | None, before: str | None) -> str | None:
    return before if said is UNSET else (said or "").strip() or None


def _items(said: tuple[T, ...] | Left | None, before: tuple[T, ...]) -> tuple[T, ...]:
    return before if said is UNSET else said or ()


def _distinct(blocks: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(block for block in blocks if block is not None))


def _distinct_words(words: Sequence[str]) -> tuple[str, ...]:
    """Each word once, as it was first written."""
    first: dict[str, str] = {}
    for word in words:
        first.setdefault(folded(word), word.strip())
    return tuple(first.values())


# ---------------------------------------------------------------- what can't be


def _fault(command: UpdateOrganization) -> Refusal | None:
    return _names_fault(command) or _month_fault(command) or _blocks_fault(command) or _words_fault(command)


def _names_fault(command: UpdateOrganization) -> Refusal | None:
    if command.name is not UNSET and not (command.name or "").strip():
        return invalid("An organization has a name.", "name")
    named = {
        "name": command.name,
        "legalName": command.legal_name,
        "country": command.country,
    }
    for field, text in named.items():
        if isinstance(text, str) and len(text.strip()) > NAME_LIMIT:
            return invalid(f"This has at most {NAME_LIMIT} characters.", field)
    if isinstance(command.website, str) and command.website.strip() and not _is_website(command.website.strip()):
        return invalid("A website is an address that begins with http:// or https://.", "website")
    if isinstance(command.email, str) and command.email.strip() and (fault := email_fault(command.email)):
        return invalid(fault, "email")
    return None


def _is_website(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return len(text) <= WEBSITE_LIMIT and parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in text


def _month_fault(command: UpdateOrganization) -> Refusal | None:
    if command.time_zone is None or (isinstance(command.time_zone, str) and not is_time_zone(command.time_zone)):
        return invalid(f"There is no time zone {command.time_zone!r}; names are like Europe/Warsaw.", "timeZone")
    if command.subscribed_on is None:
        return invalid(
            "The month of the quota turns on the day the subscription began: it can't be empty.", "subscribedOn"
        )
    if command.quota_limit is None or (
        isinstance(command.quota_limit, int) and not 0 <= command.quota_limit <= LIMIT_MAX
    ):
        return invalid(f"A quota is 0 to {LIMIT_MAX} conversations a month.", "quotaLimit")
    return None


def _calendar_fault(after: Organization, now: datetime) -> Refusal | None:
    today = now.astimezone(ZoneInfo(after.time_zone)).date()
    if not FIRST_DAY <= after.subscribed_on <= today:
        return invalid(f"The subscription began between {FIRST_DAY} and today.", "subscribedOn")
    return None


def _blocks_fault(command: UpdateOrganization) -> Refusal | None:
    blocks = _items(command.blocked_links, ())
    if len(blocks) > BLOCKED_LINKS_LIMIT:
        return invalid(f"At most {BLOCKED_LINKS_LIMIT} links can be blocked.", "blockedLinks")
    for place, block in enumerate(blocks):
        if len(block) > BLOCKED_LINK_LIMIT or normal_block(block) is None:
            message = "This names no host. Write it as evil.example, or evil.example/path for a part of it."
            return invalid(message, "blockedLinks", str(place))
    return None


def _words_fault(command: UpdateOrganization) -> Refusal | None:
    words = _items(command.stop_words, ())
    if len(words) > STOP_WORDS_LIMIT:
        return invalid(f"There are at most {STOP_WORDS_LIMIT} stop words.", "stopWords")
    for place, word in enumerate(words):
        if not folded(word) or len(word) > STOP_WORD_LIMIT:
            return invalid(
                f"A stop word has 1 to {STOP_WORD_LIMIT} characters, not only signs.", "stopWords", str(place)
            )
    return None
