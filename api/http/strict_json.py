"""JSON from strangers: read whole or refused, whatever it is made of.

orjson refuses what is no JSON: bad UTF-8, a byte order mark, NaN, half characters, numbers beyond a double. It takes
the last of repeated keys, though, and rounds long whole numbers; the standard library then reads what is known to be
well formed and shallow, finds the former and keeps the latter.
"""

import json

import orjson

from schema.engine import limits


class NotJson(Exception):
    """The message says what was wrong, in words for whoever sent it."""


def read_json(raw: bytes) -> object:
    """Raises `NotJson`, and nothing else."""
    try:
        _expect_shallow(orjson.loads(raw))
    except orjson.JSONDecodeError as error:
        raise NotJson(f"This is not JSON: {error.msg}.") from None
    try:
        return json.loads(raw, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        raise NotJson("A number in this JSON is too long.") from None


def _expect_shallow(value: object) -> None:
    level = [value]
    for _ in range(limits.JSON_DEPTH + 1):
        level = [item for container in level for item in _items(container)]
        if not level:
            return
    raise NotJson(f"This JSON is nested deeper than {limits.JSON_DEPTH} levels.")


def _items(value: object) -> list[object]:
    match value:
        case dict():
            return [item for item in value.values() if isinstance(item, dict | list)]  # pyright: ignore[reportUnknownVariableType]
        case list():
            return [item for item in value if isinstance(item, dict | list)]  # pyright: ignore[reportUnknownVariableType]
        case _:
            return []


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise NotJson("An object in this JSON has a key twice.")
    return read
