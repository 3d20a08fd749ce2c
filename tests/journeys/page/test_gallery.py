"""The demo's gallery in a real browser: every kind of message, both ways, in its own form."""

import os
import signal
import subprocess
from pathlib import Path

import httpx

from tests.journeys.desk import address_in, chromium, deskline, node, running


def test_the_page_shows_every_kind_of_message_in_its_own_form(tmp_path: Path, http: httpx.Client) -> None:
    """With DESKLINE_GALLERY_PICTURE in the environment, a picture of the whole thread is taken to the file it names."""
    with running(*deskline("demo", "--no-open", "--port", "0", "--gallery"), directory=tmp_path) as process:
        url = address_in(process.line())
        environment = {**os.environ, "PAGE": url, "CHROMIUM": chromium()}
        if picture := os.environ.get("DESKLINE_GALLERY_PICTURE"):
            environment["SCREENSHOT"] = picture

        visit = subprocess.run(
            [node(), Path(__file__).with_name("gallery.mjs")],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )

        assert visit.returncode == 0, visit.stdout + visit.stderr
        assert "saw a reaction from the page on the phone" in visit.stdout
        process.signal(signal.SIGTERM)
        assert process.wait() == 0, process.log
