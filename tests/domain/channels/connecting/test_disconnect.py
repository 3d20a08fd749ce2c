"""Disconnecting: what stops, what is forgotten, what stays, and connecting again."""

from dataclasses import replace

import pytest

from domain.channels.channels import Channel, ChannelState, Destination
from domain.error_codes import ErrorCode
from domain.events import ChannelChanged
from domain.ids import ChannelId, PhoneNumberId
from domain.people.actors import Role
from domain.ports.directory import DirectoryEntry
from domain.ports.network import Failed, Rejected, Unanswered
from domain.use_cases.channels.connect import ConnectChannel, connect_channel
from domain.use_cases.channels.disconnect import disconnect_channel
from domain.use_cases.outbound.sending.send import SendText, send_text
from tests.builders import ACCOUNT, ACME, CHANNEL, GLOBEX, NUMBER, an_id, an_organization
from tests.domain.one_desk import ADMIN, AGENT, Desk, a_desk_number, a_user_as, granted, open_desk, refused_as
from tests.domain.standins import Vault

AGAIN = ConnectChannel(accept_terms=True, access_token="the-token", account=ACCOUNT, number=NUMBER)


@pytest.fixture
async def desk() -> Desk:
    desk = await open_desk()
    await desk.given(replace(await desk.channel(), access_token=Vault().seal(ACME, "access_token", "old")))
    desk.network.subscribed = True
    return desk


async def disconnected(desk: Desk) -> Channel:
    return granted(await disconnect_channel(desk.ports, ADMIN, (await desk.channel()).id))


async def test_the_token_is_forgotten_and_the_webhooks_are_stopped(desk: Desk) -> None:
    channel = await disconnected(desk)

    assert channel.state is ChannelState.DISCONNECTED
    assert (channel.access_token, channel.app_secret, channel.app_secret_print) == (None, None, None)
    assert (channel.token_valid, channel.webhook_subscribed, channel.problems) == (False, False, ())
    assert desk.network.asked == ["unsubscribe"]
    assert desk.network.tokens == {"old"}
    assert await desk.events() == [ChannelChanged(channel.id)]
    assert await desk.ports.directory.find(DirectoryEntry.NUMBER, [NUMBER]) == []
    assert await desk.ports.directory.find(DirectoryEntry.ACCOUNT, [ACCOUNT]) == []


@pytest.mark.parametrize("failed", [Rejected(190, "expired"), Unanswered("no")])
async def test_a_token_that_is_dead_disconnects_all_the_same(desk: Desk, failed: Failed) -> None:
    desk.network.failing["unsubscribe"] = failed

    assert (await disconnected(desk)).state is ChannelState.DISCONNECTED


async def test_one_whose_token_can_not_be_opened_is_disconnected_without_the_network(desk: Desk) -> None:
    await desk.given(replace(await desk.channel(), access_token="sealed with a key that is gone"))

    await disconnected(desk)

    assert desk.network.asked == []


async def test_another_number_of_the_account_goes_on_receiving(desk: Desk) -> None:
    await desk.given(replace(a_desk_number(PhoneNumberId("2")), id=ChannelId(an_id(2)), account=ACCOUNT))

    await disconnected(desk)

    assert desk.network.asked == []
    assert await desk.ports.directory.find(DirectoryEntry.ACCOUNT, [ACCOUNT]) != []


async def test_and_one_of_another_organization_does_too(desk: Desk) -> None:
    await desk.given(an_organization(GLOBEX, name="Globex"))
    async with desk.ports.store.transaction(GLOBEX) as tx:
        await tx.enlist(DirectoryEntry.ACCOUNT, ACCOUNT, ACCOUNT)

    await disconnected(desk)

    assert desk.network.asked == []


async def test_an_account_that_somebody_connects_meanwhile_is_subscribed_again(desk: Desk) -> None:
    await desk.given(an_organization(GLOBEX, name="Globex"))

    async def meanwhile() -> None:
        async with desk.ports.store.transaction(GLOBEX) as tx:
            await tx.enlist(DirectoryEntry.ACCOUNT, ACCOUNT, ACCOUNT)

    desk.network.meanwhile_asked = meanwhile

    await disconnected(desk)

    assert desk.network.asked == ["unsubscribe", "subscribe"]
    assert desk.network.subscribed


async def test_nothing_is_sent_any_more_and_what_was_said_stays(desk: Desk) -> None:
    await desk.wrote("Hello")
    thread = await desk.thread()

    await disconnected(desk)

    refused = await send_text(desk.ports, AGENT, SendText(thread.id, "Hi"))
    assert refused_as(refused) is ErrorCode.CHANNEL_UNAVAILABLE
    assert await desk.texts() == ["Hello"]


async def test_what_comes_for_it_opens_nothing(desk: Desk) -> None:
    await disconnected(desk)

    await desk.deliver(desk.message("Are you there?"))
    await desk.interpret()

    assert await desk.threads() == []


async def test_disconnecting_twice_changes_nothing(desk: Desk) -> None:
    first = await disconnected(desk)
    before = await desk.head()

    assert await disconnected(desk) == first
    assert await desk.head() == before
    assert desk.network.asked == ["unsubscribe"]


async def test_connected_again_it_is_the_same_channel_with_its_pin(desk: Desk) -> None:
    await desk.given(replace(await desk.channel(), pin=Vault().seal(ACME, "pin", "123456")))
    before = await disconnected(desk)

    channel = granted(await connect_channel(desk.ports, ADMIN, AGAIN))

    assert (channel.id, channel.state) == (before.id, ChannelState.CONNECTED)
    assert channel.pin == Vault().seal(ACME, "pin", "123456")


async def test_a_number_moves_from_the_inbox_to_the_help_desk_by_disconnecting_first(desk: Desk) -> None:
    await desk.given(replace(await desk.channel(), destination=Destination.INBOX))

    assert refused_as(await connect_channel(desk.ports, ADMIN, AGAIN)) is ErrorCode.CHANNEL_ALREADY_CONNECTED
    await disconnected(desk)

    assert granted(await connect_channel(desk.ports, ADMIN, AGAIN)).destination is Destination.HELP_DESK


async def test_another_organization_can_have_it_then(desk: Desk) -> None:
    await desk.given(an_organization(GLOBEX, name="Globex"))
    globex = a_user_as(Role.ADMIN, GLOBEX)
    assert refused_as(await connect_channel(desk.ports, globex, AGAIN)) is ErrorCode.NUMBER_LINKED_ELSEWHERE

    await disconnected(desk)

    assert granted(await connect_channel(desk.ports, globex, AGAIN)).organization == GLOBEX


async def test_only_who_may_disconnect_does(desk: Desk) -> None:
    assert refused_as(await disconnect_channel(desk.ports, a_user_as(Role.SUPERVISOR), CHANNEL)) is (
        ErrorCode.FORBIDDEN
    )
    assert refused_as(await disconnect_channel(desk.ports, ADMIN, ChannelId(an_id(9)))) is ErrorCode.NOT_FOUND
