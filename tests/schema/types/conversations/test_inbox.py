"""The inbox screen: one query, with as many questions to the store for fifty threads as for five."""

from dataclasses import replace

from domain.conversations.contents import MediaMessage
from domain.conversations.sessions import Session
from domain.conversations.status import MessageStatus
from domain.ids import ChannelId, ContactId, MediaId, MessageId, PhoneNumberId, ThreadId, TicketId, UserId
from domain.people.actors import ByContact, ByUser
from domain.rows import Row
from tests.builders import (
    HOUR,
    MINUTE,
    NOON,
    a_channel,
    a_contact,
    a_mark,
    a_media,
    a_thread,
    a_ticket,
    a_user,
    an_id,
    an_inbound,
    an_outbound,
)
from tests.schema.desk import counted, open_desk

INBOX = """
query Inbox($first: Int) {
  threads(first: $first) {
    nodes {
      id status unreadCount lastActivityAt
      contact { displayName phones { number } identities { value } }
      channel { name phoneNumber dailyAllowance { used } assignment { users { name } } }
      owner { name openTicketCount }
      ticket { number status owner { name openTicketCount } contact { name } thread { id } }
      lastMessage {
        preview
        content {
          __typename
          ... on TextContent { html }
          ... on MediaContent { media { state } }
        }
        sender { displayName }
        statusHistory { status }
        replyTo { id }
      }
      session { state expiresAt openedBy { sentAt } }
    }
    pageInfo { hasNextPage }
    totalCount
  }
}
"""


async def test_the_inbox_asks_the_store_as_often_for_fifty_threads_as_for_five() -> None:
    desk = await open_desk()
    await desk.given(*[row for number in range(50) for row in rows_of_thread(number)])
    watched, reader = counted(desk)

    few = await watched.ask(INBOX, {"first": 5})
    calls_for_few = reader.calls.copy()
    reader.calls.clear()
    many = await watched.ask(INBOX, {"first": 50})

    assert [len(answer["threads"]["nodes"]) for answer in (few, many)] == [5, 50]
    assert reader.calls == calls_for_few
    assert max(reader.calls.values()) <= 2, "messages are asked for twice: the last ones, then what opened sessions"
    assert reader.calls.total() <= 14


async def test_the_inbox_shows_what_is_there() -> None:
    desk = await open_desk()
    await desk.given(*[row for number in range(4) for row in rows_of_thread(number)])

    threads = (await desk.ask(INBOX, {"first": 3}))["threads"]

    assert threads["totalCount"] == 4
    assert threads["pageInfo"] == {"hasNextPage": True}
    newest = threads["nodes"][0]
    assert newest["contact"]["displayName"] == "Contact 3"
    assert newest["owner"] == {"name": "User 0", "openTicketCount": 2}
    assert newest["ticket"]["number"] == 4
    assert newest["ticket"]["thread"]["id"] == newest["id"]
    assert newest["lastMessage"]["sender"] == {"displayName": "User 0"}
    assert newest["lastMessage"]["statusHistory"] == [{"status": "DELIVERED"}]
    assert newest["session"] == {
        "state": "OPEN",
        "expiresAt": "2026-11-21T11:03:00Z",
        "openedBy": {"sentAt": "2026-11-20T11:03:00Z"},
    }


async def test_what_is_not_selected_is_not_counted() -> None:
    desk = await open_desk()
    watched, reader = counted(desk)

    await watched.ask("{ threads { nodes { id } } tickets { nodes { id } } }")

    assert reader.calls == {"threads": 1, "tickets": 1}


def rows_of_thread(number: int) -> list[Row]:
    """A thread with everything around it; three users and two numbers share the work."""
    base = 100 * number
    user, channel = UserId(an_id(90_000 + number % 3)), ChannelId(an_id(91_000 + number % 2))
    contact, ticket = ContactId(an_id(base + 1)), TicketId(an_id(base + 2))
    thread, question, answer = ThreadId(an_id(base + 3)), MessageId(an_id(base + 4)), MessageId(an_id(base + 5))
    media, at = MediaId(an_id(base + 6)), NOON - HOUR + number * MINUTE
    inbound = an_inbound(question, thread=thread, channel=channel, contact=contact, at=at, wamid=None)
    reply = an_outbound(
        answer,
        "On its way",
        thread=thread,
        channel=channel,
        author=ByUser(user) if number % 2 else ByContact(contact),
        content=MediaMessage(media) if number % 4 == 0 else None,
        status=MessageStatus.DELIVERED,
        at=at + MINUTE,
    )
    return [
        a_user(user, name=f"User {number % 3}", email=f"{number % 3}@acme.example"),
        a_channel(channel, name=f"Channel {number % 2}", phone_number_id=PhoneNumberId(f"20000{number % 2}")),
        a_contact(contact, profile_name=f"Contact {number}", wa_id=None),
        a_media(media, channel=channel),
        inbound,
        replace(reply, reply_to=question),
        a_mark(an_id(base + 7), message=answer),
        a_ticket(ticket, number=number + 1, thread=thread, contact=contact, channel=channel, owner=user),
        a_thread(
            thread,
            channel=channel,
            contact=contact,
            owner=user,
            ticket=ticket,
            last_message=answer,
            last_message_at=at + MINUTE,
            last_activity_at=at + MINUTE,
            session=Session(at, at, question),
        ),
    ]
