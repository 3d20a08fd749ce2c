"""Fetching: the bytes of a file that came with a message, from the network into the store.

One transaction claims the file and one settles what came of it; the network and the store are between, in neither.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeAlias, assert_never

from domain.channels.channels import Channel
from domain.conversations.messages import Direction
from domain.errors import MediaRejected, Unavailable
from domain.events import MessageChange, MessageChanged
from domain.files.fit import OfferedFile, refusal_of
from domain.files.media import (
    WEBHOOK_ID_LIVES,
    Media,
    MediaState,
    Step,
    awaiting_scan,
    new_name,
    shown,
    with_bytes,
    without_bytes,
)
from domain.ids import MediaId, OrganizationId, PhoneNumberId
from domain.outbound.failures import Remedy, verdict
from domain.ports.bundle import Ports
from domain.ports.network import BrokenOff, Elsewhere, Failed, FileFacts, NotSent, Rejected, Unanswered
from domain.ports.store import Transaction
from domain.use_cases.again import again_on_collision
from domain.use_cases.channels.tokens import token_of
from domain.use_cases.files.intake import Intake, NotTheFile, hash_of, untold

LEASE = timedelta(minutes=5)  # longer than any download may take
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=10)
WRONG_TRIES = 5  # of a file that comes, and comes wrong; one that can't be reached is tried as long as its id lives
NO_SUCH_OBJECT = 100  # the network's code for an id it does not have

TOO_LATE = "The network keeps a file for seven days, and it could not be fetched within them."
GONE = "The network no longer has it."


@dataclass(frozen=True, slots=True)
class _Claimed:
    media: Media
    number: PhoneNumberId
    network_id: str
    token: str


@dataclass(frozen=True, slots=True)
class _Kept:
    name: str
    intake: Intake


@dataclass(frozen=True, slots=True)
class _Later:
    """To be tried again; `wrong`: the network answered, and gave no file or a wrong one."""

    reason: str
    wrong: bool = False
    state: MediaState = MediaState.FAILED
    pause: timedelta | None = None


@dataclass(frozen=True, slots=True)
class _Lost:
    reason: str


_Outcome: TypeAlias = _Kept | _Later | _Lost


class _TooLarge(Exception):
    """More came than the network itself passes on."""


async def fetch_media(ports: Ports, organization: OrganizationId, id: MediaId) -> None:
    """Fetch one file, if it is still to be had and nobody else is at it. Where there is a scanner, that comes next."""
    claimed = await _claim(ports, organization, id)
    if claimed is None:
        return
    outcome = await _fetched(ports, claimed)
    taken = await _settle(ports, claimed.media, outcome)
    if isinstance(outcome, _Kept) and not taken:
        await ports.media.remove(outcome.name)


@again_on_collision
async def _claim(ports: Ports, organization: OrganizationId, id: MediaId) -> _Claimed | None:
    now = ports.clock.now()
    async with ports.store.transaction(organization, background=True) as tx:
        media = (await tx.media([id])).get(id)
        if media is None or media.step is not Step.FETCH or media.due_at is None or media.due_at > now:
            return None
        channel = await tx.row(Channel, media.channel) if media.channel is not None else None
        if channel is None or media.network_id is None:
            await record_change(tx, without_bytes(media, MediaState.FAILED, "The network did not say how to fetch it."))
            return None
        if now >= media.created_at + WEBHOOK_ID_LIVES:
            await record_change(tx, without_bytes(media, MediaState.EXPIRED, TOO_LATE))
            return None
        leased = replace(media, due_at=now + LEASE, tries=media.tries + 1)
        token = token_of(ports.vault, channel)
        if token is None:
            tx.save(replace(leased, due_at=now + LONGEST_PAUSE))
            return None
        tx.save(leased)
        return _Claimed(leased, channel.phone_number_id, media.network_id, token)


async def _fetched(ports: Ports, claimed: _Claimed) -> _Outcome:
    facts = await ports.network.file_facts(claimed.token, claimed.number, claimed.network_id)
    if not isinstance(facts, FileFacts):
        return _refused(facts)
    if facts.size is not None and (refusal := _too_large(claimed.media, facts.size)):
        return _Lost(refusal.message)
    async with ports.network.download(claimed.token, facts.url) as chunks:
        if isinstance(chunks, Elsewhere):
            return _Lost(f"Its link leads to {chunks.host}, which is not the network: it was not fetched.")
        if isinstance(chunks, (Rejected, NotSent, Unanswered)):
            return _refused(chunks)
        intake = Intake(claimed.media.mime_type)
        name = new_name(claimed.media, ports.ids.new())

        def grown(size: int) -> None:
            if refusal := _too_large(claimed.media, size):
                raise _TooLarge(refusal.message)

        def ended(whole: Intake) -> None:
            _check_told(claimed.media, facts, whole)

        try:
            await ports.media.put(name, intake.through(chunks, grown=grown, begun=untold, ended=ended))
        except _TooLarge as large:
            return _Lost(str(large))
        except NotTheFile as wrong:
            return _Later(str(wrong), wrong=True)
        except BrokenOff as broken:
            return _Later(str(broken))
        except Unavailable as unavailable:
            return _Later("There is no room for it.", pause=timedelta(seconds=unavailable.retry_after_s))
    return _Kept(name, intake)


def _too_large(media: Media, size: int) -> MediaRejected | None:
    return refusal_of(OfferedFile(media.kind, Direction.INBOUND, media.mime_type, size))


def _check_told(media: Media, facts: FileFacts, whole: Intake) -> None:
    if facts.size is not None and whole.size != facts.size:
        raise NotTheFile(f"It has {whole.size} bytes where the network told of {facts.size}.")
    expected = hash_of(media.sha256) or hash_of(facts.sha256)
    if expected is not None and whole.sha256 != expected:
        raise NotTheFile("Its bytes are not those the network told of: the hash differs.")


def _refused(failed: Failed) -> _Outcome:
    match failed:
        case NotSent(message=reason) | Unanswered(message=reason):
            return _Later(reason)
        case Rejected(code=code, message=reason, retry_after_s=retry_after_s):
            pause = timedelta(seconds=retry_after_s) if retry_after_s else None
            if verdict(code, reason).remedy is not Remedy.FAIL:
                return _Later(reason, pause=pause)
            if code == NO_SUCH_OBJECT:
                return _Later(GONE, wrong=True, state=MediaState.EXPIRED)
            return _Later(reason, wrong=True)
        case _:
            assert_never(failed)


@again_on_collision
async def _settle(ports: Ports, claimed: Media, outcome: _Outcome) -> bool:
    """Whether this try was still the one that counts."""
    now = ports.clock.now()
    async with ports.store.transaction(claimed.organization, background=True) as tx:
        media = (await tx.media([claimed.id])).get(claimed.id)
        if media is None or media.step is not Step.FETCH or media.tries != claimed.tries:
            return False
        match outcome:
            case _Kept(name=name, intake=intake):
                ready = _ready(media, name, intake)
                if ports.scanner is not None:
                    tx.save(awaiting_scan(ready, now))
                else:
                    await record_change(tx, shown(ready, now, can_render=ports.sounds is not None))
            case _Lost(reason=reason):
                await record_change(tx, without_bytes(media, MediaState.FAILED, reason))
            case _Later(reason=reason, wrong=True, state=state) if media.tries >= WRONG_TRIES:
                await record_change(tx, without_bytes(media, state, reason))
            case _Later(pause=pause):
                tx.save(replace(media, due_at=now + max(pause or timedelta(0), pause_after(media))))
            case _:
                assert_never(outcome)
    return True


def _ready(media: Media, name: str, intake: Intake) -> Media:
    return with_bytes(
        media,
        stored_as=name,
        mime_type=intake.mime_type,
        size=intake.size,
        sha256=intake.sha256,
        animated=intake.looks.animated,
    )


async def record_change(tx: Transaction, media: Media) -> None:
    """Save a file, and tell the desk of it where a message shows it."""
    tx.save(media)
    id = media.message
    message = (await tx.unheld.messages([id])).get(id) if id is not None else None
    if message is not None:
        tx.record(MessageChanged(message.thread, message.id, MessageChange.MEDIA))


def pause_after(media: Media) -> timedelta:
    """Doubling, up to ten minutes, spread by up to a half so that what failed together does not return together."""
    grown = min(FIRST_PAUSE * 2 ** min(media.tries - 1, 16), LONGEST_PAUSE)
    spread = hashlib.sha256(f"{media.id}/{media.tries}".encode()).digest()[0] / 255
    return grown * (1 + spread / 2)
