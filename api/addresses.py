"""Where a caller is, as far as shares and limits go by it."""

import ipaddress

from starlette.types import Scope

from api.callers import caller_of


def shared_by(scope: Scope) -> str:
    """Whose share something counts towards: the client's, or of many together where no more is known."""
    caller = caller_of(scope)
    return caller.limited_as or caller.address


def share_of(address: str) -> str:
    """What has one share together: an IPv4 address, or the /64 that one subscriber has of IPv6."""
    if ":" not in address:
        return address
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(parsed) >> 64 << 64, 64)))
