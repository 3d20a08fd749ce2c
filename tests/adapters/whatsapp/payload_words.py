"""Webhook bodies in exact words: each update as it is read, and what becomes of it on a desk.

A dataclass is written with every field that is not its default, so that nothing read from a body goes untold; of its
`original` only that it is the item as it stands in the body. The desk is told twice: empty, with the numbers of the
body connected, and, where the body speaks of messages, once more with those there before it.

`python -m tests.adapters.whatsapp.payload_words own` (or `beside`) writes the table anew: read the difference.
"""

import asyncio
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import cast

from adapters.whatsapp.inbound.updates import CloudInterpreter
from domain.channels.channels import Channel
from domain.channels.templates import Template, TemplateStatus
from domain.contacts import Contact, Person
from domain.conversations.contents import Content, MediaMessage, Text
from domain.conversations.messages import Message
from domain.conversations.threads import Thread
from domain.events import Event
from domain.ids import BusinessAccountId, ChannelId, DeliveryId, TemplateId, Wamid
from domain.people.actors import Author, ByContact, ByPhoneApp
from domain.ports.deliveries import Delivery
from domain.updates import (
    AccountNews,
    DeletionReceived,
    EditReceived,
    IdentityChanged,
    Ignored,
    MarketingChosen,
    MessageEchoed,
    MessageReceived,
    ReactionReceived,
    StatusReported,
    TemplateTold,
    Update,
)
from domain.use_cases.inbound.receive import receive
from tests.builders import ACME, NUMBER, a_person, a_template, an_id
from tests.domain.one_desk import Desk, a_desk_number, open_desk

ROOT = Path(__file__).parents[3]
OWN = ROOT / "tests" / "payloads"
BESIDE = ROOT.parent / "shared" / "whatsapp" / "payloads"
TABLES = {"own": OWN / "own.txt", "beside": OWN / "beside.txt"}
BODIES = {"own": OWN, "beside": BESIDE}

ARRIVED = datetime(2026, 12, 1, tzinfo=UTC)
CONNECTED = datetime(2009, 1, 1, tzinfo=UTC)  # no time before it counts
A_WHILE = timedelta(minutes=10)
HEADER = "# "  # begins a body's part of a table


def table(which: str) -> dict[str, list[str]]:
    """What is written of each body: its updates, then the desk after them."""
    parts: dict[str, list[str]] = {}
    part: list[str] = []
    for line in TABLES[which].read_text(encoding="utf-8").splitlines():
        if line.startswith(HEADER):
            part = parts.setdefault(line.removeprefix(HEADER), [])
        elif line:
            part.append(line)
    return parts


async def in_words(body: bytes) -> list[str]:
    updates = CloudInterpreter().updates(Delivery(DeliveryId("d1"), ARRIVED, body))
    items = list(_objects(json.loads(body)))
    lines = [f"{index} {_update(update, items)}" for index, update in enumerate(updates)]
    lines += ["desk", *await _on_a_desk(updates)]
    if before := _before(updates):
        lines += ["desk that has what it speaks of", *await _on_a_desk(updates, before)]
    return lines


# ---------------------------------------------------------------- the updates


def _update(update: Update, items: list[object]) -> str:
    place = update.place
    assert place.received_at == ARRIVED
    if original := cast("str | None", getattr(update, "original", None)):
        assert _cleaned(json.loads(original)) in items
    at = f"[number {place.number}, account {place.account}]"
    return f"{type(update).__name__} {at} {_said_fields(update, {'place', 'original'})}"


def _objects(value: object) -> Iterator[object]:
    """Everything in a body that is an object, as the interpreter may see it."""
    if isinstance(value, dict):
        inner = cast("dict[str, object]", value)
        yield _cleaned(inner)
        for part in inner.values():
            yield from _objects(part)
    elif isinstance(value, list):
        for part in cast("list[object]", value):
            yield from _objects(part)


def _cleaned(value: object) -> object:
    """Without what no text can hold, as everything read is."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        inner = cast("dict[str, object]", value)
        return {_cleaned(name): _cleaned(part) for name, part in inner.items()}
    if isinstance(value, list):
        return [_cleaned(part) for part in cast("list[object]", value)]
    return value


def said(value: object) -> str:
    match value:
        case Enum():
            return value.name
        case str():
            return json.dumps(value, ensure_ascii=False)
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case tuple():
            return f"[{', '.join(map(said, cast('tuple[object, ...]', value)))}]"
        case _ if is_dataclass(value):
            return f"{type(value).__name__}({_said_fields(value)})"
        case _:
            return str(value)


def _said_fields(value: object, besides: Iterable[str] = ()) -> str:
    """Every field that is not its default, in the order of the class."""
    assert is_dataclass(value)
    told = {each.name: (each.default, getattr(value, each.name)) for each in fields(value)}
    return ", ".join(
        f"{name}={said(here)}"
        for name, (default, here) in told.items()
        if name not in besides and here != (None if default is MISSING else default)
    )


# ---------------------------------------------------------------- the desk


async def _on_a_desk(updates: list[Update], before: Iterable[Update] = ()) -> list[str]:
    """What became of each update, and all that a person would see then."""
    desk = await _desk_for(updates)
    for update in before:
        await receive(desk.ports, ACME, [update])
    since = await desk.head()
    records = await receive(desk.ports, ACME, updates)
    await desk.state()
    outcomes = [f"  {each.index} {each.outcome}{f': {each.reason}' if each.reason else ''}" for each in records]
    return [*outcomes, *[f"  {line}" for line in await _seen(desk, since)]]


async def _desk_for(updates: list[Update]) -> Desk:
    """ACME has every number that the body names, since long ago."""
    desk = await open_desk(ARRIVED)
    accounts = {place.number: place.account for place in (update.place for update in updates) if place.number}
    for count, (number, account) in enumerate(sorted(accounts.items()), start=1):
        channel = replace(a_desk_number(number), connected_at=CONNECTED, account=account or BusinessAccountId("none"))
        await desk.given(channel if number == NUMBER else replace(channel, id=ChannelId(an_id(count))))
    for count, update in enumerate(update for update in updates if isinstance(update, TemplateTold)):
        account, read_at = update.place.account or BusinessAccountId("none"), update.told_at or ARRIVED
        template = a_template(TemplateId(an_id(50 + count)), account=account, network_id=update.network_id)
        await desk.given(replace(template, status=TemplateStatus.PENDING, synced_at=read_at))
    return desk


def _speaks_of(update: Update) -> Wamid | None:
    match update:
        case MessageReceived(reply_to=target) | MessageEchoed(reply_to=target):
            return target
        case ReactionReceived(target=target) | EditReceived(target=target) | DeletionReceived(target=target):
            return target
        case StatusReported(wamid=target):
            return target
        case IdentityChanged() | MarketingChosen() | AccountNews() | TemplateTold() | Ignored():
            return None


def _before(updates: list[Update]) -> list[Update]:
    """The messages that the body speaks of, as they came or were written a while earlier."""
    there: list[Update] = []
    new = {update.wamid for update in updates if isinstance(update, MessageReceived | MessageEchoed)}
    for update in updates:
        if isinstance(update, IdentityChanged) or (isinstance(update, MessageReceived) and not update.extends_session):
            there.append(_message(update, update.person, update.sent_at, Wamid("wamid.before")))
        target = _speaks_of(update)
        if (
            target is None
            or target in new
            or isinstance(update, IdentityChanged | MarketingChosen | AccountNews | TemplateTold | Ignored)
        ):
            continue
        new.add(target)
        if isinstance(update, StatusReported):
            there.append(_echo(update, a_person("15550100000", profile_name="Someone"), update.at, target))
        elif _is_ours(update):
            there.append(_echo(update, update.person, update.sent_at, target))
        else:
            there.append(_message(update, update.person, update.sent_at, target))
        if isinstance(update, ReactionReceived) and not update.emoji:
            there.append(_reaction(update))
    return there


def _is_ours(update: Update) -> bool:
    """Contacts answer and react to what we wrote; each side changes what it wrote itself."""
    match update:
        case EditReceived(echoed=echoed) | DeletionReceived(echoed=echoed):
            return echoed
        case ReactionReceived(echoed=echoed):
            return not echoed
        case _:
            return isinstance(update, MessageReceived)


def _echo(update: Update, person: Person, at: datetime | None, wamid: Wamid) -> Update:
    place = replace(update.place, delivery=DeliveryId(f"before {wamid}"))
    return MessageEchoed(place, person, wamid, (at or ARRIVED) - A_WHILE, Text("Before, by us"), "{}")


def _message(update: Update, person: Person, at: datetime | None, wamid: Wamid) -> Update:
    place = replace(update.place, delivery=DeliveryId(f"before {wamid}"))
    return MessageReceived(place, person, wamid, (at or ARRIVED) - A_WHILE, Text("Before, by them"), "{}")


def _reaction(removed: ReactionReceived) -> Update:
    """The one that is taken away."""
    place = replace(removed.place, delivery=DeliveryId("before it was removed"))
    at = (removed.sent_at or ARRIVED) - A_WHILE / 2
    return replace(removed, place=place, emoji="👍", sent_at=at)


async def _seen(desk: Desk, since: int) -> list[str]:
    state = await desk.state()
    lines = [_contact(each) for each in await desk.contacts()]
    for thread in await desk.threads():
        lines.append(await _thread(desk, thread))
        lines += [await _message_line(desk, each) for each in await desk.messages(thread.id)]
    lines += [_template(each) for each in state.templates.values() if each.heard_at is not None]
    lines += [_problems(channel) for channel in state.channels.values() if channel.problems]
    told = [_event(event) for event in await desk.events(since)]
    return [*lines, f"events: {', '.join(told)}"] if told else lines


def _contact(contact: Contact) -> str:
    return f"contact {_said_fields(contact, {'organization', 'id', 'created_at'})}"


def _template(template: Template) -> str:
    besides = {"organization", "id", "account", "name", "language", "synced_at", "heard_at"}
    return f"template {_said_fields(template, besides)}"


async def _thread(desk: Desk, thread: Thread) -> str:
    names = " ".join(filter(None, (thread.wa_id, thread.business_scoped_id)))
    session, ticket = thread.session, None
    if thread.ticket is not None:
        ticket = (await desk.state()).tickets[thread.ticket]
    parts = [f"thread to {names}: {thread.status}", f"unread {thread.unread_count}"]
    parts += [f"session {said(session.opened_at)} to {said(session.expires_at)}"] if session else ["no session"]
    parts += [f"ticket {ticket.number} {ticket.status} {said(ticket.subject)}"] if ticket else ["no ticket"]
    return ", ".join(parts)


async def _message_line(desk: Desk, message: Message) -> str:
    by = _author(message.author)
    besides = {
        *("organization", "id", "thread", "channel", "author", "content", "original", "received_at", "at"),
        *("attempts", "reply_to", "versions", "reactions", "direction", "reply_to_wamid"),
    }
    line = f"message {message.direction} by {by} at {said(message.at)}: {await _content(desk, message.content)}"
    parts = [line, _said_fields(message, besides)]
    if message.reply_to_wamid is not None:
        parts.append(f"answers {message.reply_to_wamid} ({'here' if message.reply_to else 'not here'})")
    parts += [f"{_author(each.by)} reacted {each.emoji or 'no more'} at {said(each.at)}" for each in message.reactions]
    parts += [f"until {said(each.until)}: {await _content(desk, each.content)}" for each in message.versions]
    marks = [f"{mark.status} at {said(mark.at)}" for mark in await desk.marks(message)]
    parts += [f"marks {', '.join(marks)}"] if marks else []
    return "; ".join(parts)


def _author(author: Author) -> str:
    match author:
        case ByContact():
            return "the contact"
        case ByPhoneApp():
            return "the phone's app"
        case _:
            return type(author).__name__


async def _content(desk: Desk, content: Content) -> str:
    if not isinstance(content, MediaMessage):
        return said(content)
    async with desk.ports.store.transaction(ACME) as tx:
        media = (await tx.media([content.media]))[content.media]
    besides = {"organization", "id", "channel", "message", "created_at", "due_at"}
    caption = f", caption={said(content.caption)}" if content.caption else ""
    return f"file({_said_fields(media, besides)}{caption})"


def _problems(channel: Channel) -> str:
    return f"number {channel.phone_number_id}: {', '.join(each.code for each in channel.problems)}"


def _event(event: Event) -> str:
    told = [said(getattr(event, each.name)) for each in fields(event) if each.name in ("status", "change", "changed")]
    return " ".join([type(event).__name__, *told])


def main(which: str) -> None:
    parts = [
        "\n".join([f"{HEADER}{path.stem}", *asyncio.run(in_words(path.read_bytes()))])
        for path in sorted(BODIES[which].glob("*.json"))
    ]
    TABLES[which].write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
