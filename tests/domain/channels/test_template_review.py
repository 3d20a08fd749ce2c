"""Making and deleting templates: what is checked here, what the network is asked, and what its answers mean."""

from dataclasses import replace

import pytest

from domain.channels.channels import ChannelState
from domain.channels.template_drafts import TemplateDraft
from domain.channels.templates import Header, HeaderKind, Template, TemplateCategory, TemplateStatus
from domain.conversations.contents import Filled
from domain.conversations.messages import Direction
from domain.error_codes import ErrorCode
from domain.errors import MediaRejected, Refusal, Refused
from domain.events import TemplateChanged
from domain.files.media import Media, MediaState
from domain.files.rules import MediaKind
from domain.ids import ChannelId, MediaId, TemplateId
from domain.people.actors import Actor, Role, Scope
from domain.ports.network import Failed, NotSent, Rejected, TemplateMade, TokenFacts, Unanswered
from domain.use_cases.channels.template_review import CreateTemplate, create_template, delete_template
from tests.builders import ACCOUNT, ACME, CHANNEL, MEDIA, NOON, TEMPLATE, a_media, a_template, an_id
from tests.domain.one_desk import (
    NO_KEY_OPENS,
    Desk,
    a_desk_number,
    a_key_for,
    a_user_as,
    granted,
    open_desk,
    refusal_of,
    refused_as,
)

SUPERVISOR = a_user_as(Role.SUPERVISOR)
BYTES = b"a picture"
DRAFT = TemplateDraft(
    "news", "en_US", TemplateCategory.MARKETING, "Hi {{1}}, news!", examples=(Filled("body", "1", "Ana"),)
)
WITH_PICTURE = replace(DRAFT, header=Header(HeaderKind.IMAGE))
NOT_ALLOWED = [a_user_as(Role.AGENT), a_user_as(Role.READER), a_key_for(Scope.READ), a_key_for(Scope.CHANNELS)]


@pytest.fixture
async def desk() -> Desk:
    desk = await open_desk()
    desk.network.token = TokenFacts(True, frozenset(), "app-1")
    return desk


async def create(
    desk: Desk, draft: TemplateDraft = DRAFT, sample: MediaId | None = None, by: Actor = SUPERVISOR
) -> Template | Refusal:
    return await create_template(desk.ports, by, CreateTemplate(CHANNEL, draft, sample))


async def templates(desk: Desk) -> dict[TemplateId, Template]:
    return (await desk.state()).templates


async def a_sample(desk: Desk, *, kind: MediaKind = MediaKind.IMAGE, state: MediaState = MediaState.READY) -> Media:
    async def chunks():
        yield BYTES

    await desk.ports.media.put("a-name", chunks())
    file = a_media(
        kind=kind, state=state, size=len(BYTES), direction=Direction.OUTBOUND, channel=None, stored_as="a-name"
    )
    await desk.given(file)
    return file


# Making


async def test_a_template_is_here_at_once_and_in_review(desk: Desk) -> None:
    desk.network.made = TemplateMade("77", TemplateStatus.PENDING, TemplateCategory.UTILITY)

    template = granted(await create(desk))

    assert (await templates(desk))[template.id] == template
    assert (template.account, template.network_id, template.name) == (ACCOUNT, "77", "news")
    assert (template.status, template.category) == (TemplateStatus.PENDING, TemplateCategory.UTILITY), "as it was moved"
    assert [(blank.name, blank.example) for blank in template.parameters] == [("1", "Ana")]
    assert (desk.network.drafts, template.synced_at) == ([(DRAFT, None)], NOON)
    assert await desk.events() == [TemplateChanged(template.id)]


async def test_a_sample_goes_up_under_the_tokens_app_first(desk: Desk) -> None:
    await a_sample(desk)

    template = granted(await create(desk, WITH_PICTURE, MEDIA))

    assert template.header == Header(HeaderKind.IMAGE)
    assert desk.network.asked == ["token_facts", "upload_sample app-1", f"create_template {ACCOUNT}"]
    assert (desk.network.uploads, desk.network.drafts) == ([BYTES], [(WITH_PICTURE, "handle-1")])


async def test_one_that_was_deleted_is_made_anew_under_its_old_id(desk: Desk) -> None:
    await desk.given(a_template(name="news", status=TemplateStatus.DELETED))

    template = granted(await create(desk))

    assert (template.id, template.network_id, template.status) == (TEMPLATE, "made-1", TemplateStatus.PENDING)


async def test_what_a_reading_found_meanwhile_stays(desk: Desk) -> None:
    found = a_template(name="news", network_id="made-1", status=TemplateStatus.APPROVED)

    async def meanwhile() -> None:
        await desk.given(found)

    desk.network.meanwhile_asked = meanwhile
    assert granted(await create(desk)) == found
    assert await desk.events() == []


@pytest.mark.parametrize("actor", NOT_ALLOWED)
async def test_who_may_not_makes_and_deletes_none(desk: Desk, actor: Actor) -> None:
    assert refused_as(await create(desk, by=actor)) is ErrorCode.FORBIDDEN
    assert refused_as(await delete_template(desk.ports, actor, TEMPLATE)) is ErrorCode.FORBIDDEN
    assert desk.network.asked == []


async def test_what_the_review_would_not_take_never_leaves(desk: Desk) -> None:
    assert refused_as(await create(desk, replace(DRAFT, examples=()))) is ErrorCode.TEMPLATE_PARAMETERS
    assert refused_as(await create(desk, replace(DRAFT, name="News"))) is ErrorCode.INVALID
    assert desk.network.asked == []


async def test_a_channel_has_to_be_here_and_connected(desk: Desk) -> None:
    asked = CreateTemplate(ChannelId("none"), DRAFT)
    assert refused_as(await create_template(desk.ports, SUPERVISOR, asked)) is ErrorCode.NOT_FOUND
    await desk.given(replace(a_desk_number(), state=ChannelState.DISCONNECTED))
    assert refused_as(await create(desk)) is ErrorCode.CHANNEL_UNAVAILABLE


@pytest.mark.parametrize(
    ("draft", "sample", "code"),
    [
        (WITH_PICTURE, None, ErrorCode.INVALID),
        (DRAFT, MEDIA, ErrorCode.INVALID),
        (WITH_PICTURE, MediaId(an_id(9)), ErrorCode.NOT_FOUND),
        (replace(DRAFT, header=Header(HeaderKind.VIDEO)), MEDIA, ErrorCode.MEDIA_REJECTED),
    ],
)
async def test_a_sample_has_to_fit_the_header(
    desk: Desk, draft: TemplateDraft, sample: MediaId | None, code: ErrorCode
) -> None:
    await a_sample(desk)

    refusal = refusal_of(await create(desk, draft, sample))

    assert isinstance(refusal, (Refused, MediaRejected))
    assert (refused_as(refusal), refusal.field, desk.network.asked) == (code, ("header", "mediaId"), [])


async def test_a_sample_that_is_not_here_yet_or_not_any_more_is_refused(desk: Desk) -> None:
    await a_sample(desk, state=MediaState.PENDING)
    assert refused_as(await create(desk, WITH_PICTURE, MEDIA)) is ErrorCode.INVALID
    await a_sample(desk)
    await desk.ports.media.remove("a-name")
    refusal = refusal_of(await create(desk, WITH_PICTURE, MEDIA))
    assert refusal == Refused(
        ErrorCode.INVALID, "The file is not here any more. Upload it again.", ("header", "mediaId")
    )


async def test_a_token_of_no_app_uploads_nothing(desk: Desk) -> None:
    await a_sample(desk)
    desk.network.token = TokenFacts(True, frozenset())

    assert refused_as(await create(desk, WITH_PICTURE, MEDIA)) is ErrorCode.INVALID
    assert desk.network.asked == ["token_facts"]


@pytest.mark.parametrize("what", ["token_facts", "upload_sample"])
async def test_a_sample_that_can_not_go_up_now_makes_no_template(desk: Desk, what: str) -> None:
    await a_sample(desk)
    desk.network.failing[what] = NotSent("down")

    assert refused_as(await create(desk, WITH_PICTURE, MEDIA)) is ErrorCode.CHANNEL_UNAVAILABLE
    assert desk.network.drafts == []


@pytest.mark.parametrize(
    ("failed", "code", "field", "said"),
    [
        (Rejected(100, "Exists.", subcode=2388024), ErrorCode.INVALID, ("name",), "already"),
        (Rejected(100, "Cap.", subcode=2388019), ErrorCode.INVALID, (), "as many templates"),
        (Rejected(100, "Dense.", subcode=2388293), ErrorCode.INVALID, ("body",), "The network said: Dense."),
        (Rejected(100, "Odd.", subcode=99), ErrorCode.INVALID, (), "Odd."),
        (Rejected(80007, "Limit."), ErrorCode.CHANNEL_UNAVAILABLE, (), "Too many requests"),
        (Rejected(200, "No."), ErrorCode.PERMISSION_MISSING, (), "permission"),
        (NotSent("down"), ErrorCode.CHANNEL_UNAVAILABLE, (), "in a minute"),
    ],
)
async def test_what_the_network_refuses_says_what_to_do(
    desk: Desk, failed: Failed, code: ErrorCode, field: tuple[str, ...], said: str
) -> None:
    desk.network.failing["create_template"] = failed
    before = await templates(desk)

    refusal = refusal_of(await create(desk))

    assert isinstance(refusal, Refused)
    assert (refusal.code, refusal.field, said in refusal.message) == (code, field, True)
    assert await templates(desk) == before


async def test_an_answer_that_is_lost_has_the_templates_read_again(desk: Desk) -> None:
    desk.network.failing["create_template"] = Unanswered("slow")

    refusal = refusal_of(await create(desk))

    assert isinstance(refusal, Refused)
    assert (refusal.code, "may have been done" in refusal.message) == (ErrorCode.CHANNEL_UNAVAILABLE, True)
    assert await desk.ports.store.due_template_syncs(NOON, 10) == [(ACME, ACCOUNT)]


# Deleting


async def test_a_deleted_template_stays_as_deleted(desk: Desk) -> None:
    assert await delete_template(desk.ports, SUPERVISOR, TEMPLATE) is None

    assert (await templates(desk))[TEMPLATE].status is TemplateStatus.DELETED
    assert desk.network.asked == [f"delete_template {ACCOUNT} order_shipped 1074928374928"]
    assert await desk.events() == [TemplateChanged(TEMPLATE)]


async def test_deleting_it_again_asks_nobody(desk: Desk) -> None:
    await delete_template(desk.ports, SUPERVISOR, TEMPLATE)
    assert await delete_template(desk.ports, SUPERVISOR, TEMPLATE) is None
    assert len(desk.network.asked) == 1


async def test_one_the_network_does_not_have_any_more_is_deleted_here(desk: Desk) -> None:
    desk.network.failing["delete_template"] = Rejected(100, "None such.", subcode=2593002)

    assert await delete_template(desk.ports, SUPERVISOR, TEMPLATE) is None
    assert (await templates(desk))[TEMPLATE].status is TemplateStatus.DELETED


async def test_one_whose_deletion_was_told_meanwhile_is_told_once(desk: Desk) -> None:
    async def meanwhile() -> None:
        await desk.given(a_template(status=TemplateStatus.DELETED))

    desk.network.meanwhile_asked = meanwhile

    assert await delete_template(desk.ports, SUPERVISOR, TEMPLATE) is None
    assert await desk.events() == []


@pytest.mark.parametrize(
    ("failed", "code"),
    [
        (Rejected(100, "No."), ErrorCode.INVALID),
        (NotSent("down"), ErrorCode.CHANNEL_UNAVAILABLE),
        (Unanswered("slow"), ErrorCode.CHANNEL_UNAVAILABLE),
    ],
)
async def test_one_that_could_not_be_deleted_stays(desk: Desk, failed: Failed, code: ErrorCode) -> None:
    desk.network.failing["delete_template"] = failed

    assert refused_as(await delete_template(desk.ports, SUPERVISOR, TEMPLATE)) is code
    assert (await templates(desk))[TEMPLATE].status is TemplateStatus.APPROVED


async def test_there_has_to_be_a_template_and_a_number_to_delete_it_with(desk: Desk) -> None:
    assert refused_as(await delete_template(desk.ports, SUPERVISOR, TemplateId("none"))) is ErrorCode.NOT_FOUND
    await desk.given(replace(a_desk_number(), access_token=None))
    assert refused_as(await delete_template(desk.ports, SUPERVISOR, TEMPLATE)) is ErrorCode.CHANNEL_UNAVAILABLE


async def test_a_token_that_no_key_opens_is_said_to_be_so(desk: Desk) -> None:
    await desk.given(replace(a_desk_number(), access_token=NO_KEY_OPENS))

    for answer in (await create(desk), await delete_template(desk.ports, SUPERVISOR, TEMPLATE)):
        refusal = refusal_of(answer)
        assert isinstance(refusal, Refused)
        assert refusal.code is ErrorCode.CHANNEL_UNAVAILABLE
        assert "can't be opened" in refusal.message
    assert desk.network.asked == []
