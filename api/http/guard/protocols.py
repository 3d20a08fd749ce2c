"""HTTP and WebSockets as uvicorn speaks them, with a bound in size and in time on every byte that a stranger sends.

Bodies are not looked at here: how fast they have to come is `bodies.Paced`, how long they may be each endpoint knows.
"""

import asyncio
import resource
import sys
from http import HTTPStatus
from typing import Any, Final, cast

import uvicorn
from starlette.types import ASGIApp, Scope
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import CloseCode, Frame

from api.http.guard.addresses import share_of
from api.http.guard.bounds import RequestBounds
from api.http.guard.crowd import Crowd, Guest

AT_A_TIME: Final = 16 * 1024  # bytes given to the parser before it is asked what it made of them
PIPELINED: Final = 16  # requests sent ahead, while an earlier one is being answered
REFUSED_BYTES: Final = 1024 * 1024  # read on once a head was refused, so that the refusal is heard
FRAGMENTS: Final = 64  # of one WebSocket message
FRAMES_WAITING: Final = 256  # of a socket, while an earlier one is being looked at
UNREAD_BYTES: Final = 1024 * 1024  # written to a socket whose reader does not read
REFUSAL: Final = b"HTTP/1.1 %d %b\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"
ABORT: Final = "deskline.abort"  # in the scope: ends the connection at once, with what is yet to be written
TOO_MANY: Final = 4429  # as graphql_ws.py's


class BoundedConfig(uvicorn.Config):
    """uvicorn's, and what its protocols need to know."""

    def __init__(self, app: ASGIApp, bounds: RequestBounds, *, frame_bytes: int, graceful_s: int) -> None:
        super().__init__(
            app,
            http=BoundedHttp,
            ws=BoundedSocket,
            ws_max_size=frame_bytes,
            ws_per_message_deflate=False,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=graceful_s,
        )
        self.bounds = bounds.within(files_allowed())
        self.unfinished = Crowd(self.bounds.unfinished, self.bounds.unfinished_per_address)
        self.unread = Crowd(self.bounds.unfinished, self.bounds.unfinished_per_address)


def files_allowed() -> int:
    """How many files and connections this process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


class BoundedHttp(HttpToolsProtocol):
    """One connection. Its headers have to come in time, and the parser is never fed what it would only pile up."""

    transport: asyncio.Transport

    def __init__(
        self,
        config: BoundedConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._bounds = config.bounds
        self._unfinished = config.unfinished
        self._guest: Guest | None = None
        self._head_due: asyncio.TimerHandle | None = None
        self._linger_ends: asyncio.TimerHandle | None = None
        self._unread = config.unread
        self._unread_guest: Guest | None = None
        self._unread_until: asyncio.TimerHandle | None = None
        self._linger_bytes = 0
        self._piled_up = 0  # bytes since the parser last made something of them
        self._is_coming = False  # a request has begun and not ended
        self._has_head = False  # and its headers are here
        self._is_upgraded = False
        self._is_refused = False

    # ---------------------------------------------------------------- what comes

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._linger_ends is not None:
            self._linger_bytes -= len(data)
            if self._linger_bytes < 0:
                self.transport.abort()
                return
        if self._is_refused or self.transport.is_closing():
            return
        if not self._is_coming:
            self._expect_head()
        for start in range(0, len(data), AT_A_TIME):
            piece = data[start : start + AT_A_TIME]
            super().data_received(piece)
            if self._is_upgraded or self.transport.is_closing():
                return
            self._piled_up += len(piece)
            if self._piled_up > self._bounds.head_bytes:
                self._refuse(431, b"Request header fields too large")
                return
            if len(self.pipeline) > PIPELINED:
                self.transport.abort()
                return

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast(Scope, self.scope)[ABORT] = self.transport.abort
        self._is_coming, self._has_head = True, False
        self._piled_up = 0

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._has_head = True
        self._piled_up = 0
        self._head_came()

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._piled_up = 0

    def on_chunk_header(self) -> None:
        self._piled_up = 0

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._is_coming = False
        self._linger_no_more()

    def handle_websocket_upgrade(self) -> None:
        if not self.url.isascii():
            self._refuse(400, b"The path is not in ASCII")
            return
        self._is_upgraded = True
        self._forget()
        super().handle_websocket_upgrade()

    # ---------------------------------------------------------------- the time it may take

    def _expect_head(self) -> None:
        if self._head_due is None:
            self._head_due = self.loop.call_later(self._bounds.head_s, self._head_overdue)
            self._begin()

    def _head_came(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None
        self._end()

    def _head_overdue(self) -> None:
        self._head_came()
        if self._is_coming or not self._is_answering:
            self._refuse(408, b"The request did not come in time")

    def _begin(self) -> None:
        """From here on, until it ends, it counts among those who have not finished."""
        if self._guest is None:
            self._guest = self._unfinished.enter(self._address, self._make_room)

    @property
    def _address(self) -> str:
        """The other end's, which may be a proxy's: what tells of its clients is yet to come."""
        return share_of(self.client[0] if self.client else "")

    def _end(self) -> None:
        if self._guest is not None:
            self._unfinished.left(self._guest)
            self._guest = None

    def _make_room(self) -> None:
        self._guest = None
        if self._linger_ends is not None:
            self.transport.abort()
        else:
            self._refuse(503, b"Too many requests have begun and not ended")

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_coming and self._has_head and not self._is_answering and not self.transport.is_closing():
            self._linger(self._bounds.linger_bytes)

    def _linger(self, most_bytes: int) -> None:
        """Closing at once would take the answer away from whoever still sends; reading on for ever, anything else."""
        if self._linger_ends is None:
            self._linger_bytes = most_bytes
            self._linger_ends = self.loop.call_later(self._bounds.linger_s, self.transport.abort)
            self._begin()

    def _linger_no_more(self) -> None:
        if self._linger_ends is not None:
            self._linger_ends.cancel()
            self._linger_ends = None
            self._end()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread_until = self.loop.call_later(self._bounds.unread_s, self.transport.abort)
        self._unread_guest = self._unread.enter(self._address, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._is_read_again()

    def _is_read_again(self) -> None:
        if self._unread_until is not None:
            self._unread_until.cancel()
            self._unread_until = None
        if self._unread_guest is not None:
            self._unread.left(self._unread_guest)
            self._unread_guest = None

    # ---------------------------------------------------------------- its end

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison]

    def _refuse(self, status: int, words: bytes) -> None:
        """Say so where nothing else is being said, and end. Whoever has not said a word is not answered either."""
        if self._is_answering and not self._takes_the_word():
            self.transport.abort()
            return
        self._is_refused = True
        is_answered = self._is_coming and self._has_head and self.cycle.response_complete
        if (self._is_coming or self._piled_up) and not is_answered:
            phrase = HTTPStatus(status).phrase.encode()
            self.transport.write(REFUSAL % (status, phrase, len(words), words))
        if status != HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
            self.transport.close()
            return
        self._head_came()
        self.transport.write_eof()
        self._linger(REFUSED_BYTES)

    def _takes_the_word(self) -> bool:
        """Answer in place of the application, which has said nothing yet of the request whose end is still coming."""
        is_its_own = self._is_coming and self._has_head and not self.pipeline
        if not is_its_own or self.cycle.response_started:
            return False
        self.cycle.disconnected = True  # what it says from here on is heard by nobody
        self.cycle.message_event.set()
        return True

    def _forget(self) -> None:
        self._head_came()
        self._linger_no_more()
        self._is_read_again()


class BoundedSocket(WebSocketsSansIOProtocol):
    """One socket. Its handshake, fragments, waiting frames and pings have bounds, and bad text is no fault of ours.

    Who stops reading answers no ping either, and is closed for that.
    """

    transport: asyncio.Transport

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self.transport.get_write_buffer_size() > UNREAD_BYTES:
            self.transport.abort()  # it pings, and does not read what it is answered
            return
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            words = b"This is no handshake of a WebSocket"
            said = b"".join(self.conn.data_to_send())
            self.transport.write(said or REFUSAL % (400, b"Bad Request", len(words), words))
            self.transport.close()

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) >= FRAGMENTS:
            self._fail(CloseCode.MESSAGE_TOO_BIG, "Too many fragments")
            return
        super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Text that is no UTF-8 reaches the application as the bytes it is, to be refused as what is not text."""
        if self.queue.qsize() >= FRAMES_WAITING:
            self._fail(TOO_MANY, "Too many frames")
            return
        if self.curr_msg_data_type == "text":
            self.frames = [b"".join(self.frames)]
            try:
                self.frames[0].decode()
            except UnicodeDecodeError:
                self.curr_msg_data_type = "bytes"
        super().send_receive_event_to_app()

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True  # refused, and said so: uvicorn would take it for an answer forgotten

    def _fail(self, code: int, reason: str) -> None:
        self.frames = []
        if not self.close_sent:
            self.conn.fail(code, reason)
            self.handle_parser_exception()
