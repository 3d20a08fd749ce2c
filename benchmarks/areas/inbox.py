"""`inbox`: the page's inbox query and a thread, beside one SQL statement whose JSON goes out as it is.

The statement gives the same threads and messages with the same columns; the product besides checks rights, makes
global ids and cursors, renders text as HTML, and answers any other document too.
"""

import base64
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, Final

import httpx

from benchmarks.clients import Asking, ask, encoded, post
from benchmarks.desks import make_desk, port_of, running
from benchmarks.documents import page_document
from benchmarks.figures import Figure, Sample, Way, in_turns
from benchmarks.places import Place
from benchmarks.plan import Plan
from benchmarks.seeding import seed, thread_id
from schema.engine.values.ids import THREAD

CLIENTS: Final = 16
CHANNELS: Final = 5
USERS: Final = 200
FIRST: Final = 50
THREADS_ASKED: Final = 64  # different ones, in turns


async def measure(plan: Plan, place: Place) -> list[Figure]:
    desk = await make_desk(await place.new_database(), channels=CHANNELS, users=USERS)
    await seed(desk, plan.size)
    # Of the threads where most is said, as one opens them.
    threads = [number * 7 % max(1, plan.size.threads // 10) for number in range(THREADS_ASKED)]
    async with AsyncExitStack() as stack:
        serve = running(place.folder, "api.cli", "serve", "--port", "0", url=desk.url, profile=plan.profile)
        product = port_of((await stack.enter_async_context(serve)).line)
        bare = running(place.folder, "benchmarks.limits.inbox", desk.url, desk.organization)
        limit = port_of((await stack.enter_async_context(bare)).line)
        inbox, inbox_limit = [_inbox(desk.api_key)], [_bare({"first": FIRST})]
        opened = [_thread(desk.api_key, number) for number in threads]
        opened_limit = [_bare({"id": thread_id(number), "last": FIRST}) for number in threads]
        async with httpx.AsyncClient(trust_env=False, timeout=60, verify=False) as http:
            await _check_same(http, (product, inbox[0]), (limit, inbox_limit[0]), _threads_in)
            for ours, theirs in zip(opened, opened_limit, strict=True):
                await _check_same(http, (product, ours), (limit, theirs), _messages_in)
        figures: list[Figure] = []
        for title, ours, theirs in (("inbox", inbox, inbox_limit), ("thread", opened, opened_limit)):
            figures.append(
                await in_turns(
                    f"{title} ({plan.size.threads} threads, {plan.size.messages} messages)",
                    f"answers to {CLIENTS} clients",
                    plan.rounds,
                    _way("one SQL statement, bare route", limit, theirs, plan),
                    _way("deskline serve", product, ours, plan),
                )
            )
    return figures


def _way(name: str, port: int, requests: list[bytes], plan: Plan) -> Way:
    asking = Asking(port, CLIENTS, plan.size.seconds, tuple(encoded(request) for request in requests))

    async def measured() -> Sample:
        asked = await ask(asking)
        assert asked.answered, f"{name} answered nothing with 200"
        return asked.sample

    return Way(name, measured)


# What is asked


def _inbox(api_key: str) -> bytes:
    return _graphql(api_key, "Inbox", {"first": FIRST, "filter": {"statuses": ["OPEN"]}})


def _thread(api_key: str, number: int) -> bytes:
    return _graphql(api_key, "Conversation", {"id": THREAD.encode(thread_id(number)), "last": FIRST})


def _graphql(api_key: str, operation: str, variables: dict[str, Any]) -> bytes:
    body = {"query": page_document(operation), "operationName": operation, "variables": variables}
    return post("/graphql", json.dumps(body).encode(), f"Authorization: Bearer {api_key}")


def _bare(asked: dict[str, Any]) -> bytes:
    return post("/", json.dumps(asked).encode())


# Whether both say the same


async def _check_same(
    http: httpx.AsyncClient, ours: tuple[int, bytes], theirs: tuple[int, bytes], ids_in: Callable[[Any], list[str]]
) -> None:
    said, bare = await _answer(http, *ours), await _answer(http, *theirs)
    assert "errors" not in said, said
    expected = ids_in(bare)
    assert expected
    assert [_own(id) for id in ids_in(said["data"])] == expected


async def _answer(http: httpx.AsyncClient, port: int, request: bytes) -> Any:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    answer = await http.post(f"http://127.0.0.1:{port}{first.split()[1]}", content=body, headers=headers)
    return answer.raise_for_status().json()


def _threads_in(data: Any) -> list[str]:
    return [id for node in data["threads"]["nodes"] for id in (node["id"], node["lastMessage"]["id"])]


def _messages_in(data: Any) -> list[str]:
    return [data["thread"]["id"], *(node["id"] for node in data["thread"]["messages"]["nodes"])]


def _own(id: str) -> str:
    """An id as the tables have it."""
    return base64.urlsafe_b64decode(id + "=" * (-len(id) % 4)).decode().partition(":")[2]
