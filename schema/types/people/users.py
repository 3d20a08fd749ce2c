"""People and programs of the organization: users and API keys, and the mutations that make them."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry import Info

import schema.types.people.teams
from domain.ids import ApiKeyId, UserId
from domain.people import organizations
from domain.people.actors import Role, Scope
from domain.text.names import user_name
from domain.use_cases.people.access import SignInAsked, sign_in, sign_out
from domain.use_cases.people.people import (
    CreateApiKey,
    CreateUser,
    create_api_key,
    create_user,
    revoke_api_key,
)
from schema.context import Context
from schema.engine.readable import readable
from schema.engine.values import ids
from schema.engine.values.enums import describe
from schema.engine.values.ids import Node
from schema.engine.values.pages import Connection, connection, page_ask, read
from schema.types.errors import UserError, user_errors
from schema.types.inputs import done
from schema.types.lazy import Team
from schema.types.names import MessageSender

ORDER = "users"

describe(
    Role,
    "What somebody may do here. A program with an API key is an INTEGRATOR within the key's scopes.",
    {
        "ADMIN": "Everything, with channels, users, keys and the organization itself.",
        "SUPERVISOR": "All of an agent's work, and what agents do not see: originals, earlier versions, exports.",
        "AGENT": "Reads, sends, works on threads, tickets and contacts.",
        "INTEGRATOR": "What a program needs: as an agent, with the library, workflows and webhook endpoints.",
        "READER": "Reads and listens, changes nothing.",
    },
)
describe(
    Scope,
    "What a key may do. Each includes READ, and ADMIN all.",
    {
        "READ": "Reads and listens.",
        "MESSAGES": "Sends, and keeps the library.",
        "TICKETS": "Works on threads and tickets.",
        "CONTACTS": "Changes contacts.",
        "CHANNELS": "Connects numbers and makes templates.",
        "INTEGRATIONS": "Sets up what other programs are told.",
        "ADMIN": "Everything an administrator may.",
    },
    name="ApiKeyScope",
)


@strawberry.type(description="Somebody who works here.")
class User(Node, MessageSender):
    name: str = strawberry.field(description="As colleagues see it.")
    email: str = strawberry.field(description="The address they sign in with.")
    role: Role = strawberry.field(description="What they may do.")
    skills: list[str] = strawberry.field(description="What assignment by skills goes by; empty where none were given.")
    available: bool = strawberry.field(
        description="Whether rules assign work to them now. Colleagues may hand them work all the same."
    )
    capacity: int | None = strawberry.field(
        description="How many open tickets rules give them at most; null for no limit."
    )
    active: bool = strawberry.field(description="False: signed out everywhere, assigned nothing, kept for the history.")
    key: strawberry.Private[UserId]

    @strawberry.field(description="The teams they belong to, by name.")
    async def teams(self, info: Info[Context, None]) -> list[Team]:
        found = await info.context.loaders.teams_of.load(self.key)
        return [schema.types.people.teams.Team.of(team) for team in found]

    @strawberry.field(description="Tickets they own that are not closed, counted now.")
    async def open_ticket_count(self, info: Info[Context, None]) -> int:
        return await info.context.loaders.open_tickets.load(self.key)

    @classmethod
    def of(cls, user: organizations.User) -> Self:
        return cls(
            id=ids.USER.encode(user.id),
            display_name=user_name(user),
            name=user.name,
            email=user.email,
            role=user.role,
            skills=list(user.skills),
            available=user.available,
            capacity=user.capacity,
            active=user.active,
            key=user.id,
        )


@strawberry.type(description="What a program signs in with. Its secret is shown once, when it is made.")
class ApiKey(Node):
    name: str = strawberry.field(description="What the people here call it.")
    prefix: str = strawberry.field(description="The secret's first characters, to recognise it by.")
    scopes: list[Scope] = strawberry.field(description="What it may do.")
    created_at: datetime = strawberry.field(description="When it was made.")
    last_used_at: datetime | None = strawberry.field(
        description="When it last opened a request, to the minute; null where it never did."
    )
    expires_at: datetime | None = strawberry.field(description="When it stops working; null for never.")
    revoked_at: datetime | None = strawberry.field(
        description="When somebody revoked it; null while nobody did. A revoked one never works again."
    )

    @classmethod
    def of(cls, key: organizations.ApiKey) -> Self:
        return cls(
            id=ids.API_KEY.encode(key.id),
            name=key.name,
            prefix=key.prefix,
            scopes=list(key.scopes),
            created_at=key.created_at,
            last_used_at=key.last_used_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
        )


async def page(context: Context, *, first: int | None, after: str | None, query: str | None) -> Connection[User]:
    ask = page_ask(ORDER, first, after)
    found = await read(ask, context.reads.users(context.organization, ask, readable(query, "query")))
    return connection(found, ORDER, User.of)


async def loaded(context: Context, id: UserId) -> User | None:
    user = await context.loaders.users.load(id)
    return User.of(user) if user else None


async def loaded_key(context: Context, id: ApiKeyId) -> ApiKey | None:
    key = await context.loaders.api_keys.load(id)
    return ApiKey.of(key) if key else None


# ---------------------------------------------------------------- signing in and out


@strawberry.input(description="Who wants to sign in.")
class SignInInput:
    email: str = strawberry.field(description="The user's address; upper and lower case are one.")
    password: str = strawberry.field(description="The user's password, exactly.")


@strawberry.type(description="A new sign-in, or why there is none.")
class SignInPayload:
    token: str | None = strawberry.field(
        default=None,
        description="Send it as `Authorization: Bearer …`. Shown this once; null where the sign-in was refused.",
    )
    expires_at: datetime | None = strawberry.field(
        default=None, description="When the token stops working; sign in again before. Null where there is none."
    )
    user: User | None = strawberry.field(default=None, description="Who signed in; null where nobody did.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Whether the sign-in was ended.")
class SignOutPayload:
    user_errors: list[UserError] = user_errors()


async def begin(info: Info[Context, None], input: SignInInput) -> SignInPayload:
    context = info.context
    signed_in = done(await sign_in(context.ports, SignInAsked(input.email, input.password, context.caller)))
    await context.read_on(signed_in.user.organization, signed_in.user)
    return SignInPayload(token=signed_in.token, expires_at=signed_in.expires_at, user=User.of(signed_in.user))


async def end(info: Info[Context, None]) -> SignOutPayload:
    done(await sign_out(info.context.ports, info.context.acting))
    return SignOutPayload()


# ---------------------------------------------------------------- keys and users


@strawberry.input(description="A key to make.")
class ApiKeyCreateInput:
    name: str = strawberry.field(description="What the people here will call it, 1 to 200 characters.")
    scopes: list[Scope] = strawberry.field(description="What it may do, at least one thing.")
    expires_at: datetime | None = strawberry.field(
        default=None, description="When it shall stop working; left out or null: never."
    )


@strawberry.type(description="The new key, or why there is none.")
class ApiKeyCreatePayload:
    api_key: ApiKey | None = strawberry.field(default=None, description="The key; null where it was refused.")
    secret: str | None = strawberry.field(
        default=None, description="Shown this once; send it as `Authorization: Bearer …`. Null where it was refused."
    )
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="A key to take back.")
class ApiKeyRevokeInput:
    api_key_id: strawberry.ID = strawberry.field(description="The key that shall open nothing any more.")


@strawberry.type(description="The revoked key, or why it stands.")
class ApiKeyRevokePayload:
    api_key: ApiKey | None = strawberry.field(default=None, description="The key as it is now; null where refused.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Somebody new.")
class UserCreateInput:
    name: str = strawberry.field(description="As colleagues will see it, 1 to 200 characters.")
    email: str = strawberry.field(description="The address to sign in with; one user here for each.")
    role: Role = strawberry.field(description="What they may do.")
    password: str | None = strawberry.field(
        default=None,
        description="8 to 1024 characters, none of the commonest and no name or address. Left out or null: they cannot"
        " sign in until an administrator sets one.",
    )
    skills: list[str] | None = strawberry.field(
        default=None, description="What assignment by skills goes by; left out or null: none."
    )
    capacity: int | None = strawberry.field(
        default=None, description="How many open tickets rules give them at most; left out or null: no limit."
    )


@strawberry.type(description="The new user, or why there is none.")
class UserCreatePayload:
    user: User | None = strawberry.field(default=None, description="The user; null where it was refused.")
    user_errors: list[UserError] = user_errors()


async def make_key(info: Info[Context, None], input: ApiKeyCreateInput) -> ApiKeyCreatePayload:
    context = info.context
    command = CreateApiKey(input.name, tuple(input.scopes), input.expires_at)
    created_key = done(await create_api_key(context.ports, context.acting, command))
    await context.read_on(created_key.api_key.organization, created_key.api_key)
    return ApiKeyCreatePayload(api_key=await loaded_key(context, created_key.api_key.id), secret=created_key.secret)


async def revoke_key(info: Info[Context, None], input: ApiKeyRevokeInput) -> ApiKeyRevokePayload:
    context = info.context
    api_key_id = ids.API_KEY.given(input.api_key_id, "apiKeyId")
    api_key = done(await revoke_api_key(context.ports, context.acting, api_key_id))
    await context.read_on(api_key.organization, api_key)
    return ApiKeyRevokePayload(api_key=await loaded_key(context, api_key.id))


async def make_user(info: Info[Context, None], input: UserCreateInput) -> UserCreatePayload:
    context = info.context
    command = CreateUser(input.name, input.email, input.role, input.password, tuple(input.skills or ()), input.capacity)
    user = done(await create_user(context.ports, context.acting, command))
    await context.read_on(user.organization, user)
    return UserCreatePayload(user=await loaded(context, user.id))
