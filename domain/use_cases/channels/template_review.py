"""Making and deleting a template, which both happen at the network.

What somebody wants reviewed is checked here first; then the network is asked, outside any transaction; then what it
answered is stored. Where its answer is lost, all templates of the account are read again, which tells how it ended.
"""

from dataclasses import dataclass, replace

from domain.channels.channels import Channel
from domain.channels.template_drafts import TemplateDraft, fault_of
from domain.channels.templates import HEADER_FILES, Template, TemplateStatus
from domain.conversations.messages import Direction
from domain.error_codes import ErrorCode
from domain.errors import MediaRejected, Refusal, Refused, forbidden, invalid, not_found
from domain.events import TemplateChanged
from domain.files.fit import outbound_refusal
from domain.files.media import Media
from domain.files.rules import rule_for
from domain.ids import BusinessAccountId, ChannelId, MediaId, OrganizationId, TemplateId
from domain.people.actors import Actor, Right
from domain.ports.bundle import Ports
from domain.ports.files import BytesMissing
from domain.ports.network import Failed, NotSent, Rejected, TemplateMade, Unanswered
from domain.use_cases.again import again_on_collision
from domain.use_cases.channels.templates import any_token, read_again, refusal_of, token_or_refusal, turn_of
from domain.use_cases.files.intake import NotTheFile, unspoilt

SAMPLE = ("header", "mediaId")
NO_SUCH_TEMPLATE = 2593002  # subcode of 100

_MEANINGS: dict[int, tuple[str, tuple[str, ...]]] = {
    2388019: ("The account has as many templates as it may have. Delete some first.", ()),
    2388023: ("The network is still deleting a template of this name. Take another name, or wait 30 days.", ("name",)),
    2388024: ("There is a template of this name in this language already.", ("name",)),
    2388040: ("A text is longer than the network takes.", ()),
    2388047: ("The network does not take the header as it is written.", ("header",)),
    2388072: ("The network does not take the body as it is written.", ("body",)),
    2388073: ("The network does not take the footer as it is written.", ("footer",)),
    2388293: ("The body has too many blanks for its length. Say more between them.", ("body",)),
    2388299: ("A blank stands at the beginning or the end of a text.", ("body",)),
}
"""What the network's subcodes of 100 mean, and the field at fault. Source: "Error codes"; "Template components"."""


@dataclass(frozen=True, slots=True)
class CreateTemplate:
    channel: ChannelId
    draft: TemplateDraft
    sample: MediaId | None = None  # of the file above its text


@dataclass(frozen=True, slots=True)
class _Ready:
    """What is known before the network is asked."""

    account: BusinessAccountId
    token: str
    sample: Media | None


async def create_template(ports: Ports, actor: Actor, command: CreateTemplate) -> Template | Refusal:
    """Have a template reviewed. It is here at once, PENDING as a rule, and a webhook tells what the review said.

    Refuses FORBIDDEN, INVALID, TEXT_TOO_LONG, TEMPLATE_PARAMETERS (examples that are missing or too many), NOT_FOUND,
    MEDIA_REJECTED, CHANNEL_UNAVAILABLE, PERMISSION_MISSING.
    """
    if not actor.may(Right.LIBRARY):
        return forbidden("make templates")
    if refusal := fault_of(command.draft):
        return refusal
    ready = await _ready(ports, actor, command)
    if not isinstance(ready, _Ready):
        return ready
    handle = await _handle(ports, ready)
    if not isinstance(handle, _Handle):
        return handle
    made = await ports.network.create_template(ready.token, ready.account, command.draft, handle.of_sample)
    if not isinstance(made, TemplateMade):
        return await _refused(ports, actor.organization, ready.account, made)
    return await _kept(ports, actor.organization, ready.account, command.draft, made)


async def delete_template(ports: Ports, actor: Actor, id: TemplateId) -> Refusal | None:
    """Delete one language of a template at the network; here it stays, DELETED. One that is gone already is no fault.

    Refuses FORBIDDEN, NOT_FOUND, CHANNEL_UNAVAILABLE, PERMISSION_MISSING, INVALID with the network's words.
    """
    if not actor.may(Right.LIBRARY):
        return forbidden("delete templates")
    found = await _to_delete(ports, actor, id)
    if not isinstance(found, tuple):
        return found
    template, token = found
    failed = await ports.network.delete_template(token, template.account, template.name, template.network_id)
    if failed is not None and not (isinstance(failed, Rejected) and failed.subcode == NO_SUCH_TEMPLATE):
        return await _refused(ports, actor.organization, template.account, failed)
    await _gone(ports, actor.organization, id)
    return None


# ---------------------------------------------------------------- before the network is asked


@again_on_collision
async def _to_delete(ports: Ports, actor: Actor, id: TemplateId) -> tuple[Template, str] | Refusal | None:
    """The template, and a token to have it deleted with; None where it is deleted already."""
    async with ports.store.transaction(actor.organization) as tx:
        template = await tx.row(Template, id)
        channels = await tx.all_of(Channel)
    if template is None:
        return not_found("template", "templateId")
    if template.status is TemplateStatus.DELETED:
        return None
    token = any_token(ports, template.account, channels)
    return (template, token) if isinstance(token, str) else token


@again_on_collision
async def _ready(ports: Ports, actor: Actor, command: CreateTemplate) -> _Ready | Refusal:
    async with ports.store.transaction(actor.organization) as tx:
        channel = await tx.row(Channel, command.channel)
        sample = (await tx.media([command.sample])).get(command.sample) if command.sample is not None else None
    if channel is None:
        return not_found("channel", "channelId")
    token = token_or_refusal(ports, channel)
    if not isinstance(token, str):
        return token
    if command.sample is not None and sample is None:
        return not_found("file", *SAMPLE)
    return _sample_fault(command.draft, sample) or _Ready(channel.account, token, sample)


def _sample_fault(draft: TemplateDraft, sample: Media | None) -> Refusal | None:
    wanted = HEADER_FILES.get(draft.header.kind) if draft.header is not None else None
    if wanted is None:
        return invalid("Only a header that is a file has a sample.", *SAMPLE) if sample is not None else None
    if sample is None:
        return invalid(f"The review wants a sample of the {wanted.lower()} above the text.", *SAMPLE)
    if sample.kind is not wanted:
        message = f"The header is of the kind {wanted.lower()}; this file is of the kind {sample.kind.lower()}."
        return MediaRejected(rule_for(wanted, Direction.OUTBOUND), sample.mime_type, sample.size or 0, message, SAMPLE)
    return outbound_refusal(sample, *SAMPLE)


@dataclass(frozen=True, slots=True)
class _Handle:
    of_sample: str | None


async def _handle(ports: Ports, ready: _Ready) -> _Handle | Refusal:
    """The sample as the network knows it, uploaded under the token's own app."""
    sample = ready.sample
    if sample is None:
        return _Handle(None)
    assert sample.stored_as is not None  # READY
    facts = await ports.network.token_facts(ready.token)
    if isinstance(facts, (Rejected, NotSent, Unanswered)):
        return refusal_of(facts)
    if facts.app_id is None:
        return invalid(
            "The network does not say which app the token is of, and takes a sample under that alone.", *SAMPLE
        )
    try:
        chunks = unspoilt(ports.media.read(sample.stored_as), sample.sha256)
        uploaded = await ports.network.upload_sample(ready.token, facts.app_id, sample, chunks)
    except (BytesMissing, NotTheFile):
        return invalid("The file is not here any more. Upload it again.", *SAMPLE)
    return _Handle(uploaded) if isinstance(uploaded, str) else refusal_of(uploaded)


# ---------------------------------------------------------------- after it was asked


@again_on_collision
async def _kept(
    ports: Ports, organization: OrganizationId, account: BusinessAccountId, draft: TemplateDraft, made: TemplateMade
) -> Template:
    """The template as it is now; under its old id where there was one of this name and language before."""
    now = ports.clock.now()
    async with ports.store.transaction(organization) as tx:
        await tx.take_turns([turn_of(account)])
        same = (
            each
            for each in await tx.templates_of(account)
            if (each.name, each.language) == (draft.name, draft.language)
        )
        before = next(same, None)
        template = Template(
            organization=organization,
            id=before.id if before is not None else TemplateId(ports.ids.new()),
            account=account,
            network_id=made.network_id,
            name=draft.name,
            language=draft.language,
            category=made.category,
            status=made.status,
            body=draft.body,
            synced_at=now,
            header=draft.header,
            footer=draft.footer,
            buttons=draft.buttons,
            parameters=draft.parameters,
            named=draft.named,
        )
        if before is None or before.network_id != made.network_id:  # else news of it were faster
            tx.save(template)
            tx.record(TemplateChanged(template.id))
            return template
    return before


@again_on_collision
async def _gone(ports: Ports, organization: OrganizationId, id: TemplateId) -> None:
    async with ports.store.transaction(organization) as tx:
        template = await tx.row(Template, id)
        if template is not None and template.status is not TemplateStatus.DELETED:
            tx.save(replace(template, status=TemplateStatus.DELETED, heard_at=ports.clock.now()))
            tx.record(TemplateChanged(id))


@again_on_collision
async def _refused(ports: Ports, organization: OrganizationId, account: BusinessAccountId, failed: Failed) -> Refused:
    """Why nothing was done, or that nobody knows yet whether it was."""
    if isinstance(failed, Unanswered):
        async with ports.store.transaction(organization) as tx:
            await read_again(tx, account, ports.clock.now())
        message = "The network did not answer; it may have been done. The templates are read again: look in a minute."
        return Refused(ErrorCode.CHANNEL_UNAVAILABLE, message)
    if isinstance(failed, Rejected) and failed.subcode in _MEANINGS:
        meaning, field = _MEANINGS[failed.subcode]
        return Refused(ErrorCode.INVALID, f"{meaning} The network said: {failed.message}", field)
    return refusal_of(failed)
