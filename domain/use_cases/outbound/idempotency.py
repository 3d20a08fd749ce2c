"""What makes a repeated call harmless: its key, what was asked under it, and what it made."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from domain.conversations.messages import Message
from domain.error_codes import ErrorCode
from domain.errors import Refusal, Refused, invalid
from domain.ids import MessageId
from domain.outbound.outbox import IDEMPOTENCY_KEY_LIMIT, IdempotencyRecord
from domain.people.actors import Actor
from domain.ports.store import Look, Transaction


@dataclass(frozen=True, slots=True)
class Call:
    """What makes a repeated call harmless: its key, and what was asked under it."""

    mutation: str
    content: str  # hash of what was asked
    key: str | None


@dataclass(frozen=True, slots=True)
class Repeated:
    """A call that was made before: what it made then is the answer now, and nothing more happens."""

    messages: tuple[Message, ...]


def key_fault(key: str | None) -> Refusal | None:
    if key is not None and not 1 <= len(key) <= IDEMPOTENCY_KEY_LIMIT:
        return invalid(f"An idempotency key has 1 to {IDEMPOTENCY_KEY_LIMIT} characters.", "idempotencyKey")
    return None


def content_hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


async def repeated(look: Look, actor: Actor, call: Call) -> Repeated | Refusal | None:
    """What an earlier call with this key made, in order; None where there was none."""
    key = call.key
    known = await look.remembered(memory_id(actor, key, 0)) if key is not None else None
    if key is None or known is None:
        return None
    if known.mutation != call.mutation or known.content != call.content:
        return Refused(ErrorCode.IDEMPOTENCY_MISMATCH, "This key was used for something else.", ("idempotencyKey",))
    made: list[MessageId] = []
    while known is not None:
        made.append(known.message)
        known = await look.remembered(memory_id(actor, key, len(made)))
    messages = await look.messages(made)
    return Repeated(tuple(messages[id] for id in made))


def remember(tx: Transaction, actor: Actor, call: Call, now: datetime, *messages: MessageId) -> None:
    """One row a message: what one send makes is found again in its order."""
    for place, message in enumerate(messages if call.key is not None else ()):
        id = memory_id(actor, call.key or "", place)
        tx.save(IdempotencyRecord(tx.organization, id, call.mutation, call.content, message, now))


def memory_id(actor: Actor, key: str, place: int) -> str:
    """Of the first message as it ever was; those after it are told apart by a character no key should have."""
    return f"{actor.key}/{key}" if place == 0 else f"{actor.key}/{key}\x1f{place}"
