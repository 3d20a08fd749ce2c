"""How Redis stands, in words for whoever runs the desk: what `deskline doctor` shows."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from adapters.redis.address import EXAMPLES, SETTING, Kind, RedisAddress
from adapters.redis.link import Denied, RedisAway, RedisRefused, Reply, connected

WHILE_AWAY: Final = (
    "Until it is there, processes learn each other's news after half a second, and limits hold per process."
)


class Health(StrEnum):
    READY = "READY"
    LIMITED = "LIMITED"  # it answers, and some of what a desk does there fails
    AWAY = "AWAY"
    REFUSED = "REFUSED"  # the setting is wrong: a desk does not start with it


@dataclass(frozen=True, slots=True)
class RedisState:
    health: Health
    message: str  # one line, nothing secret in it; names the setting where something is to be done


async def look_at(address: RedisAddress, namespace: str = "deskline") -> RedisState:
    """Asks once, for seconds at most, and leaves nothing behind."""
    try:
        async with connected(address) as link:
            said, kept = await link.ask(
                ("PUBLISH", f"{namespace}:{address.database}:{{look}}", "look"),
                ("SET", f"{{{namespace}:throttle}}:look", "look", "PX", 1),
            )
    except RedisRefused as refusal:
        return RedisState(Health.REFUSED, str(refusal))
    except RedisAway as away:
        return RedisState(Health.AWAY, f"{SETTING}: {away}. {WHILE_AWAY}")
    faults = [*_fault("hints are not passed on", said), *_fault("limits hold per process only", kept)]
    if _is_unexpected_cluster(address, kept):
        faults = [f"this is a Cluster; write {EXAMPLES[Kind.CLUSTER]}"]
    if faults:
        return RedisState(Health.LIMITED, f"{SETTING}: Redis at {address} answers, but {'; '.join(faults)}")
    return RedisState(Health.READY, f"Redis answers at {address}")


def _fault(effect: str, reply: Reply) -> list[str]:
    return [f"{effect}: {reply.reason}"] if isinstance(reply, Denied) and not reply.moved_to else []


def _is_unexpected_cluster(address: RedisAddress, reply: Reply) -> bool:
    return address.kind is not Kind.CLUSTER and isinstance(reply, Denied) and reply.moved_to is not None
