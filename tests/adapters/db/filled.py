"""A desk with some ten thousand rows in each table that grows, multiplied by the database itself from one row each."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from adapters.db.rows.mapping import table
from adapters.db.sqlite.database import SqliteDatabase
from domain.channels.template_sync import TemplateSync
from domain.conversations.sessions import Alarm, AlarmKind
from domain.events import MessageAdded
from domain.files.media import MediaState
from domain.ids import MessageId, ThreadId
from domain.ports.directory import DirectoryEntry
from domain.rows import ROW_TYPES, Row
from tests.adapters.shared_database import OnDisk
from tests.builders import (
    ACME,
    CHANNEL,
    CONTACT,
    GLOBEX,
    MESSAGE,
    NOON,
    NUMBER,
    OUR_MESSAGE,
    THREAD,
    a_channel,
    a_connection_draft,
    a_contact,
    a_delivery,
    a_library_item,
    a_mark,
    a_media,
    a_pace,
    a_parked,
    a_period,
    a_registration,
    a_remembered,
    a_session,
    a_sign_in,
    a_team,
    a_template,
    a_thread,
    a_ticket,
    a_ticket_change,
    a_user,
    an_api_key,
    an_entry,
    an_identity,
    an_inbound,
    an_organization,
    an_outbound,
    an_outbox_item,
    an_update_record,
)

MANY: Final = 20_000
TO_NOON: Final = round((NOON - datetime(2026, 4, 1, tzinfo=UTC)) / timedelta(minutes=1))
THREADS: Final = 2_000

SEEDS: tuple[Row, ...] = (
    an_organization(),
    a_user(),
    a_team(),
    an_api_key(),
    a_sign_in(),
    a_channel(),
    a_template(),
    TemplateSync(ACME, a_channel().account, due_at=NOON),
    a_connection_draft(),
    a_registration(),
    a_contact(),
    an_identity(),
    a_thread(session=a_session(), alarm=Alarm(AlarmKind.EXPIRED, NOON)),
    an_inbound(),
    an_outbound(),
    a_mark(),
    replace(a_media(), due_at=NOON),
    a_library_item(),
    a_ticket(),
    a_ticket_change(),
    a_period(),
    an_entry(),
    an_outbox_item(),
    a_pace(),
    a_remembered(),
    an_update_record(),
    a_parked(),
)


def at(database: OnDisk, minutes: str = "n") -> str:
    """An instant so many minutes after one in spring."""
    if isinstance(database, SqliteDatabase):
        return f"strftime('%Y-%m-%dT%H:%M:00.000000Z', '2026-04-01', '+' || ({minutes}) || ' minutes')"
    return f"timestamptz '2026-04-01T00:00:00Z' + ({minutes}) * interval '1 minute'"


def among(*words: str, by: str = "n") -> str:
    cases = " ".join(f"WHEN {place} THEN '{word}'" for place, word in enumerate(words))
    return f"CASE ({by}) % {len(words)} {cases} END"


def rarely(word: str, else_word: str, by: str = "n") -> str:
    return f"CASE WHEN ({by}) % 1000 = 0 THEN '{word}' ELSE '{else_word}' END"


def changes(database: OnDisk) -> dict[str, tuple[int, str, dict[str, str]]]:
    """Of each table: how many rows, which row they are made of, and what differs from it by the number `n`."""
    now = at(database)
    thread = f"'t-' || (1 + n % {THREADS})"
    return {
        "users": (200, "id IS NOT NULL", {"id": "'u-' || n", "email": "'u-' || n", "name": "'user ' || n"}),
        "sign_ins": (MANY, "true", {"id": "'s-' || n", "created_at": now, "expires_at": now}),
        "connection_drafts": (MANY, "true", {"id": "'d-' || n", "created_at": now, "expires_at": now}),
        "templates": (1_000, "true", {"id": "'tp-' || n", "name": "'n-' || n", "network_id": "'x-' || n"}),
        "contacts": (MANY, "true", {"id": "'c-' || n", "created_at": now, "wa_id": "'49' || n"}),
        "contact_identities": (MANY, "true", {"id": "'i-' || n", "contact_id": "'c-' || n", "value": "'49' || n"}),
        "threads": (
            MANY,
            f"id = '{THREAD}'",
            {
                "id": "'t-' || n",
                "contact_id": "'c-' || n",
                "created_at": now,
                "last_activity_at": now,
                "status": rarely("OPEN", "CLOSED"),
                "owner_id": rarely("u-1", "u-2"),
                "ticket_id": "'k-' || n",
                "session_expires_at": now,
                "alarm_at": now,
                "unread_count": "0",
            },
        ),
        "messages": (
            2 * MANY,
            f"id = '{MESSAGE}'",
            {"id": "'m-' || n", "thread_id": thread, "at": now, "sent_at": now, "wamid": "'w-' || n"},
        ),
        "message_marks": (MANY, "true", {"id": "'mk-' || n", "message_id": "'m-' || n", "delivery_id": "'d-' || n"}),
        "media": (
            MANY,
            "true",
            {
                "id": "'f-' || n",
                "message_id": "'m-' || n",
                "created_at": now,
                "due_at": "NULL",
                "state": rarely(MediaState.FAILED, MediaState.READY),
            },
        ),
        "library_items": (500, "true", {"id": "'l-' || n", "title": "'title ' || n", "media_id": "NULL"}),
        "tickets": (
            MANY,
            "true",
            {
                "id": "'k-' || n",
                "number": "n + 10",
                "thread_id": "'t-' || n",
                "contact_id": "'c-' || n",
                "created_at": now,
                "status": rarely("NEW", "CLOSED"),
                "priority": rarely("URGENT", "MEDIUM"),
                "owner_id": rarely("u-1", "u-2"),
            },
        ),
        "ticket_changes": (MANY, "true", {"id": "'h-' || n", "ticket_id": "'k-' || n", "at": now}),
        "quota_periods": (24, "true", {"id": "'p-' || n", "starts_at": at(database, "1000 - n"), "ends_at": now}),
        "quota_entries": (
            MANY,
            "true",
            {
                "id": "'e-' || n",
                "at": now,
                "thread_id": thread,
                "message_id": "'m-' || n",
                "account_id": "'a-' || (n % 50)",
            },
        ),
        "outbox": (
            MANY,
            "true",
            {
                "id": "'m-' || n",
                "thread_id": "'t-' || n",
                "due_at": f"CASE WHEN n % 2 = 0 THEN {now} ELSE {at(database, f'{TO_NOON} + n % 50')} END",
                "queued_at": now,
            },
        ),
        "idempotency_keys": (MANY, "true", {"id": "'key-' || n", "message_id": "'m-' || n", "at": now}),
        "updates": (MANY, "true", {"id": "'up-' || n", "delivery_id": "'d-' || n", "at": now}),
        "parked": (MANY, "true", {"id": "'pk-' || n", "wamid": "'pw-' || n", "parked_at": now}),
        "events": (
            3 * MANY,
            "position = 1",
            {"position": "n + 1", "thread_id": f"CASE WHEN n % 7 = 0 THEN NULL ELSE {thread} END", "at": now},
        ),
        "deliveries": (
            MANY,
            "true",
            {
                "id": "'d-' || n",
                "received_at": now,
                "state": f"CASE WHEN n % 4 = 1 THEN 'WAITING' ELSE {rarely('FAILED', 'INTERPRETED')} END",
                "numbers": "'[\"' || (n % 52) || '\"]'",  # a quarter of them have some waiting
            },
        ),
        "directory": (MANY, "kind = 'KEY'", {"value": "'v-' || n", "ref": "'r-' || n"}),
    }


async def fill(database: OnDisk) -> None:
    async with database.store.transaction(GLOBEX) as tx:
        tx.save(an_organization(GLOBEX, name="Globex"))
    async with database.store.transaction(ACME) as tx:
        tx.save(*SEEDS)
        tx.record(MessageAdded(ThreadId(THREAD), MessageId(MESSAGE)))
        await tx.enlist(DirectoryEntry.ORGANIZATION, ACME, ACME)
        await tx.enlist(DirectoryEntry.KEY, "secret", "key")
        await tx.enlist(DirectoryEntry.NUMBER, NUMBER, NUMBER)
    await database.webhook_inbox.append(a_delivery())
    kinds = {table(kind) for kind in ROW_TYPES} | {"events", "deliveries", "directory"}
    made = changes(database)
    assert kinds - set(made) == {
        "organizations",
        "teams",
        "channels",
        "api_keys",
        "paces",
        "template_syncs",
        "registrations",
    }
    await run(database, [await _multiplying(database, name, *each) for name, each in made.items()])
    await run(
        database,
        [
            f"UPDATE event_counters SET position = {3 * MANY + 1} WHERE organization_id = '{ACME}'",
            f"UPDATE media SET due_at = created_at WHERE id IN ('f-1', 'f-2') AND organization_id = '{ACME}'",
        ],
    )


async def _multiplying(database: OnDisk, name: str, count: int, seed: str, differing: dict[str, str]) -> str:
    columns = await _columns(database, name)
    assert set(differing) <= set(columns), (name, set(differing) - set(columns))
    listed = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(differing.get(column, f'seed."{column}"') for column in columns)
    return f"""
        WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {count}),
            seed AS (SELECT * FROM {name} WHERE {seed} LIMIT 1)
        INSERT INTO {name} ({listed}) SELECT {values} FROM number CROSS JOIN seed WHERE true
    """


async def _columns(database: OnDisk, name: str) -> list[str]:
    if isinstance(database, SqliteDatabase):
        rows = await database.readers.select(f"SELECT name FROM pragma_table_info('{name}')")
    else:
        rows = await database.readers.select(
            f"SELECT attname::text AS name FROM pg_attribute WHERE attrelid = '{name}'::regclass AND attnum > 0"
            " AND NOT attisdropped"
        )
    return [row["name"] for row in rows]


async def run(database: OnDisk, statements: Sequence[str]) -> None:
    if isinstance(database, SqliteDatabase):
        await database.writer.write(partial(_run, statements))
        return
    async with database.writers.lent() as connection:
        await connection.run("SET statement_timeout = 0")
        for statement in statements:
            await connection.run(statement, within_s=120.0)


def _run(statements: Sequence[str], connection: sqlite3.Connection) -> None:
    for statement in statements:
        connection.execute(statement)


__all__ = ["CHANNEL", "CONTACT", "OUR_MESSAGE", "fill", "run"]
