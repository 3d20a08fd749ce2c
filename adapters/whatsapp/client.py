"""The Cloud API over HTTP: each call answers facts, or says what is known of its failure.

A send that may have been accepted is `Unanswered` and never tried again here; nothing in this file retries.
Access tokens appear in no log, exception or answer. Source: Graph API, "Handling errors"; WhatsApp Business Platform,
"Error codes".
"""

import asyncio
import re
import secrets
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import httpx

from adapters.whatsapp.answers import file_facts
from adapters.whatsapp.calls import (
    MESSAGE_LIMIT,
    OK,
    Answer,
    accepted_or_not,
    bad_token,
    done_or_failed,
    foreign_answer,
    refusal_in,
)
from adapters.whatsapp.graph import MAX_CALL_S, NEVER_LEFT, TOKEN, File, Graph
from adapters.whatsapp.inbound.reading import as_id, as_text
from adapters.whatsapp.onboarding import Onboarding, SignInApp
from adapters.whatsapp.outbound import multipart_edges, read_body, send_body
from adapters.whatsapp.templates import TEMPLATE_FIELDS, creation_body, made_of, template_of
from adapters.whatsapp.transfers import MEDIA_HOSTS, arriving, between, no_file, origin_of
from domain.channels.template_drafts import TemplateDraft
from domain.channels.templates import Template
from domain.files.media import Media
from domain.ids import BusinessAccountId, OrganizationId, PhoneNumberId, TemplateId, Wamid
from domain.ports.network import (
    Elsewhere,
    Failed,
    FileFacts,
    NotSent,
    Outgoing,
    SendResult,
    TemplateMade,
    Unanswered,
)
from domain.ports.system import Ids

_SESSION = re.compile(r"(?P<session>upload:[A-Za-z0-9+/=_:-]{1,2048})(\?sig=(?P<signature>[A-Za-z0-9_=-]{1,1024}))?")


def http_client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """A client with explicit timeouts that follows no redirect and reads no proxy settings from the environment."""
    return httpx.AsyncClient(
        transport=transport,
        timeout=httpx.Timeout(connect=5.0, read=10.0, write=10.0, pool=5.0),
        trust_env=False,
        follow_redirects=False,
        headers={"User-Agent": "Deskline"},
    )


class CloudApi(Onboarding):
    """The network port. `base_url` without the version, such as `https://graph.facebook.com`."""

    def __init__(
        self, base_url: str, version: str, http: httpx.AsyncClient, ids: Ids, app: SignInApp | None = None
    ) -> None:
        super().__init__(Graph(base_url, version, http), app)
        self._media_hosts = MEDIA_HOSTS | {origin_of(base_url)}
        self._ids = ids

    async def send(self, token: str, outgoing: Outgoing) -> SendResult:
        answer = await self._graph.call("POST", token, outgoing.number, "messages", body=send_body(outgoing))
        if not isinstance(answer, Answer):
            return answer
        if refusal := refusal_in(answer, token):
            return refusal
        return accepted_or_not(answer.body or {}, outgoing.wa_id or outgoing.business_scoped_id or "")

    async def mark_read(
        self, token: str, number: PhoneNumberId, wamid: Wamid, *, typing: bool = False
    ) -> Failed | None:
        return await self._graph.do(token, number, "messages", body=read_body(wamid, typing=typing))

    async def file_facts(self, token: str, number: PhoneNumberId, network_id: str) -> FileFacts | Failed:
        answer = await self._graph.ask(token, network_id, parameters={"phone_number_id": number})
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
        if not TOKEN.fullmatch(token):
            yield bad_token()
            return
        headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
        try:
            request = self._graph.http.build_request("GET", url, headers=headers)
        except httpx.InvalidURL:
            yield Elsewhere("no address")
            return
        try:
            async with asyncio.timeout(MAX_CALL_S):
                response = await self._graph.http.send(request, stream=True)
        except TimeoutError:
            yield Unanswered(f"The network did not answer within {MAX_CALL_S:.0f} seconds.")
            return
        except NEVER_LEFT as failure:
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
        answer = await self._graph.call(
            "POST",
            token,
            number,
            "media",
            file=File(between(before, chunks, after), headers),
        )
        if not isinstance(answer, Answer):
            return answer
        if refusal := refusal_in(answer, token):
            return refusal
        return as_id((answer.body or {}).get("id")) or foreign_answer()

    async def templates(
        self, token: str, organization: OrganizationId, account: BusinessAccountId, now: datetime
    ) -> list[Template] | Failed:
        rows = await self._graph.rows(token, account, "message_templates", fields=TEMPLATE_FIELDS)
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
        begun = await self._graph.call("POST", token, app_id, "uploads", parameters=about)
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
        answer = await self._graph.call(
            "POST",
            token,
            session["session"],
            parameters={"sig": session["signature"]} if session["signature"] else None,
            file=File(chunks, headers),
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
        answer = await self._graph.call("POST", token, account, "message_templates", body=body)
        if not isinstance(answer, Answer):
            return answer
        if refusal := refusal_in(answer, token):
            return refusal
        return made_of(answer.body or {}, draft.category) or foreign_answer()

    async def delete_template(
        self, token: str, account: BusinessAccountId, name: str, network_id: str
    ) -> Failed | None:
        named = {"name": name, "hsm_id": network_id}
        return done_or_failed(
            await self._graph.call("DELETE", token, account, "message_templates", parameters=named), token
        )
