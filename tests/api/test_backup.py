"""A desk in one file, and back: whole, and without sending anything twice."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.backup import back_up, restore
from api.refusals import CannotBackUp
from api.settings import Settings
from api.wiring import Wired, wired
from domain.messages import MessageStatus
from domain.ports import Listing
from tests.builders import (
    ACME,
    OUR_MESSAGE,
    a_channel,
    a_contact,
    a_thread,
    an_organization,
    an_outbound,
    an_outbox_item,
)

NAME = "0190-file"


def settings_at(folder: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{folder / 'desk.db'}")


async def in_pieces(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def fill(desk: Wired) -> None:
    """A number with a sealed token, and a reply that waits to leave."""
    token = desk.ports.vault.seal(ACME, "access_token", "EAAG-token")
    async with desk.ports.store.transaction(ACME) as tx:
        tx.save(an_organization(), a_channel(access_token=token), a_contact(), a_thread(), an_outbound())
        tx.save(an_outbox_item())
        await tx.enlist(Listing.ORGANIZATION, "acme", ACME)
    (desk.settings.media_folder / "ab").mkdir(parents=True, exist_ok=True)
    (desk.settings.media_folder / "ab" / NAME).write_bytes(b"picture")


async def test_a_desk_comes_back_whole_and_sends_nothing_twice(tmp_path: Path) -> None:
    here, there, file = tmp_path / "here", tmp_path / "there", tmp_path / "desk.backup"
    here.mkdir()
    there.mkdir()
    async with wired(settings_at(here)) as desk:
        await fill(desk)
        head = await desk.ports.reader.head(ACME)

        made = back_up(settings_at(here), file)  # while it serves

    assert made.has_key
    assert made.files == 1
    assert file.stat().st_mode & 0o777 == 0o600

    restored = await restore(settings_at(there), file)

    assert (restored.organizations, restored.unknown) == (1, 1)
    assert (there / "desk.db").stat().st_mode & 0o777 == 0o600
    assert (there / "desk.db.key").read_text() == (here / "desk.db.key").read_text()
    assert (there / "desk.db.media" / "ab" / NAME).read_bytes() == b"picture"
    assert sorted(os.listdir(there)) == ["desk.db", "desk.db.key", "desk.db.media"]
    async with wired(settings_at(there)) as desk:
        message = (await desk.ports.reader.messages_by_ids(ACME, [OUR_MESSAGE]))[OUR_MESSAGE]
        assert message.status is MessageStatus.UNKNOWN
        assert await desk.ports.store.due_sends(desk.ports.clock.now(), 10) == []
        assert (await desk.ports.reader.head(ACME)).epoch != head.epoch
        (channel,) = await desk.ports.reader.channels(ACME)
        assert channel.access_token is not None
        assert desk.ports.vault.open(ACME, "access_token", channel.access_token) == "EAAG-token"


async def test_a_desk_that_is_there_is_not_overwritten_unless_told(tmp_path: Path) -> None:
    settings, file = settings_at(tmp_path), tmp_path / "desk.backup"
    async with wired(settings) as desk:
        await fill(desk)
    back_up(settings, file)

    with pytest.raises(CannotBackUp, match="there already"):
        back_up(settings, file)
    with pytest.raises(CannotBackUp, match="there already"):
        await restore(settings, file)
    await restore(settings, file, replace=True)

    aside = [name for name in os.listdir(tmp_path) if ".replaced-" in name]
    assert len(aside) == 3


async def test_what_is_no_backup_leaves_everything_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("no backup")

    with pytest.raises(CannotBackUp):
        await restore(settings_at(tmp_path), tmp_path / "words")

    assert os.listdir(tmp_path) == ["words"]
