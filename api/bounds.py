"""How much anybody may send, hold and wait for, before and after they have said who they are."""

from dataclasses import dataclass

from api.bodies import PACE, Pace


@dataclass(frozen=True, slots=True)
class RequestBounds:
    """What holds for every connection, whoever it is of. Settings move them."""

    head_bytes: int = 64 * 1024  # request line and headers; trailers and chunk extensions likewise
    head_s: float = 10.0  # from the connection, or the request's first byte, to the last of its headers
    unfinished: int = 2_000  # connections in a process whose headers are yet to come
    unfinished_per_address: int = 500
    body_pace: Pace = PACE
    linger_s: float = 5.0  # what still comes once the answer is out is read for so long
    linger_bytes: int = 16 * 1024 * 1024
    unread_s: float = 30.0  # an answer that nobody reads any more
