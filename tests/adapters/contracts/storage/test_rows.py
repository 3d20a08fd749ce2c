"""The store's rows: each kind comes back as it was saved, and each question finds what it asks for and no more."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest

from domain.channels.channels import (
    AssignmentRule,
    AssignmentStrategy,
    Channel,
    ChannelState,
    Heard,
    Problem,
    ProblemCode,
    Terms,
)
from domain.channels.templates import Button, Header, HeaderKind, Parameter, Template, TemplateStatus
from domain.contacts import IdentityKey, IdentityKind, Phone, PhoneLabel
from domain.conversations.contents import (
    ContactCard,
    ContactCards,
    Content,
    Filled,
    InteractiveReply,
    Location,
    MediaMessage,
    Notice,
    Order,
    OrderItem,
    Quarantined,
    QuarantineReason,
    RemovalReason,
    Removed,
    TemplateMessage,
    Text,
    Unsupported,
)
from domain.conversations.messages import Direction, Message, Reaction, Referral, Release, Source, Version
from domain.conversations.sessions import WINDOW, Alarm, AlarmKind
from domain.conversations.status import Attempt, AttemptOutcome, Failure, MessageStatus
from domain.conversations.threads import ThreadStatus
from domain.error_codes import ErrorCode
from domain.files.media import Media, MediaState, Upload
from domain.ids import (
    BusinessAccountId,
    ChannelId,
    ContactId,
    EntryId,
    MessageId,
    PeriodId,
    PhoneNumberId,
    TemplateId,
    ThreadId,
    TicketId,
    Wamid,
)
from domain.moderation.personal_data import PersonalDataPattern
from domain.outbound.outbox import OutboxItem
from domain.people.actors import (
    Author,
    ByAutomation,
    ByContact,
    ByIntegration,
    ByPhoneApp,
    BySystem,
    ByUser,
    Role,
    Scope,
)
from domain.people.organizations import AgentVisibility, ApiKey, SignIn, User
from domain.ports.reads import PageAsk
from domain.quota import ConversationKind
from domain.tickets import Property, ReopenPolicy, TicketPriority, TicketStatus
from domain.updates import AwaitedReply, DeletionReceived, EditReceived, Outcome, ReactionReceived, Waiting
from tests.adapters.contracts.desks import Desk
from tests.builders import (
    ACCOUNT,
    ACME,
    ADA,
    API_KEY,
    CHANNEL,
    CONTACT,
    DAY,
    DELIVERY,
    ENTRY,
    GLOBEX,
    HOUR,
    MARK,
    MEDIA,
    MESSAGE,
    MINUTE,
    NOON,
    NUMBER,
    OUR_MESSAGE,
    SIGN_IN,
    TEAM,
    TEMPLATE,
    THREAD,
    TICKET,
    USER,
    WAMID,
    a_channel,
    a_contact,
    a_mark,
    a_media,
    a_parked,
    a_period,
    a_person,
    a_place,
    a_remembered,
    a_session,
    a_sign_in,
    a_status_reported,
    a_template,
    a_thread,
    a_ticket,
    a_ticket_change,
    a_user,
    an_api_key,
    an_entry,
    an_id,
    an_identity,
    an_inbound,
    an_organization,
    an_outbound,
    an_outbox_item,
    an_update_record,
)

TICK = timedelta(microseconds=1)
ODD = datetime(2026, 2, 28, 23, 59, 59, 123_456, tzinfo=UTC)
ANY_TONGUE = 'Zażółć "gęślą" \\ jaźń\n日本語 שלום 👩‍👩‍👧 e\u0301 \u200f%_\''


# Each kind, bare and with everything set


async def test_an_organization_comes_back(desk: Desk) -> None:
    async with desk.store.transaction(ACME) as tx:
        assert await tx.settings() == an_organization()
        full = replace(
            an_organization(name=ANY_TONGUE, subscribed_on=date(2024, 2, 29), created_at=ODD, quota_limit=0),
            agent_visibility=AgentVisibility.OWN_AND_TEAM,
            legal_name="Acme GmbH",
            website="https://acme.example",
            email="desk@acme.example",
            country="DE",
            blocked_links=("evil.example", ANY_TONGUE),
            personal_data_patterns=tuple(PersonalDataPattern),
            stop_words=("Stop", ANY_TONGUE),
        )
        tx.save(full)
        assert await tx.settings() == full


async def test_a_user_comes_back(desk: Desk) -> None:
    full = a_user(
        name=ANY_TONGUE,
        email="żółw@acme.example",
        role=Role.SUPERVISOR,
        password_hash="$argon2id$…",
        created_at=ODD,
        active=False,
        available=False,
        capacity=7,
        skills=("de", ANY_TONGUE),
    )
    async with desk.store.transaction(ACME) as tx:
        assert await tx.row(User, USER) == a_user()
        tx.save(full)
        assert await tx.row(User, USER) == full
        assert await tx.user_by_email("żółw@acme.example") == full
        assert await tx.user_by_email("ada@acme.example") is None
        assert await tx.user_by_email("ŻÓŁW@acme.example") is None


async def test_a_key_and_a_sign_in_come_back(desk: Desk) -> None:
    key = an_api_key(scopes=tuple(Scope), last_used_at=ODD, expires_at=NOON, revoked_at=NOON + TICK)
    signed_out = a_sign_in(ended_at=ODD)
    async with desk.store.transaction(ACME) as tx:
        tx.save(an_api_key(), a_sign_in())
        assert await tx.row(ApiKey, API_KEY) == an_api_key()
        assert await tx.row(SignIn, SIGN_IN) == a_sign_in()
        tx.save(key, signed_out)
        assert await tx.row(ApiKey, API_KEY) == key
        assert await tx.row(SignIn, SIGN_IN) == signed_out


async def test_a_channel_comes_back(desk: Desk) -> None:
    by: list[Author] = [ADA, ByIntegration(API_KEY)]
    full = replace(
        a_channel(name=ANY_TONGUE, connected_at=None, access_token=None),
        reopen_policy=ReopenPolicy.NEW_TICKET,
        assignment=AssignmentRule(AssignmentStrategy.SKILLS, (USER,), (TEAM,), ("de", "fr")),
        send_read_receipts=True,
        app_secret="sealed-secret",
        app_secret_print="print",
        pin="sealed-pin",
        terms=Terms(by[1], ODD, "2026-11"),
        state=ChannelState.DEGRADED,
        last_inbound_at=ODD,
        quality_rating="GREEN",
        messaging_limit=1000,
        throughput_per_second=80,
        missing_permissions=("whatsapp_business_messaging",),
        problems=(Problem(ProblemCode.TOKEN_INVALID, "It expired.", ANY_TONGUE, ODD, ODD, ODD, ODD, True),),
        heard=(Heard("BANNED", ODD),),
        token_expires_at=ODD,
        check_due_at=ODD,
        read_at=ODD,
        former_app_secret="sealed-former",
        former_app_secret_print="former-print",
        former_secret_until=ODD,
        close_after_idle_hours=48,
    )
    async with desk.store.transaction(ACME) as tx:
        assert await tx.row(Channel, CHANNEL) == a_channel()
        tx.save(full)
        assert await tx.row(Channel, CHANNEL) == full
        assert await tx.all_of(Channel) == [full]


async def test_a_template_comes_back(desk: Desk) -> None:
    full = replace(
        a_template(
            body=ANY_TONGUE,
            header=Header(HeaderKind.TEXT, "Order {{1}}"),
            footer="Acme",
            buttons=(Button("URL", "Track", "https://acme.example/{{1}}"), Button("QUICK_REPLY", "Stop")),
            parameters=(Parameter("header", "1"), Parameter("button:0", "1", "TEXT", "42")),
            named=True,
        ),
        quality="HIGH",
        rejection_reason="NONE",
        status=TemplateStatus.LIMIT_EXCEEDED,
        other_parts=("CAROUSEL", ANY_TONGUE),
        told_at=NOON,
        heard_at=ODD,
    )
    async with desk.store.transaction(ACME) as tx:
        tx.save(a_template())
        assert await tx.row(Template, TEMPLATE) == a_template()
        tx.save(full)
        assert await tx.row(Template, TEMPLATE) == full


async def test_a_contact_comes_back(desk: Desk) -> None:
    full = replace(
        a_contact(
            name=ANY_TONGUE,
            profile_name=ANY_TONGUE,
            business_scoped_id="US.13491208655302741918",
            username="@ana",
            email="ana@example.com",
            phones=(Phone("+16505551234", PhoneLabel.WHATSAPP), Phone("+48600100200", PhoneLabel.PHONE)),
            opted_out_at=ODD,
        ),
        marketing_opted_out_at=NOON,
        marketing_told_at=ODD,
    )
    bare = a_contact(ContactId(an_id(1)), profile_name=None, wa_id=None)
    async with desk.store.transaction(ACME) as tx:
        tx.save(full, bare)
        assert await tx.contacts([CONTACT, bare.id]) == {CONTACT: full, bare.id: bare}


async def test_a_thread_comes_back(desk: Desk) -> None:
    full = a_thread(
        created_at=ODD,
        last_activity_at=NOON,
        wa_id=None,
        business_scoped_id="US.1",
        status=ThreadStatus.CLOSED,
        owner=USER,
        team=TEAM,
        ticket=TICKET,
        last_message=MESSAGE,
        last_message_at=ODD,
        last_direction=Direction.INTERNAL,
        last_source=Source.EMAIL,
        unread_count=99,
        read_up_to=ODD,
        session=a_session(ODD, last_at=NOON),
        alarm=Alarm(AlarmKind.EXPIRED, NOON + WINDOW),
    )
    full = replace(full, read_up_to_message=OUR_MESSAGE, pair_next_at=ODD)
    async with desk.store.transaction(ACME) as tx:
        for thread in (a_thread(), full, a_thread()):
            tx.save(thread)
            assert await tx.threads([THREAD]) == {THREAD: thread}


@pytest.mark.parametrize(
    "content",
    [
        Text(ANY_TONGUE, preview_url=True),
        Text("", preview_url=False),
        MediaMessage(MEDIA),
        MediaMessage(MEDIA, ANY_TONGUE),
        TemplateMessage(TEMPLATE, "order", "de", "Hallo"),
        TemplateMessage(
            TEMPLATE, "order", "de", "Hallo", "Kopf", "Fuß", ("Ja", "Nein"), (Filled("body", "1", ANY_TONGUE),)
        ),
        Notice("The contact's number changed."),
        Unsupported("poll", "Polls can't be shown."),
    ],
)
async def test_content_of_each_kind_comes_back(desk: Desk, content: Content) -> None:
    await desk.given(a_thread())

    async with desk.store.transaction(ACME) as tx:
        tx.save(an_inbound(content=content))
        assert (await tx.messages([MESSAGE]))[MESSAGE].content == content


@pytest.mark.parametrize(
    "author",
    [
        ByContact(CONTACT),
        ByUser(USER),
        ByIntegration(API_KEY),
        ByAutomation(ANY_TONGUE),
        ByPhoneApp("+16505551234"),
        ByPhoneApp(None),
        BySystem(),
    ],
)
async def test_an_author_of_each_kind_comes_back(desk: Desk, author: Author) -> None:
    await desk.given(a_thread(), a_ticket())
    reacted = replace(an_outbound(author=author), reactions=(Reaction("👍🏽", author, ODD), Reaction("", ADA, ODD)))

    await desk.given(reacted, a_ticket_change(by=author))

    assert await desk.reader.by_ids(Message, ACME, [OUR_MESSAGE]) == {OUR_MESSAGE: reacted}
    assert [change.by for change in (await desk.reader.ticket_changes(ACME, TICKET, PageAsk(1))).rows] == [author]


async def test_a_message_comes_back_with_everything_set(desk: Desk) -> None:
    full = replace(
        an_outbound(
            status=MessageStatus.FAILED,
            at=ODD,
            wamid=Wamid("wamid.1"),
            failure=Failure("It failed.", "Try again.", True, 131047, ErrorCode.SESSION_CLOSED),
            attempts=(
                Attempt(1, ODD),
                Attempt(2, NOON, AttemptOutcome.REFUSED, 130429, ANY_TONGUE, Wamid("wamid.0")),
            ),
        ),
        sent_at=datetime(1970, 1, 1, tzinfo=UTC),
        received_at=NOON + TICK,
        source=Source.CALL,
        extends_session=True,
        reply_to_wamid=Wamid("wamid.9"),
        reply_to=MESSAGE,
        reactions=(Reaction("❤️", ByContact(CONTACT), ODD), Reaction("👍", ADA, NOON)),
        delivered_at=ODD,
        read_at=NOON,
        not_before=NOON + DAY,
        edited_at=ODD,
        deleted_at=NOON,
        forwarded=True,
        referral=Referral("https://fb.example/ad", "Head", ANY_TONGUE, "42"),
        from_number="+15550783881",
        to_number="+16505551234",
        original='{"type":"text"}',
    )
    await desk.given(a_thread(), an_inbound(), full)

    async with desk.store.transaction(ACME) as tx:
        assert await tx.messages([MESSAGE, OUR_MESSAGE]) == {MESSAGE: an_inbound(), OUR_MESSAGE: full}
    assert await desk.reader.by_ids(Message, ACME, [OUR_MESSAGE]) == {OUR_MESSAGE: full}


async def test_a_mark_and_a_file_come_back(desk: Desk) -> None:
    marks = [
        a_mark(at=ODD, reported_at=NOON),
        a_mark(an_id(1), delivery=None, place=None, attempt=None, reported_at=NOON + TICK),
    ]
    file = replace(
        a_media(state=MediaState.READY, file_name=ANY_TONGUE, message=MESSAGE, stored_as="a-name", due_at=ODD),
        direction=Direction.OUTBOUND,
        tries=7,
        uploads=(Upload(NUMBER, "1", NOON), Upload(PhoneNumberId("2"), "2", NOON)),
        size=3_000_000_000,
        sha256="ab12",
        voice=True,
        animated=True,
        failure="none",
    )
    await desk.given(a_thread(), an_outbound(), *marks, file)

    assert await desk.reader.marks_of(ACME, [OUR_MESSAGE]) == {OUR_MESSAGE: marks}
    assert await desk.reader.by_ids(Media, ACME, [MEDIA]) == {MEDIA: file}


async def test_a_ticket_and_its_history_come_back(desk: Desk) -> None:
    full = a_ticket(
        number=2_000_000_000,
        subject=ANY_TONGUE,
        status=TicketStatus.CLOSED,
        created_at=ODD,
        priority=TicketPriority.URGENT,
        source=Source.EMAIL,
        owner=USER,
        team=TEAM,
        required_skills=("de",),
        properties=(Property("order", ANY_TONGUE), Property("vip", None)),
        closed_at=NOON,
        replied=True,
    )
    change = a_ticket_change(field=ANY_TONGUE, before=None, after=None, at=ODD)
    await desk.given(a_thread(), a_ticket())

    async with desk.store.transaction(ACME) as tx:
        assert await tx.tickets([TICKET]) == {TICKET: a_ticket()}
        tx.save(full, change)
        assert await tx.tickets([TICKET]) == {TICKET: full}
    assert (await desk.reader.ticket_changes(ACME, TICKET, PageAsk(1))).rows == [change]


async def test_what_is_parked_comes_back(desk: Desk) -> None:
    failure = Failure("It failed.", "Try again.", False)
    status = a_parked(update=a_status_reported(MessageStatus.FAILED, at=None, callback="cb", failure=failure))
    reaction = replace(
        a_parked(an_id(1), parked_at=NOON + TICK),
        update=ReactionReceived(
            a_place(3, number=None, account=None),
            a_person(business_scoped_id="US.1", username=ANY_TONGUE),
            Wamid("wamid.5"),
            ODD,
            WAMID,
            "👍🏽",
            "{}",
        ),
    )
    async with desk.store.transaction(ACME) as tx:
        tx.save(status, reaction)
        assert await tx.parked([(NUMBER, WAMID)]) == [status, reaction]


async def test_every_kind_of_change_waits_with_all_that_it_says(desk: Desk) -> None:
    place, person = a_place(3), a_person(business_scoped_id="US.1")
    card = ContactCard(ANY_TONGUE, ("+1",), ("a@b",), "Acme")
    waiting: list[Waiting] = [
        EditReceived(place, person, Wamid("wamid.5"), ODD, WAMID, ContactCards((card,)), "{}", echoed=True),
        EditReceived(place, person, Wamid("wamid.6"), None, WAMID, Location(-0.5, 179.25), "{}"),
        DeletionReceived(place, person, Wamid("wamid.7"), ODD, WAMID, "{}"),
        AwaitedReply(MESSAGE),
    ]
    parked = [
        replace(a_parked(an_id(number), parked_at=NOON + number * TICK), update=update)
        for number, update in enumerate(waiting)
    ]

    async with desk.store.transaction(ACME) as tx:
        tx.save(*parked)
        assert await tx.parked([(NUMBER, WAMID)]) == parked


async def test_what_waits_longest_is_found_first(desk: Desk) -> None:
    parked = [a_parked(an_id(number), parked_at=NOON + number * TICK) for number in range(4)]

    async with desk.store.transaction(ACME) as tx:
        tx.save(*reversed(parked))
        assert await tx.parked_before(NOON + 3 * TICK, 10) == parked[:3]
        assert await tx.parked_before(NOON + 3 * TICK, 2) == parked[:2]
        assert await tx.parked_before(NOON, 10) == []


async def test_earlier_versions_and_a_reaction_on_its_way_come_back(desk: Desk) -> None:
    order = Order((OrderItem(ANY_TONGUE, 2, Decimal("4.55"), "EUR"),), ANY_TONGUE)
    message = replace(
        an_inbound(content=Removed(RemovalReason.DELETED_BY_CONTACT, ODD)),
        versions=(Version(Text(ANY_TONGUE), NOON), Version(order, ODD)),
    )
    await desk.given(a_thread(), message, replace(an_outbox_item(message.id), reaction="👍🏽"))

    async with desk.store.transaction(ACME) as tx:
        assert (await tx.messages([message.id]))[message.id] == message
        item = await tx.row(OutboxItem, message.id)
    assert item is not None
    assert item.reaction == "👍🏽"


async def test_what_is_withheld_and_who_released_it_come_back(desk: Desk) -> None:
    message = replace(
        an_inbound(content=Quarantined(QuarantineReason.PERSONAL_DATA, ODD)),
        quarantined=InteractiveReply("1", ANY_TONGUE),
        releases=(Release(ByUser(USER), ODD, QuarantineReason.PHISHING),),
    )
    await desk.given(a_thread(), message)

    async with desk.store.transaction(ACME) as tx:
        assert (await tx.messages([message.id]))[message.id] == message
        tx.save(replace(message, content=message.spoken, quarantined=None))
    assert (await desk.reader.by_ids(Message, ACME, [message.id]))[message.id].quarantined is None


async def test_a_remembered_call_comes_back(desk: Desk) -> None:
    remembered = a_remembered(f"user:{USER}/{ANY_TONGUE}")
    await desk.given(a_thread(), an_outbound(), remembered)

    async with desk.store.transaction(ACME) as tx:
        assert await tx.remembered(remembered.id) == remembered
        assert await tx.remembered("another") is None


async def test_a_call_is_remembered_once_and_who_comes_second_leaves_nothing(desk: Desk) -> None:
    first = a_remembered("user:1/key")
    await desk.given(a_thread(), an_outbound(), first)

    with pytest.raises(desk.conflict):
        await desk.given(an_inbound(text="lost"), replace(first, content="other words"))

    async with desk.store.transaction(ACME) as tx:
        assert await tx.remembered(first.id) == first
        assert not await tx.messages([an_inbound().id])


# What is not there


async def test_the_unknown_is_none_or_left_out(desk: Desk) -> None:
    async with desk.store.transaction(ACME) as tx:
        assert await tx.row(User, a_user(id=a_user().id).id) == a_user()
        assert await tx.row(ApiKey, API_KEY) is None
        assert await tx.row(SignIn, SIGN_IN) is None
        assert await tx.row(Channel, ChannelId(an_id(1))) is None
        assert await tx.row(Template, TEMPLATE) is None
        assert await tx.templates_of(ACCOUNT) == []
        assert await tx.identities([an_identity().key]) == []
        assert await tx.contacts([ContactId(an_id(1)), CONTACT]) == {CONTACT: a_contact()}
        assert await tx.threads([THREAD]) == {}
        assert await tx.threads_of([CONTACT]) == []
        assert await tx.messages([MESSAGE]) == {}
        assert await tx.messages_by_wamid([(CHANNEL, WAMID)]) == {}
        assert await tx.recorded([an_update_record().id]) == {}
        assert await tx.parked([(NUMBER, WAMID)]) == []
        assert await tx.entry_of(OUR_MESSAGE) is None
        assert await tx.entries_since(THREAD, NOON) == []
        assert await tx.allowance_taken(ACCOUNT, NOON) == []
        assert await tx.row(OutboxItem, OUR_MESSAGE) is None


async def test_asking_for_nothing_gives_nothing(desk: Desk) -> None:
    await desk.given(a_thread(), an_inbound(), an_identity())

    async with desk.store.transaction(ACME) as tx:
        assert await tx.identities([]) == []
        assert await tx.contacts([]) == {}
        assert await tx.threads([]) == {}
        assert await tx.threads_of([]) == []
        assert await tx.tickets_of([]) == []
        assert await tx.identities_of([]) == []
        assert await tx.tickets([]) == {}
        assert await tx.messages([]) == {}
        assert await tx.messages_by_wamid([]) == {}
        assert await tx.recorded([]) == {}
        assert await tx.parked([]) == []


# Who it is


async def test_identities_are_found_by_kind_and_value_together(desk: Desk) -> None:
    phone = an_identity(an_id(1), kind=IdentityKind.PHONE, value="+1")
    scoped = an_identity(an_id(2), kind=IdentityKind.BUSINESS_SCOPED_ID, value=ANY_TONGUE)
    await desk.given(phone, scoped, an_identity(an_id(3), value="1"))

    async with desk.store.transaction(ACME) as tx:
        found = await tx.identities(
            [phone.key, scoped.key, IdentityKey(IdentityKind.WA_ID, "+1"), IdentityKey(IdentityKind.PHONE, "1")]
        )
    assert sorted(found, key=lambda identity: identity.id) == [phone, scoped]


async def test_all_identities_and_tickets_of_some_contacts_are_found(desk: Desk) -> None:
    ana, bob = (a_contact(ContactId(an_id(number)), wa_id=str(number)) for number in (1, 2))
    identities = [an_identity(an_id(5 + n), contact=who.id, value=str(n)) for n, who in enumerate((ana, bob, ana))]
    tickets = [
        replace(a_ticket(), id=TicketId(an_id(20 + n)), number=n + 1, contact=who.id)
        for n, who in enumerate((ana, bob, ana))
    ]
    await desk.given(ana, bob, a_thread(), *identities, *tickets)

    async with desk.store.transaction(ACME) as tx:
        assert await tx.identities_of([ana.id]) == [identities[0], identities[2]]
        assert await tx.tickets_of([ana.id]) == [tickets[0], tickets[2]]


async def test_the_whole_history_of_some_tickets_is_found_and_may_be_mended(desk: Desk) -> None:
    tickets = [replace(a_ticket(), id=TicketId(an_id(20 + n)), number=n + 1) for n in range(2)]
    changes = [a_ticket_change(an_id(30 + n), ticket=tickets[n % 2].id, before=str(n)) for n in range(4)]
    await desk.given(a_thread(), *tickets, *changes)

    async with desk.store.transaction(ACME) as tx:
        assert await tx.ticket_changes_of([tickets[0].id]) == [changes[0], changes[2]]
        assert await tx.ticket_changes_of([]) == []
        tx.save(replace(changes[2], before=None))
    async with desk.store.transaction(ACME) as tx:
        assert await tx.ticket_changes_of([tickets[0].id]) == [changes[0], replace(changes[2], before=None)]


async def test_all_threads_of_some_contacts_are_found(desk: Desk) -> None:
    ana, bob, eve = (a_contact(ContactId(an_id(number)), wa_id=str(number)) for number in (1, 2, 3))
    threads = [
        a_thread(ThreadId(an_id(10 + number)), contact=contact.id)
        for number, contact in enumerate((ana, bob, eve, ana))
    ]
    await desk.given(ana, bob, eve, *threads)

    async with desk.store.transaction(ACME) as tx:
        found = await tx.threads_of([ana.id, bob.id])
    assert sorted(thread.id for thread in found) == [threads[0].id, threads[1].id, threads[3].id]


async def test_templates_are_found_by_their_account(desk: Desk) -> None:
    ours = [a_template(TemplateId(an_id(number)), name=str(number)) for number in (1, 2)]
    await desk.given(*ours, a_template(TemplateId(an_id(3)), account=BusinessAccountId("other")))

    async with desk.store.transaction(ACME) as tx:
        found = await tx.templates_of(ACCOUNT)
    assert sorted(found, key=lambda template: template.id) == ours


# What was said


async def given_said(desk: Desk) -> None:
    """Four inbound a minute apart from noon on, the third a notice that extends no session; one of ours between."""
    elsewhere = ThreadId(an_id(99))
    await desk.given(
        a_thread(),
        a_thread(elsewhere),
        *(
            an_inbound(
                MessageId(an_id(number)),
                at=NOON + number * MINUTE,
                wamid=Wamid(str(number)),
                extends_session=number != 2,
            )
            for number in range(4)
        ),
        an_outbound(at=NOON + MINUTE),
        an_inbound(MessageId(an_id(9)), thread=elsewhere, at=NOON, wamid=None),
    )


async def test_inbound_messages_after_an_instant_are_unread(desk: Desk) -> None:
    await given_said(desk)

    async with desk.store.transaction(ACME) as tx:
        assert await tx.unread(THREAD, None) == 4
        assert await tx.unread(THREAD, (NOON - TICK, MessageId(an_id(0)))) == 4
        assert await tx.unread(THREAD, (NOON, MessageId(an_id(0)))) == 3
        assert await tx.unread(THREAD, (NOON + 3 * MINUTE, MessageId(an_id(3)))) == 0


async def test_of_one_second_those_that_came_after_the_last_read_are_unread(desk: Desk) -> None:
    messages = [an_inbound(MessageId(an_id(number)), at=NOON, wamid=Wamid(str(number))) for number in range(3)]
    await desk.given(a_thread(), *messages)

    async with desk.store.transaction(ACME) as tx:
        assert [await tx.unread(THREAD, (NOON, message.id)) for message in messages] == [2, 1, 0]


async def test_the_instants_of_a_session_come_newest_first(desk: Desk) -> None:
    await given_said(desk)

    async with desk.store.transaction(ACME) as tx:
        instants = [NOON + 3 * MINUTE, NOON + MINUTE, NOON]
        assert await tx.session_instants(THREAD, NOON + DAY, 10) == instants
        assert await tx.session_instants(THREAD, NOON + DAY, 2) == instants[:2]
        assert await tx.session_instants(THREAD, NOON + 3 * MINUTE, 10) == instants[1:]
        assert await tx.session_instants(THREAD, NOON + 3 * MINUTE + TICK, 10) == instants
        assert await tx.session_instants(THREAD, NOON, 10) == []


async def test_messages_are_found_by_their_network_ids(desk: Desk) -> None:
    await given_said(desk)

    async with desk.store.transaction(ACME) as tx:
        found = await tx.messages_by_wamid(
            [(CHANNEL, Wamid("1")), (CHANNEL, Wamid("3")), (CHANNEL, Wamid("7")), (ChannelId(an_id(1)), Wamid("2"))]
        )
    assert {pair: message.id for pair, message in found.items()} == {
        (CHANNEL, "1"): an_id(1),
        (CHANNEL, "3"): an_id(3),
    }


async def test_a_message_that_gets_its_network_id_is_found_by_it_from_then_on(desk: Desk) -> None:
    await desk.given(a_thread(), an_outbound())

    async with desk.store.transaction(ACME) as tx:
        tx.save(an_outbound(wamid=WAMID))
        assert await tx.messages_by_wamid([(CHANNEL, WAMID)]) == {(CHANNEL, WAMID): an_outbound(wamid=WAMID)}

        tx.save(an_outbound(wamid=Wamid("another")))
        assert await tx.messages_by_wamid([(CHANNEL, WAMID)]) == {}
        tx.save(an_inbound(wamid=WAMID))
        assert await tx.messages_by_wamid([(CHANNEL, WAMID)]) == {(CHANNEL, WAMID): an_inbound(wamid=WAMID)}


# What was made of updates


async def test_an_update_is_recorded_once_it_did_not_fail(desk: Desk) -> None:
    records = [an_update_record(index=index, outcome=outcome) for index, outcome in enumerate(Outcome)]
    await desk.given(*records)

    async with desk.store.transaction(ACME) as tx:
        recorded = await tx.recorded([record.id for record in records] + [f"{DELIVERY}:99"])
        assert recorded == {record.id: record for record in records if record.outcome is not Outcome.FAILED}

        failed = next(record for record in records if record.outcome is Outcome.FAILED)
        mended = replace(failed, outcome=Outcome.APPLIED, reason=ANY_TONGUE, wamid=WAMID)
        tx.save(mended)
        assert await tx.recorded([failed.id]) == {failed.id: mended}


async def test_what_waits_for_a_message_comes_oldest_first(desk: Desk) -> None:
    late = a_parked(an_id(1), parked_at=NOON + MINUTE)
    early = a_parked(an_id(2), parked_at=NOON - MINUTE)
    other = a_parked(an_id(3), wamid=Wamid("other"))
    elsewhere = a_parked(an_id(4), number=PhoneNumberId("2"))
    async with desk.store.transaction(ACME) as tx:
        tx.save(late, early, other, elsewhere)

        assert await tx.parked([(NUMBER, WAMID)]) == [early, late]
        assert await tx.parked([(NUMBER, WAMID), (NUMBER, Wamid("other"))]) == [early, other, late]
        assert await tx.parked([(PhoneNumberId("2"), Wamid("other"))]) == []

        tx.remove(early)
        assert await tx.parked([(NUMBER, WAMID)]) == [late]


# The ledger


async def test_a_period_is_found_by_any_instant_it_holds(desk: Desk) -> None:
    starts_at, ends_at = a_period().starts_at, a_period().ends_at
    await desk.given(a_period(used=5, warned_at=80))

    async with desk.store.transaction(ACME) as tx:
        assert await tx.period_at(starts_at) == a_period(used=5, warned_at=80)
        assert await tx.period_at(ends_at - TICK) == a_period(used=5, warned_at=80)
        assert (await tx.period_at(starts_at - TICK), await tx.period_at(ends_at)) == (None, None)
        following = a_period(PeriodId(an_id(3)), starts_at=ends_at, ends_at=ends_at + 31 * DAY)
        tx.save(following)
        assert await tx.period_at(ends_at) == following
    async with desk.store.transaction(GLOBEX) as tx:
        assert await tx.period_at(starts_at) is None


async def test_many_who_begin_a_period_at_once_begin_the_same(desk: Desk) -> None:
    async def one_more(number: int) -> str:
        async with desk.store.transaction(ACME) as tx:
            period = await tx.period_at(NOON) or a_period(PeriodId(an_id(number)))
            tx.save(replace(period, used=period.used + 1))
        return period.id

    ids = await asyncio.gather(*(desk.again(partial(one_more, number)) for number in range(8)))

    period = await desk.reader.period_at(ACME, NOON)
    assert period is not None
    assert (set(ids), period.used) == ({period.id}, 8)


async def given_entries(desk: Desk) -> None:
    elsewhere = ThreadId(an_id(99))
    await desk.given(
        a_thread(),
        a_thread(elsewhere),
        a_period(),
        an_entry(),
        an_entry(EntryId(an_id(1)), at=NOON + HOUR, message=MessageId(an_id(1)), refunded_at=ODD),
        an_entry(EntryId(an_id(2)), at=NOON + 2 * HOUR, kind=ConversationKind.USER_INITIATED, message=MESSAGE),
        an_entry(EntryId(an_id(3)), at=NOON + 3 * HOUR, thread=elsewhere, message=MessageId(an_id(3))),
        an_entry(EntryId(an_id(4)), at=NOON + 3 * HOUR, account=BusinessAccountId("2"), message=MessageId(an_id(4))),
    )


async def test_the_entry_a_message_still_has_is_found_with_what_paid_for_it(desk: Desk) -> None:
    await given_entries(desk)

    async with desk.store.transaction(ACME) as tx:
        assert await tx.entry_of(OUR_MESSAGE) == an_entry()
        assert await tx.period_of(an_entry()) == a_period()
        assert await tx.entry_of(MessageId(an_id(1))) is None, "it was given back"
        again = an_entry(EntryId(an_id(5)), at=NOON + DAY, message=MessageId(an_id(1)))
        tx.save(again)
        assert await tx.entry_of(MessageId(an_id(1))) == again


async def test_a_threads_entries_come_from_an_instant_on(desk: Desk) -> None:
    await given_entries(desk)

    async with desk.store.transaction(ACME) as tx:
        ids = [entry.id for entry in await tx.entries_since(THREAD, NOON)]
        assert sorted(ids) == [ENTRY, an_id(1), an_id(2), an_id(4)]
        ids = [entry.id for entry in await tx.entries_since(THREAD, NOON + TICK)]
        assert sorted(ids) == [an_id(1), an_id(2), an_id(4)]


async def test_the_allowance_counts_what_we_began_and_was_not_refunded(desk: Desk) -> None:
    await given_entries(desk)

    async with desk.store.transaction(ACME) as tx:
        assert sorted(await tx.allowance_taken(ACCOUNT, NOON - TICK)) == [NOON, NOON + 3 * HOUR]
        assert await tx.allowance_taken(ACCOUNT, NOON) == [NOON + 3 * HOUR]
        assert await tx.allowance_taken(ACCOUNT, NOON + 3 * HOUR) == []
        assert await tx.allowance_taken(BusinessAccountId("2"), NOON) == [NOON + 3 * HOUR]


async def test_an_outbox_item_comes_back_bare_and_leased(desk: Desk) -> None:
    leased = an_outbox_item(due_at=ODD, priority=1, tries=3, leased_until=NOON + TICK, lease=MARK)
    await desk.given(a_thread(), an_outbound())

    async with desk.store.transaction(ACME) as tx:
        for item in (an_outbox_item(), leased, an_outbox_item()):
            tx.save(item)
            assert await tx.row(OutboxItem, OUR_MESSAGE) == item


async def test_a_ticket_of_another_organization_is_unknown(desk: Desk) -> None:
    await desk.given(a_thread(), a_ticket(), an_entry(), a_period())

    async with desk.store.transaction(GLOBEX) as tx:
        assert await tx.tickets([TICKET, TicketId(an_id(1))]) == {}
        assert await tx.entry_of(OUR_MESSAGE) is None
        assert await tx.entries_since(THREAD, ODD) == []
        assert await tx.allowance_taken(ACCOUNT, ODD) == []
