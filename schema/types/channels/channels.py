"""Channels: the business numbers that are connected, how they are, and connecting one."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry import Info

import schema.types.people.teams
import schema.types.people.users
from domain.channels import channels
from domain.channels.channels import AssignmentStrategy, ChannelState, Destination, ProblemCode
from domain.channels.quality import QualityRating, rating
from domain.ids import BusinessAccountId, ChannelId, TeamId, UserId
from domain.quota import UNVERIFIED_ALLOWANCE, allowance
from domain.tickets import ReopenPolicy
from schema.context import Context
from schema.engine.values import ids
from schema.engine.values.enums import describe
from schema.engine.values.ids import Node
from schema.engine.values.scalars import PhoneNumber
from schema.types.channels.profiles import BusinessProfile
from schema.types.conversations.senders import sender
from schema.types.lazy import Team, User
from schema.types.names import MessageSender

describe(
    Destination,
    "Where a number's messages go. A number moves from one to the other only by disconnecting first.",
    {
        "HELP_DESK": "Threads with tickets.",
        "INBOX": "Threads alone: the shared inbox.",
    },
)
describe(
    ChannelState,
    "Whether a number works.",
    {
        "PENDING": "Being connected; nothing goes in or out yet.",
        "CONNECTED": "Receives and sends.",
        "DEGRADED": "Receives; sending is in trouble, and `health` says which. What is queued waits.",
        "DISCONNECTED": "Neither receives nor sends; its history stays.",
    },
)
describe(
    ProblemCode,
    "What is wrong with a number.",
    {
        "TOKEN_INVALID": "The access token expired or was taken back. Give it a new one.",
        "TOKEN_EXPIRING": "The access token expires soon. Give it a new one before.",
        "PERMISSION_MISSING": "The token lacks a permission; `missingPermissions` names it.",
        "WEBHOOK_NOT_SUBSCRIBED": "The network does not send this account's messages here.",
        "QUALITY_LOW": "People complain about or block the number; the network may limit it.",
        "RESTRICTED": "The network does not let it begin conversations for a while.",
        "BANNED": "The network has shut the number.",
        "ACCOUNT_LOCKED": "The network has locked the business account.",
        "NOT_REGISTERED": "The number is not registered with the network, or not any more.",
        "PAYMENT_PROBLEM": "The account has no payment method that works.",
        "POLICY_VIOLATION": "The network says that something breaks its rules.",
        "DISPLAY_NAME_REJECTED": "The network has turned the display name down, or has not approved it.",
        "UNKNOWN_NUMBER_TRAFFIC": "Messages come for another number of this account that is not connected here.",
        "UNSUPPORTED_TRAFFIC": "Messages come that cannot be shown yet.",
        "MEDIA_STORE": "Files cannot be kept or fetched.",
        "NETWORK_UNREACHABLE": "WhatsApp does not answer.",
    },
    name="ChannelProblemCode",
)
describe(
    QualityRating,
    "How the network rates a number or a template, by what people do with its messages.",
    {
        "GREEN": "Well.",
        "YELLOW": "People complain about it.",
        "RED": "Many do: the network may limit or pause it.",
        "UNKNOWN": "The network has not said.",
    },
)
describe(
    ReopenPolicy,
    "What a contact's message does where the thread's ticket is closed.",
    {
        "REOPEN_TICKET": "The closed ticket is opened again; the default.",
        "NEW_TICKET": "A new ticket begins.",
    },
)
describe(
    AssignmentStrategy,
    "How new work finds its owner.",
    {
        "NONE": "Somebody takes it; the default.",
        "ROUND_ROBIN": "In turn.",
        "LEAST_BUSY": "Whoever has the fewest open tickets.",
        "SKILLS": "Whoever has the skills the ticket needs.",
        "CONTACT_OWNER": "Whoever had the contact last.",
    },
)


@strawberry.type(description="Something wrong with a number.")
class ChannelProblem:
    code: ProblemCode = strawberry.field(description="What a program decides by.")
    message: str = strawberry.field(description="What is wrong, for a person.")
    hint: str = strawberry.field(description="What a person can do about it.")
    since: datetime = strawberry.field(description="When it was first noticed.")
    changed_at: datetime = strawberry.field(description="When it last became otherwise; at first the same as `since`.")
    expires_at: datetime | None = strawberry.field(description="When it ends by itself; null where nobody said.")


@strawberry.type(description="How a number is, as far as the network tells.")
class ChannelHealth:
    token_valid: bool = strawberry.field(description="Whether the access token worked when it was last used.")
    webhook_subscribed: bool = strawberry.field(description="Whether the network sends the account's messages here.")
    last_inbound_at: datetime | None = strawberry.field(
        description="When the last message or report came; null where none ever did."
    )
    quality_rating: QualityRating = strawberry.field(description="As the network rates it.")
    messaging_limit: int | None = strawberry.field(
        description="Business-initiated conversations in 24 hours that the network allows; null for no limit or untold."
    )
    throughput_per_second: int | None = strawberry.field(
        description="Messages a second that the network takes; null where it has not said."
    )
    business_verified: bool = strawberry.field(description="Whether the network has verified the business.")
    missing_permissions: list[str] = strawberry.field(description="What the access token lacks; empty where nothing.")
    problems: list[ChannelProblem] = strawberry.field(description="What is wrong now; empty where nothing is.")


@strawberry.type(description="Agreement to the terms that the connect page shows.")
class TermsAcceptance:
    at: datetime = strawberry.field(description="When it was given.")
    version: str = strawberry.field(description="Which terms: the month they are of.")
    terms: strawberry.Private[channels.Terms]

    @strawberry.field(description="Who gave it.")
    async def by(self, info: Info[Context, None]) -> MessageSender:
        return await sender(info.context, self.terms.by)


@strawberry.type(description="How new work on a number is to find its owner. Not applied yet: it stays without one.")
class AssignmentRule:
    strategy: AssignmentStrategy = strawberry.field(description="By what it is decided.")
    skills: list[str] = strawberry.field(description="What an owner has to be able to do; empty for nothing.")
    user_ids: strawberry.Private[tuple[UserId, ...]]
    team_ids: strawberry.Private[tuple[TeamId, ...]]

    @strawberry.field(description="Whose members take part, besides `users`.")
    async def teams(self, info: Info[Context, None]) -> list[Team]:
        found = await info.context.loaders.teams.load_many(self.team_ids)
        return [schema.types.people.teams.Team.of(team) for team in found if team is not None]

    @strawberry.field(description="Who takes part; with no team either, everybody.")
    async def users(self, info: Info[Context, None]) -> list[User]:
        found = await info.context.loaders.users.load_many(self.user_ids)
        return [schema.types.people.users.User.of(user) for user in found if user is not None]


@strawberry.type(description="Business-initiated conversations of a business account in the moving last 24 hours.")
class DailyAllowance:
    limit: int | None = strawberry.field(description="The most there may be; null for no limit.")
    used: int = strawberry.field(description="How many count now.")
    resets_at: datetime = strawberry.field(
        description="When the oldest counted one leaves the 24 hours; now where none counts."
    )


@strawberry.type(description="One of your business numbers.")
class Channel(Node):
    name: str = strawberry.field(description="What the people here call it.")
    phone_number: PhoneNumber = strawberry.field(description="The number people write to.")
    phone_number_id: str = strawberry.field(description="The network's id of the number.")
    business_account_id: str = strawberry.field(description="The network's id of the account it belongs to.")
    destination: Destination = strawberry.field(description="Help desk or shared inbox.")
    state: ChannelState = strawberry.field(description="Whether it works.")
    health: ChannelHealth = strawberry.field(description="How it is, in detail.")
    profile: BusinessProfile | None = strawberry.field(
        description="What people see of the business in WhatsApp, as last read; null where it never was."
    )
    reopen_policy: ReopenPolicy = strawberry.field(
        description="What a contact's message does where the thread's ticket is closed."
    )
    assignment: AssignmentRule = strawberry.field(
        description="How new work is to find its owner. Not applied yet: it stays without one."
    )
    close_after_idle_hours: int | None = strawberry.field(
        description="After so long without a word threads are to be closed; null: never. Not applied yet."
    )
    connected_at: datetime | None = strawberry.field(
        description="When it was last connected: older messages are not kept. Null where it never was."
    )
    send_read_receipts: bool = strawberry.field(
        description="Whether threadMarkRead tells the contact unless the call says otherwise; off until somebody turns"
        " it on."
    )
    terms_accepted: TermsAcceptance | None = strawberry.field(
        description="Who agreed to the terms, and when; null where nobody did yet."
    )
    account: strawberry.Private[BusinessAccountId]
    row: strawberry.Private[channels.Channel]

    @strawberry.field(
        description="Business-initiated conversations in the moving last 24 hours, shared by the account's numbers:"
        f" {UNVERIFIED_ALLOWANCE} until the business is verified."
    )
    async def daily_allowance(self, info: Info[Context, None]) -> DailyAllowance:
        return await daily_allowance(info.context, self.row)

    @classmethod
    def of(cls, channel: channels.Channel) -> Self:
        return cls(
            id=ids.CHANNEL.encode(channel.id),
            name=channel.name,
            phone_number=PhoneNumber(channel.phone_number),
            phone_number_id=channel.phone_number_id,
            business_account_id=channel.account,
            destination=channel.destination,
            state=channel.state,
            health=_health(channel),
            profile=BusinessProfile.of(channel.profile) if channel.profile else None,
            reopen_policy=channel.reopen_policy,
            assignment=AssignmentRule(
                strategy=channel.assignment.strategy,
                skills=list(channel.assignment.skills),
                user_ids=channel.assignment.users,
                team_ids=channel.assignment.teams,
            ),
            close_after_idle_hours=channel.close_after_idle_hours,
            connected_at=channel.connected_at,
            send_read_receipts=channel.send_read_receipts,
            terms_accepted=_accepted(channel.terms) if channel.terms else None,
            account=channel.account,
            row=channel,
        )


async def daily_allowance(context: Context, channel: channels.Channel) -> DailyAllowance:
    taken = await context.loaders.allowance_taken.load(channel.account)
    every = await context.loaders.all_channels.load(context.organization)
    numbers = [number for number in every if number.account == channel.account]
    now = allowance(channels.begun_a_day(numbers), taken, context.now)
    return DailyAllowance(limit=now.limit, used=now.used, resets_at=now.resets_at)


async def every(context: Context) -> list[Channel]:
    """Oldest first."""
    return [Channel.of(channel) for channel in await context.loaders.all_channels.load(context.organization)]


async def loaded(context: Context, id: ChannelId) -> Channel | None:
    channel = await context.loaders.channels.load(id)
    return Channel.of(channel) if channel else None


async def existing(context: Context, id: ChannelId) -> Channel:
    """The channel that a row of ours names."""
    channel = await loaded(context, id)
    assert channel is not None, f"channel {id} is named and not there"
    return channel


def _health(channel: channels.Channel) -> ChannelHealth:
    return ChannelHealth(
        token_valid=channel.token_valid,
        webhook_subscribed=channel.webhook_subscribed,
        last_inbound_at=channel.last_inbound_at,
        quality_rating=rating(channel.quality_rating),
        messaging_limit=channel.messaging_limit,
        throughput_per_second=channel.throughput_per_second,
        business_verified=channel.business_verified,
        missing_permissions=list(channel.missing_permissions),
        problems=[
            ChannelProblem(
                code=each.code,
                message=each.message,
                hint=each.hint,
                since=each.since,
                changed_at=each.changed_at or each.since,
                expires_at=each.expires_at,
            )
            for each in channel.problems
        ],
    )


def _accepted(terms: channels.Terms) -> TermsAcceptance:
    return TermsAcceptance(at=terms.at, version=terms.version, terms=terms)
