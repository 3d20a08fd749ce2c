"""What a message says: one type for each kind of content."""

from typing import Annotated, TypeAlias, assert_never

import strawberry
from strawberry import Info

import schema.media
import schema.templates
from domain import messages
from domain.ids import MediaId, TemplateId
from schema.context import Context
from schema.later import Template
from schema.marks import rendered
from schema.media import Media


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
    def html(self) -> str:
        return rendered(self.body)


@strawberry.type(description="A file, with or without words under it.")
class MediaContent:
    caption: str | None = strawberry.field(description="The words under it; null where there are none.")
    file: strawberry.Private[MediaId]

    @strawberry.field(description="The file, which may not have been fetched yet.")
    async def media(self, info: Info[Context, None]) -> Media:
        media = await schema.media.loaded(info.context, self.file)
        assert media is not None, f"media {self.file} is named and not there"
        return media


@strawberry.type(description="A template as it was sent.")
class TemplateContent:
    rendered_body: str = strawberry.field(description="The text as the contact sees it.")
    rendered_header: str | None = strawberry.field(description="The line above as the contact sees it; null for none.")
    rendered_footer: str | None = strawberry.field(description="The small line below; null for none.")
    buttons: list[str] = strawberry.field(description="What is written on its buttons, in order.")
    template_id: strawberry.Private[TemplateId]

    @strawberry.field(description="The template as it is now; null where it is no longer known.")
    async def template(self, info: Info[Context, None]) -> Template | None:
        return await schema.templates.loaded(info.context, self.template_id)


@strawberry.type(description="Something the network tells about the conversation, such as a changed number.")
class SystemNotice:
    text: str = strawberry.field(description="The network's words.")


@strawberry.type(description="A kind of message that can't be shown; the original is kept.")
class UnsupportedContent:
    kind: str = strawberry.field(description="As the network calls it.")
    reason: str = strawberry.field(description="Why it can't be shown, for a person.")


MessageContent: TypeAlias = Annotated[
    TextContent | MediaContent | TemplateContent | SystemNotice | UnsupportedContent,
    strawberry.union(
        "MessageContent",
        description="What a message says. More kinds come: show what you do not know as a message that can't be shown.",
    ),
]


def shown(content: messages.Content) -> MessageContent:
    match content:
        case messages.Text(body=body, preview_url=preview_url):
            return TextContent(body=body, preview_url=preview_url)
        case messages.MediaMessage(media=media, caption=caption):
            return MediaContent(caption=caption, file=media)
        case messages.TemplateMessage(body=body, header=header, footer=footer, buttons=buttons, template=template):
            return TemplateContent(
                rendered_body=body,
                rendered_header=header,
                rendered_footer=footer,
                buttons=list(buttons),
                template_id=template,
            )
        case messages.Notice(text=text):
            return SystemNotice(text=text)
        case messages.Unsupported(kind=kind, reason=reason):
            return UnsupportedContent(kind=kind, reason=reason)
    assert_never(content)
