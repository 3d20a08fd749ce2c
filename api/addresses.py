"""Where a caller is, as far as shares and limits go by it."""

import ipaddress

from starlette.requests import HTTPConnection


def client_address(connection: HTTPConnection) -> str:
    """The address at the other end of the connection; empty where there is none, as on a local socket."""
    return connection.client.host if connection.client else ""


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
