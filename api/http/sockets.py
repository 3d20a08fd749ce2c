"""Where a server listens."""

import socket
from typing import Final

from api.refusals import CannotListen

UNREAD_MS: Final = 60_000  # bytes that the other side doesn't take for so long end the connection, also a closed one


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens at once, so that its port is known; 0 takes a free one. Raises CannotListen."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; connections inherit it from whoever listens
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS)
            sock.bind((host, port))
        except BaseException:
            sock.close()
            raise
    except (OSError, OverflowError, UnicodeError) as error:  # a port out of range, a name that can be none
        why = (error.strerror if isinstance(error, OSError) else None) or error
        raise CannotListen(f"{host}:{port} can't be listened on: {why}") from None
    sock.set_inheritable(True)
    return sock


def address_of(sock: socket.socket) -> str:
    """`http://host:port`, as somebody on this machine would type it."""
    host, port = sock.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"
