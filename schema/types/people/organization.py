"""The organization, and who is asking."""

from datetime import date
from typing import Self

import strawberry
from strawberry import Info

from domain.ids import OrganizationId
from domain.moderation.personal_data import PersonalDataPattern
from domain.people import organizations
from domain.people.actors import ByIntegration, ByUser, Role
from domain.people.organizations import AgentVisibility
from domain.use_cases.people.organization import UpdateOrganization, update_organization
from schema.context import Context
from schema.engine.values import ids
from schema.engine.values.enums import describe
from schema.engine.values.given import as_is, left_or
from schema.engine.values.ids import Node
from schema.engine.values.scalars import EventCursor
from schema.types.errors import UserError, user_errors
from schema.types.inputs import done
from schema.types.people import users
from schema.types.people.users import ApiKey, User

describe(
    AgentVisibility,
    "Which threads an AGENT sees. The other roles always see all.",
    {
        "EVERYTHING": "Every thread of the organization; the default.",
        "OWN_AND_TEAM": "Threads owned by them, in one of their teams, or with neither owner nor team.",
    },
)

describe(
    PersonalDataPattern,
    "Numbers that say much of a person. Each counts only with its check digits right and written as people write it.",
    {
        "PAYMENT_CARD": "The number of a payment card: 14 to 19 digits of a known issuer, right by Luhn's check.",
        "NATIONAL_ID": "Brazil's CPF, Mexico's CURP, Spain's DNI and NIE, Italy's codice fiscale, Poland's PESEL, and"
        " China's resident identity number.",
        "BANK_ACCOUNT": "An IBAN in its country's length.",
    },
)


@strawberry.type(description="The company whose desk this is. Everything belongs to one and is seen by nobody else.")
class Organization(Node):
    name: str = strawberry.field(description="What it is called here; no two organizations share one.")
    legal_name: str | None = strawberry.field(description="As the company is registered; null where nobody entered it.")
    website: str | None = strawberry.field(description="Its address on the web; null where nobody entered it.")
    email: str | None = strawberry.field(description="Where it is reached by mail; null where nobody entered it.")
    country: str | None = strawberry.field(
        description="Where it sits; null where nobody entered it. By its two letters (ISO 3166) or its English name it"
        " also says how numbers in local form are read."
    )
    time_zone: str = strawberry.field(description="The IANA name of the zone its days begin in, as Europe/Warsaw.")
    subscribed_on: date = strawberry.field(
        description="The day the subscription began, in `timeZone`: the month of the quota turns on it."
    )
    quota_limit: int = strawberry.field(description="Conversations a billing month.")
    agent_visibility: AgentVisibility = strawberry.field(
        description="Which threads an AGENT is to see. Not applied yet: everybody sees every thread."
    )
    blocked_links: list[str] = strawberry.field(
        description="Messages with a link to one of these hosts, or to what is below it, are quarantined as PHISHING."
        " One with a path blocks what begins with it."
    )
    stop_words: list[str] = strawberry.field(
        description="A message that is one of these and nothing else opts its sender out. Case, accents and punctuation"
        " around it make no difference."
    )
    personal_data_patterns: list[PersonalDataPattern] = strawberry.field(
        description="Messages with a number of one of these kinds are quarantined as PERSONAL_DATA."
    )

    @classmethod
    def of(cls, organization: organizations.Organization) -> Self:
        return cls(
            id=ids.ORGANIZATION.encode(organization.id),
            name=organization.name,
            legal_name=organization.legal_name,
            website=organization.website,
            email=organization.email,
            country=organization.country,
            time_zone=organization.time_zone,
            subscribed_on=organization.subscribed_on,
            quota_limit=organization.quota_limit,
            agent_visibility=organization.agent_visibility,
            blocked_links=list(organization.blocked_links),
            stop_words=list(organization.stop_words),
            personal_data_patterns=list(organization.personal_data_patterns),
        )


@strawberry.type(description="Who is asking: a user who signed in, or a program with a key.")
class Viewer:
    role: Role = strawberry.field(description="What the asker may do; a key's scopes may narrow it.")

    @strawberry.field(description="The user who signed in; null where a key is asking.")
    async def user(self, info: Info[Context, None]) -> User | None:
        match info.context.acting.author:
            case ByUser(id):
                return await users.loaded(info.context, id)
            case ByIntegration():
                return None

    @strawberry.field(description="The key that is asking; null where a user is.")
    async def api_key(self, info: Info[Context, None]) -> ApiKey | None:
        match info.context.acting.author:
            case ByIntegration(id):
                return await users.loaded_key(info.context, id)
            case ByUser():
                return None

    @strawberry.field(description="The organization everything in this answer belongs to.")
    async def organization(self, info: Info[Context, None]) -> Organization:
        return await current(info.context)

    @strawberry.field(
        description="The newest place in the log this read reflects: subscribe to the inbox with it, also when the"
        " inbox is empty."
    )
    async def cursor(self, info: Info[Context, None]) -> EventCursor:
        return await newest_place(info.context)


async def current(context: Context) -> Organization:
    return Organization.of(await context.loaders.organizations.load(context.organization))


async def loaded(context: Context, id: OrganizationId) -> Organization | None:
    """The asker's own; any other is as unknown as one that never was."""
    return await current(context) if id == context.organization else None


async def newest_place(context: Context) -> EventCursor:
    """The cursor of everything the log holds at this read."""
    head = await context.loaders.heads.load(context.organization)
    return EventCursor(context.cursors.encode(context.organization, head.epoch, head.position))


# ---------------------------------------------------------------- changing it


@strawberry.input(
    description="What shall be different. What is left out stays; an explicit null clears what may be empty."
)
class OrganizationUpdateInput:
    name: strawberry.Maybe[str | None] = strawberry.field(
        description="1 to 200 characters; CONFLICT where another organization has it. Never null."
    )
    legal_name: strawberry.Maybe[str | None] = strawberry.field(
        description="As the company is registered; at most 200 characters."
    )
    website: strawberry.Maybe[str | None] = strawberry.field(
        description="Its address on the web, with http:// or https://."
    )
    email: strawberry.Maybe[str | None] = strawberry.field(description="Where it is reached by mail.")
    country: strawberry.Maybe[str | None] = strawberry.field(
        description="Where it sits, best by its two letters (ISO 3166): numbers in local form are read by it. At most"
        " 200 characters."
    )
    time_zone: strawberry.Maybe[str | None] = strawberry.field(
        description="An IANA name such as Europe/Warsaw. The running month ends when it was to; the next one turns in"
        " this zone. Never null.",
    )
    subscribed_on: strawberry.Maybe[date | None] = strawberry.field(
        description="The day the subscription began, not later than today. The running month ends when it was to; the"
        " next one turns on this day of each month, on the last day of shorter ones. Never null.",
    )
    quota_limit: strawberry.Maybe[int | None] = strawberry.field(
        description="Conversations a billing month, 0 or more; holds at once. It may be less than is used already: then"
        " nothing more is begun until the month turns. Never null."
    )
    blocked_links: strawberry.Maybe[list[str] | None] = strawberry.field(
        description="All of them, as evil.example or evil.example/path; at most 1000. Messages that are here already"
        " stay as they are.",
    )
    stop_words: strawberry.Maybe[list[str] | None] = strawberry.field(
        description="All of them; at most 100, each of at most 100 characters."
    )
    personal_data_patterns: strawberry.Maybe[list[PersonalDataPattern] | None] = strawberry.field(
        description="All of them. Messages that are here already stay as they are."
    )


@strawberry.type(description="The organization as it is now, or why it stays as it was.")
class OrganizationUpdatePayload:
    organization: Organization | None = strawberry.field(
        default=None, description="The organization; null where the change was refused."
    )
    user_errors: list[UserError] = user_errors()


async def update(info: Info[Context, None], input: OrganizationUpdateInput) -> OrganizationUpdatePayload:
    context = info.context
    command = UpdateOrganization(
        name=as_is(input.name),
        legal_name=as_is(input.legal_name),
        website=as_is(input.website),
        email=as_is(input.email),
        country=as_is(input.country),
        time_zone=as_is(input.time_zone),
        subscribed_on=as_is(input.subscribed_on),
        quota_limit=as_is(input.quota_limit),
        blocked_links=left_or(input.blocked_links, tuple),
        stop_words=left_or(input.stop_words, tuple),
        personal_data_patterns=left_or(input.personal_data_patterns, tuple),
    )
    organization = done(await update_organization(context.ports, context.acting, command))
    await context.read_on(organization.id, organization)
    return OrganizationUpdatePayload(organization=await current(context))
