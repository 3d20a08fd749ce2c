"""Reading through the schema: what is there, what is hidden, and what is refused."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.channels.channels import AssignmentRule, AssignmentStrategy, Problem, ProblemCode, Terms
from domain.channels.templates import Button, Header, HeaderKind, TemplateStatus
from domain.contacts import Phone, PhoneLabel
from domain.conversations.contents import (
    ContactCard,
    ContactCards,
    Content,
    Interactive,
    InteractiveReply,
    Location,
    MediaMessage,
    Notice,
    Option,
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
from domain.conversations.messages import Reaction, Referral
from domain.conversations.sessions import Session
from domain.conversations.status import Attempt, AttemptOutcome, Failure, MessageStatus
from domain.conversations.threads import ThreadStatus
from domain.conversations.versions import changed, taken_back
from domain.error_codes import ErrorCode
from domain.events import ThreadChanged
from domain.files.rules import MediaKind
from domain.ids import (
    BusinessAccountId,
    ChannelId,
    ContactId,
    EntryId,
    MediaId,
    MessageId,
    PhoneNumberId,
    TemplateId,
    ThreadId,
    TicketId,
    UserId,
    Wamid,
)
from domain.people.actors import Author, ByAutomation, ByContact, ByIntegration, ByPhoneApp, Role, Scope
from domain.tickets import Property, TicketPriority, TicketStatus
from schema.engine.values import ids
from schema.engine.values.pages import cursor_of
from tests.builders import (
    ACME,
    ADA,
    API_KEY,
    CHANNEL,
    CONTACT,
    DAY,
    DESK,
    GLOBEX,
    HOUR,
    MEDIA,
    MESSAGE,
    MINUTE,
    NOON,
    OUR_MESSAGE,
    TEMPLATE,
    THREAD,
    TICKET,
    USER,
    a_channel,
    a_contact,
    a_mark,
    a_media,
    a_period,
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
)
from tests.schema.desk import JSON, SchemaDesk, as_role, counted, open_desk, with_key

# ---------------------------------------------------------------- who is asking


async def test_a_user_sees_who_they_are() -> None:
    desk = await open_desk()

    viewer = (await desk.ask("{ viewer { role user { name } apiKey { name } organization { name timeZone } } }"))[
        "viewer"
    ]

    assert viewer == {
        "role": "AGENT",
        "user": {"name": "Ada Agent"},
        "apiKey": None,
        "organization": {"name": "Acme", "timeZone": "UTC"},
    }


async def test_a_program_sees_its_key() -> None:
    desk = await open_desk()
    await desk.given(an_api_key())

    answer = await desk.ask("{ viewer { role user { name } apiKey { name scopes } } }", actor=with_key(Scope.READ))

    assert answer["viewer"] == {"role": "INTEGRATOR", "user": None, "apiKey": {"name": "Reporting", "scopes": ["READ"]}}


async def test_the_viewers_cursor_is_the_newest_place_in_the_log() -> None:
    desk = await open_desk()
    await desk.happened(ThreadChanged(THREAD), ThreadChanged(THREAD))
    head = await desk.ports.reader.head(ACME)

    viewer = (await desk.ask("{ viewer { cursor organization { subscribedOn } } }"))["viewer"]

    assert desk.cursors.decode(viewer["cursor"], ACME).position == head.position
    assert viewer["organization"]["subscribedOn"] == "2026-01-01"


# ---------------------------------------------------------------- anything by its id


async def test_everything_with_an_id_can_be_read_by_it() -> None:
    desk = await open_desk()
    await desk.given(a_thread(), a_ticket(), an_inbound(), a_template(), an_api_key(), a_media())
    asked = [
        ids.ORGANIZATION.encode(ACME),
        ids.USER.encode(USER),
        ids.API_KEY.encode(API_KEY),
        ids.CHANNEL.encode(CHANNEL),
        ids.TEMPLATE.encode(TEMPLATE),
        ids.CONTACT.encode(CONTACT),
        ids.THREAD.encode(THREAD),
        ids.MESSAGE.encode(MESSAGE),
        ids.MEDIA.encode(MEDIA),
        ids.TICKET.encode(TICKET),
    ]

    nodes = (await desk.ask("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", {"ids": asked}))["nodes"]

    assert [node["id"] for node in nodes] == asked
    assert [node["__typename"] for node in nodes] == [
        "Organization",
        "User",
        "ApiKey",
        "Channel",
        "Template",
        "Contact",
        "Thread",
        "Message",
        "Media",
        "Ticket",
    ]


async def test_what_another_organization_has_is_not_there() -> None:
    desk = await open_desk()
    theirs = an_id(1)
    await desk.given(
        an_organization(GLOBEX, name="Globex"), a_contact(ContactId(theirs), organization=GLOBEX), organization=GLOBEX
    )
    asked = {"ids": [ids.CONTACT.encode(ContactId(theirs)), ids.ORGANIZATION.encode(GLOBEX), ids.TICKET.encode(TICKET)]}

    answer = await desk.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", asked)
    alone = await desk.ask("query($id: ID!) { node(id: $id) { id } contact(id: $id) { id } }", {"id": asked["ids"][0]})

    assert answer["nodes"] == [None, None, None]
    assert alone == {"node": None, "contact": None}


@pytest.mark.parametrize("field", ["node", "thread", "ticket", "contact"])
async def test_nonsense_for_an_id_is_a_bad_request(field: str) -> None:
    desk = await open_desk()

    error = await desk.refusal(f'{{ {field}(id: "nonsense") {{ id }} }}')

    assert error.code == "BAD_REQUEST"


async def test_a_tickets_id_names_no_thread() -> None:
    desk = await open_desk()

    error = await desk.refusal("query($id: ID!) { thread(id: $id) { id } }", {"id": ids.TICKET.encode(TICKET)})

    assert error.code == "BAD_REQUEST"
    assert "Thread" in error.message


async def test_more_than_a_hundred_ids_at_once_are_refused() -> None:
    desk = await open_desk()
    asked = [ids.THREAD.encode(ThreadId(an_id(number))) for number in range(101)]
    document = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"

    error = await desk.refusal(document, {"ids": asked})
    answer = await desk.ask(document, {"ids": asked[:100]})

    assert error.code == "BAD_REQUEST"
    assert answer["nodes"] == [None] * 100


# ---------------------------------------------------------------- threads


async def three_threads() -> SchemaDesk:
    desk = await open_desk()
    for number in (1, 2, 3):
        await desk.given(
            a_contact(ContactId(an_id(10 + number)), profile_name=f"Contact {number}", wa_id=None),
            a_thread(
                ThreadId(an_id(number)),
                contact=ContactId(an_id(10 + number)),
                created_at=NOON - number * HOUR,
                last_activity_at=NOON - DAY + number * HOUR,
                status=ThreadStatus.CLOSED if number == 1 else ThreadStatus.OPEN,
                owner=USER if number == 2 else None,
                unread_count=number - 1,
                session=Session(NOON - number * DAY, NOON - number * 11 * HOUR, MESSAGE),
            ),
        )
    return desk


NAMES = "nodes { contact { profileName } }"


def names(page: JSON) -> list[str]:
    return [node["contact"]["profileName"][-1] for node in page["nodes"]]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", ["3", "2", "1"]),
        ("(orderBy: {field: LAST_ACTIVITY, direction: ASC})", ["1", "2", "3"]),
        ("(orderBy: {field: CREATED_AT, direction: DESC})", ["1", "2", "3"]),
        ("(orderBy: {field: SESSION_EXPIRY, direction: ASC})", ["3", "2", "1"]),
        ("(first: 2)", ["3", "2"]),
        ("(last: 2)", ["2", "1"]),
        ("(first: 0)", []),
        ("(filter: {statuses: [CLOSED]})", ["1"]),
        ("(filter: {statuses: []})", ["3", "2", "1"]),
        ("(filter: {unassigned: true})", ["3", "1"]),
        ("(filter: {unassigned: false})", ["2"]),
        ("(filter: {unread: true})", ["3", "2"]),
        ("(filter: {session: OPEN})", ["2", "1"]),
        ("(filter: {session: CLOSED})", ["3"]),
        ('(filter: {activeSince: "2026-11-19T14:00:00Z"})', ["3", "2"]),
        ("(filter: null)", ["3", "2", "1"]),
    ],
)
async def test_threads_are_filtered_and_ordered(arguments: str, expected: list[str]) -> None:
    desk = await three_threads()

    answer = await desk.ask(f"{{ threads{arguments} {{ {NAMES} }} }}")

    assert names(answer["threads"]) == expected


async def test_threads_are_filtered_by_owner_channel_and_contact() -> None:
    desk = await three_threads()
    document = f"query($filter: ThreadFilter) {{ threads(filter: $filter) {{ {NAMES} totalCount }} }}"

    owned = await desk.ask(document, {"filter": {"ownerIds": [ids.USER.encode(USER)]}})
    here = await desk.ask(document, {"filter": {"channelIds": [ids.CHANNEL.encode(CHANNEL)], "unread": False}})
    with_one = await desk.ask(document, {"filter": {"contactId": ids.CONTACT.encode(ContactId(an_id(13)))}})

    assert (names(owned["threads"]), owned["threads"]["totalCount"]) == (["2"], 1)
    assert (names(here["threads"]), here["threads"]["totalCount"]) == (["1"], 1)
    assert (names(with_one["threads"]), with_one["threads"]["totalCount"]) == (["3"], 1)


async def test_a_filter_with_another_types_id_is_a_bad_request() -> None:
    desk = await open_desk()
    document = "query($filter: ThreadFilter) { threads(filter: $filter) { nodes { id } } }"

    error = await desk.refusal(document, {"filter": {"ownerIds": [ids.CONTACT.encode(CONTACT)]}})

    assert error.code == "BAD_REQUEST"


async def test_pages_follow_each_other_in_both_directions() -> None:
    desk = await three_threads()
    page_info = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
    document = (
        "query($first: Int, $after: String, $last: Int, $before: String)"
        f" {{ threads(first: $first, after: $after, last: $last, before: $before) {{ {NAMES} {page_info} }} }}"
    )

    one = (await desk.ask(document, {"first": 2}))["threads"]
    two = (await desk.ask(document, {"first": 2, "after": one["pageInfo"]["endCursor"]}))["threads"]
    back = (await desk.ask(document, {"last": 2, "before": two["pageInfo"]["startCursor"]}))["threads"]

    assert (names(one), names(two), names(back)) == (["3", "2"], ["1"], ["3", "2"])
    assert [page["pageInfo"]["hasNextPage"] for page in (one, two, back)] == [True, False, True]
    assert back["pageInfo"]["startCursor"] == one["pageInfo"]["startCursor"]


async def test_a_cursor_of_another_order_is_a_bad_request() -> None:
    desk = await three_threads()
    document = (
        "query($after: String) { threads(after: $after) { edges { cursor } } tickets(after: $after) { nodes { id } } }"
    )
    cursor = (await desk.ask("{ threads { edges { cursor } } }"))["threads"]["edges"][0]["cursor"]

    error = await desk.refusal(document, {"after": cursor})

    assert error.code == "BAD_REQUEST"
    assert "cursor" in error.message


async def test_a_cursor_of_one_threads_messages_does_not_fit_anothers() -> None:
    desk = await three_threads()
    document = "query($id: ID!, $after: String) { thread(id: $id) { messages(after: $after) { nodes { id } } } }"
    order = f"messages of {an_id(1)}"

    error = await desk.refusal(
        document,
        {"id": ids.THREAD.encode(ThreadId(an_id(2))), "after": cursor_of(order, ("2026-11-20T12:00:00.000000Z",) * 3)},
    )

    assert error.code == "BAD_REQUEST"


TICKETS_OF_MANY = "query ($all: [TicketPropertyInput!]) { tickets(filter: { properties: $all }) { nodes { id } } }"
THREADS_OF_MANY = "query ($all: [ThreadStatus!]) { threads(filter: { statuses: $all }) { nodes { id } } }"


@pytest.mark.parametrize("many", [101, 1_200])
async def test_a_filter_that_names_too_many_values_is_a_bad_request(many: int) -> None:
    desk = await three_threads()
    properties = [{"name": f"n{number}", "value": "v"} for number in range(many)]

    for query, all in ((TICKETS_OF_MANY, properties), (THREADS_OF_MANY, ["OPEN"] * many)):
        error = await desk.refusal(query, {"all": all})
        assert (error.code, f"names {many:,} values; at most 100" in error.message) == ("BAD_REQUEST", True)


@pytest.mark.parametrize("place", [(), ("x",), ("2026-11-20T12:00:00.000000Z",), ("\0", an_id(1))])
async def test_a_cursor_put_together_by_hand_is_a_bad_request(place: tuple[str, ...]) -> None:
    desk = await three_threads()
    document = "query($after: String) { threads(after: $after) { nodes { id } } }"

    error = await desk.refusal(document, {"after": cursor_of("threads by LAST_ACTIVITY down", place)})

    assert error.code == "BAD_REQUEST"


async def test_an_inbox_thread_has_no_ticket_and_may_have_no_owner_or_session() -> None:
    desk = await open_desk()
    await desk.given(a_thread())

    thread = await one_thread(
        desk, "ticket { id } owner { id } lastMessage { id } session { state openedAt expiresAt openedBy { id } }"
    )

    assert thread == {
        "ticket": None,
        "owner": None,
        "lastMessage": None,
        "session": {"state": "NEVER_OPENED", "openedAt": None, "expiresAt": None, "openedBy": None},
    }


@pytest.mark.parametrize(("age", "state"), [(DAY - MINUTE, "OPEN"), (DAY, "CLOSED")])
async def test_a_session_is_closed_at_exactly_24_hours(age: timedelta, state: str) -> None:
    desk = await open_desk()
    await desk.given(an_inbound(), a_thread(session=Session(NOON, NOON, MESSAGE)))
    desk.clock.advance(age)

    thread = await one_thread(desk, "session { state openedAt expiresAt openedBy { direction } }")

    assert thread["session"] == {
        "state": state,
        "openedAt": "2026-11-20T12:00:00Z",
        "expiresAt": "2026-11-21T12:00:00Z",
        "openedBy": {"direction": "INBOUND"},
    }


async def test_a_threads_messages_are_read_from_the_newest_back() -> None:
    desk = await open_desk()
    await desk.given(
        a_thread(),
        *(
            an_inbound(MessageId(an_id(number)), f"{number}", at=NOON + number * MINUTE, wamid=Wamid(f"w{number}"))
            for number in range(5)
        ),
    )
    fields = "nodes { content { ... on TextContent { body } } } pageInfo { hasPreviousPage startCursor }"

    newest = (await one_thread(desk, f"messages(last: 2) {{ {fields} }}"))["messages"]
    earlier = (
        await one_thread(desk, f'messages(last: 2, before: "{newest["pageInfo"]["startCursor"]}") {{ {fields} }}')
    )["messages"]

    assert [node["content"]["body"] for node in newest["nodes"]] == ["3", "4"]
    assert [node["content"]["body"] for node in earlier["nodes"]] == ["1", "2"]
    assert earlier["pageInfo"]["hasPreviousPage"] is True


async def one_thread(desk: SchemaDesk, fields: str) -> JSON:
    answer = await desk.ask(f"query($id: ID!) {{ thread(id: $id) {{ {fields} }} }}", {"id": ids.THREAD.encode(THREAD)})
    return answer["thread"]


# ---------------------------------------------------------------- messages


async def one_message(desk: SchemaDesk, fields: str, id: MessageId = OUR_MESSAGE, role: Role = Role.AGENT) -> JSON:
    document = f"query($id: ID!) {{ node(id: $id) {{ ... on Message {{ {fields} }} }} }}"
    return (await desk.ask(document, {"id": ids.MESSAGE.encode(id)}, as_role(role)))["node"]


CONTENT = """
content {
  __typename
  ... on TextContent { body html previewUrl }
  ... on MediaContent { caption media { id kind state mimeType url urlExpiresAt renditions { name } } }
  ... on TemplateContent {
    template { name } renderedBody renderedHeader renderedFooter buttons headerMedia { kind }
  }
  ... on SystemNotice { text }
  ... on UnsupportedContent { kind explanation }
}
"""

MORE_CONTENT = """
content {
  __typename
  ... on LocationContent { latitude longitude name address }
  ... on ContactCardsContent { contacts { name phones emails organization } }
  ... on InteractiveContent { body options { id title description } }
  ... on InteractiveReply { optionId title description }
  ... on OrderContent { items { productId quantity price { amount currencyCode } } note }
  ... on RemovedContent { removalReason removedAt }
}
"""


async def test_each_kind_of_content_is_shown_as_itself() -> None:
    desk = await open_desk()
    said = [
        MediaMessage(MEDIA, "Look"),
        TemplateMessage(
            TEMPLATE, "order_shipped", "en_US", "Hi Ana", header="Order", footer="Acme", buttons=("Track",)
        ),
        TemplateMessage(TEMPLATE, "order_shipped", "en_US", "Hi Ana", header_media=MEDIA),
        Notice("Ana changed her number."),
        Unsupported("poll", "Polls can't be shown yet."),
    ]
    messages = [
        an_inbound(MessageId(an_id(number)), content=content, wamid=Wamid(f"w{number}"))
        for number, content in enumerate(said)
    ]
    await desk.given(a_thread(), a_template(), a_media(), *messages)

    shown = [(await one_message(desk, CONTENT, message.id))["content"] for message in messages]

    assert shown == [
        {
            "__typename": "MediaContent",
            "caption": "Look",
            "media": {
                "id": ids.MEDIA.encode(MEDIA),
                "kind": "IMAGE",
                "state": "PENDING",
                "mimeType": "image/jpeg",
                "url": None,
                "urlExpiresAt": None,
                "renditions": [],
            },
        },
        {
            "__typename": "TemplateContent",
            "template": {"name": "order_shipped"},
            "renderedBody": "Hi Ana",
            "renderedHeader": "Order",
            "renderedFooter": "Acme",
            "buttons": ["Track"],
            "headerMedia": None,
        },
        {
            "__typename": "TemplateContent",
            "template": {"name": "order_shipped"},
            "renderedBody": "Hi Ana",
            "renderedHeader": None,
            "renderedFooter": None,
            "buttons": [],
            "headerMedia": {"kind": "IMAGE"},
        },
        {"__typename": "SystemNotice", "text": "Ana changed her number."},
        {"__typename": "UnsupportedContent", "kind": "poll", "explanation": "Polls can't be shown yet."},
    ]


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (
            Location(48.1, 11.5, "Café", "Main St 1"),
            {
                "__typename": "LocationContent",
                "latitude": 48.1,
                "longitude": 11.5,
                "name": "Café",
                "address": "Main St 1",
            },
        ),
        (
            ContactCards((ContactCard("Bo", ("+1 555", "+1 556"), ("bo@example.com",), "Acme"),)),
            {
                "__typename": "ContactCardsContent",
                "contacts": [
                    {"name": "Bo", "phones": ["+1 555", "+1 556"], "emails": ["bo@example.com"], "organization": "Acme"}
                ],
            },
        ),
        (
            Interactive("When?", (Option("t", "Today"), Option("l", "Later", "Next week")), "Choose"),
            {
                "__typename": "InteractiveContent",
                "body": "When?",
                "options": [
                    {"id": "t", "title": "Today", "description": None},
                    {"id": "l", "title": "Later", "description": "Next week"},
                ],
            },
        ),
        (
            InteractiveReply("l", "Later", "Next week"),
            {"__typename": "InteractiveReply", "optionId": "l", "title": "Later", "description": "Next week"},
        ),
        (
            Order((OrderItem("BELL", 2, Decimal("4.5"), "EUR"),), "Blue"),
            {
                "__typename": "OrderContent",
                "items": [{"productId": "BELL", "quantity": 2, "price": {"amount": "4.5", "currencyCode": "EUR"}}],
                "note": "Blue",
            },
        ),
        (
            Removed(RemovalReason.DELETED_BY_CONTACT, NOON),
            {
                "__typename": "RemovedContent",
                "removalReason": "DELETED_BY_CONTACT",
                "removedAt": "2026-11-20T12:00:00Z",
            },
        ),
    ],
)
async def test_each_further_kind_of_content_is_shown_as_itself(content: Content, shown: JSON) -> None:
    desk = await open_desk()
    await desk.given(a_thread(), an_inbound(content=content))

    assert (await one_message(desk, MORE_CONTENT, MESSAGE))["content"] == shown


async def test_a_text_is_shown_as_typed_and_as_safe_html() -> None:
    desk = await open_desk()
    await desk.given(a_thread(), an_inbound(OUR_MESSAGE, "*Hi* <b>"))

    message = await one_message(desk, CONTENT)

    assert message["content"] == {
        "__typename": "TextContent",
        "body": "*Hi* <b>",
        "html": "<strong>Hi</strong> &lt;b&gt;",
        "previewUrl": False,
    }


@pytest.mark.parametrize(
    ("author", "shown"),
    [
        (ADA, {"__typename": "User", "displayName": "Ada Agent", "email": "ada@acme.example"}),
        (
            ByIntegration(API_KEY),
            {"__typename": "Integration", "displayName": "Reporting", "apiKey": {"prefix": "dk_1234"}},
        ),
        (ByAutomation("Reminders"), {"__typename": "Automation", "displayName": "Reminders", "name": "Reminders"}),
        (ByAutomation("\u3164"), {"__typename": "Automation", "displayName": "A rule", "name": "\u3164"}),
        (
            ByPhoneApp("+15550783881"),
            {"__typename": "PhoneApp", "displayName": "The phone's app", "phoneNumber": "+15550783881"},
        ),
        (DESK, {"__typename": "Automation", "displayName": "Deskline", "name": "Deskline"}),
        (ByContact(CONTACT), {"__typename": "Contact", "displayName": "Ana", "profileName": "Ana"}),
    ],
)
async def test_a_message_says_who_wrote_it(author: Author, shown: JSON) -> None:
    desk = await open_desk()
    await desk.given(a_thread(), an_api_key(), an_outbound(author=author))

    answer = await one_message(
        desk,
        "sender { __typename displayName ... on User { email } ... on Integration { apiKey { prefix } }"
        " ... on Automation { name } ... on PhoneApp { phoneNumber } ... on Contact { profileName } }",
    )

    assert answer["sender"] == shown


@pytest.mark.parametrize("name", [None, "", "\u3164"])
async def test_somebody_whose_name_shows_nothing_is_called_by_username_or_number(name: str | None) -> None:
    desk = await open_desk()
    hidden = ContactId(an_id(5))
    await desk.given(
        a_contact(profile_name=name, wa_id="16505551234"),
        a_contact(hidden, profile_name=name, wa_id=None, business_scoped_id="US.1"),
        a_contact(ContactId(an_id(6)), profile_name=name, wa_id=None, business_scoped_id="US.2", username="ana.b"),
    )

    named = (await desk.ask("{ contacts { nodes { displayName } } }"))["contacts"]["nodes"]

    assert sorted(each["displayName"] for each in named) == ["+16505551234", "Unknown", "ana.b"]


async def test_a_program_whose_key_is_not_known_has_a_name_all_the_same() -> None:
    desk = await open_desk()
    await desk.given(a_thread(), an_outbound(author=ByIntegration(API_KEY)))

    answer = await one_message(desk, "sender { displayName ... on Integration { apiKey { name } } }")

    assert answer["sender"] == {"displayName": "A program", "apiKey": None}


async def test_a_message_is_one_line_and_names_its_file_only_where_it_may_be_seen() -> None:
    desk = await open_desk()
    others = [MessageId(an_id(number)) for number in (31, 32, 33)]
    photo, document, hidden = others
    file = MediaMessage(MEDIA)
    await desk.given(
        a_thread(),
        a_media(kind=MediaKind.DOCUMENT, file_name="secret.pdf"),
        an_outbound(content=Text("It is *on its way*,\nAna")),
        an_inbound(photo, content=MediaMessage(MediaId(an_id(34))), wamid=None),
        an_inbound(document, content=file, wamid=None),
        replace(an_inbound(hidden, content=Quarantined(QuarantineReason.MALWARE, NOON), wamid=None), quarantined=file),
    )

    lines = [(await one_message(desk, "preview", id))["preview"] for id in (OUR_MESSAGE, *others)]

    assert lines == ["It is on its way, Ana", "Attachment", "secret.pdf", "Hidden: its file has a virus"]


async def test_a_message_tells_how_far_it_got_and_what_was_tried() -> None:
    desk = await open_desk()
    attempts = (
        Attempt(1, NOON, AttemptOutcome.REFUSED, 131_056, "pair rate limit"),
        Attempt(2, NOON + MINUTE),  # under way
    )
    failure = Failure("Not delivered", "Try again later.", True, 131_056, ErrorCode.SESSION_CLOSED)
    message = an_outbound(status=MessageStatus.FAILED, failure=failure, attempts=attempts)
    await desk.given(a_thread(), message, a_mark(status=MessageStatus.FAILED))

    answer = await one_message(
        desk,
        "status statusHistory { status at reportedAt attempt } attempts { number outcome code message }"
        " failure { code refusal title hint retryable }",
    )

    assert answer == {
        "status": "FAILED",
        "statusHistory": [
            {"status": "FAILED", "at": "2026-11-20T12:00:00Z", "reportedAt": "2026-11-20T12:00:00Z", "attempt": 1}
        ],
        "attempts": [{"number": 1, "outcome": "REFUSED", "code": 131_056, "message": "pair rate limit"}],
        "failure": {
            "code": 131_056,
            "refusal": "SESSION_CLOSED",
            "title": "Not delivered",
            "hint": "Try again later.",
            "retryable": True,
        },
    }


async def test_a_message_tells_what_it_answers_its_reactions_and_where_it_came_from() -> None:
    desk = await open_desk()
    answer = replace(
        an_inbound(),
        reply_to=OUR_MESSAGE,
        reactions=(Reaction("👍", ADA, NOON), Reaction("", ByContact(CONTACT), NOON)),
        referral=Referral("https://fb.example/ad", "Shoes", None, "ad-1"),
        from_number="+16505551234",
        to_number="+15550783881",
    )
    await desk.given(a_thread(), an_outbound(), answer)

    shown = await one_message(
        desk,
        "replyTo { id } reactions { emoji by { displayName } } referral { sourceUrl headline body sourceId }"
        " from to forwarded thread { id }",
        MESSAGE,
    )

    assert shown == {
        "replyTo": {"id": ids.MESSAGE.encode(OUR_MESSAGE)},
        "reactions": [{"emoji": "👍", "by": {"displayName": "Ada Agent"}}],
        "referral": {"sourceUrl": "https://fb.example/ad", "headline": "Shoes", "body": None, "sourceId": "ad-1"},
        "from": "+16505551234",
        "to": "+15550783881",
        "forwarded": False,
        "thread": {"id": ids.THREAD.encode(THREAD)},
    }


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        (Role.ADMIN, True),
        (Role.SUPERVISOR, True),
        (Role.AGENT, False),
        (Role.INTEGRATOR, False),
        (Role.READER, False),
    ],
)
async def test_originals_are_for_supervisors_and_administrators(role: Role, seen: bool) -> None:
    desk = await open_desk()
    await desk.given(a_thread(), an_inbound(original='{"type": "text"}'))

    message = await one_message(desk, "original status", MESSAGE, role)

    assert message == {"original": '{"type": "text"}' if seen else None, "status": "RECEIVED"}


async def test_who_turned_out_to_be_known_already_is_shown_as_the_one_they_are() -> None:
    desk = await open_desk()
    gone = replace(a_contact(ContactId(an_id(9)), wa_id="2"), merged_into=CONTACT)
    await desk.given(gone, a_thread(), an_inbound(contact=gone.id))

    message = await one_message(desk, "sender { ... on Contact { id } }", MESSAGE)
    asked = await desk.ask("query($id: ID!) { node(id: $id) { id } }", {"id": ids.CONTACT.encode(gone.id)})

    assert message["sender"]["id"] == asked["node"]["id"] == ids.CONTACT.encode(CONTACT)


@pytest.mark.parametrize("role", list(Role))
async def test_what_a_deleted_message_said_is_for_supervisors_and_administrators(role: Role) -> None:
    desk = await open_desk()
    await desk.given(a_thread(), taken_back(changed(an_inbound(text="Fool"), Text("Friend"), NOON), NOON + MINUTE))

    message = await one_message(
        desk,
        "content { __typename } versions { until content { ... on TextContent { body } } } editedAt deletedAt",
        MESSAGE,
        role,
    )

    earlier = [
        {"until": "2026-11-20T12:00:00Z", "content": {"body": "Fool"}},
        {"until": "2026-11-20T12:01:00Z", "content": {"body": "Friend"}},
    ]
    assert message == {
        "content": {"__typename": "RemovedContent"},
        "versions": earlier if role in (Role.ADMIN, Role.SUPERVISOR) else [],
        "editedAt": "2026-11-20T12:00:00Z",
        "deletedAt": "2026-11-20T12:01:00Z",
    }


# ---------------------------------------------------------------- tickets


async def test_tickets_are_filtered_and_ordered() -> None:
    desk = await open_desk()
    await desk.given(a_thread())
    for number, priority in enumerate([TicketPriority.HIGH, TicketPriority.LOW, TicketPriority.URGENT], 1):
        await desk.given(
            a_ticket(
                TicketId(an_id(number)),
                number=number,
                priority=priority,
                status=TicketStatus.CLOSED if number == 2 else TicketStatus.NEW,
                created_at=NOON + number * HOUR,
                properties=(Property("plan", "gold"),) if number == 3 else (),
            )
        )

    async def numbers(arguments: str) -> list[int]:
        page = (await desk.ask(f"{{ tickets{arguments} {{ nodes {{ number }} totalCount }} }}"))["tickets"]
        assert page["totalCount"] == len(page["nodes"])
        return [node["number"] for node in page["nodes"]]

    assert await numbers("") == [3, 2, 1]
    assert await numbers("(orderBy: {field: PRIORITY, direction: DESC})") == [3, 1, 2]
    assert await numbers("(orderBy: {field: NUMBER, direction: ASC})") == [1, 2, 3]
    assert await numbers("(filter: {statuses: [NEW]})") == [3, 1]
    assert await numbers('(filter: {properties: [{name: "plan", value: "gold"}]})') == [3]
    assert await numbers('(filter: {createdSince: "2026-11-20T14:00:00Z", createdUntil: "2026-11-20T15:00:00Z"})') == [
        2
    ]


async def test_a_tickets_history_says_who_did_what() -> None:
    desk = await open_desk()
    await desk.given(
        a_thread(),
        a_ticket(),
        a_ticket_change(an_id(1), field="owner", before=None, after=USER, by=ADA),
        a_ticket_change(an_id(2), at=NOON + MINUTE),
    )
    document = """query($id: ID!) { ticket(id: $id) {
      history { nodes { field from to by { displayName } } } } }"""

    history = (await desk.ask(document, {"id": ids.TICKET.encode(TICKET)}))["ticket"]["history"]

    assert history["nodes"] == [
        {"field": "owner", "from": None, "to": ids.USER.encode(USER), "by": {"displayName": "Ada Agent"}},
        {"field": "status", "from": "NEW", "to": "CLOSED", "by": {"displayName": "Deskline"}},
    ]


# ---------------------------------------------------------------- contacts, users, channels, templates


async def test_a_contact_has_names_numbers_threads_and_tickets() -> None:
    desk = await open_desk()
    contact = a_contact(name="Ana Lima", phones=(Phone("+16505551234", PhoneLabel.WHATSAPP),))
    await desk.given(contact, an_identity(), a_thread(), a_ticket())
    document = """query($id: ID!) { contact(id: $id) {
      displayName name profileName waId phones { number label } identities { kind value evidence }
      threads { nodes { id } totalCount } tickets { nodes { id } totalCount } } }"""

    shown = (await desk.ask(document, {"id": ids.CONTACT.encode(CONTACT)}))["contact"]

    assert shown == {
        "displayName": "Ana Lima",
        "name": "Ana Lima",
        "profileName": "Ana",
        "waId": "16505551234",
        "phones": [{"number": "+16505551234", "label": "WHATSAPP"}],
        "identities": [{"kind": "WA_ID", "value": "16505551234", "evidence": "a message"}],
        "threads": {"nodes": [{"id": ids.THREAD.encode(THREAD)}], "totalCount": 1},
        "tickets": {"nodes": [{"id": ids.TICKET.encode(TICKET)}], "totalCount": 1},
    }


async def test_contacts_users_and_templates_are_found_by_a_part_of_their_name() -> None:
    desk = await open_desk()
    await desk.given(a_template(), a_user(UserId(an_id(1)), name="Ben", email="ben@acme.example"))

    answer = await desk.ask(
        """{ contacts(query: "an") { nodes { profileName } } users(query: "BEN@") { nodes { name } }
             templates(query: "SHIPPED") { nodes { name } } none: contacts(query: "zzz") { nodes { id } } }"""
    )

    assert answer == {
        "contacts": {"nodes": [{"profileName": "Ana"}]},
        "users": {"nodes": [{"name": "Ben"}]},
        "templates": {"nodes": [{"name": "order_shipped"}]},
        "none": {"nodes": []},
    }


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
@pytest.mark.parametrize("field", ["contacts", "users", "templates"])
async def test_a_text_no_store_can_hold_is_a_bad_request(field: str, text: str) -> None:
    desk = await open_desk()

    error = await desk.refusal(
        f"query($query: String) {{ {field}(query: $query) {{ nodes {{ id }} }} }}", {"query": text}
    )

    assert error.code == "BAD_REQUEST"


async def test_a_filter_with_a_text_no_store_can_hold_is_a_bad_request() -> None:
    desk = await open_desk()
    document = "query($filter: TicketFilter) { tickets(filter: $filter) { nodes { id } } }"

    error = await desk.refusal(document, {"filter": {"properties": [{"name": "plan", "value": "\0"}]}})

    assert error.code == "BAD_REQUEST"
    assert "filter.properties.0.value" in error.message


async def test_a_channel_says_how_it_is() -> None:
    desk = await open_desk()
    problem = Problem(ProblemCode.QUALITY_LOW, "People complain.", "Send less.", NOON)
    await desk.given(
        replace(
            a_channel(business_verified=False),
            problems=(problem,),
            terms=Terms(ADA, NOON, "2026-11"),
            assignment=AssignmentRule(AssignmentStrategy.ROUND_ROBIN, (USER,)),
        ),
        a_thread(),
        an_outbound(),
        a_period(),
        an_entry(at=NOON - HOUR),
    )

    channels = (
        await desk.ask(
            """{ channels { name phoneNumber destination state reopenPolicy
                 health { tokenValid problems { code since } }
                 assignment { strategy users { name } } dailyAllowance { limit used resetsAt }
                 termsAccepted { by { displayName } version } } }"""
        )
    )["channels"]

    assert channels == [
        {
            "name": "Support",
            "phoneNumber": "+15550783881",
            "destination": "HELP_DESK",
            "state": "CONNECTED",
            "reopenPolicy": "REOPEN_TICKET",
            "health": {"tokenValid": True, "problems": [{"code": "QUALITY_LOW", "since": "2026-11-20T12:00:00Z"}]},
            "assignment": {"strategy": "ROUND_ROBIN", "users": [{"name": "Ada Agent"}]},
            "dailyAllowance": {"limit": 50, "used": 1, "resetsAt": "2026-11-21T11:00:00Z"},
            "termsAccepted": {"by": {"displayName": "Ada Agent"}, "version": "2026-11"},
        }
    ]


async def test_the_day_is_told_alike_by_all_numbers_of_an_account() -> None:
    desk = await open_desk()
    sibling = a_channel(ChannelId(an_id(8)), phone_number_id=PhoneNumberId("8"), business_verified=False)
    elsewhere = a_channel(
        ChannelId(an_id(9)),
        phone_number_id=PhoneNumberId("9"),
        account=BusinessAccountId("9"),
        business_verified=False,
    )
    await desk.given(a_channel(business_verified=False), sibling, elsewhere, a_thread(), an_outbound(), a_period())
    await desk.given(an_entry(at=NOON - HOUR))
    document = "{ channels { dailyAllowance { limit used } health { businessVerified } } }"

    assert [each["dailyAllowance"] for each in (await desk.ask(document))["channels"]] == [
        {"limit": 50, "used": 1},
        {"limit": 50, "used": 1},
        {"limit": 50, "used": 0},
    ]

    await desk.given(replace(sibling, business_verified=True, messaging_limit=2000))
    assert [each["dailyAllowance"]["limit"] for each in (await desk.ask(document))["channels"]] == [2000, 2000, 50]

    await desk.given(replace(sibling, business_verified=True, messaging_limit=None))
    assert [each["dailyAllowance"]["limit"] for each in (await desk.ask(document))["channels"]] == [None, None, 50]


async def test_a_template_says_whether_it_can_be_sent_and_from_which_numbers() -> None:
    desk = await open_desk()
    await desk.given(
        a_template(buttons=(Button("URL", "Track", "https://acme.example/{{1}}"),)),
        a_template(TemplateId(an_id(1)), name="place", network_id="2", header=Header(HeaderKind.LOCATION)),
        a_template(TemplateId(an_id(2)), name="paused", network_id="3", status=TemplateStatus.PAUSED),
    )
    document = """query($channelId: ID, $statuses: [TemplateStatus!]) {
      templates(channelId: $channelId, statuses: $statuses) { nodes {
        name sendable notSendableReason header { kind } buttons { kind url } channels { name }
        parameters { component name example } } } }"""

    approved = await desk.ask(document, {"channelId": ids.CHANNEL.encode(CHANNEL), "statuses": ["APPROVED"]})
    paused = await desk.ask(document, {"statuses": ["PAUSED"]})

    sendable, place = approved["templates"]["nodes"]
    assert sendable == {
        "name": "order_shipped",
        "sendable": True,
        "notSendableReason": None,
        "header": None,
        "buttons": [{"kind": "URL", "url": "https://acme.example/{{1}}"}],
        "channels": [{"name": "Support"}],
        "parameters": [{"component": "body", "name": "1", "example": "Ana"}],
    }
    assert (place["sendable"], place["header"]) == (False, {"kind": "LOCATION"})
    assert place["notSendableReason"] == "Its header is a location, which can't be sent yet."
    assert [node["name"] for node in paused["templates"]["nodes"]] == ["paused"]


async def test_templates_of_a_number_that_is_not_here_are_not_found() -> None:
    desk = await open_desk()
    document = "query($id: ID) { templates(channelId: $id) { nodes { id } } }"

    error = await desk.refusal(document, {"id": ids.CHANNEL.encode(ChannelId(an_id(9)))})

    assert error.code == "NOT_FOUND"


# ---------------------------------------------------------------- the month


QUOTA = """{ quota { limit used remaining periodStart resetsAt userInitiatedCounts
  forecast { projectedUse exhaustedAt }
  entries { nodes { at kind refundedAt thread { id } message { id } } } } }"""


async def test_a_month_in_which_nothing_was_counted_is_whole() -> None:
    desk = await open_desk()

    quota = (await desk.ask(QUOTA))["quota"]

    assert quota == {
        "limit": 1000,
        "used": 0,
        "remaining": 1000,
        "periodStart": "2026-11-01T00:00:00Z",
        "resetsAt": "2026-12-01T00:00:00Z",
        "userInitiatedCounts": False,
        "forecast": {"projectedUse": 0, "exhaustedAt": None},
        "entries": {"nodes": []},
    }


async def test_a_month_says_what_was_counted_and_given_back() -> None:
    desk = await open_desk()
    await desk.given(
        a_thread(),
        an_outbound(),
        a_period(used=1),
        an_entry(at=NOON - HOUR),
        an_entry(EntryId(an_id(1)), message=MessageId(an_id(2)), at=NOON, refunded_at=NOON),
        an_outbound(MessageId(an_id(2))),
    )

    quota = (await desk.ask(QUOTA))["quota"]

    assert (quota["used"], quota["remaining"]) == (1, 999)
    assert quota["entries"]["nodes"] == [
        {
            "at": "2026-11-20T11:00:00Z",
            "kind": "BUSINESS_INITIATED",
            "refundedAt": None,
            "thread": {"id": ids.THREAD.encode(THREAD)},
            "message": {"id": ids.MESSAGE.encode(OUR_MESSAGE)},
        },
        {
            "at": "2026-11-20T12:00:00Z",
            "kind": "BUSINESS_INITIATED",
            "refundedAt": "2026-11-20T12:00:00Z",
            "thread": {"id": ids.THREAD.encode(THREAD)},
            "message": {"id": ids.MESSAGE.encode(MessageId(an_id(2)))},
        },
    ]


async def test_the_forecast_knows_the_weeks_before_the_month_and_leaves_out_what_was_given_back() -> None:
    desk = await open_desk()  # on a Friday at noon, the 20th of the month
    month = a_period(starts_at=NOON - 7 * DAY, ends_at=NOON + 7 * DAY, used=5)
    await desk.given(an_organization(quota_limit=8), a_thread(), month)
    for number in range(1, 15):  # one on each of the days before, but on Tuesdays
        at = NOON - number * DAY
        given_back = NOON if at.weekday() == 1 else None
        id = an_id(number)
        await desk.given(an_entry(EntryId(id), at=at, message=MessageId(id), refunded_at=given_back))

    quota = (await desk.ask("{ quota { used forecast { projectedUse exhaustedAt } } }"))["quota"]

    assert quota == {"used": 5, "forecast": {"projectedUse": 5 + 6, "exhaustedAt": "2026-11-22T13:00:00Z"}}


async def test_the_month_is_asked_for_once_however_often_it_is_shown() -> None:
    desk = await open_desk()
    watched, reader = counted(desk)

    await watched.ask("{ a: quota { used } b: quota { used } viewer { organization { quotaLimit } } }")

    assert reader.calls == {"organization": 1, "period_at": 1}


# ---------------------------------------------------------------- limits of pages


@pytest.mark.parametrize(
    "arguments",
    ["first: -1", "first: 101", "last: 101", "first: 1, last: 1", 'after: "x"', 'before: "x"', 'last: 1, after: "x"'],
)
async def test_a_page_that_cannot_be_is_a_bad_request(arguments: str) -> None:
    desk = await open_desk()

    error = await desk.refusal(f"{{ threads({arguments}) {{ nodes {{ id }} }} }}")

    assert error.code == "BAD_REQUEST"


@pytest.mark.parametrize("field", ["threads", "tickets", "contacts", "templates", "users"])
async def test_every_list_refuses_more_than_a_hundred(field: str) -> None:
    desk = await open_desk()

    error = await desk.refusal(f"{{ {field}(first: 101) {{ nodes {{ id }} }} }}")

    assert error.code == "BAD_REQUEST"
