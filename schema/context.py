"""What one operation knows while it runs: who asks, when, and through what it reads."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime

from domain.ids import OrganizationId
from domain.people.actors import Actor
from domain.people.callers import Caller
from domain.ports.bundle import Ports
from domain.ports.reads import Reads
from domain.rows import Row
from schema.engine.turns import Turns, TurnTaker
from schema.engine.values.cursors import Cursors
from schema.gates import GATED_FIELDS
from schema.loaders import Loaders


@dataclass(slots=True)
class Context:
    """New for each operation, and for each event of a subscription. Made by `new_context`."""

    ports: Ports
    actor: Actor | None  # None: nobody is signed in, and only signIn may run
    reads: Reads
    cursors: Cursors
    caller: Caller  # where the request came from
    now: datetime  # one instant for the whole answer
    turn_taker: TurnTaker
    snapshots: AsyncExitStack | None = None
    """Set where a mutation's payload has to be of one instant: each snapshot begun after a commit is left to it."""
    _loaders: Loaders | None = field(default=None, repr=False)

    @property
    def acting(self) -> Actor:
        assert self.actor is not None, "only signIn runs for nobody"
        return self.actor

    @property
    def organization(self) -> OrganizationId:
        return self.acting.organization

    @property
    def loaders(self) -> Loaders:
        assert self._loaders is not None, "only signIn runs for nobody"
        return self._loaders

    def sees(self, gated_field: str) -> bool:
        """Whether the asker has the right that a field of `GATED_FIELDS` asks for."""
        return self.acting.may(GATED_FIELDS[gated_field])

    @property
    def _who(self) -> str:
        return self.actor.key if self.actor else ""

    async def read_on(self, organization: OrganizationId, *committed: Row) -> None:
        """From here on everything is read anew, as it stands after what was just committed.

        What the use case returned is `committed`: it isn't read again, but where the whole payload is of one snapshot.
        """
        self.now = self.ports.clock.now()
        if self.snapshots is not None:
            await self.snapshots.aclose()
            self.reads = await self.snapshots.enter_async_context(self.ports.reader.snapshot(organization, self._who))
        self._loaders = Loaders(self.reads, organization, self.now, self.turn_taker)
        if self.snapshots is None:
            self._loaders.hold(committed)


def new_context(
    ports: Ports,
    actor: Actor | None,
    cursors: Cursors,
    caller: Caller,
    turns: Turns,
    reads: Reads | None = None,
) -> Context:
    """A context with loaders of its own. `reads` is a snapshot where the answer has to be of one instant."""
    now = ports.clock.now()
    if reads is None:
        reads = ports.reader.asked_by(actor.organization, actor.key) if actor else ports.reader
    turn_taker = TurnTaker(turns, actor.organization if actor else "")
    loaders = Loaders(reads, actor.organization, now, turn_taker) if actor else None
    return Context(ports, actor, reads, cursors, caller, now, turn_taker, _loaders=loaders)
