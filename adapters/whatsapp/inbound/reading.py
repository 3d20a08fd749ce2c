"""Untrusted JSON into plain values: what can't be read ends in `Unreadable` and in no other exception.

Text comes out clean: without U+0000, which PostgreSQL can't store, and with U+FFFD for each lone surrogate.
"""

import math
import re
from decimal import Decimal
from typing import TypeAlias, TypeVar, cast

import msgspec

from domain.ports.network import Unreadable

Word: TypeAlias = str | int | float | None
"""A text that may come as a number, or the reverse."""

M = TypeVar("M", bound=msgspec.Struct)

ID_LIMIT = 512  # characters; the longest ids of the network are under 200

_TROUBLES = (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError)
_BACKSLASH = b"\x01"  # stands for an escaped backslash meanwhile; as itself it makes any JSON unreadable
_LONE_SURROGATE = re.compile(
    rb"\\u[dD](?:"
    rb"[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"  # a first half that no second follows
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD])[c-fC-F][0-9a-fA-F]{2}"  # a second half without its first
    rb")"
)
_RAW_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{0,30})?([eE][+-]?[0-9]{1,3})?")
_FAULT_AT = re.compile(r" - at `\$((?:\.\w+|\[\d+\])+)")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
LEAVES_LEFT_OUT = 16  # of one item: each has it read once more


def read_json(body: bytes) -> object:
    """The JSON value of a body. Raises `Unreadable`. Linear in the body's length, also for a hostile one."""
    if b"\\u0000" in body:
        return _read(_cleaned(body))
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        raise Unreadable("the JSON is nested too deep") from None
    except _TROUBLES as trouble:
        cleaned = _cleaned(body)
        if cleaned == body:
            raise _unreadable(trouble) from None
    return _read(cleaned)


def as_object(value: object) -> dict[str, object] | None:
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def as_list(value: object) -> list[object] | None:
    return cast("list[object]", value) if isinstance(value, list) else None


def as_text(value: object) -> str | None:
    """A text, or a number as the text it stands for; None for nothing, the empty text and everything else."""
    match value:
        case bool():
            return None
        case str():
            return value or None
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() else str(value)
        case _:
            return None


def as_id(value: object) -> str | None:
    """A name of the network's; None where it is missing or too long to be one."""
    text = as_text(value)
    return text if text is not None and len(text) <= ID_LIMIT else None


def as_code(value: object) -> int | None:
    """A number of the network's codes, 32 bits, also where it is written as text."""
    text = as_text(value)
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,9}", text) else None


def as_number(value: object) -> float | None:
    """A number, also where it is written as text; None where it is none or has no end."""
    text = as_text(value)
    if text is None or not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def as_decimal(value: object) -> Decimal | None:
    """A number, exactly as it is written; None where it is none or has no end."""
    text = as_text(value)
    return Decimal(text) if text is not None and as_number(text) is not None else None


def read_model(value: dict[str, object], model: type[M]) -> tuple[M, dict[str, str]]:
    """The model with what could be read of an object, and what was wrong with each of its fields left out.

    Of a field that is an object or a list only the odd field or element within is left out, so that it costs nothing
    around it; what was wrong first within `text` is told as `text.`.
    """
    left, faults, leaves = value, dict[str, str](), 0
    while True:
        try:
            return msgspec.convert(left, model, strict=False), faults
        except msgspec.ValidationError as fault:
            at = _FAULT_AT.search(str(fault))
            steps = [name or int(index) for name, index in _STEP.findall(at[1])] if at is not None else []
            field = steps[0] if steps else None
            if not isinstance(field, str) or field not in left:
                raise
            if len(steps) > 1 and leaves < LEAVES_LEFT_OUT:
                leaves += 1
                faults.setdefault(f"{field}.", str(fault))
                left = cast("dict[str, object]", _without(left, steps))
                continue
            faults[field] = str(fault)
            left = {name: part for name, part in left.items() if name != field}


def _without(value: object, steps: list[str | int]) -> object:
    """The value with the field that these steps lead to left out; what is around it is copied, and nothing else."""
    step, *further = steps
    if isinstance(step, int):
        elements = as_list(value) or []
        if not further:
            return [*elements[:step], *elements[step + 1 :]]
        return [*elements[:step], _without(elements[step], further), *elements[step + 1 :]]
    parts = as_object(value) or {}
    if further:
        return parts | {step: _without(parts[step], further)}
    return {name: part for name, part in parts.items() if name != step}


def as_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _read(cleaned: bytes) -> object:
    try:
        return msgspec.json.decode(cleaned)
    except _TROUBLES as trouble:
        raise _unreadable(trouble) from None


def _unreadable(trouble: Exception) -> Unreadable:
    return Unreadable(f"it is not JSON that can be read: {trouble}")


def _cleaned(body: bytes) -> bytes:
    """The body without what JSON lets through, or nearly, and no text can hold."""
    if _BACKSLASH in body:
        return body
    unescaped = body.replace(rb"\\", _BACKSLASH)
    whole = _RAW_SURROGATE.sub(b"\xef\xbf\xbd", _LONE_SURROGATE.sub(rb"\\ufffd", unescaped))
    without_nul = whole.replace(rb"\u0000", b"").replace(b"\0", b"")
    if rb"\u0000" in without_nul:  # only broken escapes come together to a new one
        return body
    return without_nul.replace(_BACKSLASH, rb"\\")


def listed(value: object, *, otherwise: object) -> list[object]:
    """The elements of a list, nothing for null, and `otherwise` alone for what is no list."""
    if value is None:
        return []
    elements = as_list(value)
    return elements if elements is not None else [otherwise]
