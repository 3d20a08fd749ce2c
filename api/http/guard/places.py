"""Places for what takes a while: so many in all, and of those so many for each who may want them."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """What one of those who want places may have at a time, and what is wanted of it now."""

    of: tuple[str, ...]  # what is counted, and whose
    most: int
    wanted: int = 1


class NoPlace(Exception):
    """This share is used up."""

    def __init__(self, share: Share) -> None:
        super().__init__(share)
        self.share = share


class Places:
    def __init__(self) -> None:
        self._taken: Counter[tuple[str, ...]] = Counter()

    def of(self, whom: tuple[str, ...]) -> int:
        """What is taken of somebody's share."""
        return self._taken[whom]

    @contextmanager
    def taken(self, *shares: Share) -> Generator[None]:
        """A place of every share, or of none. Raises NoPlace with the first that is used up."""
        for share in shares:
            if self._taken[share.of] + share.wanted > share.most:
                raise NoPlace(share)
        for share in shares:
            self._taken[share.of] += share.wanted
        try:
            yield
        finally:
            for share in shares:
                self._taken[share.of] -= share.wanted
                if not self._taken[share.of]:
                    del self._taken[share.of]
