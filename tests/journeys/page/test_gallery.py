"""The demo's gallery in a real browser: every kind of message, both ways, in its own form."""

import os
import signal
from pathlib import Path

import httpx

from tests.journeys.desk import address_in, deskline, running
from tests.journeys.page.visits import visit


def test_the_page_shows_every_kind_of_message_in_its_own_form(tmp_path: Path, http: httpx.Client) -> None:
    """With DESKLINE_GALLERY_PICTURE in the environment, a picture of the whole thread is taken to the file it names."""
    with running(*deskline("demo", "--no-open", "--port", "0", "--gallery"), directory=tmp_path) as process:
        url = address_in(process.line())
        seen = visit("gallery.mjs", url, tmp_path, SCREENSHOT=os.environ.get("DESKLINE_GALLERY_PICTURE"))
        assert "saw a reaction from the page on the phone" in seen
        process.signal(signal.SIGTERM)
        assert process.wait() == 0, process.log
