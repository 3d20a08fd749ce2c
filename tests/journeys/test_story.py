"""The main job: a phone writes, the desk answers, and the blue ticks come back."""

from tests.journeys.desk import ADA, Desk, Phones

WHERE_WE_ARE = "{ viewer { cursor } }"

INBOX = """
{
  threads {
    edges {
      node {
        id status unreadCount
        contact { displayName waId }
        owner { name }
        ticket { number status subject }
        session { state openedAt expiresAt }
        lastMessage { id direction preview }
      }
    }
  }
}
"""

EVENTS = """
subscription ($after: EventCursor) {
  inboxEvents(after: $after) {
    __typename cursor
    thread { id }
    ... on MessageAdded { message { id direction status preview } }
    ... on MessageStatusChanged { status message { id status readAt } }
    ... on SessionChanged { sessionChange }
    ... on TicketChanged { ticket { status } }
  }
}
"""

SEND = """
mutation ($input: MessageSendInput!) {
  messageSend(input: $input) { message { id status } userErrors { code message } }
}
"""


async def test_a_phone_writes_the_desk_answers_and_the_ticks_turn_blue(any_desk: tuple[Desk, Phones]) -> None:
    desk, phones = any_desk
    here = desk.ask(WHERE_WE_ARE)["viewer"]["cursor"]
    async with desk.socket() as socket:
        await socket.subscribe(EVENTS, after=here)

        # A phone writes, and everything of it is there at once.
        phones.write(ADA, "Is anybody there?")
        while (written := await socket.event_of("MessageAdded"))["message"]["preview"] != "Is anybody there?":
            pass
        inbox = desk.ask(INBOX)["threads"]["edges"]
        thread = next(edge["node"] for edge in inbox if edge["node"]["id"] == written["thread"]["id"])
        assert thread["contact"] == {"displayName": "Ada Moreno", "waId": ADA}
        assert thread["lastMessage"]["preview"] == "Is anybody there?"
        assert (thread["status"], thread["session"]["state"]) == ("OPEN", "OPEN")
        assert thread["ticket"]["status"] == "NEW"
        assert thread["unreadCount"] == 2

        # The agent answers; the phone has it.
        answer = {"threadId": thread["id"], "content": {"text": {"body": "We are. What can we do for you?"}}}
        sent = desk.ask(SEND, input=answer)["messageSend"]
        assert (sent["userErrors"], sent["message"]["status"]) == ([], "QUEUED")
        while (changed := await socket.event_of("MessageStatusChanged"))["status"] != "DELIVERED":
            assert changed["message"]["id"] == sent["message"]["id"]
        on_the_phone = phones.messages(ADA)[-1]
        assert (on_the_phone["direction"], on_the_phone["text"]) == ("in", "We are. What can we do for you?")

        # The phone is looked at; the desk knows.
        phones.open_chat(ADA)
        read = await socket.event_of("MessageStatusChanged")
        assert (read["status"], read["message"]["id"]) == ("READ", sent["message"]["id"])
        assert read["message"]["readAt"] is not None


async def test_a_first_message_brings_contact_thread_ticket_and_session_in_one_go(demo: tuple[Desk, Phones]) -> None:
    desk, phones = demo
    here = desk.ask(WHERE_WE_ARE)["viewer"]["cursor"]
    async with desk.socket() as socket:
        await socket.subscribe(EVENTS, after=here)

        phones.write("15550100012", "Hello, I am new")
        while (added := await socket.event_of("MessageAdded"))["message"]["preview"] != "Hello, I am new":
            pass  # the demo's own first words may come only now

    inbox = [edge["node"] for edge in desk.ask(INBOX)["threads"]["edges"]]
    assert inbox[0]["id"] == added["thread"]["id"]
    assert inbox[0]["session"]["state"] == "OPEN"
    assert [thread["contact"]["displayName"] for thread in inbox] == ["Ben Okafor", "Ada Moreno"]
    assert inbox[0]["ticket"]["subject"] == "Hello, I am new"
    assert inbox[0]["ticket"]["number"] == inbox[1]["ticket"]["number"] + 1
