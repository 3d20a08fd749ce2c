"""Samples for the review of templates, by the resumable upload: a session, then the bytes, then a handle.

Source: Graph API, "Resumable Upload API".
"""

from typing import Final

from adapters.whatsapp.simulator.graph.errors import GraphError
from adapters.whatsapp.simulator.graph.files import MAX_FILE_BYTES
from adapters.whatsapp.simulator.ids import Ids

TYPES: Final = frozenset({"image/jpeg", "image/jpg", "image/png", "video/mp4", "application/pdf"})
MAX_KEPT: Final = 1_000


class Samples:
    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._sessions: dict[str, int] = {}  # how many bytes are to come
        self.handles: dict[str, int] = {}  # how many came

    def begin(self, length: str | None, mime_type: str | None) -> str:
        """The id of a session, as the network words it: a part of it is a signature."""
        if length is None or not length.isascii() or not length.isdigit() or not 1 <= int(length) <= MAX_FILE_BYTES:
            raise GraphError(100, "The parameter file_length is required, in bytes")
        if mime_type not in TYPES:
            raise GraphError(100, f"The parameter file_type must be one of {', '.join(sorted(TYPES))}")
        session = f"upload:{self._ids.number()}"
        self._sessions[session] = int(length)
        while len(self._sessions) > MAX_KEPT:
            del self._sessions[next(iter(self._sessions))]
        return f"{session}?sig=sim{self._ids.number()}"

    def take(self, session: str, offset: str | None, data: bytes) -> str:
        """The handle of a sample whose bytes came whole."""
        length = self._sessions.pop(session, None)
        if length is None:
            raise GraphError(100, f"There is no upload session {session}")
        if offset != "0" or len(data) != length:
            raise GraphError(100, f"{length} bytes were announced from offset 0; {len(data)} came from {offset}")
        handle = f"4::sample{self._ids.number()}"
        self.handles[handle] = length
        while len(self.handles) > MAX_KEPT:
            del self.handles[next(iter(self.handles))]
        return handle
