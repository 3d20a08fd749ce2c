"""The page in a real browser: what a new user sees in the first minute."""

import os
from pathlib import Path

from tests.journeys.desk import ROOT, Desk, Phones
from tests.journeys.page.visits import visit

PICTURE = ROOT / "docs" / "inbox.png"


def test_a_new_user_sees_a_message_come_in_answers_it_and_sees_it_read(
    demo: tuple[Desk, Phones], tmp_path: Path
) -> None:
    """With DESKLINE_TEST_PICTURE=1 in the environment, the README's picture is taken on the way."""
    desk, _ = demo
    picture = str(PICTURE) if os.environ.get("DESKLINE_TEST_PICTURE") == "1" else None

    seen = visit("page.mjs", desk.url, tmp_path, SCREENSHOT=picture)
    assert "saw blue ticks" in seen
