"""The bundled inbox page at `/`, as `./dev web` built it. Kept in memory, compressed once; nothing in it is remote."""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.http.compression import takes_gzip

DIRECTORY: Final = Path(__file__).parents[2] / "page"
HOST: Final = re.compile(r"[A-Za-z0-9.\-]+(:\d{1,5})?|\[[0-9a-fA-F:.]+\](:\d{1,5})?")
FOREVER: Final = "public, max-age=31536000, immutable"  # the names of assets hold a hash of their content
NOT_BUILT: Final = "The inbox page was not built. Build it with: ./dev web\nThe API is at /graphql all the same.\n"
SMALLEST_COMPRESSED: Final = 512


@dataclass(frozen=True, slots=True)
class File:
    content: bytes
    compressed: bytes | None
    media_type: str
    tag: str


class Bundle:
    """The files as they lie in `directory` when the server starts."""

    path = "/"

    def __init__(self, directory: Path = DIRECTORY) -> None:
        self._index = _read(directory / "index.html")
        self._assets = {path.name: file for path in (directory / "assets").glob("*") if (file := _read(path))}

    @property
    def is_built(self) -> bool:
        return self._index is not None

    def routes(self) -> list[Route]:
        return [Route(self.path, self._page), Route(f"{self.path.rstrip('/')}/assets/{{name}}", self._asset)]

    def _page_headers(self, request: Request) -> dict[str, str]:
        return {
            "Cache-Control": "no-cache",
            "Content-Security-Policy": _policy(request),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
        }

    async def _page(self, request: Request) -> Response:
        if self._index is None:
            return PlainTextResponse(NOT_BUILT, 503)
        return _answer(request, self._index, self._page_headers(request))

    async def _asset(self, request: Request) -> Response:
        file = self._assets.get(request.path_params["name"])
        if file is None:
            return PlainTextResponse("Not found", 404)
        return _answer(request, file, {"Cache-Control": FOREVER})


class Explorer(Bundle):
    """GraphiQL at `/graphiql`, from its package, without a word to anybody else. Served where introspection is on."""

    path = "/graphiql"

    def __init__(self, directory: Path = DIRECTORY / "graphiql") -> None:
        super().__init__(directory)

    def _page_headers(self, request: Request) -> dict[str, str]:
        # It writes styles of its own into the page, and brings its fonts inside a style sheet.
        policy = _policy(request).replace("style-src 'self'", "style-src 'self' 'unsafe-inline'") + "; font-src data:"
        return super()._page_headers(request) | {"Content-Security-Policy": policy}


def _policy(request: Request) -> str:
    """Own scripts, styles and connections only. Sockets are named because not every browser counts them as 'self'."""
    host = request.headers.get("host", "")
    sockets = f" ws://{host} wss://{host}" if HOST.fullmatch(host) else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
        f"connect-src 'self'{sockets}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def _answer(request: Request, file: File, headers: dict[str, str]) -> Response:
    headers |= {"ETag": file.tag, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == file.tag:
        return Response(status_code=304, headers=headers)
    if file.compressed is not None and takes_gzip(request.headers.get("accept-encoding", "")):
        return Response(file.compressed, headers=headers | {"Content-Encoding": "gzip"}, media_type=file.media_type)
    return Response(file.content, headers=headers, media_type=file.media_type)


def _read(path: Path) -> File | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    compressed = gzip.compress(content, mtime=0) if len(content) >= SMALLEST_COMPRESSED else None
    return File(content, compressed, media_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
