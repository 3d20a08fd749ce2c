"""Where a caller is, as far as shares and limits go by it."""

from starlette.types import Scope

from api.http.guard.callers import address_in, caller_of, subscriber_of


def shared_by(scope: Scope) -> str:
    """Whose share something counts towards: the client's, or of many together where no more is known."""
    caller = caller_of(scope)
    return caller.limited_as or caller.address


def share_of(address: str) -> str:
    """What has one share together with an address of which no proxy's word is known yet."""
    read = address_in(address)
    return address if read is None else subscriber_of(read)
