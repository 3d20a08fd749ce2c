"""Interpreting that never gets stuck: a delivery over which the code itself stumbles is set aside, and said so."""

import structlog

from domain.errors import Unavailable
from domain.ports import DeliveryResult, DeliveryState, Ports
from domain.use_cases.interpret import Interpreted, UpdateFailed, interpret_waiting

log = structlog.stdlib.get_logger()


async def interpret(ports: Ports, limit: int) -> Interpreted:
    """As `interpret_waiting`; where that fails as a whole, the oldest delivery alone, FAILED if it is to blame."""
    try:
        done = await interpret_waiting(ports, limit)
    except Unavailable:
        raise
    except Exception:
        log.exception("deliveries could not be interpreted together; now one at a time")
        done = await _interpret_oldest(ports)
    for failure in done.failures:
        log.error("an update was not applied", delivery=failure.delivery, index=failure.index, exc_info=failure.error)
    return done


async def _interpret_oldest(ports: Ports) -> Interpreted:
    oldest = await ports.journal.waiting(1)
    if not oldest:
        return Interpreted(0, 0)
    try:
        return await interpret_waiting(ports, 1)
    except Unavailable:
        raise
    except Exception as error:
        reason = f"could not be interpreted: {type(error).__name__}"
        await ports.journal.finish([DeliveryResult(oldest[0].id, DeliveryState.FAILED, reason)])
        return Interpreted(1, 0, (UpdateFailed(oldest[0].id, 0, error),))
