"""`docs/features.md`: every row names tests that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_each_row_names_a_test_that_is_there() -> None:
    rows = [line for line in (ROOT / "docs/features.md").read_text().splitlines() if re.match(r"\| [A-Z]+\d", line)]
    named = {row: re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", row) for row in rows}

    assert [row for row, tests in named.items() if not tests and "the same" not in row] == []
    for file, name in {test for tests in named.values() for test in tests}:
        assert (ROOT / file).is_file(), file
        assert not name or re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(), re.MULTILINE), name
