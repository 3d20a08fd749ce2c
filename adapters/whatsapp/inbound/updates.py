"""Webhook bodies into typed updates, lenient on purpose: fields and kinds are added without notice.

An element that can't be read spoils nothing but itself. Source: WhatsApp Business Platform, "Webhooks".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TypeAlias, assert_never

import msgspec

from adapters.whatsapp.inbound.contents import NEVER_EXTENDS_SESSION, OPENED_CHAT, content_of, kind_of, notice_of
from adapters.whatsapp.inbound.models import (
    InboundMessage,
    NewUserId,
    Preference,
    Profile,
    ReferralBody,
    ReportedError,
    ReportedStatus,
    Sender,
    SystemBody,
    UserIdUpdate,
    reported_errors,
)
from adapters.whatsapp.inbound.reading import (
    Word,
    as_code,
    as_id,
    as_json,
    as_list,
    as_object,
    as_text,
    read_json,
    read_model,
)
from adapters.whatsapp.inbound.standing import FIELDS as STANDING_FIELDS
from adapters.whatsapp.inbound.standing import standing_of
from adapters.whatsapp.templates import NEWS_FIELDS, news_of
from domain.contacts import Person
from domain.conversations.contents import Unsupported
from domain.conversations.messages import Referral
from domain.conversations.status import Failure, MessageStatus
from domain.ids import BusinessAccountId, PhoneNumberId, Wamid
from domain.outbound.failures import verdict
from domain.ports.deliveries import Delivery
from domain.ports.network import Unreadable
from domain.text.emoji import is_emoji
from domain.text.names import shows_something
from domain.updates import (
    GROUP,
    DeletionReceived,
    EditReceived,
    IdentityChanged,
    Ignored,
    IncomingContent,
    MarketingChosen,
    MessageEchoed,
    MessageReceived,
    ReactionReceived,
    StatusReported,
    TemplateTold,
    Update,
    UpdateKey,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
POLICY_VIOLATION = 368  # the network's code: blocked for breaking its rules
MAX_ITEMS = 20_000  # in one body; the network sends up to 1,000
REASON_LIMIT = 200  # characters
NAME_LIMIT = 512  # characters of the name somebody gives themselves; WhatsApp's own field takes 25
TOLD_LIMIT = 4096  # characters of each text of an advertisement
MILLISECONDS_FROM = 100_000_000_000  # a number of seconds that high would be the year 5138

STATUSES = {
    "sent": MessageStatus.SENT,
    "delivered": MessageStatus.DELIVERED,
    "read": MessageStatus.READ,
    "played": MessageStatus.PLAYED,
    "failed": MessageStatus.FAILED,
}

_BUSINESS_SCOPED_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9]{1,128}")
_NEW_FORM_OF_ID = re.compile(r"[A-Za-z0-9_.:-]{1,160}")
_NUMBER = re.compile(r"[0-9]{1,20}")
_INSTANT = re.compile(r"-?[0-9]{1,20}(\.[0-9]+)?")

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


class CloudInterpreter:
    """The interpreter port for the Cloud API's webhooks."""

    def updates(self, delivery: Delivery) -> list[Update]:
        """One update for each item of the body, in the order they are written. Raises `Unreadable`."""
        body = as_object(read_json(delivery.body))
        if body is None:
            raise Unreadable("it is JSON, and not an object")
        items = list(islice(_items(body), MAX_ITEMS + 1)) or [_Item(None, None, _Passed("nothing in it"))]
        if len(items) > MAX_ITEMS:
            raise Unreadable(f"it has more than {MAX_ITEMS:,} items")
        return [_update(_place(delivery, index, item), item.found) for index, item in enumerate(items)]


def numbers_named(body: bytes) -> set[PhoneNumberId] | None:
    """Every business number a body speaks of; None where it is not JSON that can be read."""
    try:
        value = as_object(read_json(body))
    except Unreadable:
        return None
    if value is None:
        return set()
    return {number for _, _, change in _changes(value) if (number := _number(as_object(change)))}


# Walking the body


@dataclass(frozen=True, slots=True)
class _Senders:
    """What `contacts` says, by every name; `only` where it speaks of one person."""

    named: dict[str, Sender]
    only: Sender | None


@dataclass(frozen=True, slots=True)
class _Message:
    """`echoed`: written in the business's own phone app."""

    raw: object
    senders: _Senders
    echoed: bool = False


@dataclass(frozen=True, slots=True)
class _NewUserId:
    raw: object


@dataclass(frozen=True, slots=True)
class _Preference:
    raw: object
    senders: _Senders


@dataclass(frozen=True, slots=True)
class _Standing:
    field: str
    raw: dict[str, object]


@dataclass(frozen=True, slots=True)
class _Status:
    raw: object


@dataclass(frozen=True, slots=True)
class _TemplateNews:
    raw: dict[str, object]
    told_at: object  # the entry's time


@dataclass(frozen=True, slots=True)
class _Passed:
    """Read, and nothing to be done with it."""

    reason: str


_Found: TypeAlias = _Message | _NewUserId | _Preference | _Standing | _Status | _TemplateNews | _Passed


@dataclass(frozen=True, slots=True)
class _Item:
    account: BusinessAccountId | None
    number: PhoneNumberId | None
    found: _Found


def _items(body: dict[str, object]) -> Iterator[_Item]:
    for account, told_at, raw in _changes(body):
        change = as_object(raw)
        number = _number(change)
        unreadable = [_Passed("unreadable: a change that is no object")]
        for found in _found(change, told_at) if change is not None else unreadable:
            yield _Item(account, number, found)


def _changes(body: dict[str, object]) -> Iterator[tuple[BusinessAccountId | None, object, object]]:
    """Each change with the account it came under and the time; all None for an entry or list that can't be read."""
    for raw in _listed(body.get("entry"), otherwise=None):
        entry = as_object(raw)
        if entry is None:
            yield None, None, None
            continue
        account = as_id(entry.get("id"))
        for change in _listed(entry.get("changes"), otherwise=None):
            yield BusinessAccountId(account) if account and change is not None else None, entry.get("time"), change


def _listed(value: object, *, otherwise: object) -> list[object]:
    """The elements of a list, nothing for null, and `otherwise` alone for what is no list."""
    if value is None:
        return []
    elements = as_list(value)
    return elements if elements is not None else [otherwise]


def _number(change: dict[str, object] | None) -> PhoneNumberId | None:
    value = as_object(change.get("value")) if change is not None else None
    metadata = as_object(value.get("metadata")) if value is not None else None
    named = as_id(metadata.get("phone_number_id")) if metadata is not None else None
    return PhoneNumberId(named) if named else None


def _found(change: dict[str, object], told_at: object) -> Iterator[_Found]:
    value = as_object(change.get("value"))
    field = as_text(change.get("field"))
    if field == "messages" or (field is None and value is not None and ("messages" in value or "statuses" in value)):
        yield from _conversations(change.get("value"), value)
    elif field in _READ_BESIDES and value is not None and as_list(value.get(_READ_BESIDES[field])):
        senders = _senders(value.get("contacts"))
        for element in as_list(value.get(_READ_BESIDES[field])) or []:
            yield _beside(field, element, senders)
    elif field in STANDING_FIELDS and value is not None:
        yield _Standing(field, value)
    elif field in NEWS_FIELDS and value is not None:
        yield _TemplateNews(value, told_at)
    else:
        yield from _others(field or "a change without a field", value or {})


def _beside(field: str, element: object, senders: _Senders) -> _Found:
    match field:
        case "user_id_update":
            return _NewUserId(element)
        case "user_preferences":
            return _Preference(element, senders)
        case _:
            return _Message(element, senders, echoed=True)


def _conversations(raw: object, value: dict[str, object] | None) -> Iterator[_Found]:
    """The field `messages`: its items in the order of its lists."""
    if value is None:
        if raw is not None:
            yield _Passed("unreadable: messages that are no object")
        return
    senders = _senders(value.get("contacts"))
    for name, elements in value.items():
        if name in _BESIDE:
            continue
        for element in _listed(elements, otherwise=elements):
            match name:
                case "messages":
                    yield _Message(element, senders)
                case "message_echoes":
                    yield _Message(element, senders, echoed=True)
                case "statuses":
                    yield _Status(element)
                case "errors":
                    yield _Passed(_told_trouble(element))
                case _:
                    yield _Passed(_reason("messages", name))


def _others(field: str, value: dict[str, object]) -> Iterator[_Found]:
    """A field the desk does not act on: its items, or the change where it lists none."""
    inner = as_object(value.get(field)) or value  # `standby` keeps its lists in an object of its own name
    elements = [element for name in _LISTS for element in as_list(inner.get(name)) or []]
    for element in elements or [value]:
        yield _Passed(_reason(field, _event(as_object(element)) or _event(value)))


def _event(element: dict[str, object] | None) -> str | None:
    return (as_text(element.get("event")) or as_text(element.get("type"))) if element is not None else None


def _told_trouble(raw: object) -> str:
    value = as_object(raw)
    if value is None:
        return "unreadable: an error that is no object"
    error, _ = read_model(value, ReportedError)
    return _reason(as_text(error.title) or as_text(error.message) or "an error without a title", None)


def _reason(what: str, event: str | None) -> str:
    words = f"{what}: {event}" if event else what
    return words if len(words) <= REASON_LIMIT else f"{words[:REASON_LIMIT]}…"


def _place(delivery: Delivery, index: int, item: _Item) -> UpdateKey:
    return UpdateKey(delivery.id, index, delivery.received_at, item.number, item.account)


# Making updates


def _update(place: UpdateKey, found: _Found) -> Update:
    try:
        match found:
            case _Message(raw, senders, echoed):
                return _message(place, raw, senders, echoed=echoed)
            case _NewUserId(raw):
                return _new_user_id(place, raw)
            case _Preference(raw, senders):
                return _preference(place, raw, senders)
            case _Standing(field, raw):
                return standing_of(place, field, raw) or Ignored(place, _reason(field, _event(raw)))
            case _Status(raw):
                return _status(place, raw)
            case _TemplateNews(raw, told_at):
                return _template_told(place, raw, told_at)
            case _Passed(reason):
                return Ignored(place, reason)
            case _:
                assert_never(found)
    except (msgspec.MsgspecError, RecursionError, ValueError, OverflowError) as fault:
        return Ignored(place, _reason("unreadable", str(fault)))


def _message(place: UpdateKey, raw: object, senders: _Senders, *, echoed: bool) -> Update:
    item = as_object(raw)
    if item is None:
        return Ignored(place, "unreadable: a message that is no object")
    message, faults = read_model(item, InboundMessage)
    kind = kind_of(item, message.type)
    if as_text(message.group_id) or "group_id" in faults:
        return Ignored(place, GROUP)
    wamid = as_id(message.id)
    if wamid is None:
        return Ignored(place, f"unreadable: a message ({kind}) without an id")
    if place.number is None:
        return Ignored(place, f"unreadable: a message ({kind}) to no number")
    person = _recipient(message, senders) if echoed else _person(message, senders)
    if person is None:
        whom = "recipient" if echoed else "sender"
        return Ignored(place, f"unreadable: a message ({kind}) whose {whom} is not told")
    told = _Told(place, person, Wamid(wamid), _instant(message.timestamp), as_json(item), echoed)
    return _change(told, kind, message) or _said(told, kind, message, faults)


@dataclass(frozen=True, slots=True)
class _Told:
    """What every item of a conversation tells."""

    place: UpdateKey
    person: Person
    wamid: Wamid
    sent_at: datetime | None
    original: str
    echoed: bool


def _change(told: _Told, kind: str, message: InboundMessage) -> Update | None:
    """What the item does to an earlier message, or to its sender's names; None where it is a message of its own."""
    match kind:
        case "reaction" if message.reaction and (target := as_id(message.reaction.message_id)):
            emoji = as_text(message.reaction.emoji)
            if emoji is not None and not is_emoji(emoji):  # words would go past every rule for what is shown
                return None
            return ReactionReceived(
                told.place, told.person, told.wamid, told.sent_at, Wamid(target), emoji, told.original, told.echoed
            )
        case "edit" if message.edit and (target := as_id(message.edit.original_message_id)):
            content = _new_content(message.edit.message)
            return EditReceived(
                told.place, told.person, told.wamid, told.sent_at, Wamid(target), content, told.original, told.echoed
            )
        case "revoke" if message.revoke and (target := as_id(message.revoke.original_message_id)):
            return DeletionReceived(
                told.place, told.person, told.wamid, told.sent_at, Wamid(target), told.original, told.echoed
            )
        case "system" if message.system and (renamed := _renamed(message.system)):
            notice = notice_of(message.system)
            return IdentityChanged(told.place, told.person, renamed, told.sent_at, notice, told.original, told.wamid)
        case _:
            return None


def _said(told: _Told, kind: str, message: InboundMessage, faults: dict[str, str]) -> Update:
    context = message.context
    reply_to = (as_id(context.id) if context else None) or (
        as_id(message.reaction.message_id) if message.reaction else None
    )
    content = content_of(message, kind, faults)
    forwarded = context is not None and bool(context.forwarded or context.frequently_forwarded)
    if told.echoed:
        return MessageEchoed(
            place=told.place,
            person=told.person,
            wamid=told.wamid,
            sent_at=told.sent_at,
            content=content,
            original=told.original,
            reply_to=Wamid(reply_to) if reply_to else None,
            forwarded=forwarded,
        )
    return MessageReceived(
        place=told.place,
        person=told.person,
        wamid=told.wamid,
        sent_at=told.sent_at,
        content=content,
        original=told.original,
        extends_session=kind not in NEVER_EXTENDS_SESSION,
        opens_thread=kind == OPENED_CHAT,
        reply_to=Wamid(reply_to) if reply_to else None,
        forwarded=forwarded,
        referral=_referral(message.referral),
        breaks_rules=any(as_code(error.code) == POLICY_VIOLATION for error in reported_errors(message.errors)),
    )


def _new_content(raw: object) -> IncomingContent:
    """What an edited message says now."""
    item = as_object(raw)
    if item is None:
        return Unsupported("edit", "It does not say what was changed.")
    message, faults = read_model(item, InboundMessage)
    return content_of(message, kind_of(item, message.type), faults)


def _renamed(system: SystemBody) -> Person | None:
    """The new names that a system message tells; None where it tells none."""
    if as_text(system.type) not in ("user_changed_number", "customer_changed_number", "user_changed_user_id"):
        return None
    wa_id = _wa_id(system.wa_id) or _wa_id(system.new_wa_id)
    business_scoped_id = _scoped_id(system.user_id)
    return Person(wa_id, business_scoped_id) if wa_id or business_scoped_id else None


def _new_user_id(place: UpdateKey, raw: object) -> Update:
    item = as_object(raw)
    update = read_model(item, UserIdUpdate)[0] if item is not None else UserIdUpdate()
    told = update.user_id or NewUserId()
    before, now = Person(_wa_id(update.wa_id), _scoped_id(told.previous)), _scoped_id(told.current)
    if item is None or now is None or not before.lane:
        return Ignored(place, "unreadable: a user id that changed")
    notice = notice_of(SystemBody(body=update.detail, type="user_changed_user_id"))
    renamed = Person(business_scoped_id=now)
    return IdentityChanged(place, before, renamed, _instant(update.timestamp), notice, as_json(item))


def _template_told(place: UpdateKey, raw: dict[str, object], told_at: object) -> Update:
    network_id, news = news_of(raw)
    if network_id is None or place.account is None:
        return Ignored(place, "unreadable: a template that is not named")
    return TemplateTold(place, network_id, news, _instant(told_at))


def _preference(place: UpdateKey, raw: object, senders: _Senders) -> Update:
    item = as_object(raw)
    told, _ = read_model(item, Preference) if item is not None else (Preference(), {})
    category, value = as_text(told.category), as_text(told.value)
    if category not in (None, "marketing_messages") or value not in ("stop", "resume"):
        return Ignored(place, _reason("user_preferences", " ".join(word for word in (category, value) if word)))
    person = _named(told.wa_id, told.user_id, senders)
    if person is None:
        return Ignored(place, "unreadable: a preference of nobody")
    return MarketingChosen(place, person, value == "stop", _instant(told.timestamp))


def _status(place: UpdateKey, raw: object) -> Update:
    item = as_object(raw)
    if item is None:
        return Ignored(place, "unreadable: a status that is no object")
    report, _ = read_model(item, ReportedStatus)
    if report.recipient_type == "group" or report.recipient_participant_id or report.participant_recipient_id:
        return Ignored(place, GROUP)
    told = as_text(report.status)
    status = STATUSES.get(told or "")
    if status is None:
        return Ignored(place, _reason("status", told or "none told"))
    wamid = as_id(report.id)
    if wamid is None:
        return Ignored(place, f"unreadable: a status ({told}) without an id")
    if place.number is None:
        return Ignored(place, f"unreadable: a status ({told}) of no number")
    return StatusReported(
        place=place,
        wamid=Wamid(wamid),
        status=status,
        at=_instant(report.timestamp),
        callback=as_text(report.biz_opaque_callback_data),
        failure=_failure(reported_errors(report.errors)) if status is MessageStatus.FAILED else None,
    )


def _failure(errors: list[ReportedError]) -> Failure:
    """By the first error that has a code, else by the first."""
    error = next((each for each in errors if as_code(each.code) is not None), None) or next(iter(errors), None)
    return verdict(as_code(error.code), as_text(error.explanation)).failure if error else verdict(None, None).failure


def _referral(body: ReferralBody | None) -> Referral | None:
    if body is None:
        return None
    url = as_text(body.source_url) or ""
    return Referral(
        source_url=url if len(url) <= TOLD_LIMIT else "",  # a link without its end leads elsewhere
        headline=_bounded(body.headline, TOLD_LIMIT),
        body=_bounded(body.body, TOLD_LIMIT),
        source_id=as_id(body.source_id),
    )


def _instant(told: object) -> datetime | None:
    """Seconds since 1970, or milliseconds; None where that is no instant."""
    text = as_text(told)
    if text is None or not _INSTANT.fullmatch(text):
        return None
    seconds = float(text)
    if abs(seconds) >= MILLISECONDS_FROM:
        seconds /= 1000
    try:
        return EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None


# Who it is from


def _senders(raw: object) -> _Senders:
    objects = (as_object(element) for element in _listed(raw, otherwise=raw))
    senders = [read_model(element, Sender)[0] for element in objects if element is not None]
    named: dict[str, Sender] = {}
    for sender in senders:
        for name in _names(sender.wa_id, sender.user_id):
            named.setdefault(name, sender)
    return _Senders(named, senders[0] if len(senders) == 1 else None)


def _person(message: InboundMessage, senders: _Senders) -> Person | None:
    """Who wrote, with what `contacts` says of them; None where neither id can be told."""
    return _named(message.sender, message.sender_user_id, senders) or _newly_named(message, senders)


def _newly_named(message: InboundMessage, senders: _Senders) -> Person | None:
    """Who goes by ids of a form that nobody knows yet: it tells people apart all the same, and no message is lost."""
    names = _names(message.sender, message.sender_user_id)
    sender = next((senders.named[name] for name in names if name in senders.named), senders.only)
    known = sender or Sender()
    told = (message.sender_user_id, message.sender, known.user_id, known.wa_id)
    id = next((text for each in told if (text := as_id(each)) and _NEW_FORM_OF_ID.fullmatch(text)), None)
    return _person_of(None, id, known.profile) if id is not None else None


def _recipient(message: InboundMessage, senders: _Senders) -> Person | None:
    """Whom the business wrote to."""
    return _named(message.to, message.to_user_id, senders)


def _named(number: Word, user_id: Word, senders: _Senders) -> Person | None:
    names = _names(number, user_id)
    sender = next((senders.named[name] for name in names if name in senders.named), None) if names else senders.only
    known = sender or Sender()
    wa_id = _wa_id(number) or _wa_id(known.wa_id)
    business_scoped_id = next((found for told in (user_id, number, known.user_id) if (found := _scoped_id(told))), None)
    if wa_id is None and business_scoped_id is None:
        return None
    return _person_of(wa_id, business_scoped_id, known.profile)


def _person_of(wa_id: str | None, business_scoped_id: str | None, profile: Profile | None) -> Person:
    username = as_id(profile.username) if profile else None
    name = _bounded(profile.name, NAME_LIMIT) if profile else None
    return Person(
        wa_id=wa_id,
        business_scoped_id=business_scoped_id,
        username=(username.removeprefix("@") or None) if username else None,
        profile_name=name if name is not None and shows_something(name) else None,
    )


def _bounded(told: Word, limit: int) -> str | None:
    """The words, with a … where they were cut; the original has all of them."""
    words = as_text(told)
    return words if words is None or len(words) <= limit else f"{words[: limit - 1]}…"


def _names(*told: Word) -> list[str]:
    return [name.removeprefix("+") for name in map(as_id, told) if name]


def _wa_id(told: Word) -> str | None:
    digits = (as_id(told) or "").removeprefix("+")
    return digits if _NUMBER.fullmatch(digits) else None


def _scoped_id(told: Word) -> str | None:
    text = as_id(told)
    return text if text is not None and _BUSINESS_SCOPED_ID.fullmatch(text) else None
