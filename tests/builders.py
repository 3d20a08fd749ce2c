"""Plain builders with valid defaults: a test spells out only what it is about.

Everything belongs to ACME and fits together: the default message stands in the default thread, which is the default
contact's on the default channel. `an_id(n)` gives further ids, which rise with `n` and lie above all defaults.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from domain.channels.channels import Channel, ChannelState, Destination
from domain.channels.drafts import CodeTries, ConnectionDraft, DraftAccount, Registration
from domain.channels.numbers import AccountFacts, NumberFacts
from domain.channels.templates import (
    Button,
    Header,
    Parameter,
    Template,
    TemplateCategory,
    TemplateStatus,
)
from domain.contacts import Contact, Identity, IdentityKey, IdentityKind, Person, Phone
from domain.conversations.contents import Content, Text
from domain.conversations.library import LibraryItem, LibraryItemKind
from domain.conversations.messages import Direction, Message, Reaction, Source
from domain.conversations.sessions import Alarm, Session
from domain.conversations.status import Attempt, Failure, Mark, MessageStatus
from domain.conversations.threads import Thread, ThreadStatus
from domain.files.media import Media, MediaState, Upload
from domain.files.rules import MediaKind
from domain.ids import (
    ApiKeyId,
    BusinessAccountId,
    ChannelId,
    ConnectionDraftId,
    ContactId,
    DeliveryId,
    EntryId,
    LibraryItemId,
    MediaId,
    MessageId,
    OrganizationId,
    PeriodId,
    PhoneNumberId,
    SignInId,
    TeamId,
    TemplateId,
    ThreadId,
    TicketId,
    UserId,
    Wamid,
)
from domain.merging import merged, shown
from domain.outbound.outbox import IdempotencyRecord, OutboxItem
from domain.outbound.pace import THROUGHPUT, RateState
from domain.people.actors import Author, ByContact, BySystem, ByUser, Role, Scope
from domain.people.organizations import ApiKey, Organization, SignIn, User
from domain.people.teams import Team, folded
from domain.ports.deliveries import Delivery, DeliveryState
from domain.quota import DEFAULT_LIMIT, ConversationKind, Entry, Period
from domain.tickets import Property, Ticket, TicketChange, TicketPriority, TicketStatus
from domain.updates import MessageReceived, Outcome, ParkedUpdate, StatusReported, UpdateKey, UpdateRecord

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def an_id(number: int) -> str:
    """The `number`th id, shaped like a UUIDv7."""
    return f"019aa000-0000-7000-8000-{number:012x}"


def _default(number: int) -> str:
    return f"019a9000-0000-7000-8000-{number:012x}"


ACME = OrganizationId(_default(1))
GLOBEX = OrganizationId(_default(2))

USER = UserId(_default(11))
TEAM = TeamId(_default(12))
API_KEY = ApiKeyId(_default(13))
DRAFT = ConnectionDraftId(_default(31))
SIGN_IN = SignInId(_default(14))
CHANNEL = ChannelId(_default(15))
TEMPLATE = TemplateId(_default(16))
CONTACT = ContactId(_default(17))
THREAD = ThreadId(_default(18))
MESSAGE = MessageId(_default(19))
OUR_MESSAGE = MessageId(_default(20))
MEDIA = MediaId(_default(21))
TICKET = TicketId(_default(22))
DELIVERY = DeliveryId(_default(23))
PERIOD = PeriodId(_default(24))
ENTRY = EntryId(_default(25))
IDENTITY = _default(26)
MARK = _default(27)
TICKET_CHANGE = _default(28)
PARKED = _default(29)
LIBRARY_ITEM = LibraryItemId(_default(30))

ACCOUNT = BusinessAccountId("102290129340398")
NUMBER = PhoneNumberId("106540352242922")
WAMID = Wamid("wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA=")
WA_ID = "16505551234"

ADA = ByUser(USER)
DESK = BySystem()


@dataclass(slots=True)
class FixedClock:
    """A clock that stands until it is moved by hand."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> datetime:
        self.at += by
        return self.at

    async def wait(self, seconds: float) -> None:
        """Moves it, and lets others go on."""
        self.advance(timedelta(seconds=seconds))
        await asyncio.sleep(0)


@dataclass(slots=True)
class CountingIds:
    """Ids and secrets that count from 1: ids rise, are shaped like UUIDv7, and meet no other builder's."""

    count: int = field(default=0)

    def new(self) -> str:
        self.count += 1
        return f"019ab000-0000-7000-8000-{self.count:012x}"

    def secret(self) -> str:
        self.count += 1
        return f"secret-{self.count:032d}"

    def cause(self) -> str | None:
        return None


# The organization and its people


def an_organization(
    id: OrganizationId = ACME,
    *,
    name: str = "Acme",
    time_zone: str = "UTC",
    subscribed_on: date = date(2026, 1, 1),
    quota_limit: int = DEFAULT_LIMIT,
    created_at: datetime = NOON,
) -> Organization:
    return Organization(id, name, time_zone, subscribed_on, quota_limit, created_at)


def a_user(
    id: UserId = USER,
    *,
    organization: OrganizationId = ACME,
    name: str = "Ada Agent",
    email: str = "ada@acme.example",
    role: Role = Role.AGENT,
    password_hash: str | None = None,
    created_at: datetime = NOON,
    active: bool = True,
    available: bool = True,
    capacity: int | None = None,
    skills: tuple[str, ...] = (),
) -> User:
    return User(organization, id, name, email, role, password_hash, created_at, active, available, capacity, skills)


def a_connection_draft(
    id: ConnectionDraftId = DRAFT, *, organization: OrganizationId = ACME, expires_at: datetime = NOON + HOUR
) -> ConnectionDraft:
    """With everything that a draft can hold."""
    number = NumberFacts(
        NUMBER, "+15550783881", "Acme", "PENDING", "EXPIRED", "GREEN", 250, 80, "APPROVED", "NOT_APPLICABLE"
    )
    return ConnectionDraft(
        organization,
        id,
        ByUser(USER),
        NOON,
        expires_at,
        access_token="sealed-token",
        state_print="print",
        app_id="300",
        permissions=("whatsapp_business_management",),
        accounts=(DraftAccount(AccountFacts(ACCOUNT, "Acme", verified=True), (number,), in_full=False),),
        codes=(CodeTries(NUMBER, 2, NOON, 1, NOON + MINUTE),),
    )


def a_registration(*, organization: OrganizationId = ACME) -> Registration:
    return Registration(organization, NUMBER, "sealed-pin", NOON)


def a_team(
    id: TeamId = TEAM,
    *,
    organization: OrganizationId = ACME,
    name: str = "Support",
    created_at: datetime = NOON,
    members: tuple[UserId, ...] = (),
) -> Team:
    return Team(organization, id, name, folded(name), created_at, members)


def an_api_key(
    id: ApiKeyId = API_KEY,
    *,
    organization: OrganizationId = ACME,
    name: str = "Reporting",
    prefix: str = "dk_1234",
    secret_hash: str = "hash-of-the-key",
    scopes: tuple[Scope, ...] = (Scope.READ,),
    created_at: datetime = NOON,
    last_used_at: datetime | None = None,
    expires_at: datetime | None = None,
    revoked_at: datetime | None = None,
) -> ApiKey:
    return ApiKey(organization, id, name, prefix, secret_hash, scopes, created_at, last_used_at, expires_at, revoked_at)


def a_sign_in(
    id: SignInId = SIGN_IN,
    *,
    organization: OrganizationId = ACME,
    user: UserId = USER,
    token_hash: str = "hash-of-the-token",
    created_at: datetime = NOON,
    expires_at: datetime = NOON + 30 * DAY,
    ended_at: datetime | None = None,
) -> SignIn:
    return SignIn(organization, id, user, token_hash, created_at, expires_at, ended_at)


# Channels and templates


def a_channel(
    id: ChannelId = CHANNEL,
    *,
    organization: OrganizationId = ACME,
    name: str = "Support",
    phone_number: str = "+15550783881",
    phone_number_id: PhoneNumberId = NUMBER,
    account: BusinessAccountId = ACCOUNT,
    destination: Destination = Destination.HELP_DESK,
    state: ChannelState = ChannelState.CONNECTED,
    created_at: datetime = NOON - 30 * DAY,
    connected_at: datetime | None = NOON - 30 * DAY,
    access_token: str | None = "sealed-token",
    business_verified: bool = True,
    throughput_per_second: int | None = None,
) -> Channel:
    return Channel(
        organization=organization,
        id=id,
        name=name,
        phone_number=phone_number,
        phone_number_id=phone_number_id,
        account=account,
        destination=destination,
        state=state,
        created_at=created_at,
        connected_at=connected_at,
        access_token=access_token,
        token_valid=True,
        webhook_subscribed=True,
        business_verified=business_verified,
        throughput_per_second=throughput_per_second,
    )


def a_template(
    id: TemplateId = TEMPLATE,
    *,
    organization: OrganizationId = ACME,
    account: BusinessAccountId = ACCOUNT,
    network_id: str = "1074928374928",
    name: str = "order_shipped",
    language: str = "en_US",
    category: TemplateCategory = TemplateCategory.UTILITY,
    status: TemplateStatus = TemplateStatus.APPROVED,
    body: str = "Hi {{1}}, your order has left.",
    header: Header | None = None,
    footer: str | None = None,
    buttons: tuple[Button, ...] = (),
    parameters: tuple[Parameter, ...] = (Parameter("body", "1", example="Ana"),),
    named: bool = False,
    synced_at: datetime = NOON,
) -> Template:
    return Template(
        organization=organization,
        id=id,
        account=account,
        network_id=network_id,
        name=name,
        language=language,
        category=category,
        status=status,
        body=body,
        synced_at=synced_at,
        header=header,
        footer=footer,
        buttons=buttons,
        parameters=parameters,
        named=named,
    )


# Contacts


def joined_with(kept: Contact, other: Contact) -> Contact:
    """What a contact shows into which another was merged."""
    both = {each.id: each for each in merged(kept, other, by_network=True)}
    return shown(both[kept.id], both)


def a_contact(
    id: ContactId = CONTACT,
    *,
    organization: OrganizationId = ACME,
    created_at: datetime = NOON,
    name: str | None = None,
    profile_name: str | None = "Ana",
    wa_id: str | None = WA_ID,
    business_scoped_id: str | None = None,
    username: str | None = None,
    email: str | None = None,
    phones: tuple[Phone, ...] = (),
    opted_out_at: datetime | None = None,
) -> Contact:
    return Contact(
        organization=organization,
        id=id,
        created_at=created_at,
        name=name,
        profile_name=profile_name,
        wa_id=wa_id,
        business_scoped_id=business_scoped_id,
        username=username,
        email=email,
        phones=phones,
        opted_out_at=opted_out_at,
    )


def an_identity(
    id: str = IDENTITY,
    *,
    organization: OrganizationId = ACME,
    contact: ContactId = CONTACT,
    kind: IdentityKind = IdentityKind.WA_ID,
    value: str = WA_ID,
    evidence: str = "a message",
    since: datetime = NOON,
) -> Identity:
    return Identity(organization, id, contact, IdentityKey(kind, value), evidence, since)


def a_person(
    wa_id: str | None = WA_ID,
    *,
    business_scoped_id: str | None = None,
    username: str | None = None,
    profile_name: str | None = "Ana",
) -> Person:
    return Person(wa_id, business_scoped_id, username, profile_name)


# Threads and messages


def a_session(opened_at: datetime = NOON, *, last_at: datetime | None = None, last_by: MessageId = MESSAGE) -> Session:
    return Session(opened_at, last_at or opened_at, last_by)


def a_thread(
    id: ThreadId = THREAD,
    *,
    organization: OrganizationId = ACME,
    channel: ChannelId = CHANNEL,
    contact: ContactId = CONTACT,
    created_at: datetime = NOON,
    last_activity_at: datetime | None = None,
    wa_id: str | None = WA_ID,
    business_scoped_id: str | None = None,
    status: ThreadStatus = ThreadStatus.OPEN,
    owner: UserId | None = None,
    team: TeamId | None = None,
    ticket: TicketId | None = None,
    last_message: MessageId | None = None,
    last_message_at: datetime | None = None,
    last_direction: Direction | None = None,
    last_source: Source = Source.WHATSAPP,
    unread_count: int = 0,
    read_up_to: datetime | None = None,
    session: Session | None = None,
    alarm: Alarm | None = None,
) -> Thread:
    return Thread(
        organization=organization,
        id=id,
        channel=channel,
        contact=contact,
        created_at=created_at,
        last_activity_at=last_activity_at or created_at,
        wa_id=wa_id,
        business_scoped_id=business_scoped_id,
        status=status,
        owner=owner,
        team=team,
        ticket=ticket,
        last_message=last_message,
        last_message_at=last_message_at,
        last_direction=last_direction,
        last_source=last_source,
        unread_count=unread_count,
        read_up_to=read_up_to,
        session=session,
        alarm=alarm,
    )


def an_inbound(
    id: MessageId = MESSAGE,
    text: str = "Hello",
    *,
    organization: OrganizationId = ACME,
    thread: ThreadId = THREAD,
    channel: ChannelId = CHANNEL,
    contact: ContactId = CONTACT,
    content: Content | None = None,
    at: datetime = NOON,
    wamid: Wamid | None = WAMID,
    extends_session: bool = True,
    reactions: tuple[Reaction, ...] = (),
    original: str | None = None,
) -> Message:
    """What the contact wrote: a text, unless `content` says otherwise."""
    return Message(
        organization=organization,
        id=id,
        thread=thread,
        channel=channel,
        direction=Direction.INBOUND,
        author=ByContact(contact),
        content=content or Text(text),
        status=MessageStatus.RECEIVED,
        at=at,
        sent_at=at,
        received_at=at,
        wamid=wamid,
        extends_session=extends_session,
        reactions=reactions,
        original=original,
    )


def an_outbound(
    id: MessageId = OUR_MESSAGE,
    text: str = "Good day",
    *,
    organization: OrganizationId = ACME,
    thread: ThreadId = THREAD,
    channel: ChannelId = CHANNEL,
    author: Author = ADA,
    content: Content | None = None,
    status: MessageStatus = MessageStatus.QUEUED,
    at: datetime = NOON,
    wamid: Wamid | None = None,
    failure: Failure | None = None,
    attempts: tuple[Attempt, ...] = (),
) -> Message:
    """What we write: a text, unless `content` says otherwise."""
    return Message(
        organization=organization,
        id=id,
        thread=thread,
        channel=channel,
        direction=Direction.OUTBOUND,
        author=author,
        content=content or Text(text),
        status=status,
        at=at,
        sent_at=at,
        received_at=at,
        wamid=wamid,
        failure=failure,
        attempts=attempts,
    )


def a_mark(
    id: str = MARK,
    *,
    organization: OrganizationId = ACME,
    message: MessageId = OUR_MESSAGE,
    status: MessageStatus = MessageStatus.DELIVERED,
    at: datetime = NOON,
    reported_at: datetime | None = None,
    attempt: int | None = 1,
    delivery: DeliveryId | None = DELIVERY,
    place: int | None = 0,
) -> Mark:
    return Mark(organization, id, message, status, at, reported_at or at, attempt, delivery, place)


def a_library_item(
    id: LibraryItemId = LIBRARY_ITEM,
    *,
    organization: OrganizationId = ACME,
    kind: LibraryItemKind = LibraryItemKind.SNIPPET,
    title: str = "Opening hours",
    created_at: datetime = NOON,
    updated_at: datetime = NOON,
    body: str | None = "We are here from nine to five.",
    url: str | None = None,
    media: MediaId | None = None,
) -> LibraryItem:
    return LibraryItem(organization, id, kind, title, created_at, updated_at, body, url, media)


def a_media(
    id: MediaId = MEDIA,
    *,
    organization: OrganizationId = ACME,
    channel: ChannelId | None = CHANNEL,
    kind: MediaKind = MediaKind.IMAGE,
    state: MediaState = MediaState.PENDING,
    mime_type: str = "image/jpeg",
    created_at: datetime = NOON,
    direction: Direction = Direction.INBOUND,
    message: MessageId | None = None,
    network_id: str | None = "2754859441498128",
    file_name: str | None = None,
    size: int | None = None,
    voice: bool = False,
    stored_as: str | None = None,
    due_at: datetime | None = None,
    uploads: tuple[Upload, ...] = (),
) -> Media:
    return Media(
        organization=organization,
        id=id,
        kind=kind,
        state=state,
        mime_type=mime_type,
        created_at=created_at,
        direction=direction,
        channel=channel,
        message=message,
        network_id=network_id,
        file_name=file_name,
        size=size,
        voice=voice,
        stored_as=stored_as,
        due_at=due_at,
        uploads=uploads,
    )


# Tickets


def a_ticket(
    id: TicketId = TICKET,
    *,
    organization: OrganizationId = ACME,
    number: int = 1,
    subject: str = "Hello",
    status: TicketStatus = TicketStatus.NEW,
    thread: ThreadId = THREAD,
    contact: ContactId = CONTACT,
    channel: ChannelId = CHANNEL,
    created_at: datetime = NOON,
    priority: TicketPriority = TicketPriority.MEDIUM,
    source: Source = Source.WHATSAPP,
    owner: UserId | None = None,
    team: TeamId | None = None,
    required_skills: tuple[str, ...] = (),
    properties: tuple[Property, ...] = (),
    closed_at: datetime | None = None,
    replied: bool = False,
) -> Ticket:
    return Ticket(
        organization=organization,
        id=id,
        number=number,
        subject=subject,
        status=status,
        thread=thread,
        contact=contact,
        channel=channel,
        created_at=created_at,
        priority=priority,
        source=source,
        owner=owner,
        team=team,
        required_skills=required_skills,
        properties=properties,
        closed_at=closed_at,
        replied=replied,
    )


def a_ticket_change(
    id: str = TICKET_CHANGE,
    *,
    organization: OrganizationId = ACME,
    ticket: TicketId = TICKET,
    at: datetime = NOON,
    by: Author = DESK,
    field: str = "status",
    before: str | None = "NEW",
    after: str | None = "CLOSED",
) -> TicketChange:
    return TicketChange(organization, id, ticket, at, by, field, before, after)


# The ledger


def a_period(
    id: PeriodId = PERIOD,
    *,
    organization: OrganizationId = ACME,
    starts_at: datetime = datetime(2026, 11, 1, tzinfo=UTC),
    ends_at: datetime = datetime(2026, 12, 1, tzinfo=UTC),
    used: int = 0,
    warned_at: int = 0,
) -> Period:
    return Period(organization, id, starts_at, ends_at, used, warned_at)


def an_entry(
    id: EntryId = ENTRY,
    *,
    organization: OrganizationId = ACME,
    period: PeriodId = PERIOD,
    at: datetime = NOON,
    kind: ConversationKind = ConversationKind.BUSINESS_INITIATED,
    thread: ThreadId = THREAD,
    message: MessageId = OUR_MESSAGE,
    account: BusinessAccountId = ACCOUNT,
    refunded_at: datetime | None = None,
) -> Entry:
    return Entry(organization, id, period, at, kind, thread, message, account, refunded_at)


# What waits to leave, and what came in


def an_outbox_item(
    id: MessageId = OUR_MESSAGE,
    *,
    organization: OrganizationId = ACME,
    thread: ThreadId = THREAD,
    channel: ChannelId = CHANNEL,
    queued_at: datetime = NOON,
    due_at: datetime | None = None,
    priority: int = 0,
    tries: int = 0,
    leased_until: datetime | None = None,
    lease: str | None = None,
) -> OutboxItem:
    return OutboxItem(
        organization, id, thread, channel, queued_at, due_at or queued_at, priority, tries, leased_until, lease
    )


def a_pace(
    id: ChannelId = CHANNEL,
    *,
    organization: OrganizationId = ACME,
    per_second: int = THROUGHPUT,
    next_at: datetime = NOON,
    slowed: int = 0,
    slowed_at: datetime | None = None,
) -> RateState:
    return RateState(organization, id, per_second, next_at, slowed, slowed_at)


def a_remembered(
    id: str = f"user:{USER}/once",
    *,
    organization: OrganizationId = ACME,
    mutation: str = "messageSend",
    content: str = "hash-of-what-was-asked",
    message: MessageId = OUR_MESSAGE,
    at: datetime = NOON,
) -> IdempotencyRecord:
    return IdempotencyRecord(organization, id, mutation, content, message, at)


def a_delivery(
    id: DeliveryId = DELIVERY,
    body: bytes = b"{}",
    *,
    received_at: datetime = NOON,
    state: DeliveryState = DeliveryState.WAITING,
    reason: str | None = None,
    numbers: tuple[PhoneNumberId, ...] = (),
) -> Delivery:
    return Delivery(id, received_at, body, state, reason, numbers)


def a_place(
    index: int = 0,
    *,
    delivery: DeliveryId = DELIVERY,
    received_at: datetime = NOON,
    number: PhoneNumberId | None = NUMBER,
    account: BusinessAccountId | None = ACCOUNT,
) -> UpdateKey:
    return UpdateKey(delivery, index, received_at, number, account)


def a_message_received(
    text: str = "Hello",
    *,
    place: UpdateKey | None = None,
    person: Person | None = None,
    wamid: Wamid = WAMID,
    sent_at: datetime | None = NOON,
    reply_to: Wamid | None = None,
    original: str = "{}",
) -> MessageReceived:
    return MessageReceived(
        place=place or a_place(),
        person=person or a_person(),
        wamid=wamid,
        sent_at=sent_at,
        content=Text(text),
        original=original,
        reply_to=reply_to,
    )


def a_status_reported(
    status: MessageStatus = MessageStatus.DELIVERED,
    *,
    place: UpdateKey | None = None,
    wamid: Wamid = WAMID,
    at: datetime | None = NOON,
    callback: str | None = None,
    failure: Failure | None = None,
) -> StatusReported:
    return StatusReported(place or a_place(), wamid, status, at, callback, failure)


def an_update_record(
    *,
    organization: OrganizationId = ACME,
    delivery: DeliveryId = DELIVERY,
    index: int = 0,
    outcome: Outcome = Outcome.APPLIED,
    at: datetime = NOON,
    reason: str | None = None,
    wamid: Wamid | None = None,
) -> UpdateRecord:
    return UpdateRecord(organization, f"{delivery}:{index}", delivery, index, outcome, at, reason, wamid)


def a_parked(
    id: str = PARKED,
    *,
    organization: OrganizationId = ACME,
    number: PhoneNumberId = NUMBER,
    wamid: Wamid = WAMID,
    update: StatusReported | None = None,
    parked_at: datetime = NOON,
    due_at: datetime | None = None,
) -> ParkedUpdate:
    return ParkedUpdate(organization, id, number, wamid, update or a_status_reported(wamid=wamid), parked_at, due_at)
