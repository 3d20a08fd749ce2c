"""What was committed, as an operator sees it: in the log and in the figures of the process that did it."""

import structlog

from adapters.db.transaction import Work
from api.metrics import Meters
from domain.channels import Channel, ChannelState
from domain.events import ChannelChanged, MessageStatusChanged

log = structlog.stdlib.get_logger()


class Hearing:
    """Counts what messages came to, and says when a number changed: as a warning while anything is wrong with it."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters

    def __call__(self, work: Work) -> None:
        for event in work.events:
            match event:
                case MessageStatusChanged(status=status):
                    self._meters.statuses.labels(status.value).inc()
                case ChannelChanged(channel=id) if id in work.channels:
                    _tell(work.channels[id])
                case _:
                    pass


def _tell(channel: Channel) -> None:
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
