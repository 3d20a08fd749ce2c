"""What the page sends besides words and files, and to whom, in a real browser."""

import os
from pathlib import Path

from tests.journeys.desk import Desk, Phones
from tests.journeys.page.visits import visit


def test_places_cards_questions_and_voice_messages_are_sent_from_the_page(
    demo: tuple[Desk, Phones], tmp_path: Path
) -> None:
    """With DESKLINE_TEST_PICTURES=FOLDER in the environment, pictures are left there."""
    desk, _ = demo

    seen = visit("page_compose.mjs", desk.url, tmp_path, SCREENSHOTS=os.environ.get("DESKLINE_TEST_PICTURES"))
    assert "saw a voice message on the phone" in seen
    assert "saw two people made one, and two again" in seen
