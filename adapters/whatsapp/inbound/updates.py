"""Webhook bodies into typed updates, lenient on purpose: fields and kinds are added without notice.

An element that can't be read spoils nothing but itself. Source: WhatsApp Business Platform, "Webhooks".
"""

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import assert_never

import msgspec

from adapters.whatsapp.inbound.account_news import account_news_of
from adapters.whatsapp.inbound.contents import (
    NEVER_EXTENDS_SESSION,
    OPENED_CHAT,
    content_of,
    kind_of,
    notice_of,
    shared_number,
)
from adapters.whatsapp.inbound.items import (
    AccountItem,
    Found,
    Item,
    MessageItem,
    NewUserIdItem,
    PassedItem,
    PreferenceItem,
    StatusItem,
    TemplateItem,
    event_of,
    items_of,
    reason_of,
)
from adapters.whatsapp.inbound.models import (
    InboundMessage,
    NewUserId,
    Preference,
    ReferralBody,
    ReportedError,
    ReportedStatus,
    SystemBody,
    UserIdUpdate,
    reported_errors,
)
from adapters.whatsapp.inbound.people import Senders, bounded, named, recipient_of, scoped_id_of, sender_of, wa_id_of
from adapters.whatsapp.inbound.reading import (
    as_code,
    as_id,
    as_json,
    as_object,
    as_text,
    read_json,
    read_model,
)
from adapters.whatsapp.inbound.times import instant_of
from adapters.whatsapp.templates import news_of
from domain.contacts import Person
from domain.conversations.contents import Unsupported
from domain.conversations.messages import Referral
from domain.conversations.status import Failure, MessageStatus
from domain.ids import Wamid
from domain.outbound.failures import verdict
from domain.ports.deliveries import Delivery
from domain.ports.network import Unreadable
from domain.text.emoji import is_emoji
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

POLICY_VIOLATION = 368  # the network's code: blocked for breaking its rules
MAX_ITEMS = 20_000  # in one body; the network sends up to 1,000
TOLD_LIMIT = 4096  # characters of each text of an advertisement

STATUSES = {
    "sent": MessageStatus.SENT,
    "delivered": MessageStatus.DELIVERED,
    "read": MessageStatus.READ,
    "played": MessageStatus.PLAYED,
    "failed": MessageStatus.FAILED,
}


class CloudInterpreter:
    """The interpreter port for the Cloud API's webhooks."""

    def updates(self, delivery: Delivery) -> list[Update]:
        """One update for each item of the body, in the order they are written. Raises `Unreadable`."""
        body = as_object(read_json(delivery.body))
        if body is None:
            raise Unreadable("it is JSON, and not an object")
        items = list(islice(items_of(body), MAX_ITEMS + 1)) or [Item(None, None, PassedItem("nothing in it"))]
        if len(items) > MAX_ITEMS:
            raise Unreadable(f"it has more than {MAX_ITEMS:,} items")
        return [_update(_place(delivery, index, item), item.found) for index, item in enumerate(items)]


# Walking the body


def _place(delivery: Delivery, index: int, item: Item) -> UpdateKey:
    return UpdateKey(delivery.id, index, delivery.received_at, item.number, item.account)


# Making updates


def _update(place: UpdateKey, found: Found) -> Update:
    try:
        match found:
            case MessageItem(raw, senders, echoed):
                return _message(place, raw, senders, echoed=echoed)
            case NewUserIdItem(raw):
                return _new_user_id(place, raw)
            case PreferenceItem(raw, senders):
                return _preference(place, raw, senders)
            case AccountItem(field, raw, told_at):
                told = account_news_of(place, field, raw, instant_of(told_at))
                return told or Ignored(place, reason_of(field, event_of(raw)))
            case StatusItem(raw, recipients):
                return _status(place, raw, recipients)
            case TemplateItem(raw, told_at):
                return _template_told(place, raw, told_at)
            case PassedItem(reason):
                return Ignored(place, reason)
            case _:
                assert_never(found)
    except (msgspec.MsgspecError, RecursionError, ValueError, OverflowError) as fault:
        return Ignored(place, reason_of("unreadable", str(fault)))


def _message(place: UpdateKey, raw: object, senders: Senders, *, echoed: bool) -> Update:
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
    person = recipient_of(message, senders) if echoed else sender_of(message, senders)
    if person is None:
        whom = "recipient" if echoed else "sender"
        return Ignored(place, f"unreadable: a message ({kind}) whose {whom} is not told")
    envelope = _Envelope(place, person, Wamid(wamid), instant_of(message.timestamp), as_json(item), echoed)
    return _change(envelope, kind, message) or _said(envelope, kind, message, faults)


@dataclass(frozen=True, slots=True)
class _Envelope:
    """What every item of a conversation tells."""

    place: UpdateKey
    person: Person
    wamid: Wamid
    sent_at: datetime | None
    original: str
    echoed: bool


def _change(envelope: _Envelope, kind: str, message: InboundMessage) -> Update | None:
    """What the item does to an earlier message, or to its sender's names; None where it is a message of its own."""
    match kind:
        case "reaction" if message.reaction and (target := as_id(message.reaction.message_id)):
            emoji = as_text(message.reaction.emoji)
            if emoji is not None and not is_emoji(emoji):  # words would go past every rule for what is shown
                return None
            return ReactionReceived(
                envelope.place,
                envelope.person,
                envelope.wamid,
                envelope.sent_at,
                Wamid(target),
                emoji,
                envelope.original,
                envelope.echoed,
            )
        case "edit" if message.edit and (target := as_id(message.edit.original_message_id)):
            content = _new_content(message.edit.message)
            return EditReceived(
                envelope.place,
                envelope.person,
                envelope.wamid,
                envelope.sent_at,
                Wamid(target),
                content,
                envelope.original,
                envelope.echoed,
            )
        case "revoke" if message.revoke and (target := as_id(message.revoke.original_message_id)):
            return DeletionReceived(
                envelope.place,
                envelope.person,
                envelope.wamid,
                envelope.sent_at,
                Wamid(target),
                envelope.original,
                envelope.echoed,
            )
        case "system" if message.system and (renamed := _renamed(message.system)):
            notice = notice_of(message.system)
            return IdentityChanged(
                envelope.place, envelope.person, renamed, envelope.sent_at, notice, envelope.original, envelope.wamid
            )
        case _:
            return None


def _said(envelope: _Envelope, kind: str, message: InboundMessage, faults: dict[str, str]) -> Update:
    context = message.context
    reply_to = (as_id(context.id) if context else None) or (
        as_id(message.reaction.message_id) if message.reaction else None
    )
    content = content_of(message, kind, faults)
    forwarded = context is not None and bool(context.forwarded or context.frequently_forwarded)
    if envelope.echoed:
        return MessageEchoed(
            place=envelope.place,
            person=envelope.person,
            wamid=envelope.wamid,
            sent_at=envelope.sent_at,
            content=content,
            original=envelope.original,
            reply_to=Wamid(reply_to) if reply_to else None,
            forwarded=forwarded,
        )
    return MessageReceived(
        place=envelope.place,
        person=_with_shared_number(envelope.person, message),
        wamid=envelope.wamid,
        sent_at=envelope.sent_at,
        content=content,
        original=envelope.original,
        extends_session=kind not in NEVER_EXTENDS_SESSION,
        opens_thread=kind == OPENED_CHAT,
        reply_to=Wamid(reply_to) if reply_to else None,
        forwarded=forwarded,
        referral=_referral(message.referral),
        breaks_rules=any(as_code(error.code) == POLICY_VIOLATION for error in reported_errors(message.errors)),
    )


def _with_shared_number(sender: Person, message: InboundMessage) -> Person:
    """Who hid their number and shares it because they were asked to has one from now on."""
    return sender if sender.wa_id is not None else replace(sender, wa_id=shared_number(message))


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
    wa_id = wa_id_of(system.wa_id) or wa_id_of(system.new_wa_id)
    business_scoped_id = scoped_id_of(system.user_id)
    return Person(wa_id, business_scoped_id) if wa_id or business_scoped_id else None


def _new_user_id(place: UpdateKey, raw: object) -> Update:
    item = as_object(raw)
    update = read_model(item, UserIdUpdate)[0] if item is not None else UserIdUpdate()
    change = update.user_id or NewUserId()
    before, now = Person(wa_id_of(update.wa_id), scoped_id_of(change.previous)), scoped_id_of(change.current)
    if item is None or now is None or not before.lane:
        return Ignored(place, "unreadable: a user id that changed")
    notice = notice_of(SystemBody(body=update.detail, type="user_changed_user_id"))
    renamed = Person(business_scoped_id=now)
    return IdentityChanged(place, before, renamed, instant_of(update.timestamp), notice, as_json(item))


def _template_told(place: UpdateKey, raw: dict[str, object], told_at: object) -> Update:
    network_id, news = news_of(raw)
    if network_id is None or place.account is None:
        return Ignored(place, "unreadable: a template that is not named")
    return TemplateTold(place, network_id, news, instant_of(told_at))


def _preference(place: UpdateKey, raw: object, senders: Senders) -> Update:
    item = as_object(raw)
    preference, _ = read_model(item, Preference) if item is not None else (Preference(), {})
    category, value = as_text(preference.category), as_text(preference.value)
    if category not in (None, "marketing_messages") or value not in ("stop", "resume"):
        return Ignored(place, reason_of("user_preferences", " ".join(word for word in (category, value) if word)))
    person = named(preference.wa_id, preference.user_id, senders)
    if person is None:
        return Ignored(place, "unreadable: a preference of nobody")
    return MarketingChosen(place, person, value == "stop", instant_of(preference.timestamp))


def _status(place: UpdateKey, raw: object, recipients: Senders) -> Update:
    item = as_object(raw)
    if item is None:
        return Ignored(place, "unreadable: a status that is no object")
    report, _ = read_model(item, ReportedStatus)
    if report.recipient_type == "group" or report.recipient_participant_id or report.participant_recipient_id:
        return Ignored(place, GROUP)
    word = as_text(report.status)
    status = STATUSES.get(word or "")
    if status is None:
        return Ignored(place, reason_of("status", word or "none told"))
    wamid = as_id(report.id)
    if wamid is None:
        return Ignored(place, f"unreadable: a status ({word}) without an id")
    if place.number is None:
        return Ignored(place, f"unreadable: a status ({word}) of no number")
    return StatusReported(
        place=place,
        wamid=Wamid(wamid),
        status=status,
        at=instant_of(report.timestamp),
        callback=as_text(report.biz_opaque_callback_data),
        failure=_failure(reported_errors(report.errors)) if status is MessageStatus.FAILED else None,
        person=named(report.recipient_id, report.recipient_user_id, recipients),
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
        headline=bounded(body.headline, TOLD_LIMIT),
        body=bounded(body.body, TOLD_LIMIT),
        source_id=as_id(body.source_id),
    )


# Who it is from
