"""The organization, and who is asking."""

from datetime import date
from typing import Self

import strawberry
from strawberry import Info

from domain import organizations
from domain.actors import ByIntegration, ByUser, Role
from domain.ids import OrganizationId
from domain.organizations import AgentVisibility
from schema import ids, users
from schema.context import Context
from schema.enums import describe
from schema.ids import Node
from schema.scalars import EventCursor
from schema.users import ApiKey, User

describe(
    AgentVisibility,
    "Which threads an AGENT sees. The other roles always see all.",
    {
        "EVERYTHING": "Every thread of the organization; the default.",
        "OWN_AND_TEAM": "Threads owned by them, in one of their teams, or with neither owner nor team.",
    },
)


@strawberry.type(description="The company whose desk this is. Everything belongs to one and is seen by nobody else.")
class Organization(Node):
    name: str = strawberry.field(description="What it is called here; no two organizations share one.")
    legal_name: str | None = strawberry.field(description="As the company is registered; null where nobody entered it.")
    website: str | None = strawberry.field(description="Its address on the web; null where nobody entered it.")
    email: str | None = strawberry.field(description="Where it is reached by mail; null where nobody entered it.")
    country: str | None = strawberry.field(description="Where it sits; null where nobody entered it.")
    time_zone: str = strawberry.field(description="The IANA name of the zone its days begin in, as Europe/Warsaw.")
    subscribed_on: date = strawberry.field(
        description="The day the subscription began, in `timeZone`: the month of the quota turns on it."
    )
    quota_limit: int = strawberry.field(description="Conversations a billing month.")
    agent_visibility: AgentVisibility = strawberry.field(description="Which threads an AGENT sees.")

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
