"""What a message says: one type for each kind of content."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, TypeAlias, assert_never

import strawberry
from strawberry import Info

import schema.types.channels.templates
import schema.types.files.media
from domain.conversations import contents
from domain.conversations.contents import QuarantineReason, RemovalReason
from domain.ids import MediaId, TemplateId
from schema.context import Context
from schema.engine.values.enums import describe
from schema.types.files.media import Media
from schema.types.lazy import Template

describe(
    QuarantineReason,
    "Why a message was hidden.",
    {
        "PHISHING": "It has a link to a host that the organization blocks.",
        "PERSONAL_DATA": "It has a number of a kind the organization keeps out, such as a payment card's.",
        "MALWARE": "A virus was found in its file.",
        "NETWORK_POLICY": "The network says that it breaks its rules.",
    },
)
describe(
    RemovalReason,
    "Why a message's content is gone.",
    {
        "DELETED_BY_CONTACT": "Its sender took it back, on the contact's phone or on the business's own.",
        "RETENTION": "It was kept as long as the organization keeps messages.",
        "ERASURE": "The contact's data was erased.",
    },
)

NO_CURRENCY = "XXX"  # ISO 4217's own word for it


@strawberry.type(
    description="`html` is the body with WhatsApp's *bold*, _italic_, ~strike~ and `code` marks and its links rendered,"
    " safe to show."
)
class TextContent:
    body: str = strawberry.field(description="As it was typed. Not safe as HTML.")
    preview_url: bool = strawberry.field(description="Whether WhatsApp shows a preview of its first link.")

    @strawberry.field(
        description="Safe HTML of strong, em, s, code, pre, a and br. Links are http or https and open elsewhere."
    )
    async def html(self, info: Info[Context, None]) -> str:
        return await info.context.loaders.html.load(self.body)


@strawberry.type(description="A file, with or without words under it.")
class MediaContent:
    caption: str | None = strawberry.field(description="The words under it; null where there are none.")
    file: strawberry.Private[MediaId]

    @strawberry.field(description="The file, which may not have been fetched yet.")
    async def media(self, info: Info[Context, None]) -> Media:
        media = await schema.types.files.media.loaded(info.context, self.file)
        assert media is not None, f"media {self.file} is named and not there"
        return media


@strawberry.type(description="A template as it was sent.")
class TemplateContent:
    rendered_body: str = strawberry.field(description="The text as the contact sees it.")
    rendered_header: str | None = strawberry.field(description="The line above as the contact sees it; null for none.")
    rendered_footer: str | None = strawberry.field(description="The small line below; null for none.")
    buttons: list[str] = strawberry.field(description="What is written on its buttons, in order.")
    template_id: strawberry.Private[TemplateId]
    file: strawberry.Private[MediaId | None]

    @strawberry.field(description="The file above the text; null where there is none.")
    async def header_media(self, info: Info[Context, None]) -> Media | None:
        return await schema.types.files.media.loaded(info.context, self.file) if self.file is not None else None

    @strawberry.field(description="The template as it is now; null where it is no longer known.")
    async def template(self, info: Info[Context, None]) -> Template | None:
        return await schema.types.channels.templates.loaded(info.context, self.template_id)


@strawberry.type(description="A place.")
class LocationContent:
    latitude: float = strawberry.field(description="In degrees, -90 to 90, north positive.")
    longitude: float = strawberry.field(description="In degrees, -180 to 180, east positive.")
    name: str | None = strawberry.field(description="What the place is called; null where that was not told.")
    address: str | None = strawberry.field(description="Where it is, in words; null where that was not told.")


@strawberry.type(description="Somebody's entry of an address book.")
class ContactCard:
    name: str = strawberry.field(description="What they are called there; a number where there is no name.")
    phones: list[str] = strawberry.field(description="Every number on the card, as it is written there.")
    emails: list[str] = strawberry.field(description="Every mail address on the card.")
    organization: str | None = strawberry.field(description="Where they work; null where the card does not say.")


@strawberry.type(description="One or more contact cards, passed on in a message.")
class ContactCardsContent:
    contacts: list[ContactCard] = strawberry.field(description="The cards, in order; at least one.")


@strawberry.type(description="One answer to choose.")
class InteractiveOption:
    id: str = strawberry.field(description="Comes back as `optionId` when the contact chooses it; not shown to them.")
    title: str = strawberry.field(description="What is written on it.")
    description: str | None = strawberry.field(description="The small line below; null where there is none.")


@strawberry.type(description="A question with answers to tap: buttons for up to three, else a list.")
class InteractiveContent:
    body: str = strawberry.field(description="The question.")
    options: list[InteractiveOption] = strawberry.field(description="The answers, in order.")


@strawberry.type(description="What the contact chose of buttons or a list, or how they filled in a form.")
class InteractiveReply:
    option_id: str = strawberry.field(
        description="The `id` of the option as it was sent; for a template's button its payload, for a form its name."
    )
    title: str = strawberry.field(description="What was written on it.")
    description: str | None = strawberry.field(
        description="The small line below it; for a form the answers, a line each. Null where there is none."
    )


@strawberry.type(description="An amount of a currency.")
class Money:
    amount: Decimal = strawberry.field(description="In units of the currency, not in its hundredths.")
    currency_code: str = strawberry.field(description="ISO 4217, such as EUR; XXX where no currency was told.")


@strawberry.type(description="One product of an order.")
class OrderItem:
    product_id: str = strawberry.field(description="The product's own id in your catalogue.")
    quantity: int = strawberry.field(description="How many of it.")
    price: Money = strawberry.field(description="Of one, as the contact saw it.")


@strawberry.type(description="An order from your catalogue.")
class OrderContent:
    items: list[OrderItem] = strawberry.field(
        description="What is ordered, as far as its number and price can be told exactly."
    )
    note: str | None = strawberry.field(
        description="The contact's words to it, and a line for each product that `items` can't tell; null for neither."
    )


@strawberry.type(description="Something the network tells about the conversation, such as a changed number.")
class SystemNotice:
    text: str = strawberry.field(description="The network's words.")


@strawberry.type(description="A kind of message that can't be shown; the original is kept.")
class UnsupportedContent:
    kind: str = strawberry.field(description="As the network calls it.")
    explanation: str = strawberry.field(description="Why it can't be shown, for a person.")


@strawberry.type(
    description="Hidden from everybody because it broke the content policy. Supervisors find what it says in `original`"
    " and `versions`, and may show it again with `messageRelease`."
)
class QuarantinedContent:
    quarantine_reason: QuarantineReason = strawberry.field(description="What it was hidden for.")
    quarantined_at: datetime = strawberry.field(description="Since when.")


@strawberry.type(description="What stood here is gone: taken back by its sender, past its retention, or erased.")
class RemovedContent:
    removal_reason: RemovalReason = strawberry.field(description="Why it is gone.")
    removed_at: datetime = strawberry.field(description="Since when.")


MessageContent: TypeAlias = Annotated[
    TextContent
    | MediaContent
    | LocationContent
    | ContactCardsContent
    | TemplateContent
    | InteractiveContent
    | InteractiveReply
    | OrderContent
    | SystemNotice
    | UnsupportedContent
    | QuarantinedContent
    | RemovedContent,
    strawberry.union(
        "MessageContent",
        description="What a message says. More kinds come: show what you do not know as a message that can't be shown.",
    ),
]


def shown(content: contents.Content) -> MessageContent:
    match content:
        case contents.Text(body=body, preview_url=preview_url):
            return TextContent(body=body, preview_url=preview_url)
        case contents.MediaMessage(media=media, caption=caption):
            return MediaContent(caption=caption, file=media)
        case contents.TemplateMessage(body=body, header=header, footer=footer, buttons=buttons):
            return TemplateContent(
                rendered_body=body,
                rendered_header=header,
                rendered_footer=footer,
                buttons=list(buttons),
                template_id=content.template,
                file=content.header_media,
            )
        case contents.Location():
            return LocationContent(
                latitude=content.latitude, longitude=content.longitude, name=content.name, address=content.address
            )
        case contents.ContactCards(cards=cards):
            return ContactCardsContent(contacts=[_card(card) for card in cards])
        case contents.Interactive(body=body, options=options):
            return InteractiveContent(body=body, options=[_option(option) for option in options])
        case contents.InteractiveReply(option_id=option_id, title=title, description=description):
            return InteractiveReply(option_id=option_id, title=title, description=description)
        case contents.Order(items=items, note=note):
            return OrderContent(items=[_item(item) for item in items], note=note)
        case contents.Notice(text=text):
            return SystemNotice(text=text)
        case contents.Unsupported(kind=kind, reason=reason):
            return UnsupportedContent(kind=kind, explanation=reason)
        case contents.Quarantined(reason=reason, at=at):
            return QuarantinedContent(quarantine_reason=reason, quarantined_at=at)
        case contents.Removed(reason=reason, at=at):
            return RemovedContent(removal_reason=reason, removed_at=at)
    assert_never(content)


def _card(card: contents.ContactCard) -> ContactCard:
    return ContactCard(
        name=card.name, phones=list(card.phones), emails=list(card.emails), organization=card.organization
    )


def _option(option: contents.Option) -> InteractiveOption:
    return InteractiveOption(id=option.id, title=option.title, description=option.description)


def _item(item: contents.OrderItem) -> OrderItem:
    price = Money(amount=item.price, currency_code=item.currency or NO_CURRENCY)
    return OrderItem(product_id=item.product_id, quantity=item.quantity, price=price)
