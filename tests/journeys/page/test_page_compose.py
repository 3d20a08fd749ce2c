"""What the page sends besides words and files, in a real browser."""

import os
import subprocess
from pathlib import Path

from tests.journeys.desk import Desk, Phones, chromium, node


def test_places_cards_questions_and_voice_messages_are_sent_from_the_page(
    demo: tuple[Desk, Phones], tmp_path: Path
) -> None:
    """With DESKLINE_TEST_PICTURES=FOLDER in the environment, pictures are left there."""
    desk, _ = demo
    environment = {**os.environ, "PAGE": desk.url, "CHROMIUM": chromium()}
    if folder := os.environ.get("DESKLINE_TEST_PICTURES"):
        environment["SCREENSHOTS"] = folder

    visit = subprocess.run(
        [node(), Path(__file__).with_name("page_compose.mjs")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )

    assert visit.returncode == 0, visit.stdout + visit.stderr
    assert "saw a voice message on the phone" in visit.stdout
