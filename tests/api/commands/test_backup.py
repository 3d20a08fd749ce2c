"""A desk in one file, and back: whole, and without sending anything twice."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.bus import MemoryBus
from adapters.db.database import open_database
from adapters.system import SystemClock, SystemIds
from api.operating.backups import after_restore_elsewhere, back_up, restore
from api.refusals import CannotBackUp
from api.settings import Settings
from api.wiring import Wired, wired
from domain.channels.channels import Channel
from domain.conversations.messages import Message
from domain.conversations.status import MessageStatus
from domain.events import MessageAdded, MessageStatusChanged
from domain.ids import MessageId
from domain.ports.directory import DirectoryEntry
from domain.use_cases.restored import Restored
from tests.builders import (
    ACME,
    OUR_MESSAGE,
    THREAD,
    a_channel,
    a_contact,
    a_thread,
    an_organization,
    an_outbound,
    an_outbox_item,
)
from tests.due import due_sends
from tests.peers.servers import Databases

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
        await tx.enlist(DirectoryEntry.ORGANIZATION, "acme", ACME)
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
        message = (await desk.ports.reader.by_ids(Message, ACME, [OUR_MESSAGE]))[OUR_MESSAGE]
        assert message.status is MessageStatus.UNKNOWN
        assert await due_sends(desk.ports.store, desk.ports.clock.now(), 10) == []
        assert (await desk.ports.reader.head(ACME)).epoch != head.epoch
        (channel,) = await desk.ports.reader.all_of(Channel, ACME, "created_at")
        assert channel.access_token is not None
        assert desk.ports.vault.open(ACME, "access_token", channel.access_token, channel=channel.id) == "EAAG-token"


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


async def test_a_folder_that_is_not_there_is_named_as_it_was_given(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    async with wired(settings):
        pass
    target = tmp_path / "nowhere" / "backup"

    with pytest.raises(CannotBackUp) as refused:
        back_up(settings, target)

    assert str(refused.value) == f"{target}: No such file or directory"


async def test_what_is_no_backup_leaves_everything_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("no backup")

    with pytest.raises(CannotBackUp, match=r"words is no backup of a desk"):
        await restore(settings_at(tmp_path), tmp_path / "words")

    assert os.listdir(tmp_path) == ["words"]


async def test_each_backup_that_is_made_while_messages_are_written_is_whole(tmp_path: Path) -> None:
    """An audit of each: events gapless up to the counter, a message for each of them, and each message UNKNOWN."""
    written = asyncio.Event()
    settings = settings_at(tmp_path)
    async with wired(settings) as desk:
        await fill(desk)

        async def write() -> None:
            while True:
                await queue(desk, MessageId(desk.ports.ids.new()))
                written.set()

        writers = [asyncio.create_task(write()) for _ in range(3)]
        for number in range(3):
            written.clear()
            await written.wait()
            await asyncio.to_thread(back_up, settings, tmp_path / f"{number}.backup")
        for writer in writers:
            writer.cancel()
        await asyncio.wait(writers)

    kept = [await audited(a_folder(tmp_path, str(number)), tmp_path / f"{number}.backup") for number in range(3)]
    assert kept == sorted(set(kept))  # each has more than the one before: they were taken in the middle


def a_folder(within: Path, name: str) -> Path:
    folder = within / name
    folder.mkdir()
    return folder


async def queue(desk: Wired, message: MessageId) -> None:
    async with desk.ports.store.transaction(ACME) as tx:
        tx.save(an_outbound(message), an_outbox_item(message))
        tx.record(MessageAdded(THREAD, message))


async def audited(folder: Path, backup: Path) -> int:
    """How many messages it holds, of which each is whole."""
    restored = await restore(settings_at(folder), backup)
    async with wired(settings_at(folder)) as desk:
        events = await desk.ports.reader.events(ACME, 0, 100_000)
        head = await desk.ports.reader.head(ACME)
        assert [each.position for each in events] == list(range(1, head.position + 1))
        added = {each.event.message for each in events if isinstance(each.event, MessageAdded)}
        became = {each.event.message for each in events if isinstance(each.event, MessageStatusChanged)}
        messages = await desk.ports.reader.by_ids(Message, ACME, added | {OUR_MESSAGE})
        assert became == set(messages) == added | {OUR_MESSAGE}
        assert {message.status for message in messages.values()} == {MessageStatus.UNKNOWN}
        assert set(await desk.ports.reader.marks_of(ACME, list(messages))) == set(messages)
        assert restored.unknown == len(messages)
    return len(messages)


# PostgreSQL


@pytest.fixture
async def on_postgres(postgres_url: str) -> Settings:
    database = await open_database(postgres_url, SystemClock(), SystemIds(), MemoryBus())
    await database.migrate()
    await database.close()
    return settings_of(postgres_url)


def settings_of(url: str) -> Settings:
    return Settings.model_validate({"database_url": url, "secret_key": "a-secret-key-for-the-tests"})


async def test_a_copy_of_a_database_on_a_server_sends_nothing_twice_and_may_be_restored_again(
    on_postgres: Settings, postgres: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with wired(on_postgres) as desk:
        await fill(desk)
        head = await desk.ports.reader.head(ACME)
    copy = await postgres.create(on_postgres.database_url)

    done = [await after_restore_elsewhere(settings_of(copy)) for _ in range(2)]

    assert done == [Restored(1, 1), Restored(1, 0)]
    async with wired(settings_of(copy)) as desk:
        message = (await desk.ports.reader.by_ids(Message, ACME, [OUR_MESSAGE]))[OUR_MESSAGE]
        assert message.status is MessageStatus.UNKNOWN
        assert await due_sends(desk.ports.store, desk.ports.clock.now(), 10) == []
        assert (await desk.ports.reader.head(ACME)).epoch != head.epoch
    async with wired(on_postgres) as desk:  # the one that it was copied from goes on as it was
        assert (await desk.ports.reader.head(ACME)) == head
        assert len(await due_sends(desk.ports.store, desk.ports.clock.now(), 10)) == 1
    await postgres.drop(copy)


async def test_a_database_that_somebody_serves_is_not_taken_for_restored(
    on_postgres: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with wired(on_postgres) as desk:
        await fill(desk)
        head = await desk.ports.reader.head(ACME)

        with pytest.raises(CannotBackUp, match="Stop whatever serves this database first"):
            await after_restore_elsewhere(on_postgres)

        assert await desk.ports.reader.head(ACME) == head


async def test_each_kind_of_database_has_its_own_way_back(on_postgres: Settings, tmp_path: Path) -> None:
    with pytest.raises(CannotBackUp, match="deskline restore has done this already"):
        await after_restore_elsewhere(settings_at(tmp_path))
    with pytest.raises(CannotBackUp, match="PostgreSQL's own tools"):
        back_up(on_postgres, tmp_path / "desk.backup")
