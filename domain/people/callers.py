"""Where a request came from, and whether that is one person's place or a crowd's."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """`limited_as` is what limits per address count by: an IPv4 address, or the /64 of an IPv6 one.

    It is None where the address may be everybody's, as that of a proxy nobody told us of is: a limit there would let
    one person stop all the others.
    """

    address: str  # empty where it is not known
    limited_as: str | None = None


NOWHERE = Caller("")
