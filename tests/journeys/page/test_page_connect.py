"""Connecting a number from the page, in a real browser."""

import os
from pathlib import Path

from tests.journeys.desk import Desk, Phones
from tests.journeys.page.visits import visit


def test_a_number_is_connected_by_an_administrator_who_read_no_manual(
    demo: tuple[Desk, Phones], tmp_path: Path
) -> None:
    """With DESKLINE_TEST_PICTURES=FOLDER in the environment, pictures are left there."""
    desk, _ = demo

    seen = visit("page_connect.mjs", desk.url, tmp_path, SCREENSHOTS=os.environ.get("DESKLINE_TEST_PICTURES"))
    assert "saw that going back loses nothing" in seen
    assert "saw a desk without a number" in seen
