"""What breaks the content policy reaches nobody but supervisors, by whichever way an agent looks."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from tests.journeys.desk import ADA, DEADLINE_S, Desk, Installation, Json, Socket, a_message_body, deliver

SECRET = "prize-7f3a91"
BAIT = f"Take your https://evil.example/{SECRET} now"

POLICY = """
mutation ($input: OrganizationUpdateInput!) {
  organizationUpdate(input: $input) {
    organization { blockedLinks personalDataPatterns stopWords } userErrors { code field message }
  }
}
"""
HIRE = """
mutation ($input: UserCreateInput!) { userCreate(input: $input) { user { id } userErrors { code message } } }
"""
SIGN_IN = "mutation ($input: SignInInput!) { signIn(input: $input) { token userErrors { code message } } }"
RELEASE = """
mutation ($id: ID!) {
  messageRelease(input: {messageId: $id}) { message { content { __typename ... on TextContent { body } } }
    userErrors { code } }
}
"""
CONTENT = """
    __typename
    ... on TextContent { body html }
    ... on MediaContent { caption media { id fileName url } }
    ... on LocationContent { name address }
    ... on ContactCardsContent { contacts { name phones emails organization } }
    ... on InteractiveReply { title description }
    ... on OrderContent { note }
    ... on SystemNotice { text }
    ... on UnsupportedContent { kind explanation }
    ... on QuarantinedContent { quarantineReason quarantinedAt }
"""
MESSAGE = f"id original versions {{ until content {{ {CONTENT} }} }} content {{ {CONTENT} }} replyTo {{ id }}"
EVENTS = f"""
subscription ($after: EventCursor) {{
  inboxEvents(after: $after) {{
    __typename cursor
    thread {{ id lastMessage {{ {MESSAGE} }} ticket {{ subject }} }}
    ... on MessageAdded {{ message {{ {MESSAGE} }} }}
    ... on MessageChanged {{ messageChange message {{ {MESSAGE} }} }}
    ... on TicketChanged {{ changed ticket {{ subject }} }}
  }}
}}
"""
THREADS = f"""
{{
  threads(first: 1) {{
    nodes {{ id lastMessage {{ {MESSAGE} }} messages(last: 5) {{ nodes {{ {MESSAGE} }} }} ticket {{ subject }} }}
  }}
}}
"""
LOOKS = (
    THREADS,
    "{ tickets(first: 3) { nodes { subject history(first: 9) { nodes { field from to } } } } }",
    "{ contacts(first: 9) { nodes { name profileName identities { value evidence } } } }",
    f"{{ events(first: 9) {{ edges {{ node {{ ... on MessageAdded {{ message {{ {MESSAGE} }} }} }} }} }} }}",
)
HISTORY = """
{
  tickets(first: 3) {
    nodes { subject history(first: 9) { nodes { field from to by { displayName } } } }
  }
}
"""


@dataclass
class Ear:
    """Every line that came to somebody, as it came."""

    lines: AsyncIterator[str]
    heard: list[str] = field(default_factory=list[str])

    async def hears(self, words: str) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not self.has(words):
                self.heard.append(await anext(self.lines))

    def has(self, words: str) -> bool:
        return any(words in each for each in self.heard)


async def test_a_blocked_link_is_in_nothing_an_agent_can_see_until_a_supervisor_releases_it(
    installation: Installation,
) -> None:
    told = installation.desk.ask(
        POLICY, input={"blockedLinks": ["Evil.example"], "personalDataPatterns": ["PAYMENT_CARD"]}
    )
    assert told["organizationUpdate"]["userErrors"] == []
    agent, supervisor = hired(installation, "AGENT"), hired(installation, "SUPERVISOR")
    here = agent.ask("{ viewer { cursor } }")["viewer"]["cursor"]

    async with agent.socket() as socket, stream_of(agent, here) as stream:
        await socket.subscribe(EVENTS, after=here)
        # A bait, one that an edit makes, and a card's number for the name of a place.
        installation.phones.write(ADA, BAIT)
        first = await quarantined_in(socket, stream)
        written = installation.phones.write(ADA, "Good morning")
        edit = {"original_message_id": written, "message": {"type": "text", "text": {"body": BAIT}}}
        delivered(installation, {"type": "edit", "id": "wamid.edit", "edit": edit})
        await quarantined_in(socket, stream)
        place = {"latitude": 1.0, "longitude": 2.0, "name": f"4111 1111 1111 1111 {SECRET}"}
        delivered(installation, {"type": "location", "id": "wamid.place", "location": place})
        await quarantined_in(socket, stream)

        # Nothing the agent sees or saw holds a byte of it.
        seen = [agent.post(look).text for look in LOOKS]
        seen += [agent.post("query ($id: ID!) { node(id: $id) { ... on Message { original } } }", id=first["id"]).text]
        assert all('"errors"' not in each for each in seen), seen
        assert all(SECRET not in each for each in seen)
        assert not stream.has(SECRET)
        refused = agent.ask(RELEASE, id=first["id"])["messageRelease"]
        assert [each["code"] for each in refused["userErrors"]] == ["FORBIDDEN"]
        assert SECRET not in installation.process.log

        # The supervisor reads it, and shows it to everybody.
        whole = supervisor.ask(THREADS)["threads"]["nodes"][0]["messages"]["nodes"]
        assert [SECRET in message["original"] for message in whole] == [True, False, True]
        assert [message["versions"][-1]["content"]["__typename"] for message in whole] == [
            "TextContent",
            "TextContent",
            "LocationContent",
        ]
        assert all(SECRET in json.dumps(message["versions"][-1]) for message in whole)
        shown = supervisor.ask(RELEASE, id=first["id"])["messageRelease"]
        assert shown["message"]["content"]["body"] == BAIT
        while (event := await socket.event_of("MessageChanged"))["message"]["content"].get("body") != BAIT:
            pass
        assert event["messageChange"] == "QUARANTINE"
    (ticket,) = agent.ask(HISTORY)["tickets"]["nodes"]
    assert ticket["subject"] == BAIT
    released = {"field": "quarantine", "from": "PHISHING", "to": "RELEASED", "by": {"displayName": "Supervisor"}}
    assert released in ticket["history"]["nodes"]


async def quarantined_in(socket: Socket, stream: Ear) -> Json:
    """The next message that came or changed and is hidden; the frames until then hold nothing of it."""
    while True:
        event = await socket.event()
        assert SECRET not in json.dumps(event)
        message = event.get("message")
        if message and message["content"]["__typename"] == "QuarantinedContent":
            await stream.hears(event["cursor"])
            return message


@asynccontextmanager
async def stream_of(desk: Desk, after: str) -> AsyncGenerator[Ear]:
    """The same events over Server-Sent Events, as they come."""
    headers = {"Authorization": f"Bearer {desk.token}", "Accept": "text/event-stream"}
    body = {"query": EVENTS, "variables": {"after": after}}
    async with (
        httpx.AsyncClient(trust_env=False, timeout=DEADLINE_S) as http,
        http.stream("POST", f"{desk.url}/graphql", json=body, headers=headers) as response,
    ):
        assert response.status_code == 200
        yield Ear(response.aiter_lines())


def hired(installation: Installation, role: str) -> Desk:
    """Somebody new in this role, signed in."""
    email, password = f"{role.lower()}@acme.example", "correct horse battery"
    asked = {"name": role.capitalize(), "email": email, "role": role, "password": password}
    assert installation.desk.ask(HIRE, input=asked)["userCreate"]["userErrors"] == []
    nobody = Desk(installation.desk.url, "", installation.http)
    signed_in = nobody.http.post(
        f"{nobody.url}/graphql",
        json={"query": SIGN_IN, "variables": {"input": {"email": email, "password": password}}},
    ).json()
    return Desk(installation.desk.url, signed_in["data"]["signIn"]["token"], installation.http)


def delivered(installation: Installation, message: Json) -> None:
    """A webhook with a message of Ada's that the simulator's phones can't send."""
    body = json.loads(a_message_body("", message["id"]))
    (written,) = body["entry"][0]["changes"][0]["value"]["messages"]
    del written["text"]
    written |= message
    assert deliver(installation, json.dumps(body).encode()).status_code == 200
