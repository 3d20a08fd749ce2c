"""A webhook body taken apart: what each element of it is, before anybody looks into it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from adapters.whatsapp.inbound.account_news import FIELDS as ACCOUNT_FIELDS
from adapters.whatsapp.inbound.models import (
    ReportedError,
)
from adapters.whatsapp.inbound.people import Senders, senders_of
from adapters.whatsapp.inbound.reading import (
    as_id,
    as_list,
    as_object,
    as_text,
    listed,
    read_json,
    read_model,
)
from adapters.whatsapp.templates import NEWS_FIELDS
from domain.ids import BusinessAccountId, PhoneNumberId
from domain.ports.network import Unreadable

REASON_LIMIT = 200  # characters


# What stands beside the items of the field `messages` and is none itself.
_BESIDE = frozenset({"messaging_product", "metadata", "contacts", "conversation_context"})


# Further fields whose items are read, and where they keep them.
_READ_BESIDES = {
    "smb_message_echoes": "message_echoes",
    "user_id_update": "user_id_update",
    "user_preferences": "user_preferences",
}


# Where other fields keep their items.
_LISTS = (
    "messages",
    "message_echoes",
    "statuses",
    "history",
    "state_sync",
    "calls",
    "groups",
    "user_preferences",
    "user_id_update",
    "automatic_events",
)


def numbers_named(body: bytes) -> set[PhoneNumberId] | None:
    """Every business number a body speaks of; None where it is not JSON that can be read."""
    try:
        return numbers_in(read_json(body))
    except Unreadable:
        return None


def numbers_in(body: object) -> set[PhoneNumberId]:
    """The same of one that was decoded."""
    value = as_object(body)
    if value is None:
        return set()
    return {number for _, _, change in _changes(value) if (number := _number(as_object(change)))}


@dataclass(frozen=True, slots=True)
class MessageItem:
    """`echoed`: written in the business's own phone app."""

    raw: object
    senders: Senders
    echoed: bool = False


@dataclass(frozen=True, slots=True)
class NewUserIdItem:
    raw: object


@dataclass(frozen=True, slots=True)
class PreferenceItem:
    raw: object
    senders: Senders


@dataclass(frozen=True, slots=True)
class AccountItem:
    field: str
    raw: dict[str, object]
    told_at: object  # the entry's time


@dataclass(frozen=True, slots=True)
class StatusItem:
    raw: object
    recipients: Senders


@dataclass(frozen=True, slots=True)
class TemplateItem:
    raw: dict[str, object]
    told_at: object  # the entry's time


@dataclass(frozen=True, slots=True)
class PassedItem:
    """Read, and nothing to be done with it."""

    reason: str


Found: TypeAlias = MessageItem | NewUserIdItem | PreferenceItem | AccountItem | StatusItem | TemplateItem | PassedItem


@dataclass(frozen=True, slots=True)
class Item:
    account: BusinessAccountId | None
    number: PhoneNumberId | None
    found: Found


def items_of(body: dict[str, object]) -> Iterator[Item]:
    for account, told_at, raw in _changes(body):
        change = as_object(raw)
        number = _number(change)
        unreadable = [PassedItem("unreadable: a change that is no object")]
        for found in _found(change, told_at) if change is not None else unreadable:
            yield Item(account, number, found)


def _changes(body: dict[str, object]) -> Iterator[tuple[BusinessAccountId | None, object, object]]:
    """Each change with the account it came under and the time; all None for an entry or list that can't be read."""
    for raw in listed(body.get("entry"), otherwise=None):
        entry = as_object(raw)
        if entry is None:
            yield None, None, None
            continue
        account = as_id(entry.get("id"))
        for change in listed(entry.get("changes"), otherwise=None):
            yield BusinessAccountId(account) if account and change is not None else None, entry.get("time"), change


def _number(change: dict[str, object] | None) -> PhoneNumberId | None:
    value = as_object(change.get("value")) if change is not None else None
    metadata = as_object(value.get("metadata")) if value is not None else None
    named = as_id(metadata.get("phone_number_id")) if metadata is not None else None
    return PhoneNumberId(named) if named else None


def _found(change: dict[str, object], told_at: object) -> Iterator[Found]:
    value = as_object(change.get("value"))
    field = as_text(change.get("field"))
    if field == "messages" or (field is None and value is not None and ("messages" in value or "statuses" in value)):
        yield from _conversations(change.get("value"), value)
    elif field in _READ_BESIDES and value is not None and as_list(value.get(_READ_BESIDES[field])):
        senders = senders_of(value.get("contacts"))
        for element in as_list(value.get(_READ_BESIDES[field])) or []:
            yield _beside(field, element, senders)
    elif field in ACCOUNT_FIELDS and value is not None:
        yield AccountItem(field, value, told_at)
    elif field in NEWS_FIELDS and value is not None:
        yield TemplateItem(value, told_at)
    else:
        yield from _others(field or "a change without a field", value or {})


def _beside(field: str, element: object, senders: Senders) -> Found:
    match field:
        case "user_id_update":
            return NewUserIdItem(element)
        case "user_preferences":
            return PreferenceItem(element, senders)
        case _:
            return MessageItem(element, senders, echoed=True)


def _conversations(raw: object, value: dict[str, object] | None) -> Iterator[Found]:
    """The field `messages`: its items in the order of its lists."""
    if value is None:
        if raw is not None:
            yield PassedItem("unreadable: messages that are no object")
        return
    senders = senders_of(value.get("contacts"))
    for name, elements in value.items():
        if name in _BESIDE:
            continue
        for element in listed(elements, otherwise=elements):
            match name:
                case "messages":
                    yield MessageItem(element, senders)
                case "message_echoes":
                    yield MessageItem(element, senders, echoed=True)
                case "statuses":
                    yield StatusItem(element, senders)
                case "errors":
                    yield PassedItem(_told_trouble(element))
                case _:
                    yield PassedItem(reason_of("messages", name))


def _others(field: str, value: dict[str, object]) -> Iterator[Found]:
    """A field the desk does not act on: its items, or the change where it lists none."""
    inner = as_object(value.get(field)) or value  # `standby` keeps its lists in an object of its own name
    elements = [element for name in _LISTS for element in as_list(inner.get(name)) or []]
    for element in elements or [value]:
        yield PassedItem(reason_of(field, event_of(as_object(element)) or event_of(value)))


def event_of(element: dict[str, object] | None) -> str | None:
    return (as_text(element.get("event")) or as_text(element.get("type"))) if element is not None else None


def _told_trouble(raw: object) -> str:
    value = as_object(raw)
    if value is None:
        return "unreadable: an error that is no object"
    error, _ = read_model(value, ReportedError)
    return reason_of(as_text(error.title) or as_text(error.message) or "an error without a title", None)


def reason_of(what: str, event: str | None) -> str:
    words = f"{what}: {event}" if event else what
    return words if len(words) <= REASON_LIMIT else f"{words[:REASON_LIMIT]}…"
