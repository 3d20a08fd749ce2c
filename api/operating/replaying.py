"""`deskline replay`: deliveries interpreted again, and files asked for again."""

from collections.abc import Collection

from api.worker.interpreting import Interpreting
from domain.ids import DeliveryId
from domain.ports.bundle import Ports
from domain.ports.deliveries import DeliveryState
from domain.use_cases.files.fetch_again import fetch_failed

AT_A_TIME = 64


async def replay_deliveries(ports: Ports, state: DeliveryState, ids: Collection[DeliveryId]) -> str:
    """Puts them back and interprets until none waits; a server that runs beside it helps. What came of it, in words."""
    put_back = await ports.webhook_inbox.again([state], ids)
    interpreting = Interpreting(ports)
    deliveries = updates = failed = 0
    while (done := await interpreting.turn(AT_A_TIME)).deliveries:
        deliveries += done.deliveries
        updates += done.updates
        failed += len(done.failures)
    return (
        f"Put back: {put_back}. Interpreted: {deliveries} deliveries with {updates} updates, "
        f"of which {failed} could not be applied."
    )


async def replay_files(ports: Ports) -> str:
    """Puts those that failed back; the worker of a running server fetches them. How many, in words."""
    return f"Put back: {await fetch_failed(ports)} files, which the worker fetches."
