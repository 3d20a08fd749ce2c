"""What was committed, as an operator sees it: in the log and in the figures of the process that did it.

One id leads through everything that a request or a delivery caused: `request` stands in each line of what a request did
and of the sends it queued, `delivery` in each line of what a delivery brought and of the files that came with it. What
goes well is told at the level `debug`, what does not as a warning.
"""

from datetime import timedelta

import structlog

from adapters.db.transaction import Written
from api.metrics import Meters
from domain.channels.channels import Channel, ChannelState
from domain.conversations.messages import Direction, Message
from domain.conversations.status import MessageStatus
from domain.events import ChannelChanged, MessageAdded, MessageStatusChanged, QuotaChanged
from domain.files.media import Media, MediaState
from domain.ids import MessageId
from domain.outbound.outbox import OutboxItem
from domain.ports.system import Clock
from domain.quota import Period
from domain.rows import Row
from domain.updates import Outcome, UpdateRecord

log = structlog.stdlib.get_logger()


class Hearing:
    """Counts what messages came to, and says what became of everything: as a warning where anything is wrong."""

    def __init__(self, meters: Meters, clock: Clock) -> None:
        self._meters = meters
        self._clock = clock

    def __call__(self, written: Written) -> None:
        causes = _causes(written)
        self._time(written)
        for event in written.events:
            match event:
                case MessageAdded(message=message):
                    log.debug("a message was added", message=message, **causes.get(message, {}))
                case MessageStatusChanged(message=message, status=status):
                    self._meters.statuses.labels(status.value).inc()
                    say = log.warning if status in WORRYING else log.debug
                    say("a message came to a status", message=message, status=status.value, **causes.get(message, {}))
                case QuotaChanged(warning=int(per_cent)):
                    self._warn_of_quota(written, per_cent)
                case _:
                    pass
        changed = {event.channel for event in written.events if isinstance(event, ChannelChanged)}
        for row in {row.id: row for row in written.saved}.values():
            _tell_of(row, is_changed=row.id in changed)

    def _warn_of_quota(self, written: Written, per_cent: int) -> None:
        self._meters.quota_warnings.labels(str(per_cent)).inc()
        period = next(row for row in reversed(written.saved) if isinstance(row, Period))
        log.warning(
            "the month's conversations run out",
            organization=written.organization,
            per_cent=per_cent,
            used=period.used,
            resets_at=period.ends_at.isoformat(),
        )

    def _time(self, written: Written) -> None:
        """How long a message took from the network to the desk, and from the desk to the network."""
        now = self._clock.now()
        sent = {
            event.message
            for event in written.events
            if isinstance(event, MessageStatusChanged) and event.status is MessageStatus.SENT
        }
        added = {event.message for event in written.events if isinstance(event, MessageAdded)}
        for row in {row.id: row for row in written.saved if isinstance(row, Message)}.values():
            if row.id in added and row.direction is Direction.INBOUND:
                self._meters.receiving.observe(_seconds(now - row.received_at))
        for row in written.removed:
            if isinstance(row, OutboxItem) and row.id in sent and row.reaction is None:
                self._meters.sending.observe(_seconds(now - row.queued_at))


def _seconds(span: timedelta) -> float:
    """A clock that was set back makes no time run backwards."""
    return max(0.0, span.total_seconds())


WORRYING = frozenset({MessageStatus.FAILED, MessageStatus.UNKNOWN})


def _causes(written: Written) -> dict[MessageId, dict[str, str]]:
    """What each message that was written is due to. What a request does itself has its id in every line anyway."""
    causes: dict[MessageId, dict[str, str]] = {}
    deliveries = {row.wamid: row.delivery for row in written.saved if isinstance(row, UpdateRecord)}
    for row in (*written.saved, *written.removed):
        match row:
            case Message(wamid=wamid) if wamid is not None and wamid in deliveries:
                causes[row.id] = {"delivery": deliveries[wamid]}
            case OutboxItem(cause=cause) if cause is not None:
                causes[row.id] = {"request": cause}
            case _:
                pass
    return causes


def _tell_of(row: Row, *, is_changed: bool) -> None:
    match row:
        case UpdateRecord(outcome=Outcome.FAILED):
            log.warning("an update failed", delivery=row.delivery, index=row.index, reason=row.reason)
        case UpdateRecord():
            log.debug("an update was taken up", delivery=row.delivery, index=row.index, outcome=row.outcome.value)
        case Media(direction=Direction.INBOUND, state=state):
            say = log.warning if state is MediaState.FAILED else log.debug
            say("a file came to a state", media=row.id, message=row.message, state=state.value, delivery=row.cause)
        case Channel() if is_changed:
            _tell_of_channel(row)
        case _:
            pass


def _tell_of_channel(channel: Channel) -> None:
    problems = [problem.code.value for problem in channel.problems]
    is_well = channel.state is ChannelState.CONNECTED and not problems
    (log.info if is_well else log.warning)(
        "a number changed",
        organization=channel.organization,
        channel=channel.id,
        number_id=channel.phone_number_id,
        state=channel.state.value,
        problems=" ".join(problems) or None,
    )
