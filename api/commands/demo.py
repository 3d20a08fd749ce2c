"""Trying it: the product beside simulated phones."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from api.http.sockets import bound
from api.operating.process import Port, run


def demo(
    *,
    port: Port = 8000,
    open_browser: Annotated[bool, Parameter(name="--open", negative="--no-open")] = True,
    directory: Path | None = None,
    gallery: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Open the product: the inbox beside two simulated phones, on a database of its own.

    Args:
        port: Where the page is, on this machine only. 0 takes a free port.
        open_browser: Open the page in the browser.
        directory: Keep the data here; without it, it is gone at the end.
        gallery: Add a third phone, and a thread with one message of every kind.
    """
    from api.demo.running import run_demo
    from api.logs import set_up_logs

    set_up_logs("console")
    with bound("127.0.0.1", port) as sock:
        run(run_demo(sock, open_browser=open_browser, directory=directory, with_gallery=gallery))
