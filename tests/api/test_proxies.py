"""What `docs/proxies.md` says of Caddy fits what is served. A journey runs the file of nginx."""

import inspect
import re
from pathlib import Path
from typing import Final

import pytest
from starlette.routing import Match
from starlette.types import Scope

from api.commands.serve import serve
from api.http.app import create_app
from api.settings import Settings
from api.wiring import wired

TEXT: Final = (Path(__file__).parents[2] / "docs" / "proxies.md").read_text()


def blocks(text: str) -> list[tuple[tuple[str, ...], ...]]:
    """The lines of a Caddyfile with those of the blocks around them, outermost first. Raises where braces don't fit."""
    around: list[tuple[str, ...]] = []
    found: list[tuple[tuple[str, ...], ...]] = []
    for line in text.splitlines():
        words = tuple(line.split("#")[0].split())
        if words == ("}",):
            around.pop()
        elif words and words[-1] == "{":
            around.append(words[:-1])
            found.append(tuple(around))
        elif words:
            found.append((*around, words))
    assert around == [], f"not closed: {around}"
    return found


def caddy() -> list[tuple[tuple[str, ...], ...]]:
    (example,) = re.findall(r"```caddy\n(.*?)```", TEXT, re.DOTALL)
    return blocks(example)


@pytest.mark.parametrize("text", ["a {\n", "}\n", "a {\n}\n}\n"])
def test_braces_that_do_not_fit_are_found(text: str) -> None:
    with pytest.raises((AssertionError, IndexError)):
        blocks(text)


def test_the_site_is_the_public_address_and_what_is_behind_it_is_where_serve_listens() -> None:
    (public,) = re.findall(r"DESKLINE_PUBLIC_URL=https://(\S+)", TEXT)
    defaults = {name: each.default for name, each in inspect.signature(serve).parameters.items()}
    to = ("reverse_proxy", f"{defaults['host']}:{defaults['port']}")

    assert {line[0] for line in caddy()} == {(public,)}
    assert ((public,), to) in caddy()
    assert {line[-1] for line in caddy() if to in line[:-1]} == {
        ("flush_interval", "-1"),  # events are sent on as they come
        ("header_up", "-Forwarded"),  # not what the client says of itself
    }


async def test_the_paths_that_are_kept_from_everybody_are_served_and_are_those_of_nginx(tmp_path: Path) -> None:
    matched = {line[-1][0]: set(line[-1][2:]) for line in caddy() if line[-1][0].startswith("@")}
    kept = {path for line in caddy() if line[-1][::2] == ("respond", "404") for path in matched.pop(line[-1][1])}
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'desk.db'}")
    async with wired(settings) as desk:
        routes = create_app(settings, desk).routes

    assert kept == set(re.findall(r"location = (\S+) \{\n\s+return 404;", TEXT))
    assert kept
    assert matched == {}, "a matcher nothing uses"
    for path in kept:
        scope: Scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
        assert any(route.matches(scope)[0] is Match.FULL for route in routes), path
