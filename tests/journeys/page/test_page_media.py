"""Files in a real browser: shown where a browser may show them, attached and sent."""

from pathlib import Path

from tests.journeys.desk import Desk, Phones
from tests.journeys.page.visits import visit
from tests.journeys.test_media import PNG


def test_files_of_every_kind_are_shown_and_files_are_sent(demo: tuple[Desk, Phones], tmp_path: Path) -> None:
    desk, phones = demo
    picture, notes = tmp_path / "picture.png", tmp_path / "notes.txt"
    picture.write_bytes(PNG)
    notes.write_text("Remember the parcel.")

    phone = {"SIMULATOR": phones.url, "NUMBER": phones.number}
    seen = visit("page_media.mjs", desk.url, tmp_path, PICTURE=str(picture), NOTES=str(notes), **phone)
    assert "saw why a file can't be sent" in seen
