"""Making and deleting templates, which both happen at the network."""

import strawberry
from strawberry import Info

from domain.channels.template_drafts import BUTTONS_OF_A_KIND, TemplateDraft
from domain.channels.templates import Button, ButtonKind, Header, HeaderKind, TemplateCategory
from domain.use_cases.channels.template_review import CreateTemplate, create_template, delete_template
from schema.context import Context
from schema.engine.values import ids
from schema.types.channels.templates import Template, existing
from schema.types.conversations.sending import TemplateParameterInput, values_in
from schema.types.errors import UserError, user_errors
from schema.types.inputs import done


@strawberry.input(description="What stands above a new template's text.")
class TemplateHeaderInput:
    kind: HeaderKind = strawberry.field(description="Text, a file or a place.")
    text: str | None = strawberry.field(
        default=None, description="For TEXT: one line of at most 60 characters, with one blank at most."
    )
    media_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="For IMAGE, VIDEO and DOCUMENT: a file that is READY, as a sample for the review. Each send brings"
        " its own.",
    )


@strawberry.input(description="A button under a new template's text.")
class TemplateButtonInput:
    kind: ButtonKind = strawberry.field(description=f"One of {', '.join(BUTTONS_OF_A_KIND)}.")
    text: str = strawberry.field(description="What is written on it, 25 characters at most.")
    url: str | None = strawberry.field(
        default=None, description="For URL: where it leads; a blank, {{1}}, may stand at its end."
    )
    phone_number: str | None = strawberry.field(
        default=None, description="For PHONE_NUMBER: whom it calls, in E.164 as +15550100001."
    )


@strawberry.input(description="A template to have reviewed. Blanks are {{1}}, {{2}} and so on, or {{words}}.")
class TemplateCreateInput:
    channel_id: strawberry.ID = strawberry.field(description="A number; the template will belong to its account.")
    name: str = strawberry.field(description="1 to 512 small letters, digits and underscores; one for all languages.")
    language: str = strawberry.field(description="The network's code of the language, such as en or en_US.")
    category: TemplateCategory = strawberry.field(description="What it is for; the network may move it to another.")
    header: TemplateHeaderInput | None = strawberry.field(
        default=None, description="What stands above the text; left out or null for nothing."
    )
    body: str = strawberry.field(
        description="The text, at most 1024 characters, which neither begins nor ends with a blank."
    )
    footer: str | None = strawberry.field(
        default=None, description="A small line below, at most 60 characters and without blanks; null for none."
    )
    buttons: list[TemplateButtonInput] | None = strawberry.field(
        default=None, description="At most 10, quick replies together; left out or null for none."
    )
    examples: list[TemplateParameterInput] | None = strawberry.field(
        default=None, description="An example for every blank, as the review wants them; null where there is no blank."
    )


@strawberry.type(description="The template in review, or why there is none.")
class TemplateCreatePayload:
    template: Template | None = strawberry.field(
        default=None, description="The template, PENDING as a rule; follow its status by subscription. Null if refused."
    )
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="A template to delete.")
class TemplateDeleteInput:
    template_id: strawberry.ID = strawberry.field(description="Which one, in its one language.")


@strawberry.type(description="The deleted template's id, or why it is there still.")
class TemplateDeletePayload:
    deleted_template_id: strawberry.ID | None = strawberry.field(
        default=None, description="Its id; it stays readable as DELETED. Null where it was refused."
    )
    user_errors: list[UserError] = user_errors()


async def create(info: Info[Context, None], input: TemplateCreateInput) -> TemplateCreatePayload:
    context = info.context
    template = done(await create_template(context.ports, context.acting, _asked(input)))
    await context.read_on(template.organization, template)
    return TemplateCreatePayload(template=await existing(context, template.id))


async def delete(info: Info[Context, None], input: TemplateDeleteInput) -> TemplateDeletePayload:
    context = info.context
    id = ids.TEMPLATE.given(input.template_id, "templateId")
    done(await delete_template(context.ports, context.acting, id))
    await context.read_on(context.organization)
    return TemplateDeletePayload(deleted_template_id=input.template_id)


def _asked(input: TemplateCreateInput) -> CreateTemplate:
    header = input.header
    draft = TemplateDraft(
        name=input.name,
        language=input.language,
        category=input.category,
        body=input.body,
        header=Header(header.kind, header.text) if header is not None else None,
        footer=input.footer,
        buttons=tuple(Button(str(each.kind), each.text, each.url, each.phone_number) for each in input.buttons or ()),
        examples=values_in(input.examples),
    )
    return CreateTemplate(
        channel=ids.CHANNEL.given(input.channel_id, "channelId"),
        draft=draft,
        sample=ids.MEDIA.given_or_none(header.media_id if header is not None else None, "header", "mediaId"),
    )
