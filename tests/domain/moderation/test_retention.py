"""Files that nothing came for: places whose bytes never came, bytes that nobody sent, what crashes left behind."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.conversations.library import LibraryItemKind
from domain.errors import Refused
from domain.events import QuotaChanged
from domain.files.media import (
    PLAYABLE,
    UNUSED_KEPT,
    UPLOADED_WITHIN,
    Media,
    MediaState,
    Rendition,
    Step,
    Upload,
    named_by,
    new_name,
)
from domain.files.rules import MediaKind
from domain.ids import DeliveryId, MediaId
from domain.people.organizations import SignIn
from domain.ports.deliveries import DeliveryState
from domain.ports.directory import DirectoryEntry
from domain.ports.network import FileFacts
from domain.updates import IncomingMedia
from domain.use_cases.conversations.library import CreateItem, create_item
from domain.use_cases.files.forget import NEVER_CAME, NEVER_SENT, forget_media
from domain.use_cases.files.prepare import PrepareMedia, prepare_media, take_upload
from domain.use_cases.files.process import process_media
from domain.use_cases.moderation.retention import (
    AT_A_TIME,
    BODIES_AT_A_TIME,
    EVENTS_KEPT,
    ORPHANED_FOR,
    bites,
    collect_garbage,
    forget_deliveries,
    forget_events,
    forget_sign_ins,
    forget_updates,
)
from domain.use_cases.outbound.sending.send_media import SendMedia, send_media
from tests.api.memory_desk import memory_ports
from tests.builders import (
    ACME,
    DAY,
    DELIVERY,
    GLOBEX,
    MINUTE,
    NOON,
    NUMBER,
    SIGN_IN,
    FixedClock,
    a_delivery,
    a_media,
    a_parked,
    a_sign_in,
    a_user,
    an_id,
    an_update_record,
)
from tests.domain.one_desk import ADMIN, AGENT, Desk, granted, open_desk, refusal_of
from tests.files import PDF


@pytest.fixture
async def desk() -> Desk:
    return await open_desk()


async def in_pieces(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def prepared(desk: Desk) -> Media:
    asked = PrepareMedia(MediaKind.DOCUMENT, "application/pdf", len(PDF))
    return granted(await prepare_media(desk.ports, AGENT, asked))


async def uploaded(desk: Desk) -> Media:
    return granted(await take_upload(desk.ports, ACME, (await prepared(desk)).id, in_pieces(PDF), None))


async def tended(desk: Desk) -> list[Step | None]:
    due = await desk.ports.store.due_media(desk.clock.now(), 100)
    return [await process_media(desk.ports, organization, media) for organization, media in due]


async def as_it_is(desk: Desk, media: Media) -> Media:
    return (await desk.ports.reader.by_ids(Media, ACME, [media.id]))[media.id]


async def asked_to_send(desk: Desk, media: Media) -> object:
    return await send_media(desk.ports, AGENT, SendMedia((await desk.thread()).id, (media.id,)))


# Never sent


async def swept(desk: Desk) -> int:
    async def remove(name: str) -> bool:
        await desk.ports.media.remove(name)
        return True

    return await collect_garbage(desk.ports, remove)


async def test_a_place_whose_bytes_never_came_is_given_up_after_a_day(desk: Desk) -> None:
    media = await prepared(desk)
    desk.later(UPLOADED_WITHIN - timedelta(seconds=1))
    assert await tended(desk) == []

    desk.later(timedelta(seconds=1))
    assert await tended(desk) == [Step.FORGET]

    after = await as_it_is(desk, media)
    assert (after.state, after.failure, after.step) == (MediaState.EXPIRED, NEVER_CAME, None)
    assert isinstance(await take_upload(desk.ports, ACME, media.id, in_pieces(PDF), None), Refused)


async def test_bytes_that_nobody_sent_go_after_thirty_days(desk: Desk) -> None:
    media = await uploaded(desk)
    desk.later(UNUSED_KEPT - timedelta(seconds=1))
    assert await tended(desk) == []

    desk.later(timedelta(seconds=1))
    assert await tended(desk) == [Step.FORGET]

    after = await as_it_is(desk, media)
    assert (after.state, after.failure, after.stored_as) == (MediaState.EXPIRED, NEVER_SENT, None)
    assert desk.files.kept_names == set()
    await desk.wrote()
    assert isinstance(refusal_of(await asked_to_send(desk, media)), Refused)


async def test_what_was_sent_is_kept(desk: Desk) -> None:
    await desk.wrote()
    media = await uploaded(desk)
    assert isinstance(await asked_to_send(desk, media), list)
    assert isinstance(await asked_to_send(desk, media), list)

    desk.later(10 * UNUSED_KEPT)

    assert await tended(desk) == []
    assert ((await as_it_is(desk, media)).state, len(desk.files.kept_names)) == (MediaState.READY, 1)


async def test_what_an_item_of_the_library_holds_is_kept(desk: Desk) -> None:
    media = await uploaded(desk)
    asked = CreateItem(LibraryItemKind.DOCUMENT, "Price list", media=media.id)
    granted(await create_item(desk.ports, ADMIN, asked))

    desk.later(10 * UNUSED_KEPT)

    assert await tended(desk) == []
    assert (await as_it_is(desk, media)).state is MediaState.READY


async def test_what_the_network_has_had_is_kept_whatever_names_it(desk: Desk) -> None:
    media = await uploaded(desk)
    await desk.given(replace(await as_it_is(desk, media), uploads=(Upload(NUMBER, "1", NOON),)))
    desk.later(UNUSED_KEPT)

    assert await tended(desk) == [Step.FORGET]

    after = await as_it_is(desk, media)
    assert (after.state, after.step, len(desk.files.kept_names)) == (MediaState.READY, None, 1)


async def test_what_is_not_due_or_not_there_is_not_forgotten(desk: Desk) -> None:
    media = await uploaded(desk)

    await forget_media(desk.ports, ACME, media.id)
    await forget_media(desk.ports, ACME, a_media().id)

    assert (await as_it_is(desk, media)).state is MediaState.READY


# Left behind


@pytest.fixture
async def listed(desk: Desk) -> None:
    """ACME is known to be an organization here."""
    async with desk.database.store.transaction(ACME) as tx:
        await tx.enlist(DirectoryEntry.ORGANIZATION, "acme", ACME)


async def kept(desk: Desk, name: str, *, age: timedelta = ORPHANED_FOR + timedelta(seconds=1)) -> None:
    await desk.ports.media.put(name, in_pieces(b"bytes"))
    desk.files.kept_at[name] = desk.clock.now() - age


@pytest.mark.usefixtures("listed")
async def test_bytes_that_no_row_names_are_removed_and_all_others_stay(desk: Desk) -> None:
    media = a_media(state=MediaState.READY)
    form = Rendition(PLAYABLE, "audio/mpeg", 5, "ab", new_name(media, "form"))
    await desk.given(replace(media, stored_as=new_name(media, "whole"), renditions=(form,)))
    foreign = replace(media, organization=GLOBEX)
    stay = {
        new_name(media, "whole"),
        form.stored_as,
        new_name(foreign, "whole"),  # of an organization that is not ours
        "019ab000-0000-7000-8000-00000000000a",  # tells nobody's
    }
    for name in stay | {new_name(media, "second-try"), new_name(a_media(MediaId(an_id(7))), "of-no-row")}:
        await kept(desk, name)
    await kept(desk, new_name(media, "still-on-its-way"), age=ORPHANED_FOR)

    assert await swept(desk) == 2

    assert desk.files.kept_names == stay | {new_name(media, "still-on-its-way")}
    assert await swept(desk) == 0


@pytest.mark.usefixtures("listed")
async def test_many_are_looked_at_some_at_a_time(desk: Desk) -> None:
    media = a_media()
    for number in range(AT_A_TIME + 3):
        await kept(desk, new_name(media, f"try-{number}"))

    assert await swept(desk) == AT_A_TIME + 3
    assert desk.files.kept_names == set()


def test_a_name_tells_whose_bytes_it_names() -> None:
    media = a_media()

    assert named_by(new_name(media, "anything")) == (media.organization, media.id)
    assert named_by("019ab000-0000-7000-8000-00000000000a") is None


async def test_what_is_fetched_has_a_name_that_tells_whose_it_is(desk: Desk) -> None:
    desk.network.facts["file"] = FileFacts("https://lookaside.fbsbx.com/file")
    desk.network.files["https://lookaside.fbsbx.com/file"] = [PDF]
    await desk.receive(desk.message(content=IncomingMedia(MediaKind.DOCUMENT, "file", "application/pdf")))
    ((organization, id),) = await desk.ports.store.due_media(desk.clock.now(), 10)
    await tended(desk)

    assert [named_by(name) for name in desk.files.kept_names] == [(organization, id)]


# What goes with age


async def test_events_are_kept_for_a_week_and_go_in_small_bites() -> None:
    clock = FixedClock()
    ports = memory_ports(clock=clock)

    async def happened(times: int) -> None:
        async with ports.store.transaction(ACME) as tx:
            tx.record(*[QuotaChanged()] * times)

    await happened(AT_A_TIME + 1)
    clock.advance(EVENTS_KEPT)
    await happened(1)
    assert await forget_events(ports, ACME, EVENTS_KEPT) == 0

    clock.advance(MINUTE)
    assert await forget_events(ports, ACME, EVENTS_KEPT) == AT_A_TIME
    assert await forget_events(ports, ACME, EVENTS_KEPT) == 1
    assert await forget_events(ports, ACME, EVENTS_KEPT) == 0

    assert len(await ports.reader.events(ACME, 0, 10)) == 1


@pytest.mark.parametrize(
    ("state", "days"),
    [(DeliveryState.INTERPRETED, 30), (DeliveryState.IGNORED, 30), (DeliveryState.FAILED, 180)],
)
async def test_a_body_is_kept_for_so_long_after_it_was_interpreted(desk: Desk, state: DeliveryState, days: int) -> None:
    await desk.ports.webhook_inbox.append(a_delivery(state=state, received_at=desk.clock.now()))

    desk.clock.advance(days * DAY)
    assert await forget_deliveries(desk.ports, state) == 0
    desk.clock.advance(MINUTE)
    assert await forget_deliveries(desk.ports, state) == 1
    assert await desk.ports.webhook_inbox.delivery(DELIVERY) is None


@pytest.mark.usefixtures("listed")
async def test_what_goes_with_age_is_looked_for_in_every_organization(desk: Desk) -> None:
    await desk.given(a_sign_in(expires_at=desk.clock.now()), *(a_parked(an_id(number)) for number in range(AT_A_TIME)))
    desk.clock.advance(60 * DAY)

    more = {name: await bite() for name, bite in (await bites(desk.ports, EVENTS_KEPT)).items()}

    assert {work: more[whose, work] for whose, work in more if whose == ACME} == {
        "forget_parked": True,
        "forget_updates": False,
        "forget_sign_ins": False,
        "forget_drafts": False,
        "forget_events": False,
    }
    assert await desk.ports.reader.by_ids(SignIn, ACME, [SIGN_IN]) == {}


async def test_what_waits_to_be_interpreted_is_never_forgotten(desk: Desk) -> None:
    await desk.ports.webhook_inbox.append(a_delivery())
    desk.clock.advance(400 * DAY)

    for bite in (await bites(desk.ports, EVENTS_KEPT)).values():
        await bite()

    assert len(await desk.ports.webhook_inbox.waiting(10)) == 1


async def test_what_became_of_updates_goes_once_their_body_has_gone(desk: Desk) -> None:
    await desk.ports.webhook_inbox.append(a_delivery(state=DeliveryState.FAILED, received_at=desk.clock.now()))
    await desk.given(an_update_record(at=desk.clock.now()), an_update_record(delivery=DeliveryId("gone"), at=NOON))

    desk.clock.advance(31 * DAY)
    assert await forget_updates(desk.ports, ACME) == 1
    assert await forget_updates(desk.ports, ACME) == 0

    desk.clock.advance(180 * DAY)
    await forget_deliveries(desk.ports, DeliveryState.FAILED)
    assert await forget_updates(desk.ports, ACME) == 1


async def test_sign_ins_that_ran_out_are_forgotten_with_their_words(desk: Desk) -> None:
    await desk.given(a_user(), a_sign_in(expires_at=desk.clock.now()))
    async with desk.ports.store.transaction(ACME) as tx:
        await tx.enlist(DirectoryEntry.TOKEN, a_sign_in().token_hash, SIGN_IN)

    desk.clock.advance(7 * DAY)
    assert await forget_sign_ins(desk.ports, ACME) == 0
    desk.clock.advance(MINUTE)
    assert await forget_sign_ins(desk.ports, ACME) == 1

    assert await desk.ports.reader.by_ids(SignIn, ACME, [SIGN_IN]) == {}
    assert await desk.ports.directory.find(DirectoryEntry.TOKEN, [a_sign_in().token_hash]) == []


async def test_each_bite_says_whether_there_is_more(desk: Desk) -> None:
    for number in range(BODIES_AT_A_TIME):
        await desk.ports.webhook_inbox.append(a_delivery(DeliveryId(an_id(number)), state=DeliveryState.INTERPRETED))
    desk.clock.advance(31 * DAY)

    assert [await bite() for bite in (await bites(desk.ports, EVENTS_KEPT)).values()].count(True) == 1
    assert [await bite() for bite in (await bites(desk.ports, EVENTS_KEPT)).values()].count(True) == 0
