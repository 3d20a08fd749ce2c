"""Message templates: what may be sent outside a session."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

import strawberry
from strawberry import Info

import schema.types.channels.channels
from domain.channels import templates
from domain.channels.quality import QualityRating, rating
from domain.channels.templates import (
    ButtonKind,
    HeaderKind,
    TemplateCategory,
    TemplateStatus,
    button_kind,
    not_sendable_reason,
)
from domain.ids import BusinessAccountId, TemplateId
from domain.ports.reads import TemplateAsk
from domain.use_cases.channels.templates import sync_templates
from schema.context import Context
from schema.engine.api_error import ApiError, Code
from schema.engine.readable import readable
from schema.engine.values import ids
from schema.engine.values.enums import describe
from schema.engine.values.ids import Node
from schema.engine.values.pages import Connection, connection, page_ask, read
from schema.types.errors import UserError, user_errors
from schema.types.inputs import done
from schema.types.lazy import Channel

ORDER = "templates"

describe(
    TemplateCategory,
    "What a template is for, as the network sorts and prices it.",
    {
        "MARKETING": "Offers and news. People may stop these alone.",
        "UTILITY": "What follows from something the contact did, such as an order.",
        "AUTHENTICATION": "One-time codes.",
    },
)
describe(
    TemplateStatus,
    "What the network says of a template. Only APPROVED ones can be sent.",
    {
        "APPROVED": "May be sent.",
        "PENDING": "In review.",
        "REJECTED": "Refused; `rejectionReason` says why.",
        "PAUSED": "Stopped for a while, since people complained about it.",
        "DISABLED": "Stopped for good, since people complained again.",
        "IN_APPEAL": "Refused, and looked at once more.",
        "LIMIT_EXCEEDED": "The account has more templates than it may.",
        "DELETED": "Gone at the network, kept here for the messages that were sent with it.",
    },
)
describe(
    HeaderKind,
    "What stands above a template's text.",
    {
        "TEXT": "A line of text, which may have a blank.",
        "IMAGE": "A picture, given with each send.",
        "VIDEO": "A film, given with each send.",
        "DOCUMENT": "A file, given with each send.",
        "LOCATION": "A place on the map, given with each send.",
    },
    name="TemplateHeaderKind",
)
describe(
    ButtonKind,
    "What a button does.",
    {
        "QUICK_REPLY": "Answers with its own words.",
        "URL": "Opens an address.",
        "PHONE_NUMBER": "Calls a number.",
        "COPY_CODE": "Copies a code, given with each send.",
        "OTP": "Takes over a one-time code.",
        "FLOW": "Opens a form.",
        "CATALOG": "Opens the catalogue.",
        "REQUEST_CONTACT_INFO": "Asks for the contact's number.",
        "VOICE_CALL": "Calls the business in WhatsApp.",
        "OTHER": "Something that Deskline has no word for.",
    },
    name="TemplateButtonKind",
)


@strawberry.type(description="What stands above a template's text.")
class TemplateHeader:
    kind: HeaderKind = strawberry.field(description="Text, a file or a place.")
    text: str | None = strawberry.field(description="The text with its blank as {{1}}; null for the other kinds.")


@strawberry.type(description="A button under a template's text.")
class TemplateButton:
    kind: ButtonKind = strawberry.field(description="What it does.")
    text: str = strawberry.field(description="What is written on it.")
    url: str | None = strawberry.field(description="Where it leads, its blank as {{1}}; null for other kinds.")


@strawberry.type(description="A blank to fill: where it stands, its name or place, an example.")
class TemplateParameter:
    component: str = strawberry.field(description="Where it stands: header, body or button:N, counted from 0.")
    name: str = strawberry.field(description="Its name, or its place counted from 1.")
    kind: str = strawberry.field(description="What fills it, as the network spells it; TEXT for words.")
    example: str | None = strawberry.field(description="The example that was reviewed; null where none was given.")


@strawberry.type(
    description="A text the network has reviewed. It belongs to a business account and so to all its numbers."
)
class Template(Node):
    business_account_id: str = strawberry.field(description="The network's id of the account it belongs to.")
    quality: QualityRating = strawberry.field(description="How people take it, as the network rates it.")
    sendable: bool = strawberry.field(description="Whether it can be sent from here now.")
    not_sendable_reason: str | None = strawberry.field(description="Why not, where it is not sendable; else null.")
    name: str = strawberry.field(description="Its name at the network, one for all its languages.")
    language: str = strawberry.field(description="The network's code of its language, as en_US.")
    category: TemplateCategory = strawberry.field(description="What it is for.")
    status: TemplateStatus = strawberry.field(description="What the network says of it.")
    header: TemplateHeader | None = strawberry.field(description="What stands above the text; null where nothing does.")
    body: str = strawberry.field(description="The text, its blanks as {{1}} or {{name}}.")
    footer: str | None = strawberry.field(description="The small line below; null where there is none.")
    buttons: list[TemplateButton] = strawberry.field(
        description="What stands below, in order; empty where nothing does."
    )
    parameters: list[TemplateParameter] = strawberry.field(
        description="Every blank, each of which `messageSendTemplate` has to be given a value for."
    )
    rejection_reason: str | None = strawberry.field(
        description="Why the network refused it, in its words; null where it did not."
    )
    synced_at: datetime = strawberry.field(description="When it was last read from the network.")
    account: strawberry.Private[BusinessAccountId]

    @strawberry.field(description="The numbers it can be sent from: all of its account that are here.")
    async def channels(self, info: Info[Context, None]) -> list[Channel]:
        return [
            each for each in await schema.types.channels.channels.every(info.context) if each.account == self.account
        ]

    @classmethod
    def of(cls, template: templates.Template) -> Self:
        reason = not_sendable_reason(template)
        header = template.header
        return cls(
            id=ids.TEMPLATE.encode(template.id),
            business_account_id=template.account,
            quality=rating(template.quality),
            sendable=reason is None,
            not_sendable_reason=reason,
            name=template.name,
            language=template.language,
            category=template.category,
            status=template.status,
            header=TemplateHeader(kind=header.kind, text=header.text) if header else None,
            body=template.body,
            footer=template.footer,
            buttons=[
                TemplateButton(kind=button_kind(each.kind), text=each.text, url=each.url) for each in template.buttons
            ],
            parameters=[parameter(each) for each in template.parameters],
            rejection_reason=template.rejection_reason,
            synced_at=template.synced_at,
            account=template.account,
        )


def parameter(blank: templates.Parameter) -> TemplateParameter:
    return TemplateParameter(component=blank.component, name=blank.name, kind=blank.kind, example=blank.example)


async def loaded(context: Context, id: TemplateId) -> Template | None:
    template = await context.loaders.templates.load(id)
    return Template.of(template) if template else None


async def existing(context: Context, id: TemplateId) -> Template:
    """The template that an event of ours names."""
    template = await loaded(context, id)
    assert template is not None, f"template {id} is named and not there"
    return template


async def loaded_all(context: Context, ids: Sequence[TemplateId]) -> list[Template]:
    """Those of the ids that are here, in their order."""
    found = await context.loaders.templates.load_many(ids)
    return [Template.of(template) for template in found if template is not None]


async def page(
    context: Context,
    *,
    first: int | None,
    after: str | None,
    channel_id: strawberry.ID | None,
    statuses: list[TemplateStatus] | None,
    query: str | None,
) -> Connection[Template]:
    account = await _account(context, channel_id) if channel_id is not None else None
    ask = TemplateAsk(page_ask(ORDER, first, after), account, tuple(statuses or ()), readable(query, "query"))
    found = await read(ask.page, context.reads.templates(context.organization, ask))
    return connection(found, ORDER, Template.of)


async def _account(context: Context, channel_id: strawberry.ID) -> BusinessAccountId:
    channel = await context.loaders.channels.load(ids.CHANNEL.asked(channel_id))
    if channel is None:
        raise ApiError(Code.NOT_FOUND, "There is no such channel.")
    return channel.account


# ---------------------------------------------------------------- reading them from the network


@strawberry.input(description="Whose templates are to be read from the network.")
class TemplatesSyncInput:
    channel_id: strawberry.ID = strawberry.field(
        description="A number; the templates of its account are read, which are those of all the account's numbers."
    )


@strawberry.type(description="What the network had changed, or why it could not be read.")
class TemplatesSyncPayload:
    added: int = strawberry.field(default=0, description="Templates that were not here before.")
    changed: int = strawberry.field(default=0, description="Templates of which anything is not as it was.")
    removed: int = strawberry.field(
        default=0, description="Templates the network does not have any more; they stay here as DELETED."
    )
    user_errors: list[UserError] = user_errors()


async def sync(info: Info[Context, None], input: TemplatesSyncInput) -> TemplatesSyncPayload:
    context = info.context
    channel = ids.CHANNEL.given(input.channel_id, "channelId")
    synced = done(await sync_templates(context.ports, context.acting, channel))
    await context.read_on(context.organization)
    return TemplatesSyncPayload(added=synced.added, changed=synced.changed, removed=synced.removed)
