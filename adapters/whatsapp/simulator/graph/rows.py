"""Rows of the Graph API's lists: their fields, and pages of them by cursor."""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Final

from starlette.requests import Request

from adapters.whatsapp.simulator.graph.errors import GraphError
from adapters.whatsapp.simulator.wire import Json, JsonObject
from adapters.whatsapp.simulator.world import Number

DEFAULT_LIMIT: Final = 25
MAX_LIMIT: Final = 1000
NUMBER_FIELDS: Final = (
    "verified_name",
    "code_verification_status",
    "display_phone_number",
    "quality_rating",
    "platform_type",
    "throughput",
)


def number_row(number: Number) -> JsonObject:
    return {
        "id": number.id,
        "display_phone_number": number.display_phone_number,
        "verified_name": number.verified_name,
        "quality_rating": number.quality_rating,
        "code_verification_status": number.code_verification_status,
        "platform_type": number.platform_type,
        "throughput": {"level": "STANDARD"},
        "status": number.status,
        "name_status": number.name_status,
        "account_mode": "LIVE",
        "is_official_business_account": False,
        "is_pin_enabled": number.pin is not None,
        "whatsapp_business_manager_messaging_limit": "TIER_2K",
    }


def picked(row: JsonObject, request: Request, default: Sequence[str], *, with_id: bool = True) -> JsonObject:
    """The fields of `?fields=`, and always the id; GraphError for a field nobody knows."""
    fields = request.query_params.get("fields")
    names = [name.strip() for name in re.sub(r"\{[^}]*\}", "", fields).split(",")] if fields else list(default)
    if unknown := [name for name in names if name and name not in row]:
        raise GraphError(100, f"Tried accessing nonexisting field ({unknown[0]})")
    picked = {name: row[name] for name in names if name}
    return picked | {"id": row["id"]} if with_id else picked


def page_of(request: Request, rows: list[JsonObject]) -> JsonObject:
    """One page with Meta's cursors; `next` is there while more follows."""
    limit = _limit(request.query_params.get("limit"))
    start = _start(request.query_params.get("after"), rows)
    page: list[Json] = [*rows[start : start + limit]]
    if not page:
        return {"data": page}
    cursors: JsonObject = {"before": _cursor(rows[start]), "after": _cursor(rows[start + len(page) - 1])}
    paging: JsonObject = {"cursors": cursors}
    if start + len(page) < len(rows):
        paging["next"] = str(request.url.include_query_params(limit=limit, after=cursors["after"]))
    return {"data": page, "paging": paging}


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not re.fullmatch(r"[0-9]{1,6}", text) or int(text) == 0:
        raise GraphError(100, "Param limit must be a positive number")
    return min(int(text), MAX_LIMIT)


def _start(after: str | None, rows: list[JsonObject]) -> int:
    if after is None:
        return 0
    try:
        last = base64.b64decode(after, validate=True).decode()
    except (binascii.Error, ValueError):
        last = ""
    places = [place for place, row in enumerate(rows) if row["id"] == last]
    if not places:
        raise GraphError(131059, "The paging cursor is invalid or has expired")
    return places[0] + 1


def _cursor(row: JsonObject) -> str:
    return base64.b64encode(str(row["id"]).encode()).decode()
