"""How far a message got: its status, its attempts, and the marks that the network reports."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.error_codes import ErrorCode
from domain.ids import (
    DeliveryId,
    MessageId,
    OrganizationId,
    Wamid,
)


class MessageStatus(StrEnum):
    RECEIVED = "RECEIVED"
    QUEUED = "QUEUED"
    UNKNOWN = "UNKNOWN"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    READ = "READ"
    PLAYED = "PLAYED"
    FAILED = "FAILED"


RANK: dict[MessageStatus, int] = {
    status: rank
    for rank, status in enumerate(
        (
            MessageStatus.RECEIVED,
            MessageStatus.QUEUED,
            MessageStatus.UNKNOWN,
            MessageStatus.SENT,
            MessageStatus.FAILED,
            MessageStatus.DELIVERED,
            MessageStatus.READ,
            MessageStatus.PLAYED,
        )
    )
}


class AttemptOutcome(StrEnum):
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    NOT_SENT = "NOT_SENT"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why it did not arrive, for a person: what happened, and what to do about it."""

    title: str
    hint: str
    retryable: bool
    code: int | None = None  # the network's
    refusal: ErrorCode | None = None  # set where our own rules stopped it


SAID_NOT_SENT = Failure(
    "Somebody who looked says that it was not sent", "Send it again if it is still needed.", retryable=True
)


SENT_AFTER_ALL = Failure(
    "Somebody said that it was not sent, but the network had taken it",
    "Wait: it will be shown as delivered once it is. Sending it again would say it twice.",
    retryable=False,
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to hand the message over. `outcome` is None until it is known: before it leaves, and under way."""

    number: int
    at: datetime
    outcome: AttemptOutcome | None = None
    code: int | None = None
    message: str | None = None
    wamid: Wamid | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """One report of how far a message got, unique by the update that brought it; `delivery` None: our own hand."""

    organization: OrganizationId
    id: str
    message: MessageId
    status: MessageStatus
    at: datetime  # by the network's clock
    reported_at: datetime  # by ours
    attempt: int | None = None  # None for inbound messages
    delivery: DeliveryId | None = None
    place: int | None = None


def higher(one: MessageStatus, other: MessageStatus) -> MessageStatus:
    """The join of the lattice."""
    return one if RANK[one] >= RANK[other] else other


def arrived(status: MessageStatus) -> bool:
    """Delivered or more: what no later attempt or failure takes back."""
    return RANK[status] >= RANK[MessageStatus.DELIVERED]
