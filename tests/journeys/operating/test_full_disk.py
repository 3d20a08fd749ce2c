"""A desk whose disk is full: nothing can be written, and everything can be read."""

import resource
from dataclasses import replace

import pytest

from tests.journeys.desk import Installation, eventually

NEW_KEY = """
mutation { apiKeyCreate(input: { name: "Reporting", scopes: [READ, TICKETS] }) { secret userErrors { message } } }
"""
READ = "{ viewer { cursor } threads { totalCount } }"
WRITE = """
mutation { libraryItemCreate(input: { kind: SNIPPET, title: "Hours", body: "We are open." }) { userErrors { code } } }
"""

pytestmark = pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="Linux alone bounds another process's files")


def test_a_key_reads_on_though_its_use_cannot_be_noted(installation: Installation) -> None:
    secret = installation.desk.ask(NEW_KEY)["apiKeyCreate"]["secret"]
    desk = replace(installation.desk, token=secret)
    pid = installation.process.pid

    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))  # as if there were no room for one byte more
    for _ in range(3):
        assert desk.ask(READ)["threads"]["totalCount"] == 0
    assert installation.desk.post(WRITE).status_code == 503
    # Looked at once a second at the most, and maybe a moment before.
    assert eventually(lambda: installation.desk.http.get(f"{installation.desk.url}/readyz").status_code == 503)
    told = installation.desk.http.get(f"{installation.desk.url}/readyz")
    assert told.text == "the database can't be written: disk I/O error\n"

    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    assert eventually(lambda: installation.desk.http.get(f"{installation.desk.url}/readyz").status_code == 200)
    assert installation.desk.post(WRITE).status_code == 200
