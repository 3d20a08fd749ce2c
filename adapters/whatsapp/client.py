"""The Cloud API over HTTP: each call answers facts, or says what is known of its failure.

A send that may have been accepted is `Unanswered` and never tried again here; nothing in this file retries.
Access tokens appear in no log, exception or answer. Source: Graph API, "Handling errors"; WhatsApp Business Platform,
"Error codes".
"""

import asyncio
import json
import logging
import re
import secrets
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from urllib.parse import quote, urlsplit

import httpx

from adapters.whatsapp.answers import NUMBER_FIELDS, account_facts, file_facts, number_facts, token_facts
from adapters.whatsapp.inbound.reading import as_code, as_id, as_list, as_object, as_text, read_json
from adapters.whatsapp.outbound import Json, JsonObject, multipart_edges, read_body, send_body
from adapters.whatsapp.templates import TEMPLATE_FIELDS, creation_body, made_of, template_of
from domain.channels.template_drafts import TemplateDraft
from domain.channels.templates import Template
from domain.files.media import Media
from domain.ids import BusinessAccountId, OrganizationId, PhoneNumberId, TemplateId, Wamid
from domain.outbound.failures import refuses_for_certain
from domain.ports.network import (
    Accepted,
    AccountFacts,
    BrokenOff,
    Elsewhere,
    Failed,
    FileFacts,
    NotSent,
    NumberFacts,
    Outgoing,
    Rejected,
    SendResult,
    TemplateMade,
    TokenFacts,
    Unanswered,
    Unreadable,
)
from domain.ports.system import Ids

PAGE_SIZE = 100
MAX_PAGES = 1000
OK = 200
MAX_CALL_S = 12.0  # in all, and so within the 15 s lease of a send: its answer is recorded before the lease ends
MAX_FILE_S = 240.0  # for all bytes of one file, either way: within the five minutes that a worker has it for
MAX_ERROR_BYTES = 64 * 1024
CHUNK_BYTES = 256 * 1024
MEDIA_HOSTS = frozenset({("https", "lookaside.fbsbx.com", 443), ("https", "graph.facebook.com", 443)})
MAX_RETRY_AFTER_S = 7 * 24 * 3600.0
MESSAGE_LIMIT = 500  # characters of the network's words
TOKEN_INVALID = 190

FILE_TIMEOUT = httpx.Timeout(connect=5.0, read=60.0, write=30.0, pool=5.0)

_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)
_SESSION = re.compile(r"(?P<session>upload:[A-Za-z0-9+/=_:-]{1,2048})(\?sig=(?P<signature>[A-Za-z0-9_=-]{1,1024}))?")
_CONTROL = re.compile(r"[\x00-\x20\x7f]")  # Python leaves some of them out of an address without a word
_TOKEN = re.compile(r"[\x21-\x7e]+")


def http_client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """A client with explicit timeouts that follows no redirect and reads no proxy settings from the environment."""
    return httpx.AsyncClient(
        transport=transport,
        timeout=httpx.Timeout(connect=5.0, read=10.0, write=10.0, pool=5.0),
        trust_env=False,
        follow_redirects=False,
        headers={"User-Agent": "Deskline"},
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: dict[str, object] | None  # None: not a JSON object
    retry_after_s: float | None

    @property
    def is_success(self) -> bool:
        return 200 <= self.status <= 299


_Parameters: TypeAlias = dict[str, str]


class CloudApi:
    """The network port. `base_url` without the version, such as `https://graph.facebook.com`."""

    def __init__(self, base_url: str, version: str, http: httpx.AsyncClient, ids: Ids) -> None:
        self._root = f"{base_url.rstrip('/')}/{version}"
        self._media_hosts = MEDIA_HOSTS | {_origin(base_url)}
        self._http = http
        self._ids = ids
        logging.getLogger("httpx").addFilter(_tells_no_token)

    async def send(self, token: str, outgoing: Outgoing) -> SendResult:
        answer = await self._call("POST", token, outgoing.number, "messages", body=send_body(outgoing))
        if not isinstance(answer, _Answer):
            return answer
        if refusal := _refusal(answer, token):
            return refusal
        return _accepted(answer.body or {}, outgoing.wa_id or outgoing.business_scoped_id or "")

    async def mark_read(
        self, token: str, number: PhoneNumberId, wamid: Wamid, *, typing: bool = False
    ) -> Failed | None:
        return await self._do(token, number, "messages", body=read_body(wamid, typing=typing))

    async def file_facts(self, token: str, number: PhoneNumberId, network_id: str) -> FileFacts | Failed:
        answer = await self._ask(token, network_id, parameters={"phone_number_id": number})
        if not isinstance(answer, dict):
            return answer
        return file_facts(answer) or _foreign()

    @asynccontextmanager
    async def download(self, token: str, url: str) -> AsyncGenerator[AsyncIterator[bytes] | Elsewhere | Failed]:
        """The token goes with it, so only to the network's own hosts. Nothing is unpacked on the way."""
        origin = _origin(url)
        if origin is None or origin not in self._media_hosts:
            yield Elsewhere(origin[1][:MESSAGE_LIMIT] if origin else "no address")
            return
        if not _TOKEN.fullmatch(token):
            yield _bad_token()
            return
        headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
        try:
            request = self._http.build_request("GET", url, headers=headers)
        except httpx.InvalidURL:
            yield Elsewhere("no address")
            return
        try:
            async with asyncio.timeout(MAX_CALL_S):
                response = await self._http.send(request, stream=True)
        except TimeoutError:
            yield Unanswered(f"The network did not answer within {MAX_CALL_S:.0f} seconds.")
            return
        except _NEVER_LEFT as failure:
            yield NotSent(f"The network could not be reached ({type(failure).__name__}).")
            return
        except httpx.RequestError as failure:
            yield Unanswered(f"The network did not answer ({type(failure).__name__}).")
            return
        try:
            yield _arriving(response) if response.status_code == OK else await _no_file(response, token)
        finally:
            await response.aclose()

    async def upload(
        self, token: str, number: PhoneNumberId, file: Media, chunks: AsyncIterable[bytes]
    ) -> str | Failed:
        assert file.size is not None, f"media {file.id} is not READY"
        boundary = secrets.token_hex(16)
        before, after = multipart_edges(boundary, file.mime_type)
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(before) + file.size + len(after)),
        }
        answer = await self._call(
            "POST",
            token,
            number,
            "media",
            headers=headers,
            content=_between(before, chunks, after),
            within_s=MAX_FILE_S,
        )
        if not isinstance(answer, _Answer):
            return answer
        if refusal := _refusal(answer, token):
            return refusal
        return as_id((answer.body or {}).get("id")) or _foreign()

    async def token_facts(self, token: str) -> TokenFacts | Failed:
        """The token asks about itself. One that the network does not take is a fact: it is not valid."""
        answer = await self._ask(token, "debug_token", parameters={"input_token": token})
        if isinstance(answer, Rejected) and answer.code in (0, TOKEN_INVALID):
            return TokenFacts(valid=False, permissions=frozenset())
        if not isinstance(answer, dict):
            return answer
        data = as_object(answer.get("data"))
        return token_facts(data) if data is not None else _foreign()

    async def account_facts(self, token: str, account: BusinessAccountId) -> AccountFacts | Failed:
        answer = await self._ask(token, account, parameters={"fields": "id,name,business_verification_status"})
        if not isinstance(answer, dict):
            return answer
        return account_facts(account, answer) if as_id(answer.get("id")) in (None, account) else _foreign()

    async def numbers(self, token: str, account: BusinessAccountId) -> list[NumberFacts] | Failed:
        rows = await self._rows(token, account, "phone_numbers", fields=NUMBER_FIELDS)
        if not isinstance(rows, list):
            return rows
        return [facts for row in rows if (facts := number_facts(row)) is not None]

    async def register(self, token: str, number: PhoneNumberId, pin: str) -> Failed | None:
        return await self._do(token, number, "register", body={"messaging_product": "whatsapp", "pin": pin})

    async def subscribe(self, token: str, account: BusinessAccountId) -> Failed | None:
        return await self._do(token, account, "subscribed_apps", body={})

    async def templates(
        self, token: str, organization: OrganizationId, account: BusinessAccountId, now: datetime
    ) -> list[Template] | Failed:
        rows = await self._rows(token, account, "message_templates", fields=TEMPLATE_FIELDS)
        if not isinstance(rows, list):
            return rows
        made = (
            template_of(row, id=TemplateId(self._ids.new()), organization=organization, account=account, now=now)
            for row in rows
        )
        return [template for template in made if template is not None]

    async def upload_sample(self, token: str, app_id: str, file: Media, chunks: AsyncIterable[bytes]) -> str | Failed:
        assert file.size is not None, f"media {file.id} is not READY"
        told = {"file_name": file.file_name or "sample", "file_length": str(file.size), "file_type": file.mime_type}
        begun = await self._call("POST", token, app_id, "uploads", parameters=told)
        if not isinstance(begun, _Answer):
            return begun
        if refusal := _refusal(begun, token):
            return refusal
        session = _SESSION.fullmatch(as_text((begun.body or {}).get("id")) or "")
        if session is None:
            return _foreign()
        answer = await self._call(
            "POST",
            token,
            session["session"],
            parameters={"sig": session["signature"]} if session["signature"] else None,
            headers={
                "Authorization": f"OAuth {token}",
                "Content-Type": file.mime_type,
                "Content-Length": str(file.size),
                "file_offset": "0",
            },
            content=chunks,
            within_s=MAX_FILE_S,
        )
        if not isinstance(answer, _Answer):
            return answer
        if refusal := _refusal(answer, token):
            return refusal
        return as_text((answer.body or {}).get("h")) or _foreign()

    async def create_template(
        self, token: str, account: BusinessAccountId, draft: TemplateDraft, sample: str | None
    ) -> TemplateMade | Failed:
        body = creation_body(draft, sample)
        answer = await self._call("POST", token, account, "message_templates", body=body)
        if not isinstance(answer, _Answer):
            return answer
        if refusal := _refusal(answer, token):
            return refusal
        return made_of(answer.body or {}, draft.category) or _foreign()

    async def delete_template(
        self, token: str, account: BusinessAccountId, name: str, network_id: str
    ) -> Failed | None:
        named = {"name": name, "hsm_id": network_id}
        return _done(await self._call("DELETE", token, account, "message_templates", parameters=named), token)

    # One question, one order, one list

    async def _ask(self, token: str, *path: str, parameters: _Parameters) -> dict[str, object] | Failed:
        answer = await self._call("GET", token, *path, parameters=parameters)
        if not isinstance(answer, _Answer):
            return answer
        return _refusal(answer, token) or answer.body or _foreign()

    async def _do(self, token: str, *path: str, body: JsonObject) -> Failed | None:
        return _done(await self._call("POST", token, *path, body=body), token)

    async def _rows(self, token: str, *path: str, fields: str) -> list[object] | Failed:
        """The elements of every page, or the first failure: half a list is none."""
        rows: list[object] = []
        async for page in self._pages(token, *path, fields=fields):
            if not isinstance(page, list):
                return page
            rows += page
        return rows

    async def _pages(self, token: str, *path: str, fields: str) -> AsyncIterator[list[object] | Failed]:
        parameters = {"fields": fields, "limit": str(PAGE_SIZE)}
        seen: set[str] = set()
        for _ in range(MAX_PAGES):
            answer = await self._ask(token, *path, parameters=parameters)
            rows = as_list(answer.get("data")) if isinstance(answer, dict) else None
            if not isinstance(answer, dict) or rows is None:
                yield answer if not isinstance(answer, dict) else _foreign()
                return
            yield rows
            paging = as_object(answer.get("paging")) or {}
            if not paging.get("next"):
                return
            # The address in `next` is not followed: it could lead anywhere, with our token.
            after = as_text((as_object(paging.get("cursors")) or {}).get("after"))
            if after is None or after in seen:
                break
            seen.add(after)
            parameters = parameters | {"after": after}
        yield Unanswered("The network's list does not come to an end.")

    async def _call(
        self,
        method: str,
        token: str,
        *path: str,
        parameters: _Parameters | None = None,
        body: JsonObject | None = None,
        headers: dict[str, str] | None = None,
        content: AsyncIterable[bytes] | None = None,
        within_s: float = MAX_CALL_S,
    ) -> _Answer | Failed:
        """`body` goes as JSON; `content` as it is, under the `headers` that describe it."""
        if not _TOKEN.fullmatch(token):
            return _bad_token()
        url = "/".join((self._root, *(_segment(part) for part in path)))
        headers = {"Authorization": f"Bearer {token}", **(headers or {})}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            async with asyncio.timeout(within_s):
                response = await self._http.request(
                    method,
                    url,
                    params=parameters,
                    headers=headers,
                    content=content if body is None else _encoded(body),
                    timeout=httpx.USE_CLIENT_DEFAULT if content is None else FILE_TIMEOUT,
                )
        # Only the kind of failure is told: what an exception says could quote the request.
        except (*_NEVER_LEFT, httpx.InvalidURL) as failure:
            return NotSent(f"The network could not be reached ({type(failure).__name__}).")
        except httpx.RequestError as failure:
            return Unanswered(f"The network did not answer ({type(failure).__name__}).")
        except TimeoutError:
            return Unanswered(f"The network did not answer within {within_s:.0f} seconds.")
        return _Answer(response.status_code, _json_object(response.content), _retry_after_s(response.headers))


# Bytes


async def _arriving(response: httpx.Response) -> AsyncIterator[bytes]:
    deadline = asyncio.get_running_loop().time() + MAX_FILE_S
    chunks = response.aiter_raw(CHUNK_BYTES)
    try:
        while True:
            # A chunk is gathered from many reads: one that trickles would keep each of them from its own timeout.
            async with asyncio.timeout_at(deadline):
                chunk = await anext(chunks, None)
            if chunk is None:
                return
            yield chunk
    except TimeoutError:
        raise BrokenOff(f"It did not come within {MAX_FILE_S:.0f} seconds.") from None
    except httpx.RequestError as failure:
        raise BrokenOff(f"It stopped coming ({type(failure).__name__}).") from None


async def _no_file(response: httpx.Response, token: str) -> Failed:
    """What an answer says that brings no file."""
    begun = bytearray()
    try:
        async for chunk in response.aiter_raw(MAX_ERROR_BYTES):
            begun += chunk
            if len(begun) >= MAX_ERROR_BYTES:
                break
    except httpx.RequestError:
        return _foreign(response.status_code)
    answer = _Answer(response.status_code, _json_object(bytes(begun)), _retry_after_s(response.headers))
    return _refusal(answer, token) or _foreign(response.status_code)


async def _between(before: bytes, chunks: AsyncIterable[bytes], after: bytes) -> AsyncGenerator[bytes]:
    yield before
    async for chunk in chunks:
        yield chunk
    yield after


def _origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port; None for what is no address, or hides another one in it."""
    if _CONTROL.search(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    if port is None or parts.hostname is None or "@" in parts.netloc or "\\" in url:
        return None
    return (parts.scheme, parts.hostname, port)


# Reading answers


def _refusal(answer: _Answer, token: str) -> Rejected | Unanswered | None:
    """What speaks against success; None for a 2xx with a JSON object that is no error."""
    error = as_object(answer.body.get("error")) if answer.body is not None else None
    if error is None:
        if answer.is_success and answer.body is not None:
            return None
        return _foreign(answer.status)
    code = as_code(error.get("code"))
    is_refused = 400 <= answer.status <= 499 or refuses_for_certain(code)
    said = _said(error, token)
    if not is_refused:
        return Unanswered(f"The network had trouble of its own ({answer.status}, code {code}): {said}")
    return Rejected(code, said, answer.retry_after_s, as_code(error.get("error_subcode")))


def _done(answer: _Answer | Failed, token: str) -> Failed | None:
    if not isinstance(answer, _Answer):
        return answer
    if refusal := _refusal(answer, token):
        return refusal
    return None if (answer.body or {}).get("success") in (True, "true") else _foreign()


def _accepted(body: dict[str, object], recipient: str) -> Accepted | Unanswered:
    message = as_object(next(iter(as_list(body.get("messages")) or []), None)) or {}
    contact = as_object(next(iter(as_list(body.get("contacts")) or []), None)) or {}
    wamid = as_id(message.get("id"))
    told = as_text(contact.get("input"))
    if wamid is None or (told is not None and _bare(told) != _bare(recipient)):
        return Unanswered("The network's answer does not name the message.")
    return Accepted(Wamid(wamid), as_id(contact.get("wa_id")), as_id(contact.get("user_id")))


def _bare(recipient: str) -> str:
    """A recipient without what is only there to be read."""
    return re.sub(r"[+\s()-]", "", recipient)


def _said(error: dict[str, object], token: str) -> str:
    data = as_object(error.get("error_data")) or {}
    told = (data.get("details"), error.get("message"), error.get("error_user_msg"))
    words = next((text for part in told if (text := as_text(part))), "no reason given")
    return words.replace(token, "…")[:MESSAGE_LIMIT]


def _bad_token() -> Rejected:
    return Rejected(TOKEN_INVALID, "The access token holds characters that no token has.")


def _foreign(status: int | None = None) -> Unanswered:
    told = f" ({status})" if status is not None else ""
    return Unanswered(f"The answer{told} is not one of the network's.")


def _json_object(content: bytes) -> dict[str, object] | None:
    try:
        return as_object(read_json(content))
    except Unreadable:
        return None


def _retry_after_s(headers: httpx.Headers) -> float | None:
    """The longest pause that the network asks for. Usage tells it in minutes."""
    told = [as_code(headers.get("Retry-After")) or 0, *(60 * minutes for minutes in _minutes_to_regain_access(headers))]
    longest = float(max(told))
    return min(longest, MAX_RETRY_AFTER_S) if longest > 0 else None


def _minutes_to_regain_access(headers: httpx.Headers) -> list[int]:
    usage = _json_object(headers.get("X-Business-Use-Case-Usage", "").encode()) or {}
    rows = [as_object(row) or {} for listed in usage.values() for row in as_list(listed) or []]
    return [as_code(row.get("estimated_time_to_regain_access")) or 0 for row in rows]


# Shaping requests


def _segment(name: str) -> str:
    """A name as one segment of a path, whatever characters somebody gave it."""
    return quote(name, safe="", errors="replace").replace(".", "%2E")


def _encoded(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _tells_no_token(record: logging.LogRecord) -> bool:
    """httpx logs whole addresses, and one of them names the token it asks about."""
    return "input_token=" not in record.getMessage()
