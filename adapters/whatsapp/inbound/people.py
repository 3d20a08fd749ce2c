"""Who wrote and whom a message went to, as webhooks name people."""

import re
from dataclasses import dataclass

from adapters.whatsapp.inbound.models import (
    InboundMessage,
    Profile,
    Sender,
)
from adapters.whatsapp.inbound.reading import (
    Word,
    as_id,
    as_object,
    as_text,
    listed,
    read_model,
)
from domain.contacts import Person
from domain.text.names import shows_something

NAME_LIMIT = 512  # characters of the name somebody gives themselves; WhatsApp's own field takes 25
_BUSINESS_SCOPED_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9]{1,128}")
_NEW_FORM_OF_ID = re.compile(r"[A-Za-z0-9_.:-]{1,160}")
_NUMBER = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Senders:
    """What `contacts` says, by every name; `only` where it speaks of one person."""

    named: dict[str, Sender]
    only: Sender | None


def senders_of(raw: object) -> Senders:
    objects = (as_object(element) for element in listed(raw, otherwise=raw))
    senders = [read_model(element, Sender)[0] for element in objects if element is not None]
    named: dict[str, Sender] = {}
    for sender in senders:
        for name in _names(sender.wa_id, sender.user_id):
            named.setdefault(name, sender)
    return Senders(named, senders[0] if len(senders) == 1 else None)


def sender_of(message: InboundMessage, senders: Senders) -> Person | None:
    """Who wrote, with what `contacts` says of them; None where neither id can be told."""
    return named(message.sender, message.sender_user_id, senders) or _newly_named(message, senders)


def _newly_named(message: InboundMessage, senders: Senders) -> Person | None:
    """Who goes by ids of a form that nobody knows yet: it tells people apart all the same, and no message is lost."""
    names = _names(message.sender, message.sender_user_id)
    sender = next((senders.named[name] for name in names if name in senders.named), senders.only)
    known = sender or Sender()
    candidates = (message.sender_user_id, message.sender, known.user_id, known.wa_id)
    id = next((text for each in candidates if (text := as_id(each)) and _NEW_FORM_OF_ID.fullmatch(text)), None)
    return _person_of(None, id, known.profile) if id is not None else None


def recipient_of(message: InboundMessage, senders: Senders) -> Person | None:
    """Whom the business wrote to."""
    return named(message.to, message.to_user_id, senders)


def named(number: Word, user_id: Word, senders: Senders) -> Person | None:
    names = _names(number, user_id)
    sender = next((senders.named[name] for name in names if name in senders.named), None) if names else senders.only
    known = sender or Sender()
    wa_id = wa_id_of(number) or wa_id_of(known.wa_id)
    business_scoped_id = next(
        (found for candidate in (user_id, number, known.user_id) if (found := scoped_id_of(candidate))), None
    )
    if wa_id is None and business_scoped_id is None:
        return None
    return _person_of(wa_id, business_scoped_id, known.profile)


def _person_of(wa_id: str | None, business_scoped_id: str | None, profile: Profile | None) -> Person:
    username = as_id(profile.username) if profile else None
    name = bounded(profile.name, NAME_LIMIT) if profile else None
    return Person(
        wa_id=wa_id,
        business_scoped_id=business_scoped_id,
        username=(username.removeprefix("@") or None) if username else None,
        profile_name=name if name is not None and shows_something(name) else None,
    )


def bounded(word: Word, limit: int) -> str | None:
    """The words, with a … where they were cut; the original has all of them."""
    words = as_text(word)
    return words if words is None or len(words) <= limit else f"{words[: limit - 1]}…"


def _names(*words: Word) -> list[str]:
    return [name.removeprefix("+") for name in map(as_id, words) if name]


def wa_id_of(word: Word) -> str | None:
    digits = (as_id(word) or "").removeprefix("+")
    return digits if _NUMBER.fullmatch(digits) else None


def scoped_id_of(word: Word) -> str | None:
    text = as_id(word)
    return text if text is not None and _BUSINESS_SCOPED_ID.fullmatch(text) else None
