"""One call of the Graph API: a question, an order, or a list with all its pages. Nothing here retries.

Access tokens appear in no log, exception or answer. Source: Graph API, "Handling errors", "Paginated results".
"""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote

import httpx

from adapters.whatsapp.calls import (
    Answer,
    bad_token,
    done_or_failed,
    foreign_answer,
    json_object,
    refusal_in,
    retry_after_s,
)
from adapters.whatsapp.inbound.reading import as_code, as_list, as_object, as_text
from adapters.whatsapp.outbound import Json, JsonObject
from adapters.whatsapp.transfers import MAX_FILE_S
from domain.ports.network import Failed, NotSent, Unanswered

PAGE_SIZE = 100
MAX_PAGES = 1000
MAX_ANSWER_BYTES = 16_000_000  # unpacked; a hundred templates with all their parts are a twentieth of it
MAX_CALL_S = 12.0  # in all, and so within the 15 s lease of a send: its answer is recorded before the lease ends

FILE_TIMEOUT = httpx.Timeout(connect=5.0, read=60.0, write=30.0, pool=5.0)

NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)
TOKEN = re.compile(r"[\x21-\x7e]+")

TOO_MUCH = frozenset({1})
"""Codes of a page that is more than the network wants to answer at once. It has other trouble under the same code, so
smaller pages are tried down to one row, and the last answer counts."""

Parameters: TypeAlias = dict[str, str]


@dataclass(frozen=True, slots=True)
class File:
    """Bytes that go as they are, under the headers that describe them."""

    content: AsyncIterable[bytes]
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[object]
    is_last: bool
    after: str | None


def read_page(answer: Answer | Failed, token: str) -> Page | Failed:
    """The address in `next` is not followed: it could lead anywhere, with our token."""
    if not isinstance(answer, Answer):
        return answer
    if refusal := refusal_in(answer, token):
        return refusal
    body = answer.body or {}
    rows = as_list(body.get("data"))
    if rows is None:
        return foreign_answer()
    paging = as_object(body.get("paging")) or {}
    after = as_text((as_object(paging.get("cursors")) or {}).get("after"))
    return Page(rows, not paging.get("next"), after)


def _says_too_much(answer: Answer) -> bool:
    error = as_object((answer.body or {}).get("error")) or {}
    return as_code(error.get("code")) in TOO_MUCH


class Graph:
    """The network over HTTP. `base_url` without the version, such as `https://graph.facebook.com`."""

    def __init__(self, base_url: str, version: str, http: httpx.AsyncClient) -> None:
        self.root = f"{base_url.rstrip('/')}/{version}"
        self.http = http
        logging.getLogger("httpx").addFilter(_tells_no_token)

    async def ask(self, token: str, *path: str, parameters: Parameters) -> dict[str, object] | Failed:
        answer = await self.call("GET", token, *path, parameters=parameters)
        if not isinstance(answer, Answer):
            return answer
        return refusal_in(answer, token) or answer.body or foreign_answer()

    async def do(self, token: str, *path: str, body: JsonObject) -> Failed | None:
        return done_or_failed(await self.call("POST", token, *path, body=body), token)

    async def told(self, token: str, *path: str, body: JsonObject) -> dict[str, object] | Failed:
        """An order whose answer says more than that it is done."""
        answer = await self.call("POST", token, *path, body=body)
        if not isinstance(answer, Answer):
            return answer
        return refusal_in(answer, token) or answer.body or foreign_answer()

    async def rows(self, token: str, *path: str, fields: str = "") -> list[object] | Failed:
        """The elements of every page, or the first failure: half a list is none. Without `fields`, as they come."""
        rows: list[object] = []
        async for page in self._pages(token, *path, fields=fields):
            if not isinstance(page, list):
                return page
            rows += page
        return rows

    async def _pages(self, token: str, *path: str, fields: str) -> AsyncIterator[list[object] | Failed]:
        size, after = PAGE_SIZE, ""
        seen: set[str] = set()
        for _ in range(MAX_PAGES):
            told = {"fields": fields, "limit": str(size), "after": after}
            parameters = {name: value for name, value in told.items() if value}
            answer = await self.call("GET", token, *path, parameters=parameters)
            if isinstance(answer, Answer) and _says_too_much(answer) and size > 1:
                size //= 2  # for the pages after it as well
                continue
            page = read_page(answer, token)
            if not isinstance(page, Page):
                yield page
                return
            yield page.rows
            if page.is_last:
                return
            if page.after is None or page.after in seen:
                break
            seen.add(page.after)
            after = page.after
        yield Unanswered("The network's list does not come to an end.")

    async def call(
        self,
        method: str,
        token: str,
        *path: str,
        parameters: Parameters | None = None,
        body: JsonObject | None = None,
        file: File | None = None,
    ) -> Answer | Failed:
        """`body` goes as JSON; a file as it is, and takes as long as a file may."""
        if not TOKEN.fullmatch(token):
            return bad_token()
        url = "/".join((self.root, *(_segment(part) for part in path)))
        headers = {"Authorization": f"Bearer {token}", **(file.headers if file is not None else {})}
        within_s = MAX_CALL_S if file is None else MAX_FILE_S
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            async with asyncio.timeout(within_s):
                async with self.http.stream(
                    method,
                    url,
                    params=parameters,
                    headers=headers,
                    content=_encoded(body) if body is not None else file.content if file is not None else None,
                    timeout=httpx.USE_CLIENT_DEFAULT if file is None else FILE_TIMEOUT,
                ) as response:
                    content = await _whole(response)
        # Only the kind of failure is told: what an exception says could quote the request.
        except (*NEVER_LEFT, httpx.InvalidURL) as failure:
            return NotSent(f"The network could not be reached ({type(failure).__name__}).")
        except httpx.RequestError as failure:
            return Unanswered(f"The network did not answer ({type(failure).__name__}).")
        except TimeoutError:
            return Unanswered(f"The network did not answer within {within_s:.0f} seconds.")
        if content is None:
            return Unanswered("The network's answer does not come to an end.")
        return Answer(response.status_code, json_object(content), retry_after_s(response.headers))


async def _whole(response: httpx.Response) -> bytes | None:
    """What it says; None where that is more than any answer has."""
    content = bytearray()
    async for part in response.aiter_bytes():
        content += part
        if len(content) > MAX_ANSWER_BYTES:
            return None
    return bytes(content)


def _segment(name: str) -> str:
    """A name as one segment of a path, whatever characters somebody gave it."""
    return quote(name, safe="", errors="replace").replace(".", "%2E")


def _encoded(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _tells_no_token(record: logging.LogRecord) -> bool:
    """httpx logs whole addresses, and some of them name a token, or a secret and a code."""
    said = record.getMessage()
    return "input_token=" not in said and "client_secret=" not in said
