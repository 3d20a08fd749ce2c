"""A number whose token died, mended from the page in a real browser."""

import os
from pathlib import Path

from tests.journeys.desk import Desk, Phones
from tests.journeys.page.visits import visit


def test_a_dead_token_is_mended_by_one_click_one_paste_and_one_save(demo: tuple[Desk, Phones], tmp_path: Path) -> None:
    """With DESKLINE_TEST_PICTURES=FOLDER in the environment, pictures are left there."""
    desk, _ = demo

    seen = visit("page_mend.mjs", desk.url, tmp_path, SCREENSHOTS=os.environ.get("DESKLINE_TEST_PICTURES"))
    assert "saw what waited on the phone" in seen
