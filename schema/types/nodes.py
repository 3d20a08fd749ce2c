"""Anything with an id, read again by it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias, TypeVar

from schema.context import Context
from schema.engine import limits
from schema.engine.api_error import bad_request
from schema.engine.values import ids
from schema.engine.values.ids import Kind, Node
from schema.types.channels import channels, connecting, templates
from schema.types.contacts import contacts
from schema.types.conversations import library, messages, threads
from schema.types.desk import tickets
from schema.types.files import media
from schema.types.people import organization, teams, users

T = TypeVar("T")

Read: TypeAlias = Callable[[Context, str], Awaitable[Node | None]]


def _reader(kind: Kind[T], loaded: Callable[[Context, T], Awaitable[Node | None]]) -> tuple[str, Read]:
    return kind.name, lambda context, id: loaded(context, kind.make(id))


READERS: Mapping[str, Read] = dict(
    (
        _reader(ids.ORGANIZATION, organization.loaded),
        _reader(ids.USER, users.loaded),
        _reader(ids.TEAM, teams.loaded),
        _reader(ids.API_KEY, users.loaded_key),
        _reader(ids.CHANNEL, channels.loaded),
        _reader(ids.TEMPLATE, templates.loaded),
        _reader(ids.CONNECTION_DRAFT, connecting.loaded),
        _reader(ids.CONTACT, contacts.loaded),
        _reader(ids.THREAD, threads.loaded),
        _reader(ids.MESSAGE, messages.loaded),
        _reader(ids.MEDIA, media.asked_for),
        _reader(ids.LIBRARY_ITEM, library.loaded),
        _reader(ids.TICKET, tickets.loaded),
    )
)


async def nodes(context: Context, global_ids: Sequence[str]) -> list[Node | None]:
    """In the order asked for, None for each that nothing here has. BAD_REQUEST for what is no id, and for too many."""
    if len(global_ids) > limits.IDS:
        raise bad_request(f"`ids` holds {len(global_ids)} ids; at most {limits.IDS} are taken.")
    readings = [_asked(each) for each in global_ids]
    return await asyncio.gather(*(read(context, id) for read, id in readings))


async def node(context: Context, global_id: str) -> Node | None:
    read, id = _asked(global_id)
    return await read(context, id)


def _asked(global_id: str) -> tuple[Read, str]:
    named = ids.parts(global_id)
    if named is None or named[0] not in READERS:
        raise bad_request("This is not an id that anything here could have.")
    return READERS[named[0]], named[1]
