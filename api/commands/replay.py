"""Deliveries interpreted again, and files asked for again."""

from typing import Annotated

from cyclopts import Parameter

from api.operating.process import run, say, start
from domain.ids import DeliveryId
from domain.ports.deliveries import DeliveryState


def replay(
    *,
    state: DeliveryState = DeliveryState.FAILED,
    delivery: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    files: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Interpret webhook deliveries again, after a fix. What was applied before is not applied twice.

    Args:
        state: Which deliveries: FAILED, IGNORED or INTERPRETED.
        delivery: Only the delivery with this id; may be repeated.
        files: Files that could not be fetched, instead of deliveries: they are asked of the network again.
    """
    from api.operating.replaying import replay_deliveries, replay_files
    from api.wiring import wired

    settings = start()

    async def replaying() -> str:
        async with wired(settings) as desk:
            if files:
                return await replay_files(desk.ports)
            return await replay_deliveries(desk.ports, state, [DeliveryId(id) for id in delivery])

    say(run(replaying()))
