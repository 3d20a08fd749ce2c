"""A desk full of threads, messages and tickets, written past the rules and fast, in the product's own tables.

One row of a kind is made as the product would make it; the others differ from it in a few columns.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from adapters.db.rows.mapping import columns, folded, table, to_values
from benchmarks.desks import BORN, Desk
from benchmarks.plan import Size
from benchmarks.raw import Cells, Raw, connect_raw
from domain.contacts import Contact, Phone, PhoneLabel
from domain.conversations.contents import Text
from domain.conversations.messages import Direction, Message
from domain.conversations.sessions import Session
from domain.conversations.status import MessageStatus
from domain.conversations.threads import Thread, ThreadStatus
from domain.ids import ContactId, MessageId, ThreadId, TicketId, UserId, Wamid
from domain.people.actors import ByContact, ByUser
from domain.tickets import Ticket, TicketStatus

SPAN_S: Final = 20_000_000  # the messages lie over that time
WORDS: Final = ("order", "refund", "hello", "delivery", "invoice", "problem", "thanks", "please", "tracking", "café")
STATUSES: Final = (TicketStatus.WAITING_ON_US, TicketStatus.WAITING_ON_CONTACT)
MARK: Final = "-x-"  # stands in a pattern where rows differ
PHONE: Final = Phone(MARK, PhoneLabel.WHATSAPP)


def contact_id(number: int) -> ContactId:
    return ContactId(_id(1, number))


def thread_id(number: int) -> ThreadId:
    return ThreadId(_id(2, number))


def ticket_id(number: int) -> TicketId:
    return TicketId(_id(3, number))


def message_id(number: int) -> MessageId:
    return MessageId(_id(4, number))


def _id(kind: int, number: int) -> str:
    return f"019b0000-0000-7000-800{kind}-{number:012x}"


async def seed(desk: Desk, size: Size) -> None:
    """Half of the messages lie in a tenth of the threads; two threads of three are open."""
    raw = await connect_raw(desk.url)
    try:
        last = _last_messages(size)
        await raw.fill(table(Contact), columns(Contact), _contacts(desk, size, raw))
        await raw.fill(table(Thread), columns(Thread), _threads(desk, size, raw, last))
        await raw.fill(table(Ticket), columns(Ticket), _tickets(desk, size, raw))
        await raw.fill(table(Message), columns(Message), _messages(desk, size, raw))
        numbers = f"({size.threads}, '{desk.organization}')"
        await raw.run(f"INSERT INTO ticket_counters (number, organization_id) VALUES {numbers}")
        if not raw.is_sqlite:
            await raw.run("VACUUM ANALYZE")
    finally:
        await raw.close()


def thread_of(message: int, size: Size) -> int:
    mixed = message // 2 * 7919
    return mixed % (size.threads // 10) if message % 2 == 0 else mixed % size.threads


def channel_of(thread: int, desk: Desk, size: Size) -> int:
    """Another one for each thread of a contact."""
    return (thread + thread // size.contacts) % len(desk.channels)


def _last_messages(size: Size) -> dict[int, int]:
    return {thread_of(message, size): message for message in range(size.messages)}


def _at(message: int, size: Size) -> datetime:
    return BORN + timedelta(seconds=message * (SPAN_S / size.messages))


def _contacts(desk: Desk, size: Size, raw: Raw) -> Iterator[Cells]:
    pattern = Contact(desk.organization, contact_id(0), BORN, profile_name="", wa_id="", phones=(PHONE,))
    phones = _cell(pattern, "phones")
    return _like(
        pattern,
        raw,
        size.contacts,
        {
            "id": contact_id,
            "profile_name": lambda number: f"Contact {number}",
            "wa_id": lambda number: f"1555{number:07}",
            "phones": lambda number: phones.replace(MARK, f"+1555{number:07}"),
            "searched": lambda number: folded(f"\x1fContact {number}\x1f\x1f"),
        },
    )


def _threads(desk: Desk, size: Size, raw: Raw, last: Mapping[int, int]) -> Iterator[Cells]:
    for number in range(size.threads):
        message = last.get(number)
        at = BORN if message is None else _at(message, size)
        contact = number % size.contacts
        thread = Thread(
            organization=desk.organization,
            id=thread_id(number),
            channel=desk.channels[channel_of(number, desk, size)].id,
            contact=contact_id(contact),
            created_at=BORN,
            last_activity_at=at,
            wa_id=f"1555{contact:07}",
            status=ThreadStatus.CLOSED if number % 3 == 2 else ThreadStatus.OPEN,
            owner=desk.users[number % len(desk.users)].id if number % 4 else None,
            ticket=ticket_id(number) if number % 5 else None,
            last_message=None if message is None else message_id(message),
            last_message_at=at,
            last_direction=None if message is None else _direction(message),
            unread_count=number % 4,
            session=None if message is None else Session(at, at, message_id(message)),
        )
        yield tuple(raw.native(value) for value in to_values(thread))


def _tickets(desk: Desk, size: Size, raw: Raw) -> Iterator[Cells]:
    for number in range(size.threads):
        if number % 5:
            ticket = Ticket(
                organization=desk.organization,
                id=ticket_id(number),
                number=number,
                subject=f"About {WORDS[number % len(WORDS)]} {number}",
                status=TicketStatus.CLOSED if number % 3 == 2 else STATUSES[number % 2],
                thread=thread_id(number),
                contact=contact_id(number % size.contacts),
                channel=desk.channels[channel_of(number, desk, size)].id,
                created_at=BORN,
                owner=desk.users[number % len(desk.users)].id if number % 4 else None,
            )
            yield tuple(raw.native(value) for value in to_values(ticket))


def _messages(desk: Desk, size: Size, raw: Raw) -> Iterator[Cells]:
    """The greatest part: two patterns, and the cells that differ."""
    names = columns(Message)
    patterns = {direction: _message(desk, direction) for direction in Direction}
    cells = {direction: [raw.native(value) for value in to_values(each)] for direction, each in patterns.items()}
    place = {name: names.index(name) for name in names}
    authors = {direction: cells[direction][place["author"]] for direction in Direction}
    contents = cells[Direction.INBOUND][place["content"]]
    channels = [channel.id for channel in desk.channels]
    for number in range(size.messages):
        direction = _direction(number)
        thread = thread_of(number, size)
        row = list(cells[direction])
        at = raw.native(_at(number, size))
        who = contact_id(thread % size.contacts) if number % 2 == 0 else desk.users[thread % len(desk.users)].id
        row[place["id"]] = message_id(number)
        row[place["thread_id"]] = thread_id(thread)
        row[place["channel_id"]] = channels[channel_of(thread, desk, size)]
        row[place["author"]] = authors[direction].replace(MARK, who)
        row[place["content"]] = contents.replace(MARK, _words(number))
        row[place["at"]] = row[place["sent_at"]] = row[place["received_at"]] = at
        row[place["wamid"]] = f"wamid.{number:032x}"
        yield tuple(row)


def _message(desk: Desk, direction: Direction) -> Message:
    inbound = direction is Direction.INBOUND
    return Message(
        organization=desk.organization,
        id=message_id(0),
        thread=thread_id(0),
        channel=desk.channels[0].id,
        direction=direction,
        author=ByContact(ContactId(MARK)) if inbound else ByUser(UserId(MARK)),
        content=Text(MARK),
        status=MessageStatus.RECEIVED if inbound else MessageStatus.READ,
        at=BORN,
        sent_at=BORN,
        received_at=BORN,
        wamid=Wamid(""),
        extends_session=inbound,
    )


def _direction(message: int) -> Direction:
    return Direction.INBOUND if message % 2 == 0 else Direction.OUTBOUND


def _words(number: int) -> str:
    mixed = number * 2654435761
    return " ".join(WORDS[(mixed >> shift) % len(WORDS)] for shift in (3, 7, 11, 15, 19, 23)) + f" ref {number}"


def _like(pattern: object, raw: Raw, count: int, differing: Mapping[str, Callable[[int], Any]]) -> Iterator[Cells]:
    names = columns(pattern.__class__)
    cells = [raw.native(value) for value in to_values(pattern)]
    places = [(names.index(name), make) for name, make in differing.items()]
    for number in range(count):
        for place, make in places:
            cells[place] = make(number)
        yield tuple(cells)


def _cell(row: object, name: str) -> Any:
    return to_values(row)[columns(row.__class__).index(name)]
