"""Which pages may use the API from a browser, which tells the page's origin; whoever is no browser tells none.

A page may that came from the server itself, or from `DESKLINE_PUBLIC_URL` or one of `DESKLINE_ALLOWED_ORIGINS`.
"""

from collections.abc import Collection
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from api.seldom import Seldom

TOLD_EVERY_S: Final = 2.0
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
Origin: TypeAlias = tuple[str, str, int]
"""Scheme, host in lower case, port."""

refusals = Seldom("origin.refused", every_s=TOLD_EVERY_S)


def origins_of(listed: Collection[str], public_url: str | None) -> tuple[str, ...]:
    """The origins that may connect besides the server's own."""
    if public_url is None:
        return tuple(listed)
    place = urlsplit(public_url)
    return (*listed, f"{place.scheme}://{place.netloc}")


def may_connect(scope: Scope, allowed: Collection[str]) -> bool:
    """Whether the request's origin, if it tells one, is the server's own or among `allowed`."""
    headers = Headers(scope=scope)
    header = headers.get("origin")
    if header is None:
        return True
    origin = _origin(header)
    if origin is None:
        return False
    return _is_own(origin, headers.get("host"), scope["scheme"]) or origin in map(_origin, allowed)


def tell_refused(scope: Scope, allowed: Collection[str]) -> str:
    """A line in the log with what was compared, not too often; returns what to do about it."""
    headers = Headers(scope=scope)
    header, host, elsewhere = headers.get("origin"), headers.get("host"), headers.get("x-forwarded-host")
    hint = _hint(header or "", host, elsewhere)
    refusals.warn(
        origin=header,
        host=host,
        x_forwarded_host=elsewhere,
        allowed=", ".join(allowed) or "none but the server's own",
        path=scope["path"],
        hint=hint,
    )
    return hint


def _hint(header: str, host: str | None, elsewhere: str | None) -> str:
    page = _origin(header)
    if page is None:
        return "The Origin header names no page's server."
    if host is None:
        return "The Host header is missing: have the proxy pass it on, or set DESKLINE_PUBLIC_URL."
    if elsewhere is not None and _is_own(page, elsewhere, ""):
        return "Only X-Forwarded-Host names the page's server: name the proxy in DESKLINE_TRUSTED_PROXIES."
    if _name_in(host) == page[1]:
        return (
            "The Host header differs in its port, which proxies drop (nginx: $http_host keeps it, $host does not); or"
            " set DESKLINE_PUBLIC_URL."
        )
    return (
        "If the page is Deskline's, a proxy hides the Host header: have it pass that on, or set DESKLINE_PUBLIC_URL."
        " If it is a page of yours elsewhere, name it in DESKLINE_ALLOWED_ORIGINS."
    )


def _is_own(origin: Origin, host: str | None, scheme: str) -> bool:
    """Where TLS ends before us only a trusted proxy tells of it: what is https is sure, what is http may not be."""
    if host is None or (scheme in ("https", "wss") and origin[0] != "https"):
        return False
    return _origin(f"{origin[0]}://{host}") == origin


def _origin(text: str) -> Origin | None:
    try:
        place = urlsplit(text.strip())
        if place.scheme not in DEFAULT_PORTS or not place.hostname or place.username is not None:
            return None
        if place.path not in ("", "/") or place.query or place.fragment:
            return None
        return place.scheme, place.hostname, place.port or DEFAULT_PORTS[place.scheme]
    except ValueError:
        return None


def _name_in(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
