"""The customer service window: the 24 hours after the contact last wrote.

Source: WhatsApp Business Platform, "Customer service windows". The clock is the network's; a time that lies in the
future counts as the arrival.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from domain.ids import MessageId

WINDOW = timedelta(hours=24)
WARNING = timedelta(hours=1)  # how long before its end a session is said to be expiring


class SessionState(StrEnum):
    OPEN = "OPEN"
    CLOSED = "CLOSED"
    NEVER_OPENED = "NEVER_OPENED"


@dataclass(frozen=True, slots=True)
class Session:
    """A window as the contact's newest message left it. A contact who never wrote has none."""

    opened_at: datetime  # the first message of the unbroken run
    last_at: datetime
    last_by: MessageId

    @property
    def expires_at(self) -> datetime:
        return self.last_at + WINDOW

    def is_open(self, now: datetime) -> bool:
        """Half-open, [opened_at, expires_at): at exactly 24 hours it is closed."""
        return self.opened_at <= now < self.expires_at


def state_of(session: Session | None, now: datetime) -> SessionState:
    if session is None:
        return SessionState.NEVER_OPENED
    return SessionState.OPEN if session.is_open(now) else SessionState.CLOSED


def after_inbound(session: Session | None, message: MessageId, at: datetime) -> Session:
    """The window after an inbound message that stands at `at`. One delivered late never moves its end.

    Where a late one joins an older run to this one, the caller looks up where that run began (`run_start`).
    """
    if session is None or at >= session.expires_at:
        return Session(at, at, message)
    if at > session.last_at:
        return Session(session.opened_at, at, message)
    if at + WINDOW > session.opened_at:
        return replace(session, opened_at=min(session.opened_at, at))
    return session


def run_start(at: datetime, earlier: Iterable[datetime]) -> datetime:
    """Where the unbroken run that holds `at` began, given the earlier instants, newest first."""
    start = at
    for instant in earlier:
        if instant + WINDOW <= start:
            return start
        start = instant
    return start


class AlarmKind(StrEnum):
    EXPIRING = "EXPIRING"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Alarm:
    """The next moment at which a session has to be spoken of without anybody asking."""

    kind: AlarmKind
    at: datetime


def next_alarm(session: Session, now: datetime, *, warned: bool) -> Alarm | None:
    """None once the end has passed. `warned`: EXPIRING was said for this end already."""
    if now >= session.expires_at:
        return None
    if not warned:
        return Alarm(AlarmKind.EXPIRING, session.expires_at - WARNING)
    return Alarm(AlarmKind.EXPIRED, session.expires_at)
