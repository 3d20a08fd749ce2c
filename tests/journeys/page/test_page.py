"""The page in a real browser: what a new user sees in the first minute."""

import os
import subprocess
from pathlib import Path

from tests.journeys.desk import ROOT, Desk, Phones, chromium, node

PICTURE = ROOT / "docs" / "inbox.png"


def test_a_new_user_sees_a_message_come_in_answers_it_and_sees_it_read(
    demo: tuple[Desk, Phones], tmp_path: Path
) -> None:
    """With DESKLINE_TEST_PICTURE=1 in the environment, the README's picture is taken on the way."""
    desk, _ = demo
    environment = {**os.environ, "PAGE": desk.url, "CHROMIUM": chromium()}
    if os.environ.get("DESKLINE_TEST_PICTURE") == "1":
        environment["SCREENSHOT"] = str(PICTURE)

    visit = subprocess.run(
        [node(), Path(__file__).with_name("page.mjs")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )

    assert visit.returncode == 0, visit.stdout + visit.stderr
    assert "saw blue ticks" in visit.stdout
