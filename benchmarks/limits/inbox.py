"""The limit of `inbox`: a bare Starlette route, one statement, its JSON sent as it comes from the database.

`python -m benchmarks.limits.inbox DATABASE_URL ORGANIZATION`
"""

import asyncio
import socket
import sqlite3
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - what is used of it is typed below
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.db.sqlite.connections import READING_PRAGMAS
from adapters.db.sqlite.database import sqlite_path
from benchmarks.raw import numbered

Fetch: TypeAlias = Callable[..., Awaitable[str | bytes]]

POOL = 8

# With {object}, {array} and {json} in the words of the database; `{json}` takes a text that is JSON already.
THREAD_FIELDS = """{object}(
    'id', thread.id, 'status', thread.status, 'unreadCount', thread.unread_count,
    'lastActivityAt', thread.last_activity_at, 'lastSource', thread.last_source,
    'contact', {object}('id', contact.id, 'name', contact.name, 'profileName', contact.profile_name,
        'phones', {json_phones}),
    'channel', {object}('id', channel.id, 'name', channel.name, 'phoneNumber', channel.phone_number),
    'owner', CASE WHEN owner.id IS NOT NULL THEN {object}('id', owner.id, 'name', owner.name) END,
    'ticket', CASE WHEN ticket.id IS NOT NULL THEN {object}('id', ticket.id, 'number', ticket.number,
        'subject', ticket.subject, 'status', ticket.status,
        'owner', CASE WHEN assigned.id IS NOT NULL THEN {object}('id', assigned.id, 'name', assigned.name) END) END,
    'session', {object}('openedAt', thread.session_opened_at, 'expiresAt', thread.session_expires_at),
    'lastMessage', CASE WHEN message.id IS NOT NULL THEN {object}('id', message.id, 'direction', message.direction,
        'status', message.status, 'sentAt', message.sent_at, 'sender', {json_author}, 'content', {json_content}) END
    {more})"""
JOINED = """
    JOIN contacts contact ON contact.organization_id = thread.organization_id AND contact.id = thread.contact_id
    JOIN channels channel ON channel.organization_id = thread.organization_id AND channel.id = thread.channel_id
    LEFT JOIN users owner ON owner.organization_id = thread.organization_id AND owner.id = thread.owner_id
    LEFT JOIN tickets ticket ON ticket.organization_id = thread.organization_id AND ticket.id = thread.ticket_id
    LEFT JOIN users assigned ON assigned.organization_id = ticket.organization_id AND assigned.id = ticket.owner_id
    LEFT JOIN messages message
        ON message.organization_id = thread.organization_id AND message.id = thread.last_message_id"""
INBOX = """
    SELECT {object}(
        'viewer', (SELECT {object}('epoch', epoch, 'position', position)
            FROM event_counters WHERE organization_id = ?),
        'threads', {object}('nodes', coalesce({array}({json_row}), {empty}))) AS answer
    FROM (SELECT {fields} AS row FROM threads thread {joined}
        WHERE thread.organization_id = ? AND thread.status = 'OPEN'
        ORDER BY thread.last_activity_at DESC, thread.id DESC LIMIT ?) page"""
THREAD = """
    SELECT {object}('thread', {fields}) AS answer
    FROM threads thread {joined} WHERE thread.organization_id = ? AND thread.id = ?"""
MESSAGES = """, 'messages', {object}('nodes', (SELECT coalesce({array}({json_row}), {empty}) FROM
    (SELECT * FROM (SELECT {object}('id', said.id, 'direction', said.direction, 'status', said.status,
        'sentAt', said.sent_at, 'receivedAt', said.received_at, 'deliveredAt', said.delivered_at,
        'readAt', said.read_at, 'sender', {json_said_author}, 'content', {json_said_content},
        'failure', {json_said_failure}, 'replyTo', said.reply_to_id, 'reactions', {json_said_reactions}) AS row,
        said.at AS at, said.id AS id
    FROM messages said WHERE said.organization_id = thread.organization_id AND said.thread_id = thread.id
    ORDER BY said.at DESC, said.id DESC LIMIT ?) newest ORDER BY at, id) AS shown))"""


def statements(*, sqlite: bool) -> tuple[str, str]:
    """The inbox's, with the organization twice and how many; a thread's, with how many messages, both ids."""
    texts = {
        "json_phones": "contact.phones",
        "json_author": "message.author",
        "json_content": "message.content",
        "json_said_author": "said.author",
        "json_said_content": "said.content",
        "json_said_failure": "said.failure",
        "json_said_reactions": "said.reactions",
        "json_row": "row",
    }
    as_json = {name: f"json({column})" if sqlite else f"{column}::json" for name, column in texts.items()}
    words = {
        **as_json,
        "object": "json_object" if sqlite else "json_build_object",
        "array": "json_group_array" if sqlite else "json_agg",
        "empty": "json_array()" if sqlite else "'[]'::json",
        "joined": JOINED,
    }
    inbox = INBOX.format(**words, fields=THREAD_FIELDS.format(**words, more=""))
    thread = THREAD.format(**words, fields=THREAD_FIELDS.format(**words, more=MESSAGES.format(**words)))
    return inbox, thread


async def sqlite_fetch(url: str) -> Fetch:
    """In the event loop itself: a thread would only wait for the same interpreter."""
    connection = sqlite3.connect(sqlite_path(url), isolation_level=None)
    for name, value in READING_PRAGMAS.items():
        connection.execute(f"PRAGMA {name} = {value}")

    async def fetch(sql: str, *values: Any) -> str:
        return connection.execute(sql, values).fetchone()[0]

    return fetch


async def postgres_fetch(url: str) -> Fetch:
    make_pool = cast(Any, asyncpg).create_pool
    pool = await make_pool(url, min_size=POOL, max_size=POOL, server_settings={"plan_cache_mode": "force_generic_plan"})

    async def fetch(sql: str, *values: Any) -> str:
        return await pool.fetchval(sql, *values)

    return fetch


def app(url: str, organization: str) -> Starlette:
    sqlite = url.startswith("sqlite:")
    inbox, thread = statements(sqlite=sqlite)
    if not sqlite:
        inbox, thread = numbered(inbox), numbered(thread)
    fetching: list[Fetch] = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None, None]:
        fetching.append(await (sqlite_fetch(url) if sqlite else postgres_fetch(url)))
        yield

    async def answer(request: Request) -> Response:
        asked = orjson.loads(await request.body())
        (fetch,) = fetching
        if "id" in asked:
            told = await fetch(thread, asked["last"], organization, asked["id"])
        else:
            told = await fetch(inbox, organization, organization, asked["first"])
        return Response(told, media_type="application/json")

    return Starlette(routes=[Route("/", answer, methods=["POST"])], lifespan=lifespan)


async def serve(url: str, organization: str) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(1024)  # whoever connects before uvicorn is up waits
        config = uvicorn.Config(app(url, organization), http="httptools", access_log=False, log_level="warning")
        sys.stdout.write(f"The limit is at http://127.0.0.1:{sock.getsockname()[1]}\n")
        sys.stdout.flush()
        await uvicorn.Server(config).serve(sockets=[sock])


if __name__ == "__main__":
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(*sys.argv[1:]))
