"""What a message said before: edits, deletions, and a message that was changed before it came."""

from dataclasses import replace
from datetime import datetime

from domain.conversations.contents import Content, Quarantined, RemovalReason, Removed, Unsupported
from domain.conversations.messages import Message, Version

VERSIONS_KEPT = 100  # of what a message said before: the first, and the newest


def changed(message: Message, content: Content, at: datetime) -> Message:
    """The message after its sender changed it at `at`. Any order and repetition of changes gives the same message.

    What was taken back stays so: a change told later joins its past only. What is quarantined stays so, too.
    """
    if message.deleted_at is not None and at >= message.deleted_at:
        return message
    until = [version.until for version in message.versions]
    said = [*(version.content for version in message.versions), message.spoken]
    place = sum(each <= at for each in until)
    if place and until[place - 1] == at and said[place] == content:
        return message
    if place == 1 and len(until) >= VERSIONS_KEPT:  # among those that are not kept any more
        return message
    until.insert(place, at)
    said.insert(place + 1, content)
    after = replace(
        message,
        versions=_kept(tuple(Version(*pair) for pair in zip(said[:-1], until, strict=True))),
        edited_at=max(at, message.edited_at or at),
    )
    return replace(after, content=said[-1]) if message.quarantined is None else replace(after, quarantined=said[-1])


WORDS_BEFORE = Unsupported("edit", "What was said before is not known here.")
"""The first content of a message of which only an edit came."""


def stands_in(message: Message) -> bool:
    """Whether only a change of this message came so far, and it never did itself."""
    return bool(message.versions) and message.versions[0].content == WORDS_BEFORE


def filled_in(stand_in: Message, message: Message) -> Message:
    """A message that came after all, as its changes made it; it goes by the id under which those were shown."""
    first, *later = stand_in.versions
    return replace(
        message,
        id=stand_in.id,
        content=stand_in.content,
        quarantined=stand_in.quarantined,
        versions=(Version(message.spoken, first.until), *later),
        edited_at=stand_in.edited_at,
        deleted_at=stand_in.deleted_at,
        reactions=stand_in.reactions,
        releases=stand_in.releases,
    )


def taken_back(message: Message, at: datetime) -> Message:
    """The message after its sender deleted it: nothing of it is left but its versions."""
    if message.deleted_at is not None:
        return message
    gone_at = max([at, *(version.until for version in message.versions)])
    return replace(
        message,
        content=Removed(RemovalReason.DELETED_BY_CONTACT, gone_at),
        quarantined=None,
        versions=_kept((*message.versions, Version(message.spoken, gone_at))),
        deleted_at=gone_at,
    )


def _kept(versions: tuple[Version, ...]) -> tuple[Version, ...]:
    """The first and the newest: a message may be edited without end, and all of them are written with it."""
    return versions if len(versions) <= VERSIONS_KEPT else (versions[0], *versions[1 - VERSIONS_KEPT :])


def told_so_far(message: Message) -> tuple[Version, ...]:
    """Every content it had before the one it shows: for those who may see what is withheld, that too."""
    if message.quarantined is None or not isinstance(message.content, Quarantined):
        return message.versions
    return (*message.versions, Version(message.quarantined, message.content.at))
