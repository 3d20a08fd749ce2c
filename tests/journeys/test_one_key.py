"""A program that is not sure whether its call arrived makes it again, sometimes before the first has come back."""

import asyncio
from collections import Counter

import httpx

from tests.journeys.desk import ADA, DEADLINE_S, Installation, Json, eventually, on_either_storage

SENT_WITHIN_S = 60
KEYS = 30  # one person takes 45 messages in a row

SEND = """
mutation ($input: MessageSendInput!) {
  messageSend(input: $input) { message { id } userErrors { code message } }
}
"""
THREADS = "{ threads(first: 5) { edges { node { id messages(first: 100) { edges { node { id status } } } } } } }"


@on_either_storage
async def test_two_calls_at_once_under_each_of_many_keys_reach_the_network_once_a_key(
    installation: Installation,
) -> None:
    installation.phones.write(ADA, "Hello")
    assert eventually(lambda: len(messages(installation)) == 1)
    (edge,) = installation.desk.ask(THREADS)["threads"]["edges"]

    async with httpx.AsyncClient(trust_env=False, timeout=DEADLINE_S) as http:
        calls = [send(installation, http, edge["node"]["id"], number) for number in range(KEYS) for _ in range(2)]
        answers = await asyncio.gather(*calls)

    assert [answer["userErrors"] for answer in answers] == [[]] * 2 * KEYS
    ids = [answer["message"]["id"] for answer in answers]
    assert ids[::2] == ids[1::2]
    assert len(set(ids)) == KEYS
    assert eventually(
        lambda: all(each["status"] == "DELIVERED" for each in messages(installation) if each["id"] in ids)
    )
    assert len(messages(installation)) == 1 + KEYS
    on_the_phone = Counter(each["text"] for each in installation.phones.messages(ADA) if each["direction"] == "in")
    assert on_the_phone == {f"Answer {number}": 1 for number in range(KEYS)}


async def send(installation: Installation, http: httpx.AsyncClient, thread: str, number: int) -> Json:
    content = {"text": {"body": f"Answer {number}"}}
    asked = {"threadId": thread, "content": content, "idempotencyKey": f"key-{number}"}
    headers = {"Authorization": f"Bearer {installation.desk.token}"}
    body = {"query": SEND, "variables": {"input": asked}}
    async with asyncio.timeout(SENT_WITHIN_S):
        while True:
            answer = (await http.post(f"{installation.desk.url}/graphql", json=body, headers=headers)).json()
            if "errors" not in answer:
                return answer["data"]["messageSend"]
            assert all("retryAfter" in error["extensions"] for error in answer["errors"]), answer  # a crowded machine


def messages(installation: Installation) -> list[Json]:
    edges = installation.desk.ask(THREADS)["threads"]["edges"]
    return [each["node"] for edge in edges for each in edge["node"]["messages"]["edges"]]
