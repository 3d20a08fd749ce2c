"""Files in a real browser: shown where a browser may show them, attached and sent."""

import os
import subprocess
from pathlib import Path

from tests.journeys.desk import Desk, Phones, chromium, node
from tests.journeys.test_media import PNG


def test_files_of_every_kind_are_shown_and_files_are_sent(demo: tuple[Desk, Phones], tmp_path: Path) -> None:
    desk, phones = demo
    picture, notes = tmp_path / "picture.png", tmp_path / "notes.txt"
    picture.write_bytes(PNG)
    notes.write_text("Remember the parcel.")
    environment = {
        **os.environ,
        "PAGE": desk.url,
        "CHROMIUM": chromium(),
        "SIMULATOR": phones.url,
        "NUMBER": phones.number,
        "PICTURE": str(picture),
        "NOTES": str(notes),
    }

    visit = subprocess.run(
        [node(), Path(__file__).with_name("page_media.mjs")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )

    assert visit.returncode == 0, visit.stdout + visit.stderr
    assert "saw why a file can't be sent" in visit.stdout
