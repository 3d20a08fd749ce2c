"""A small server that speaks as much of S3 as the media store says: over real HTTP, on the loopback, in this process.

It checks that requests are signed with its key, keeps parts until an upload is completed, and can be told to fail.
Source: Amazon S3 API Reference (PutObject, UploadPart, CompleteMultipartUpload, ListObjectsV2, error responses).
"""

import asyncio
import hashlib
import re
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

BUCKET: Final = "desk-files"
KEY: Final = "AKIAOFTHETESTS"
SECRET: Final = "secret-of-the-object-store"
PAGE: Final = 2  # keys in one answer to a list, so that lists have several


@dataclass(slots=True)
class Objects:
    """What the server has, was asked, and is told to do."""

    url: str = ""
    kept: dict[str, bytes] = field(default_factory=dict[str, bytes])
    written_at: dict[str, datetime] = field(default_factory=dict[str, datetime])
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict[str, dict[int, bytes]])
    asked: list[str] = field(default_factory=list[str])
    unsigned: int = 0
    failing: dict[str, int] = field(default_factory=dict[str, int])  # by method: the status it is answered
    largest_body: int = 0
    at_a_time: int = 0
    most_at_a_time: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        request = Request(scope, receive)
        self.at_a_time += 1
        self.most_at_a_time = max(self.most_at_a_time, self.at_a_time)
        try:
            response = self._answer(request, await request.body())
        finally:
            self.at_a_time -= 1
        await response(scope, receive, send)

    def _answer(self, request: Request, body: bytes) -> Response:
        self.largest_body = max(self.largest_body, len(body))
        query = parse_qs(request.url.query, keep_blank_values=True)
        bucket, _, key = unquote(request.url.path).removeprefix("/").partition("/")
        self.asked.append(f"{request.method} {key}")
        if fault := self._signature_fault(request):
            return fault
        if request.method in self.failing:
            return _told(self.failing[request.method], "InternalError")
        if bucket != BUCKET:
            return _told(404, "NoSuchBucket")
        match request.method:
            case "GET" if not key:
                return self._list(query)
            case "POST" if "uploads" in query:
                id = f"upload-{len(self.uploads)}"
                self.uploads[id] = {}
                return _xml("InitiateMultipartUploadResult", Bucket=BUCKET, Key=key, UploadId=id)
            case "POST" if "uploadId" in query:
                parts = self.uploads.pop(query["uploadId"][0])
                self._keep(key, b"".join(parts[number] for number in sorted(parts)))
                return _xml("CompleteMultipartUploadResult", Bucket=BUCKET, Key=key, ETag='"whole"')
            case "PUT" if "uploadId" in query:
                self.uploads[query["uploadId"][0]][int(query["partNumber"][0])] = body
                return Response(headers={"ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'})
            case "PUT":
                self._keep(key, body)
                return Response(headers={"ETag": '"one"'})
            case "DELETE" if "uploadId" in query:
                self.uploads.pop(query["uploadId"][0], None)
                return Response(status_code=204)
            case "DELETE":
                self.kept.pop(key, None)
                return Response(status_code=204)
            case "GET" | "HEAD":
                return self._give(request, key)
            case _:
                return _told(405, "MethodNotAllowed")

    def _signature_fault(self, request: Request) -> Response | None:
        said = request.headers.get("authorization", "")
        if not said.startswith("AWS4-HMAC-SHA256 ") or "x-amz-content-sha256" not in request.headers:
            self.unsigned += 1
            return _told(403, "AccessDenied")
        return None if f"Credential={KEY}/" in said else _told(403, "InvalidAccessKeyId")

    def _keep(self, key: str, data: bytes) -> None:
        self.kept[key] = data
        self.written_at[key] = datetime.now(UTC)

    def _give(self, request: Request, key: str) -> Response:
        if key not in self.kept:
            return _told(404, "NoSuchKey")
        data = self.kept[key]
        headers = {"ETag": '"one"', "Last-Modified": f"{self.written_at[key]:%a, %d %b %Y %H:%M:%S GMT}"}
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
        if asked is None:
            return Response(data, headers=headers)
        start, stop = int(asked[1]), min(int(asked[2]) + 1 if asked[2] else len(data), len(data))
        if start >= len(data):
            return _told(416, "InvalidRange")
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
        return Response(data[start:stop], 206, headers)

    def _list(self, query: dict[str, list[str]]) -> Response:
        prefix = query.get("prefix", [""])[0]
        after = max(query.get("continuation-token", [""])[0], query.get("start-after", [""])[0])
        keys = sorted(key for key in self.kept if key.startswith(prefix) and key > after)
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.kept[key])}</Size><ETag>one</ETag>"
            f"<LastModified>{self.written_at[key].isoformat().replace('+00:00', 'Z')}</LastModified></Contents>"
            for key in keys[:PAGE]
        )
        more = f"<NextContinuationToken>{escape(keys[PAGE - 1])}</NextContinuationToken>" if keys[PAGE:] else ""
        truncated = str(bool(more)).lower()
        return _document(f"<ListBucketResult><IsTruncated>{truncated}</IsTruncated>{more}{rows}</ListBucketResult>")


def _told(status: int, code: str) -> Response:
    return Response(f"<Error><Code>{code}</Code><Message>{code}</Message></Error>", status, media_type="text/xml")


def _xml(name: str, **told: str) -> Response:
    inside = "".join(f"<{each}>{escape(text)}</{each}>" for each, text in told.items())
    return _document(f"<{name}>{inside}</{name}>")


def _document(inside: str) -> Response:
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>{inside}', media_type="text/xml")


@asynccontextmanager
async def object_server() -> AsyncGenerator[Objects]:
    objects = Objects()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        objects.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(objects, log_level="error", lifespan="off", timeout_graceful_shutdown=1))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield objects
        finally:
            server.should_exit = True
            await serving
