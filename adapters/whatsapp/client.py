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
from urllib.parse import quote

import httpx

from adapters.whatsapp.answers import NUMBER_FIELDS, account_facts, file_facts, number_facts, token_facts
from adapters.whatsapp.calls import (
    MESSAGE_LIMIT,
    OK,
    TOKEN_INVALID,
    Answer,
    accepted_or_not,
    bad_token,
    done_or_failed,
    foreign_answer,
    json_object,
    refusal_in,
    retry_after_s,
)
from adapters.whatsapp.inbound.reading import as_id, as_list, as_object, as_text
from adapters.whatsapp.outbound import Json, JsonObject, multipart_edges, read_body, send_body
from adapters.whatsapp.templates import TEMPLATE_FIELDS, creation_body, made_of, template_of
from adapters.whatsapp.transfers import MAX_FILE_S, MEDIA_HOSTS, arriving, between, no_file, origin_of
from domain.channels.template_drafts import TemplateDraft
from domain.channels.templates import Template
from domain.files.media import Media
from domain.ids import BusinessAccountId, OrganizationId, PhoneNumberId, TemplateId, Wamid
from domain.ports.network import (
    AccountFacts,
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
)
from domain.ports.system import Ids

PAGE_SIZE = 100
MAX_PAGES = 1000
MAX_CALL_S = 12.0  # in all, and so within the 15 s lease of a send: its answer is recorded before the lease ends

FILE_TIMEOUT = httpx.Timeout(connect=5.0, read=60.0, write=30.0, pool=5.0)

_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)
_SESSION = re.compile(r"(?P<session>upload:[A-Za-z0-9+/=_:-]{1,2048})(\?sig=(?P<signature>[A-Za-z0-9_=-]{1,1024}))?")
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


_Parameters: TypeAlias = dict[str, str]


@dataclass(frozen=True, slots=True)
class _File:
    """Bytes that go as they are, under the headers that describe them."""

    content: AsyncIterable[bytes]
    headers: dict[str, str]


class CloudApi:
    """The network port. `base_url` without the version, such as `https://graph.facebook.com`."""

    def __init__(self, base_url: str, version: str, http: httpx.AsyncClient, ids: Ids) -> None:
        self._root = f"{base_url.rstrip('/')}/{version}"
        self._media_hosts = MEDIA_HOSTS | {origin_of(base_url)}
        self._http = http
        self._ids = ids
        logging.getLogger("httpx").addFilter(_tells_no_token)

    async def send(self, token: str, outgoing: Outgoing) -> SendResult:
        answer = await self._call("POST", token, outgoing.number, "messages", body=send_body(outgoing))
        if not isinstance(answer, Answer):
            return answer
        if refusal := refusal_in(answer, token):
            return refusal
        return accepted_or_not(answer.body or {}, outgoing.wa_id or outgoing.business_scoped_id or "")

    async def mark_read(
        self, token: str, number: PhoneNumberId, wamid: Wamid, *, typing: bool = False
    ) -> Failed | None:
        return await self._do(token, number, "messages", body=read_body(wamid, typing=typing))

    async def file_facts(self, token: str, number: PhoneNumberId, network_id: str) -> FileFacts | Failed:
        answer = await self._ask(token, network_id, parameters={"phone_number_id": number})
        if not isinstance(answer, dict):
            return answer
        return file_facts(answer) or foreign_answer()

    @asynccontextmanager
    async def download(self, token: str, url: str) -> AsyncGenerator[AsyncIterator[bytes] | Elsewhere | Failed]:
        """The token goes with it, so only to the network's own hosts. Nothing is unpacked on the way."""
        origin = origin_of(url)
        if origin is None or origin not in self._media_hosts:
            yield Elsewhere(origin[1][:MESSAGE_LIMIT] if origin else "no address")
            return
        if not _TOKEN.fullmatch(token):
            yield bad_token()
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
            yield arriving(response) if response.status_code == OK else await no_file(response, token)
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
            file=_File(between(before, chunks, after), headers),
        )
        if not isinstance(answer, Answer):
            return answer
        if refusal := refusal_in(answer, token):
            return refusal
        return as_id((answer.body or {}).get("id")) or foreign_answer()

    async def token_facts(self, token: str) -> TokenFacts | Failed:
        """The token asks about itself. One that the network does not take is a fact: it is not valid."""
        answer = await self._ask(token, "debug_token", parameters={"input_token": token})
        if isinstance(answer, Rejected) and answer.code in (0, TOKEN_INVALID):
            return TokenFacts(valid=False, permissions=frozenset())
        if not isinstance(answer, dict):
            return answer
        data = as_object(answer.get("data"))
        return token_facts(data) if data is not None else foreign_answer()

    async def account_facts(self, token: str, account: BusinessAccountId) -> AccountFacts | Failed:
        answer = await self._ask(token, account, parameters={"fields": "id,name,business_verification_status"})
        if not isinstance(answer, dict):
            return answer
        return account_facts(account, answer) if as_id(answer.get("id")) in (None, account) else foreign_answer()

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
        about = {"file_name": file.file_name or "sample", "file_length": str(file.size), "file_type": file.mime_type}
        begun = await self._call("POST", token, app_id, "uploads", parameters=about)
        if not isinstance(begun, Answer):
            return begun
        if refusal := refusal_in(begun, token):
            return refusal
        session = _SESSION.fullmatch(as_text((begun.body or {}).get("id")) or "")
        if session is None:
            return foreign_answer()
        headers = {
            "Authorization": f"OAuth {token}",
            "Content-Type": file.mime_type,
            "Content-Length": str(file.size),
            "file_offset": "0",
        }
        answer = await self._call(
            "POST",
            token,
            session["session"],
            parameters={"sig": session["signature"]} if session["signature"] else None,
            file=_File(chunks, headers),
        )
        if not isinstance(answer, Answer):
            return answer
        if refusal := refusal_in(answer, token):
            return refusal
        return as_text((answer.body or {}).get("h")) or foreign_answer()

    async def create_template(
        self, token: str, account: BusinessAccountId, draft: TemplateDraft, sample: str | None
    ) -> TemplateMade | Failed:
        body = creation_body(draft, sample)
        answer = await self._call("POST", token, account, "message_templates", body=body)
        if not isinstance(answer, Answer):
            return answer
        if refusal := refusal_in(answer, token):
            return refusal
        return made_of(answer.body or {}, draft.category) or foreign_answer()

    async def delete_template(
        self, token: str, account: BusinessAccountId, name: str, network_id: str
    ) -> Failed | None:
        named = {"name": name, "hsm_id": network_id}
        return done_or_failed(await self._call("DELETE", token, account, "message_templates", parameters=named), token)

    # One question, one order, one list

    async def _ask(self, token: str, *path: str, parameters: _Parameters) -> dict[str, object] | Failed:
        answer = await self._call("GET", token, *path, parameters=parameters)
        if not isinstance(answer, Answer):
            return answer
        return refusal_in(answer, token) or answer.body or foreign_answer()

    async def _do(self, token: str, *path: str, body: JsonObject) -> Failed | None:
        return done_or_failed(await self._call("POST", token, *path, body=body), token)

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
                yield answer if not isinstance(answer, dict) else foreign_answer()
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
        file: _File | None = None,
    ) -> Answer | Failed:
        """`body` goes as JSON; a file as it is, and takes as long as a file may."""
        if not _TOKEN.fullmatch(token):
            return bad_token()
        url = "/".join((self._root, *(_segment(part) for part in path)))
        headers = {"Authorization": f"Bearer {token}", **(file.headers if file is not None else {})}
        within_s = MAX_CALL_S if file is None else MAX_FILE_S
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            async with asyncio.timeout(within_s):
                response = await self._http.request(
                    method,
                    url,
                    params=parameters,
                    headers=headers,
                    content=_encoded(body) if body is not None else file.content if file is not None else None,
                    timeout=httpx.USE_CLIENT_DEFAULT if file is None else FILE_TIMEOUT,
                )
        # Only the kind of failure is told: what an exception says could quote the request.
        except (*_NEVER_LEFT, httpx.InvalidURL) as failure:
            return NotSent(f"The network could not be reached ({type(failure).__name__}).")
        except httpx.RequestError as failure:
            return Unanswered(f"The network did not answer ({type(failure).__name__}).")
        except TimeoutError:
            return Unanswered(f"The network did not answer within {within_s:.0f} seconds.")
        return Answer(response.status_code, json_object(response.content), retry_after_s(response.headers))


def _segment(name: str) -> str:
    """A name as one segment of a path, whatever characters somebody gave it."""
    return quote(name, safe="", errors="replace").replace(".", "%2E")


def _encoded(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _tells_no_token(record: logging.LogRecord) -> bool:
    """httpx logs whole addresses, and one of them names the token it asks about."""
    return "input_token=" not in record.getMessage()
