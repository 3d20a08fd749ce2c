"""Another program that has a desk's file open, such as a shell in which somebody left a transaction."""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

READER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN")
database.execute("SELECT count(*) FROM deliveries").fetchone()
print("reading", flush=True)
sys.stdin.readline()
"""


@contextmanager
def foreign_reader(path: Path) -> Generator[int]:
    """Another program that reads from the state of now until the block ends; its process."""
    command = [sys.executable, "-c", READER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"reading\n"
        yield process.pid
        process.communicate(b"\n")
