"""A script that opens the page in Chromium, and what it saw there."""

import os
import subprocess
from pathlib import Path

from tests.journeys.desk import chromium, node

LONGEST_S = 180


def visit(script: str, page: str, directory: Path, **environment: str | None) -> str:
    """What the script of this folder printed about `page`; what it found wrong fails the test."""
    given = {name: value for name, value in environment.items() if value}
    seen = subprocess.run(
        [node(), Path(__file__).with_name(script)],
        cwd=directory,
        env={**os.environ, "PAGE": page, "CHROMIUM": chromium(), **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_S,
    )
    assert seen.returncode == 0, seen.stdout + seen.stderr
    return seen.stdout
