"""Troubles on demand: what goes wrong with the next sends and webhooks, how often, and for whom."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast, get_args

from adapters.whatsapp.simulator.wire import Json, JsonObject, digits

FaultKind: TypeAlias = Literal[
    "timeout_after_accept",
    "drop_after_accept",
    "drop_before_accept",
    "error",
    "html_502",
    "status_before_answer",
    "fail_later",
    "swallow_statuses",
    "duplicate_webhooks",
    "batch",
    "reorder",
    "wrong_signature",
    "revoke_token",
    "media_unavailable",
    "media_cut",
    "media_wrong_bytes",
    "media_over_size",
    "media_elsewhere",
    "media_upload_fails",
]

BEFORE_ACCEPT: Final[tuple[FaultKind, ...]] = ("drop_before_accept", "error", "html_502")
AFTER_ACCEPT: Final[tuple[FaultKind, ...]] = ("timeout_after_accept", "drop_after_accept", "status_before_answer")
STATUSES: Final[tuple[FaultKind, ...]] = ("fail_later", "swallow_statuses")
GATHERING: Final[tuple[FaultKind, ...]] = ("batch", "reorder")

MAX_FAULTS: Final = 100
MAX_BATCH: Final = 1000  # updates in one body, as the network documents it
DEFAULT_CODE: Final[dict[str, int]] = {"error": 131000, "fail_later": 131026}


@dataclass(slots=True)
class Fault:
    """`left` counts down with each use; None stays until the faults are cleared. `to` None is everybody."""

    kind: FaultKind
    left: int | None = None
    to: str | None = None
    code: int = 0
    status: int | None = None
    subcode: int | None = None
    size: int = 2

    def row(self) -> JsonObject:
        match_to: JsonObject = {} if self.to is None else {"to": self.to}
        row: JsonObject = {"kind": self.kind, "times": self.left, "match": match_to}
        if self.kind in DEFAULT_CODE:
            row |= {"code": self.code, "status": self.status, "subcode": self.subcode}
        if self.kind == "batch":
            row["size"] = self.size
        return row


class Faults:
    """The faults now in force, oldest first; the oldest that fits is the one that happens."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def add(self, fault: Fault) -> None:
        if len(self._faults) >= MAX_FAULTS:
            raise ValueError(f"{MAX_FAULTS} faults are in force already")
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults.clear()

    def peek(self, kinds: tuple[FaultKind, ...], to: frozenset[str] = frozenset()) -> Fault | None:
        """The fault that would happen, left as it is. `to` holds all names of the recipient."""
        fitting = (fault for fault in self._faults if fault.kind in kinds)
        return next((fault for fault in fitting if fault.to is None or fault.to in to), None)

    def take(self, kinds: tuple[FaultKind, ...], to: frozenset[str] = frozenset()) -> Fault | None:
        """The fault that happens now, counted down."""
        fault = self.peek(kinds, to)
        if fault is not None and fault.left is not None:
            fault.left -= 1
            if fault.left <= 0:
                self._faults.remove(fault)
        return fault


def read_fault(body: Json) -> Fault:
    """A fault from `{kind, times?, match?: {to?}, code?, status?, subcode?, size?}`; ValueError says what is wrong."""
    if not isinstance(body, dict):
        raise ValueError("expected an object with a kind")
    kind = body.get("kind")
    if kind not in get_args(FaultKind):
        raise ValueError(f"kind must be one of {', '.join(get_args(FaultKind))}")
    known = cast("FaultKind", kind)
    return Fault(
        kind=known,
        left=_whole(body, "times", least=1, most=1_000_000),
        to=_recipient(body.get("match")),
        code=_whole(body, "code", least=0, most=10_000_000) or DEFAULT_CODE.get(known, 0),
        status=_whole(body, "status", least=400, most=599),
        subcode=_whole(body, "subcode", least=0, most=10_000_000),
        size=_whole(body, "size", least=2, most=MAX_BATCH) or 2,
    )


def _whole(body: JsonObject, name: str, *, least: int, most: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most}")
    return value


def _recipient(match: Json) -> str | None:
    to = match.get("to") if isinstance(match, dict) else None
    if to is None:
        return None
    if not isinstance(to, str) or not to:
        raise ValueError("match.to must be a phone number or a user id")
    return to if "." in to else digits(to)
