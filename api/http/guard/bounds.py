"""How much anybody may send, hold and wait for, before and after they have said who they are."""

from dataclasses import dataclass, replace
from typing import Self

from api.http.guard.bodies import LEAST_RATE, LeastRate


@dataclass(frozen=True, slots=True)
class RequestBounds:
    """What holds for every connection, whoever it is of. Settings move them."""

    head_bytes: int = 64 * 1024  # request line and headers; trailers and chunk extensions likewise
    head_s: float = 10.0  # from the connection, or the request's first byte, to the last of its headers
    unfinished: int = 2_000  # connections in a process whose headers are yet to come
    unfinished_per_address: int = 500
    body_pace: LeastRate = LEAST_RATE
    linger_s: float = 5.0  # what still comes once the answer is out is read for so long
    linger_bytes: int = 16 * 1024 * 1024
    unread_s: float = 30.0  # an answer that nobody reads any more

    def within(self, files: int) -> Self:
        """The same for a process that may have so many files open: half of them stay for those who have finished."""
        most = max(1, files // 4)  # of those whose headers are yet to come, and of those who don't read
        return replace(
            self,
            unfinished=min(self.unfinished, most),
            unfinished_per_address=min(self.unfinished_per_address, max(1, most // 2)),
        )
