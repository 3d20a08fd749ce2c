"""Connecting a number, changing it, and disconnecting it."""

import strawberry
from strawberry import Info

from domain.channels.channels import AssignmentRule, AssignmentStrategy, Destination
from domain.ids import BusinessAccountId, PhoneNumberId
from domain.tickets import ReopenPolicy
from domain.use_cases.channels.connect import ConnectChannel, connect_channel
from domain.use_cases.channels.disconnect import disconnect_channel
from domain.use_cases.channels.update import (
    ASSIGNED_LIMIT,
    FORMER_SECRET_FOR,
    IDLE_HOURS_LIMIT,
    UpdateChannel,
    update_channel,
)
from schema.context import Context
from schema.engine.values import ids
from schema.engine.values.given import left_or
from schema.types.channels.channels import Channel, loaded
from schema.types.channels.profiles import BusinessProfileInput, asked_change
from schema.types.errors import UserError, user_errors
from schema.types.inputs import done


@strawberry.input(
    description="A number to connect: either through a sign-in's draft from channelDiscover, or with a token of your"
    " own. Tokens are kept encrypted."
)
class ChannelConnectInput:
    accept_terms: bool = strawberry.field(
        description="Agreement to the terms that the connect page shows; kept with who and when."
    )
    terms_version: str | None = strawberry.field(
        default=None,
        description="The version of `connectTerms` that was seen; left out or null: the present one; an older one is"
        " refused CONFLICT.",
    )
    draft_id: strawberry.ID | None = strawberry.field(
        default=None, description="The sign-in to connect through; left out or null: an `accessToken` is given."
    )
    access_token: str | None = strawberry.field(
        default=None,
        description="A token for the account with whatsapp_business_management and whatsapp_business_messaging; one of"
        " a system user does not expire. Line breaks and blanks that came with it are left out.",
    )
    app_secret: str | None = strawberry.field(
        default=None,
        description="Your app's secret, where its webhooks are not signed with one of the server's. It speaks for this"
        " number alone.",
    )
    business_account_id: str = strawberry.field(description="The network's id of the account, digits.")
    phone_number_id: str = strawberry.field(description="The network's id of the number, digits.")
    name: str | None = strawberry.field(
        default=None, description="What the people here will call it; left out or null: its display name in WhatsApp."
    )
    destination: Destination | None = strawberry.field(
        default=Destination.HELP_DESK, description="Help desk or shared inbox."
    )
    profile: BusinessProfileInput | None = strawberry.field(
        default=None, description="Written to the network; left out or null: the profile stays as it is there."
    )
    pin: str | None = strawberry.field(
        default=None,
        description="Six digits that protect the number's registration; made and kept when left out.",
    )


@strawberry.type(description="The connected number, or why it is not.")
class ChannelConnectPayload:
    channel: Channel | None = strawberry.field(default=None, description="The number; null where it was refused.")
    user_errors: list[UserError] = user_errors()


async def connect(info: Info[Context, None], input: ChannelConnectInput) -> ChannelConnectPayload:
    context = info.context
    command = ConnectChannel(
        accept_terms=input.accept_terms,
        access_token=input.access_token,
        account=BusinessAccountId(input.business_account_id),
        number=PhoneNumberId(input.phone_number_id),
        app_secret=input.app_secret,
        name=input.name,
        destination=input.destination or Destination.HELP_DESK,
        pin=input.pin,
        draft=ids.CONNECTION_DRAFT.given_or_none(input.draft_id, "draftId"),
        terms_version=input.terms_version,
        profile=asked_change(input.profile) if input.profile is not None else None,
    )
    channel = done(await connect_channel(context.ports, context.acting, command))
    await context.read_on(channel.organization, channel)
    return ChannelConnectPayload(channel=await loaded(context, channel.id))


@strawberry.input(description="A number to disconnect.")
class ChannelDisconnectInput:
    channel_id: strawberry.ID = strawberry.field(description="The number in question.")


@strawberry.type(description="The number as it is now, or why it was left as it was.")
class ChannelDisconnectPayload:
    channel: Channel | None = strawberry.field(default=None, description="The number; null where it was refused.")
    user_errors: list[UserError] = user_errors()


async def disconnect(info: Info[Context, None], input: ChannelDisconnectInput) -> ChannelDisconnectPayload:
    context = info.context
    id = ids.CHANNEL.given(input.channel_id, "channelId")
    channel = done(await disconnect_channel(context.ports, context.acting, id))
    await context.read_on(channel.organization, channel)
    return ChannelDisconnectPayload(channel=await loaded(context, channel.id))


@strawberry.input(description="How new work on a number is to find its owner. Kept, and not applied yet.")
class AssignmentRuleInput:
    strategy: AssignmentStrategy = strawberry.field(description="By what it is decided.")
    user_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description=f"Who takes part: at most {ASSIGNED_LIMIT}; left out, null or empty for everybody."
    )
    team_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description=f"Whose members take part: at most {ASSIGNED_LIMIT}."
    )
    skills: list[str] | None = strawberry.field(
        default=None, description="What an owner has to be able to do; left out, null or empty for nothing."
    )


@strawberry.input(description="What to change of a number. What is left out or null stays.")
class ChannelUpdateInput:
    channel_id: strawberry.ID = strawberry.field(description="The number in question.")
    name: str | None = strawberry.field(default=None, description="What the people here will call it.")
    access_token: str | None = strawberry.field(
        default=None,
        description="A new token in place of one that expired. One that does not reach the number is refused, and the"
        " old one stays. Line breaks and blanks that came with it are left out.",
    )
    app_secret: str | None = strawberry.field(
        default=None,
        description="Your app's new secret. What is signed with the one before is taken for"
        f" {FORMER_SECRET_FOR.total_seconds() / 3600:.0f} hours longer.",
    )
    send_read_receipts: bool | None = strawberry.field(
        default=None, description="Whether threadMarkRead tells the contact unless the call says otherwise."
    )
    reopen_policy: ReopenPolicy | None = strawberry.field(
        default=None, description="What a contact's message does where the thread's ticket is closed."
    )
    close_after_idle_hours: strawberry.Maybe[int | None] = strawberry.field(
        description=f"After so long without a word threads are to be closed, 1 to {IDLE_HOURS_LIMIT:,}; null: never."
        " Kept, and not applied yet."
    )
    assignment: AssignmentRuleInput | None = strawberry.field(default=None, description="How new work finds its owner.")
    profile: BusinessProfileInput | None = strawberry.field(default=None, description="Written to the network.")


@strawberry.type(description="The number as it is now, or why it was left as it was.")
class ChannelUpdatePayload:
    channel: Channel | None = strawberry.field(default=None, description="The number; null where it was refused.")
    user_errors: list[UserError] = user_errors()


async def update(info: Info[Context, None], input: ChannelUpdateInput) -> ChannelUpdatePayload:
    context = info.context
    command = UpdateChannel(
        channel=ids.CHANNEL.given(input.channel_id, "channelId"),
        name=input.name,
        access_token=input.access_token,
        app_secret=input.app_secret,
        send_read_receipts=input.send_read_receipts,
        reopen_policy=input.reopen_policy,
        close_after_idle_hours=left_or(input.close_after_idle_hours, int),
        assignment=_rule(input.assignment) if input.assignment is not None else None,
        profile=asked_change(input.profile) if input.profile is not None else None,
    )
    channel = done(await update_channel(context.ports, context.acting, command))
    await context.read_on(channel.organization)
    return ChannelUpdatePayload(channel=await loaded(context, channel.id))


def _rule(input: AssignmentRuleInput) -> AssignmentRule:
    return AssignmentRule(
        strategy=input.strategy,
        users=tuple(ids.USER.given(each, "assignment", "userIds") for each in input.user_ids or ()),
        teams=tuple(ids.TEAM.given(each, "assignment", "teamIds") for each in input.team_ids or ()),
        skills=tuple(input.skills or ()),
    )
