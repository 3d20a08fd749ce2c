"""Disconnecting a number: nothing goes in or out any more, and what was said stays readable.

It is disconnected here first, whatever the network says to it: a token that is dead could unsubscribe nothing.
"""

from dataclasses import dataclass, replace

from domain.channels.channels import Channel, ChannelState
from domain.errors import Refusal, forbidden, not_found
from domain.events import ChannelChanged
from domain.ids import BusinessAccountId, ChannelId
from domain.people.actors import Actor, Right
from domain.ports.bundle import Ports
from domain.ports.directory import DirectoryEntry
from domain.use_cases.again import again_on_collision
from domain.use_cases.channels.templates import turn_of
from domain.use_cases.channels.tokens import token_of


@dataclass(frozen=True, slots=True)
class _Gone:
    channel: Channel
    token: str | None  # what it had, to unsubscribe with


async def disconnect_channel(ports: Ports, actor: Actor, id: ChannelId) -> Channel | Refusal:
    """Forget the number's token, free its name, and stop its account's webhooks where no other number needs them.

    Its registration at the network stays, and its PIN is kept: connected again, it is the same channel. One that is
    disconnected already stays so. Refuses FORBIDDEN, NOT_FOUND.
    """
    if not actor.may(Right.CHANNELS):
        return forbidden("disconnect channels")
    gone = await _gone(ports, actor, id)
    if not isinstance(gone, _Gone):
        return gone
    account = gone.channel.account
    if gone.token is not None and not await account_is_used(ports, account):
        await ports.network.unsubscribe(gone.token, account)
        if await account_is_used(ports, account):  # connected meanwhile by somebody who was told it is subscribed
            await ports.network.subscribe(gone.token, account)
    return gone.channel


async def account_is_used(ports: Ports, account: BusinessAccountId) -> bool:
    """Whether any organization here has a number of the account connected."""
    return bool(await ports.directory.find(DirectoryEntry.ACCOUNT, [account]))


@again_on_collision
async def _gone(ports: Ports, actor: Actor, id: ChannelId) -> _Gone | Refusal:
    async with ports.store.transaction(actor.organization) as tx:
        seen = await tx.row(Channel, id)
    if seen is None:
        return not_found("channel", "channelId")
    async with ports.store.transaction(actor.organization) as tx:
        await tx.take_turns([turn_of(seen.account)])  # its numbers are counted
        channel = await tx.row(Channel, id)
        assert channel is not None, "channels are never removed"
        if channel.state is ChannelState.DISCONNECTED:
            return _Gone(channel, None)
        gone = replace(
            channel,
            state=ChannelState.DISCONNECTED,
            access_token=None,
            app_secret=None,
            app_secret_print=None,
            token_valid=False,
            webhook_subscribed=False,
            missing_permissions=(),
            problems=(),
            check_due_at=None,
            former_app_secret=None,
            former_app_secret_print=None,
            former_secret_until=None,
        )
        tx.save(gone)
        tx.record(ChannelChanged(gone.id))
        await tx.delist(DirectoryEntry.NUMBER, gone.phone_number_id)
        others = [each for each in await tx.all_of(Channel) if each.id != id and each.account == gone.account]
        if all(each.state is ChannelState.DISCONNECTED for each in others):
            await tx.delist(DirectoryEntry.ACCOUNT, gone.account)
    return _Gone(gone, token_of(ports.vault, channel))
