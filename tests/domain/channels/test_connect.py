"""Connecting a number: who may, what is asked of the network, and each refusal by the name of its cause."""

import asyncio
from dataclasses import replace

import pytest

from domain.channels.channels import (
    NUMBERS_PER_ACCOUNT,
    TERMS_VERSION,
    Channel,
    ChannelState,
    Destination,
    Problem,
    ProblemCode,
    Terms,
)
from domain.channels.template_sync import EVERY
from domain.channels.templates import Template, TemplateStatus
from domain.error_codes import ErrorCode
from domain.errors import Refusal, Refused
from domain.events import ChannelChanged, TemplateChanged
from domain.ids import BusinessAccountId, ChannelId, PhoneNumberId, TemplateId
from domain.people.actors import Actor, Role, Scope
from domain.ports.directory import DirectoryEntry
from domain.ports.network import Failed, NotSent, Rejected, TokenFacts, Unanswered
from domain.use_cases.channels.connect import ConnectChannel, connect_channel
from domain.use_cases.channels.health import unknown_number
from tests.builders import (
    ACCOUNT,
    ACME,
    DAY,
    GLOBEX,
    MINUTE,
    NOON,
    NUMBER,
    TEMPLATE,
    a_template,
    an_id,
    an_organization,
)
from tests.domain.one_desk import (
    ADMIN,
    Desk,
    a_desk_number,
    a_key_for,
    a_user_as,
    granted,
    open_desk,
    refusal_of,
    refused_as,
)
from tests.domain.standins import Vault, a_number

NEW_NUMBER = PhoneNumberId("106540352242555")
ASKED = ConnectChannel(accept_terms=True, access_token="the-token", account=ACCOUNT, number=NEW_NUMBER)


@pytest.fixture
async def desk() -> Desk:
    """The network has one more number that could be connected."""
    desk = await open_desk()
    desk.network.its_numbers = [a_number(), a_number(NEW_NUMBER, phone_number="+15550001111", display_name="Sales")]
    desk.network.its_templates = [a_template()]
    return desk


async def connect(desk: Desk, asked: ConnectChannel = ASKED, by: Actor = ADMIN) -> Channel | Refusal:
    return await connect_channel(desk.ports, by, asked)


async def refusal(desk: Desk, asked: ConnectChannel = ASKED, by: Actor = ADMIN) -> Refused:
    """The refusal, which left everything as it was."""
    before = await desk.state()
    listed = await desk.ports.directory.find(DirectoryEntry.NUMBER, [asked.number])
    answer = refusal_of(await connect(desk, asked, by))
    assert await desk.state() == before
    assert await desk.ports.directory.find(DirectoryEntry.NUMBER, [asked.number]) == listed
    assert isinstance(answer, Refused)
    return answer


async def test_a_connected_number_is_there_at_once_with_what_the_network_says_of_it(desk: Desk) -> None:
    channel = granted(await connect(desk))

    assert channel in await desk.ports.reader.all_of(Channel, ACME, "created_at")
    assert (channel.state, channel.connected_at, channel.created_at) == (ChannelState.CONNECTED, NOON, NOON)
    assert (channel.name, channel.phone_number, channel.phone_number_id) == ("Sales", "+15550001111", NEW_NUMBER)
    assert (channel.account, channel.destination) == (ACCOUNT, Destination.HELP_DESK)
    assert (channel.token_valid, channel.webhook_subscribed, channel.business_verified) == (True, True, True)
    assert (channel.quality_rating, channel.messaging_limit, channel.throughput_per_second) == ("GREEN", 1000, 80)
    assert channel.terms == Terms(ADMIN.author, NOON, TERMS_VERSION)
    assert await desk.events() == [ChannelChanged(channel.id)]


async def test_its_mail_comes_here_from_now_on(desk: Desk) -> None:
    channel = granted(await connect(desk))
    await desk.deliver(desk.message("Hello", number=NEW_NUMBER))

    await desk.interpret()

    assert (await desk.thread()).channel == channel.id


async def test_secrets_are_sealed_for_this_organization_and_purpose(desk: Desk) -> None:
    channel = granted(await connect(desk, replace(ASKED, app_secret="secret", pin="123456")))

    vault = Vault()
    assert (channel.access_token, channel.app_secret, channel.pin) == (
        vault.seal(ACME, "access_token", "the-token"),
        vault.seal(ACME, "app_secret", "secret"),
        vault.seal(ACME, "pin", "123456"),
    )
    assert channel.app_secret_print == vault.print("secret")


@pytest.mark.parametrize("secret", [None, ""])
async def test_a_number_without_a_secret_of_its_own_has_none(desk: Desk, secret: str | None) -> None:
    channel = granted(await connect(desk, replace(ASKED, app_secret=secret)))

    assert (channel.app_secret, channel.app_secret_print) == (None, None)


@pytest.mark.parametrize("pasted", ["secret\n", " \r\nsecret\t"])
async def test_a_secret_pasted_with_a_line_break_is_the_secret(desk: Desk, pasted: str) -> None:
    channel = granted(await connect(desk, replace(ASKED, app_secret=pasted)))

    assert channel.app_secret_print == Vault().print("secret")


@pytest.mark.parametrize("secret", [" ", "s\0t", "sécret", "a b-c", "x" * 257])
async def test_what_is_no_secret_is_refused_before_the_network_is_asked(desk: Desk, secret: str) -> None:
    assert refused_as(await connect(desk, replace(ASKED, app_secret=secret))) is ErrorCode.INVALID
    assert desk.network.asked == []


async def test_name_and_place_are_as_asked_for(desk: Desk) -> None:
    channel = granted(await connect(desk, replace(ASKED, name=" Shop ", destination=Destination.INBOX)))

    assert (channel.name, channel.destination) == ("Shop", Destination.INBOX)


async def test_a_number_that_is_connected_already_at_the_network_is_not_registered_again(desk: Desk) -> None:
    granted(await connect(desk))

    assert desk.network.asked == [
        "token_facts",
        "account_facts",
        "numbers",
        "is_subscribed",
        "subscribe",
        "profile",
        "templates",
    ]


@pytest.mark.parametrize("pin", [None, "012345"])
async def test_a_number_that_is_not_is_registered_with_the_pin_or_a_made_one(desk: Desk, pin: str | None) -> None:
    desk.network.its_numbers = [a_number(NEW_NUMBER, connected=False)]

    channel = granted(await connect(desk, replace(ASKED, pin=pin)))

    assert channel.pin is not None
    used = Vault().open(ACME, "pin", channel.pin, channel=channel.id)
    assert used is not None
    assert f"register {used}" in desk.network.asked
    assert (len(used), used.isdecimal()) == (6, True)
    assert pin in (None, used)


# Templates


def by_name(templates: dict[TemplateId, Template]) -> dict[str, Template]:
    return {each.name: each for each in templates.values()}


async def test_templates_are_read_and_those_known_keep_their_ids(desk: Desk) -> None:
    known = (await desk.state()).templates[TEMPLATE]
    greeting = a_template(TemplateId(an_id(1)), name="greeting", body="Hi", parameters=())
    changed = replace(known, id=TemplateId(an_id(2)), status=TemplateStatus.PAUSED)
    desk.network.its_templates = [greeting, changed]
    desk.later(DAY)

    channel = granted(await connect(desk))

    templates = by_name((await desk.state()).templates)
    assert templates["order_shipped"].id == TEMPLATE
    assert templates["order_shipped"].status is TemplateStatus.PAUSED
    assert templates["greeting"].id == greeting.id
    assert {each.synced_at for each in templates.values()} == {NOON + DAY}
    assert await desk.events() == [
        ChannelChanged(channel.id),
        TemplateChanged(greeting.id),
        TemplateChanged(TEMPLATE),
    ]


async def test_a_template_that_reads_as_before_is_no_news(desk: Desk) -> None:
    known = (await desk.state()).templates[TEMPLATE]
    desk.network.its_templates = [replace(known, id=TemplateId(an_id(2)))]
    desk.later(DAY)

    granted(await connect(desk))

    assert (await desk.state()).templates == {TEMPLATE: replace(known, synced_at=NOON + DAY)}


async def test_a_template_the_network_does_not_have_is_gone(desk: Desk) -> None:
    desk.network.its_templates = []

    granted(await connect(desk))

    assert (await desk.state()).templates[TEMPLATE].status is TemplateStatus.DELETED


async def test_the_templates_are_read_again_from_then_on(desk: Desk) -> None:
    granted(await connect(desk))

    assert await desk.ports.store.due_template_syncs(NOON + EVERY, 10) == [(ACME, ACCOUNT)]
    assert await desk.ports.store.due_template_syncs(NOON + EVERY - MINUTE, 10) == []


async def test_a_template_in_another_language_is_another_template(desk: Desk) -> None:
    desk.network.its_templates = [a_template(TemplateId(an_id(2)), language="pt_BR")]

    granted(await connect(desk))

    assert {each.language for each in (await desk.state()).templates.values()} == {"en_US", "pt_BR"}


# Refused before the network is asked


@pytest.mark.parametrize(
    "actor",
    [
        *(a_user_as(role) for role in (Role.SUPERVISOR, Role.AGENT, Role.INTEGRATOR, Role.READER)),
        *(a_key_for(scope) for scope in Scope if scope not in (Scope.CHANNELS, Scope.ADMIN)),
    ],
)
async def test_who_may_not_connect_is_told_so_and_nothing_leaves_for_the_network(desk: Desk, actor: Actor) -> None:
    assert await refusal(desk, by=actor) == Refused(ErrorCode.FORBIDDEN, "This needs the right to connect channels.")
    assert desk.network.asked == []


@pytest.mark.parametrize("actor", [ADMIN, a_key_for(Scope.CHANNELS), a_key_for(Scope.ADMIN)])
async def test_who_may_connect_does(desk: Desk, actor: Actor) -> None:
    channel = granted(await connect(desk, by=actor))

    assert channel.terms == Terms(actor.author, NOON, TERMS_VERSION)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (replace(ASKED, accept_terms=False), "acceptTerms"),
        (replace(ASKED, access_token=None), "accessToken"),
        (replace(ASKED, access_token=""), "accessToken"),
        (replace(ASKED, access_token="  "), "accessToken"),
        (replace(ASKED, access_token="x" * 4097), "accessToken"),
        (replace(ASKED, access_token="tökén"), "accessToken"),
        (replace(ASKED, account=BusinessAccountId("")), "businessAccountId"),
        (replace(ASKED, account=BusinessAccountId("../me")), "businessAccountId"),
        (replace(ASKED, account=BusinessAccountId("1" * 33)), "businessAccountId"),
        (replace(ASKED, number=PhoneNumberId("")), "phoneNumberId"),
        (replace(ASKED, number=PhoneNumberId("12a")), "phoneNumberId"),
        (replace(ASKED, number=PhoneNumberId("1" * 33)), "phoneNumberId"),
        (replace(ASKED, name=" "), "name"),
        (replace(ASKED, name="x" * 201), "name"),
        (replace(ASKED, pin="12345"), "pin"),
        (replace(ASKED, pin="1234567"), "pin"),
        (replace(ASKED, pin="12345a"), "pin"),
    ],
)
async def test_what_is_wrong_in_the_asking_is_named_and_nothing_leaves(
    desk: Desk, asked: ConnectChannel, field: str
) -> None:
    told = await refusal(desk, asked)

    assert (told.code, told.field) == (ErrorCode.INVALID, (field,))
    assert desk.network.asked == []


@pytest.mark.parametrize(
    "asked",
    [replace(ASKED, access_token="x" * 4096), replace(ASKED, name="x" * 200), replace(ASKED, pin="000000")],
)
async def test_what_is_just_within_its_limits_is_taken(desk: Desk, asked: ConnectChannel) -> None:
    assert isinstance(await connect(desk, asked), Channel)


async def test_a_number_connected_here_has_to_be_disconnected_first(desk: Desk) -> None:
    told = await refusal(desk, replace(ASKED, number=NUMBER))

    assert (told.code, told.field) == (ErrorCode.CHANNEL_ALREADY_CONNECTED, ("phoneNumberId",))
    assert desk.network.asked == []


async def test_a_number_that_was_disconnected_is_the_same_channel_again(desk: Desk) -> None:
    before = await desk.channel()
    await desk.wrote()
    thread = await desk.thread()
    disconnected = replace(before, name="Old name", destination=Destination.INBOX, state=ChannelState.DISCONNECTED)
    await desk.given(disconnected)
    desk.later(DAY)

    channel = granted(await connect(desk, replace(ASKED, number=NUMBER)))

    assert (channel.id, channel.created_at, channel.connected_at) == (before.id, before.created_at, NOON + DAY)
    assert (channel.name, channel.destination) == ("Old name", Destination.HELP_DESK)
    assert await desk.thread() == thread, "the old threads stay"
    await desk.wrote("I am back")
    assert (await desk.thread()).id == thread.id


async def test_a_number_of_another_organization_is_refused_without_naming_it(desk: Desk) -> None:
    await desk.given(an_organization(GLOBEX, name="Globex"))
    await desk.list_number(NEW_NUMBER, GLOBEX)

    told = await refusal(desk)

    assert told == Refused(
        ErrorCode.NUMBER_LINKED_ELSEWHERE,
        "This number is connected elsewhere. It has to be disconnected there first. Then look again.",
        ("phoneNumberId",),
    )
    assert desk.network.asked == []


async def test_an_organization_that_was_faster_has_the_number(desk: Desk) -> None:
    """Both asked the network at the same time; one of them is told at the end."""
    await desk.given(an_organization(GLOBEX, name="Globex"))

    answers = await asyncio.gather(connect(desk), connect(desk, by=a_user_as(Role.ADMIN, GLOBEX)))

    assert sorted(isinstance(answer, Channel) for answer in answers) == [False, True]
    [lost] = [answer for answer in answers if not isinstance(answer, Channel)]
    assert refused_as(lost) is ErrorCode.NUMBER_LINKED_ELSEWHERE
    listed = await desk.ports.directory.find(DirectoryEntry.NUMBER, [NEW_NUMBER])
    assert len(listed) == 1


async def test_an_organization_that_had_it_a_moment_before_has_the_number(desk: Desk) -> None:
    """What the directory tells may lag behind; the name is taken in the end by whoever was first."""
    await desk.given(an_organization(GLOBEX, name="Globex"))
    await desk.list_number(NEW_NUMBER, GLOBEX)
    before = await desk.state()
    lagging = replace(desk.ports, directory=(await open_desk()).ports.directory)

    answer = await connect_channel(lagging, ADMIN, ASKED)

    assert refused_as(answer) is ErrorCode.NUMBER_LINKED_ELSEWHERE
    assert await desk.state() == before


async def test_two_administrators_at_once_connect_one_channel(desk: Desk) -> None:
    answers = await asyncio.gather(connect(desk), connect(desk))

    [lost] = [answer for answer in answers if not isinstance(answer, Channel)]
    assert refused_as(lost) is ErrorCode.CHANNEL_ALREADY_CONNECTED


async def with_numbers(desk: Desk, count: int) -> None:
    """So many connected numbers of the account in all, and 40 more that could be."""
    others = [
        replace(a_desk_number(PhoneNumberId(f"2{n}")), id=ChannelId(an_id(n)), account=ACCOUNT)
        for n in range(count - 1)
    ]
    await desk.given(*others)
    desk.network.its_numbers = [a_number(PhoneNumberId(f"3{n}")) for n in range(40)]


async def test_a_business_account_has_at_most_25_numbers(desk: Desk) -> None:
    assert NUMBERS_PER_ACCOUNT == 25
    await with_numbers(desk, 24)

    granted(await connect(desk, replace(ASKED, number=PhoneNumberId("30"))))
    told = await refusal(desk, replace(ASKED, number=PhoneNumberId("31")))
    assert (told.code, told.field) == (ErrorCode.TOO_MANY_NUMBERS, ("businessAccountId",))

    granted(await connect(desk, replace(ASKED, number=PhoneNumberId("31"), account=BusinessAccountId("77"))))


async def test_a_disconnected_number_makes_room(desk: Desk) -> None:
    await with_numbers(desk, 25)
    await desk.given(replace(await desk.channel(), state=ChannelState.DISCONNECTED))

    granted(await connect(desk, replace(ASKED, number=PhoneNumberId("30"))))


async def test_of_26_at_once_25_are_connected(desk: Desk) -> None:
    await desk.given(replace(await desk.channel(), account=BusinessAccountId("77")))
    desk.network.its_numbers = [a_number(PhoneNumberId(f"3{n}")) for n in range(26)]

    answers = await asyncio.gather(*(connect(desk, replace(ASKED, number=PhoneNumberId(f"3{n}"))) for n in range(26)))

    refusals = [answer for answer in answers if not isinstance(answer, Channel)]
    assert [refused_as(answer) for answer in refusals] == [ErrorCode.TOO_MANY_NUMBERS]


# Refused by what the network says


async def test_an_invalid_token_is_refused(desk: Desk) -> None:
    desk.network.token = TokenFacts(False, frozenset())

    told = await refusal(desk)

    assert (told.code, told.field) == (ErrorCode.INVALID, ("accessToken",))
    assert desk.network.asked == ["token_facts"]


@pytest.mark.parametrize(
    ("held", "missing"),
    [
        ({"whatsapp_business_management"}, "whatsapp_business_messaging"),
        ({"whatsapp_business_messaging", "email"}, "whatsapp_business_management"),
        (set[str](), "whatsapp_business_management, whatsapp_business_messaging"),
    ],
)
async def test_a_missing_permission_is_named(desk: Desk, held: set[str], missing: str) -> None:
    desk.network.token = TokenFacts(True, frozenset(held))

    told = await refusal(desk)

    assert told == Refused(ErrorCode.PERMISSION_MISSING, f"The token lacks the permission {missing}.", ("accessToken",))


async def test_a_number_the_account_does_not_have_is_refused(desk: Desk) -> None:
    desk.network.its_numbers = [a_number()]

    told = await refusal(desk)

    assert (told.code, told.field) == (ErrorCode.INVALID, ("phoneNumberId",))


async def test_a_number_without_a_code_has_to_be_verified_first(desk: Desk) -> None:
    desk.network.its_numbers = [a_number(NEW_NUMBER, connected=False, code_verified=False)]

    told = await refusal(desk)

    assert (told.code, told.field) == (ErrorCode.VERIFICATION_FAILED, ("phoneNumberId",))
    assert "register" not in " ".join(desk.network.asked)


STEPS = [
    ("token_facts", "accessToken", "Checking the token"),
    ("account_facts", "businessAccountId", "Reading the business account"),
    ("numbers", "businessAccountId", "Reading the account's numbers"),
    ("register", "phoneNumberId", "Registering the number"),
    ("subscribe", "businessAccountId", "Subscribing to the account's messages"),
    ("templates", "businessAccountId", "Reading the templates"),
]


@pytest.mark.parametrize(("step", "field", "name"), STEPS)
async def test_what_the_network_refuses_is_told_by_its_step_in_its_words(
    desk: Desk, step: str, field: str, name: str
) -> None:
    desk.network.its_numbers = [a_number(NEW_NUMBER, connected=False)]
    desk.network.failing[step] = Rejected(100, "Unsupported request.")

    told = await refusal(desk)

    assert told == Refused(ErrorCode.INVALID, f"{name}: the network refused it: Unsupported request.", (field,))


async def test_a_refused_pin_is_the_pins_fault_where_one_was_given(desk: Desk) -> None:
    desk.network.its_numbers = [a_number(NEW_NUMBER, connected=False)]
    desk.network.failing["register"] = Rejected(133005, "The PIN is wrong.")

    assert (await refusal(desk, replace(ASKED, pin="123456"))).field == ("pin",)


@pytest.mark.parametrize("failed", [NotSent("no connection"), Unanswered("no answer")])
@pytest.mark.parametrize("step", [step for step, _, _ in STEPS])
async def test_a_network_that_does_not_answer_is_asked_again_later(desk: Desk, step: str, failed: Failed) -> None:
    desk.network.its_numbers = [a_number(NEW_NUMBER, connected=False)]
    desk.network.failing[step] = failed

    assert (await refusal(desk)).code is ErrorCode.CHANNEL_UNAVAILABLE

    del desk.network.failing[step]
    granted(await connect(desk))


async def test_the_number_that_messages_came_for_is_no_problem_once_it_is_connected(desk: Desk) -> None:
    def came_for(number: PhoneNumberId) -> Channel:
        message = unknown_number(number)
        problem = Problem(ProblemCode.UNKNOWN_NUMBER_TRAFFIC, message, "Connect it.", NOON)
        return replace(
            a_desk_number(PhoneNumberId(f"7{number}")), id=ChannelId(an_id(int(number[-2:]))), problems=(problem,)
        )

    other = PhoneNumberId("106540352242777")
    await desk.given(came_for(NEW_NUMBER), came_for(other))

    granted(await connect(desk))

    channels = (await desk.state()).channels
    assert channels[ChannelId(an_id(55))].problems == ()
    assert len(channels[ChannelId(an_id(77))].problems) == 1
