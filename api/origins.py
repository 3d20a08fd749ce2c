"""Which pages may open a socket. Browsers tell the page's origin; whoever is no browser tells none."""

from collections.abc import Collection
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


def may_connect(origin: str | None, host: str | None, allowed: Collection[str]) -> bool:
    """`allowed` are origins such as https://desk.example.com; where it is empty, only the page's own server is."""
    if origin is None:
        return True
    if allowed:
        return origin.lower().rstrip("/") in {one.lower().rstrip("/") for one in allowed}
    try:
        page = urlsplit(origin)
        return (
            page.scheme in DEFAULT_PORTS
            and host is not None
            and page.hostname is not None
            and (page.hostname, page.port or DEFAULT_PORTS[page.scheme]) == _place(host, page.scheme)
        )
    except ValueError:
        return False


def _place(host: str, scheme: str) -> tuple[str | None, int]:
    place = urlsplit(f"//{host}")
    return place.hostname, place.port or DEFAULT_PORTS[scheme]
