"""Connecting a number step by step: a sign-in's draft, what it reaches, new numbers and their codes, the terms."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Self

import strawberry
from strawberry import Info

from domain.channels.channels import REQUIRED_PERMISSIONS
from domain.channels.drafts import ConnectionDraft as Draft
from domain.channels.drafts import DraftAccount, PrerequisiteState, Taken, obstacle_of, prerequisites, taken
from domain.channels.numbers import NumberFacts
from domain.channels.terms import TERMS
from domain.error_codes import ErrorCode
from domain.ids import BusinessAccountId, ConnectionDraftId, PhoneNumberId
from domain.use_cases.channels.codes import (
    AddNumber,
    NumberNow,
    RequestCode,
    VerifyCode,
    add_number,
    request_code,
    verify_code,
)
from domain.use_cases.channels.discover import Discover, discover
from domain.use_cases.channels.drafts import elsewhere
from schema.context import Context
from schema.engine.values import ids
from schema.engine.values.enums import describe
from schema.engine.values.ids import Node
from schema.engine.values.scalars import PhoneNumber
from schema.types.errors import UserError, to_user_errors, user_errors
from schema.types.inputs import done


class CodeMethod(StrEnum):
    SMS = "SMS"
    VOICE = "VOICE"


describe(
    CodeMethod,
    "How a verification code reaches the number.",
    {"SMS": "By text message.", "VOICE": "By a call that reads it aloud."},
)
describe(
    PrerequisiteState,
    "How it stands with something that is needed first.",
    {
        "MET": "It is there.",
        "MISSING": "It is not there yet.",
        "UNCHECKED": "It can't be seen from here, or not before somebody signed in.",
    },
)


@strawberry.type(description="Something that is needed before a number is connected.")
class ChannelPrerequisite:
    name: str = strawberry.field(description="What it is, in a few words.")
    description: str = strawberry.field(description="What is meant, and where it is set.")
    state: PrerequisiteState = strawberry.field(description="How it stands with it.")


@strawberry.type(description="The terms that whoever connects a number agrees to.")
class ConnectTerms:
    version: str = strawberry.field(description="Which terms: the month they are of. Give it back as `termsVersion`.")
    text: str = strawberry.field(description="What is agreed to, to be shown.")
    url: str = strawberry.field(description="WhatsApp's own business terms.")


@strawberry.type(description="A permission that connecting asks a token for, or that it has besides.")
class GrantedPermission:
    name: str = strawberry.field(description="As the network calls it.")
    granted: bool = strawberry.field(description="Whether the token has it.")
    required: bool = strawberry.field(description="Whether a number can't be connected without it.")


@strawberry.type(description="A business number that a sign-in reaches.")
class BusinessNumber:
    phone_number_id: str = strawberry.field(description="The network's id of the number.")
    phone_number: PhoneNumber = strawberry.field(description="The number people write to.")
    display_name: str = strawberry.field(description="The name people see; empty where the network tells none.")
    display_name_approved: bool = strawberry.field(
        description="Whether the network lets the name be shown. True also where it says nothing known of it."
    )
    code_verified: bool = strawberry.field(
        description="Whether somebody was reached by a code. True also where the network says nothing known of it."
    )
    connectable: bool = strawberry.field(description="Whether it can be connected now.")
    refusal: ErrorCode | None = strawberry.field(description="Why it can't be; null where it can.")
    hint: str | None = strawberry.field(description="What to do about it; null where it can be connected.")

    @classmethod
    def of(cls, draft: Draft, account: DraftAccount, number: NumberFacts, by: Taken) -> Self:
        obstacle = obstacle_of(draft, account, number, by)
        return cls(
            phone_number_id=number.id,
            phone_number=PhoneNumber(number.phone_number),
            display_name=number.display_name,
            display_name_approved=number.name_approved is not False,
            code_verified=number.code_verified is not False,
            connectable=obstacle is None,
            refusal=obstacle.code if obstacle is not None else None,
            hint=f"{obstacle.message} {obstacle.hint}" if obstacle is not None else None,
        )


@strawberry.type(description="A WhatsApp business account that a sign-in reaches.")
class BusinessAccount:
    id: str = strawberry.field(description="The network's id of the account.")
    name: str = strawberry.field(description="Its name; empty where the sign-in may not read it.")
    verified: bool = strawberry.field(description="Whether the network has verified the business.")
    numbers: list[BusinessNumber] = strawberry.field(description="Its numbers, in the network's order.")
    numbers_left: int = strawberry.field(description="How many more of its numbers can be connected here.")

    @classmethod
    def of(cls, draft: Draft, account: DraftAccount, by: Taken) -> Self:
        return cls(
            id=account.facts.id,
            name=account.facts.name,
            verified=account.facts.verified,
            numbers=[BusinessNumber.of(draft, account, number, by) for number in account.numbers],
            numbers_left=by.left(account.facts.id),
        )


@strawberry.type(
    description="What a sign-in at the network reaches, until it runs out; several numbers can be connected from it. It"
    " is nobody else's than whoever signed in; its token is kept sealed."
)
class ConnectionDraft(Node):
    expires_at: datetime = strawberry.field(description="Until when numbers can be connected from it.")
    permissions: list[GrantedPermission] = strawberry.field(
        description="Those that connecting needs, granted or missing; then what else the token has."
    )
    draft: strawberry.Private[Draft]

    @strawberry.field(
        description="Accounts and numbers, as the network told at the sign-in, each with what stands against it now."
    )
    async def business_accounts(self, info: Info[Context, None]) -> list[BusinessAccount]:
        by = await _taken(info.context, self.draft)
        return [BusinessAccount.of(self.draft, account, by) for account in self.draft.accounts]

    @classmethod
    def of(cls, draft: Draft) -> Self:
        return cls(
            id=ids.CONNECTION_DRAFT.encode(draft.id),
            expires_at=draft.expires_at,
            permissions=_permissions(draft.permissions),
            draft=draft,
        )


def _permissions(granted: Collection[str]) -> list[GrantedPermission]:
    needed = [GrantedPermission(name=name, granted=name in granted, required=True) for name in REQUIRED_PERMISSIONS]
    others = (name for name in granted if name not in REQUIRED_PERMISSIONS)
    return [*needed, *(GrantedPermission(name=name, granted=True, required=False) for name in others)]


async def _taken(context: Context, draft: Draft) -> Taken:
    channels = await context.loaders.all_channels.load(context.organization)
    return taken(channels, await elsewhere(context.ports.directory, context.organization, draft))


async def loaded(context: Context, id: ConnectionDraftId) -> ConnectionDraft | None:
    """The asker's own, while it is good."""
    found = await _own(context, id)
    return ConnectionDraft.of(found) if found is not None else None


async def _own(context: Context, id: ConnectionDraftId) -> Draft | None:
    draft = (await context.reads.by_ids(Draft, context.organization, [id])).get(id)
    if draft is None or not draft.is_of(context.acting) or not draft.is_good(context.now):
        return None
    return draft


async def needed_first(context: Context, draft_id: ConnectionDraftId | None) -> list[ChannelPrerequisite]:
    draft = await _own(context, draft_id) if draft_id is not None else None
    organization = await context.loaders.organizations.load(context.organization)
    return [
        ChannelPrerequisite(name=each.name, description=each.description, state=each.state)
        for each in prerequisites(organization, draft)
    ]


def terms() -> ConnectTerms:
    return ConnectTerms(version=TERMS.version, text=TERMS.text, url=TERMS.url)


# ---------------------------------------------------------------- signing in


@strawberry.input(
    description="Exactly one: what a sign-in at Meta came back with, or a token of your own.", one_of=True
)
class ChannelDiscoverInput:
    signup_code: strawberry.Maybe[str] = strawberry.field(
        description="What Meta's Embedded Signup hands over; it lives 30 seconds and is good once."
    )
    access_token: strawberry.Maybe[str] = strawberry.field(
        description="One of a system user does not expire. Line breaks and blanks that came with it are left out."
    )


@strawberry.type(description="What can be connected, or why nothing can be said of it.")
class ChannelDiscoverPayload:
    draft: ConnectionDraft | None = strawberry.field(default=None, description="The draft; null where it was refused.")
    user_errors: list[UserError] = user_errors()


async def find_out(info: Info[Context, None], input: ChannelDiscoverInput) -> ChannelDiscoverPayload:
    context = info.context
    command = Discover(
        signup_code=input.signup_code.value if input.signup_code else None,
        access_token=input.access_token.value if input.access_token else None,
    )
    draft = done(await discover(context.ports, context.acting, command))
    await context.read_on(draft.organization)
    return ChannelDiscoverPayload(draft=ConnectionDraft.of(draft))


# ---------------------------------------------------------------- new numbers


@strawberry.input(description="A number to put on a business account.")
class ChannelAddNumberInput:
    draft_id: strawberry.ID = strawberry.field(description="The sign-in it is done with.")
    business_account_id: str = strawberry.field(description="An account of the draft.")
    phone_number: str = strawberry.field(description="With its country code, such as +48 601 234 567.")
    display_name: str = strawberry.field(description="The name people will see; the network reviews it.")


@strawberry.type(description="The number, which a code is to be asked for next, or why it was not added.")
class ChannelAddNumberPayload:
    number: BusinessNumber | None = strawberry.field(default=None, description="Null where it was refused.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="A code to be sent to a number.")
class ChannelRequestCodeInput:
    draft_id: strawberry.ID = strawberry.field(description="The sign-in it is done with.")
    phone_number_id: str = strawberry.field(description="A number of the draft.")
    method: CodeMethod = strawberry.field(description="Text message or call.")
    language: str | None = strawberry.field(
        default="en", description="The language of the message or call, such as en or pt_BR."
    )


@strawberry.type(description="Whether a code is on its way.")
class ChannelRequestCodePayload:
    number: BusinessNumber | None = strawberry.field(
        default=None, description="The number as it stands; null where nothing was asked of the network."
    )
    retry_at: datetime | None = strawberry.field(
        default=None, description="Before then the network sends no other code; null where it need not be waited."
    )
    attempts_left: int | None = strawberry.field(
        default=None,
        description="Codes that may still be asked for before a long pause; null where nothing was asked.",
    )
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="The code that came.")
class ChannelVerifyCodeInput:
    draft_id: strawberry.ID = strawberry.field(description="The sign-in it is done with.")
    phone_number_id: str = strawberry.field(description="A number of the draft.")
    code: str = strawberry.field(description="Six digits; a dash or blanks between them are left out.")


@strawberry.type(description="Whether the number is verified now.")
class ChannelVerifyCodePayload:
    number: BusinessNumber | None = strawberry.field(
        default=None, description="The number as it stands; null where nothing was asked of the network."
    )
    retry_at: datetime | None = strawberry.field(
        default=None, description="Before then the network sends no other code; null where it need not be waited."
    )
    attempts_left: int | None = strawberry.field(
        default=None,
        description="How many more codes the network takes before there has to be a new one; null once it is verified.",
    )
    user_errors: list[UserError] = user_errors()


def _shown(now: NumberNow) -> BusinessNumber | None:
    place = now.draft.place_of(now.number.id)
    return BusinessNumber.of(now.draft, *place, now.taken) if place is not None else None


async def add(info: Info[Context, None], input: ChannelAddNumberInput) -> ChannelAddNumberPayload:
    context = info.context
    command = AddNumber(
        draft=ids.CONNECTION_DRAFT.given(input.draft_id, "draftId"),
        account=BusinessAccountId(input.business_account_id),
        phone_number=input.phone_number,
        display_name=input.display_name,
    )
    return ChannelAddNumberPayload(number=_shown(done(await add_number(context.ports, context.acting, command))))


async def ask_for_code(info: Info[Context, None], input: ChannelRequestCodeInput) -> ChannelRequestCodePayload:
    context = info.context
    command = RequestCode(
        draft=ids.CONNECTION_DRAFT.given(input.draft_id, "draftId"),
        number=PhoneNumberId(input.phone_number_id),
        by_voice=input.method is CodeMethod.VOICE,
        language=input.language or "en",
    )
    now = done(await request_code(context.ports, context.acting, command))
    return ChannelRequestCodePayload(
        number=_shown(now),
        retry_at=now.retry_at,
        attempts_left=now.tries_left,
        user_errors=to_user_errors(now.refusal) if now.refusal is not None else [],
    )


async def enter_code(info: Info[Context, None], input: ChannelVerifyCodeInput) -> ChannelVerifyCodePayload:
    context = info.context
    command = VerifyCode(
        draft=ids.CONNECTION_DRAFT.given(input.draft_id, "draftId"),
        number=PhoneNumberId(input.phone_number_id),
        code=input.code,
    )
    now = done(await verify_code(context.ports, context.acting, command))
    return ChannelVerifyCodePayload(
        number=_shown(now),
        retry_at=now.retry_at,
        attempts_left=now.tries_left,
        user_errors=to_user_errors(now.refusal) if now.refusal is not None else [],
    )
