"""`/connect/whatsapp`: to Meta's Embedded Signup and back, by redirects alone; no script of Meta's is in the page.

An administrator's page asks for the address with its token (`POST`), and goes there. Meta sends the browser back
(`GET`) with a code and the word that the sign-in was begun with. The code lives 30 seconds, so it is exchanged before
anything else; then the browser is sent to the page, which reads the draft by its id.

The draft is its administrator's, so only the browser that began comes back to it: whoever was sent the address of
another one's sign-in would hand over their own numbers by signing in. A cookie tells that browser, and does no more.
"""

import hmac
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from api.http.errors import again_in, error_answer
from domain.channels.drafts import SIGN_IN_WITHIN, ConnectionDraft
from domain.errors import Unavailable, code_of
from domain.ports.bundle import Ports
from domain.use_cases.channels.discover import SignInBegun, begin_sign_in, finish_sign_in
from schema.engine.values import ids
from schema.execution import Engine
from schema.types.errors import to_user_error

PATH: Final = "/connect/whatsapp"
LONGEST: Final = 4096  # characters of a code or a state
HEADERS: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}  # the address holds a code


class SignUp:
    def __init__(self, ports: Ports, engine: Engine) -> None:
        self._ports = ports
        self._engine = engine

    def routes(self) -> list[Route]:
        return [Route(PATH, self.begin, methods=["POST"]), Route(PATH, self.come_back, methods=["GET"])]

    async def begin(self, request: Request) -> Response:
        """`{"url", "draftId"}`; as with the API, 401 for nobody, else 200 and `{"error": {"code", "message"}}`."""
        try:
            actor = await self._engine.authenticate(request.headers.get("authorization"))
            if actor is None:
                return error_answer("UNAUTHENTICATED", "Sign in first: send `Authorization: Bearer` with a token.", 401)
            begun = await begin_sign_in(self._ports, actor)
        except Unavailable as error:
            return error_answer("UNAVAILABLE", "Try again.", 503, headers=again_in(error.retry_after_s))
        if not isinstance(begun, SignInBegun):
            refused = to_user_error(begun)
            return JSONResponse({"error": {"code": refused.code, "message": refused.message}}, headers=HEADERS)
        draft = ids.CONNECTION_DRAFT.encode(begun.draft.id)
        answer = JSONResponse({"url": begun.url, "draftId": draft}, headers=HEADERS)
        [state] = parse_qs(urlsplit(begun.url).query)["state"]
        answer.set_cookie(
            _cookie(state),
            _mark(state),
            max_age=int(SIGN_IN_WITHIN.total_seconds()),
            path=PATH,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="lax",  # it has to come along when Meta leads back here
        )
        return answer

    async def come_back(self, request: Request) -> Response:
        """To the page: `/#/connect/<draft id>`, or `/#/connect?refused=<error code>`."""
        state, code = request.query_params.get("state", ""), request.query_params.get("code")
        if len(state) > LONGEST or len(code or "") > LONGEST:
            return self._to_page("?refused=INVALID")
        if not hmac.compare_digest(request.cookies.get(_cookie(state), "").encode(), _mark(state).encode()):
            return self._to_page("?refused=INVALID")
        try:
            draft = await finish_sign_in(self._ports, state, code)
        except Unavailable:
            return self._to_page("?refused=TRY_LATER")
        if isinstance(draft, ConnectionDraft):
            return self._to_page(f"/{quote(ids.CONNECTION_DRAFT.encode(draft.id), safe='')}")
        return self._to_page(f"?refused={code_of(draft)}")

    def _to_page(self, place: str) -> Response:
        return RedirectResponse(f"/#/connect{place}", 303, headers=HEADERS)


def _cookie(state: str) -> str:
    """One for each sign-in: several may be under way in one browser."""
    return f"deskline-sign-in-{_mark(state)[:16]}"


def _mark(state: str) -> str:
    return sha256(state.encode(errors="replace")).hexdigest()
