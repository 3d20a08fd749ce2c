"""The API's handbook leaves no code out and fits the schema. That its examples run, a journey shows."""

import inspect
import re
from pathlib import Path
from typing import Final

import pytest
from graphql import build_schema, parse, validate
from websockets.frames import CloseCode

import api.http.media
from api.http.graphql import ws as graphql_ws
from api.http.guard import protocols
from domain.error_codes import ErrorCode
from schema.engine.api_error import Code
from schema.sdl import sdl
from tests.handbook import HANDBOOK, Fence, fences, named, table_under, text
from tests.journeys.test_handbook import LISTENERS, REQUESTS

LEAST: Final = 1000  # of a close code
CLOSE_CODES: Final = {
    str(value)
    for name, value in vars(graphql_ws).items()
    if name.isupper() and isinstance(value, int) and value >= LEAST
} | {str(CloseCode.MESSAGE_TOO_BIG.value), str(protocols.TOO_MANY)}
DOCUMENTS: Final = [each for each in fences() if each.language == "graphql"]


def test_every_code_of_an_answer_is_told() -> None:
    assert table_under("Of a whole answer").keys() == {str(code) for code in Code}


def test_every_code_of_a_refusal_is_told() -> None:
    assert table_under("Of a refusal").keys() == {str(code) for code in ErrorCode}


def test_every_way_a_socket_is_closed_is_told() -> None:
    assert table_under("Of a socket").keys() == CLOSE_CODES


def test_every_code_of_a_file_is_told() -> None:
    """Those of a refusal are in its table."""
    told = set(re.findall(r'\berror_answer\(\s*"([A-Z_]+)"', inspect.getsource(api.http.media)))
    _, _, beside_the_table = text().partition("A file's `PUT` and `GET` may say more")

    assert told > {"SLOW", "THROTTLED", "UNAVAILABLE"}
    of_a_file = {code for code in told if code not in list(ErrorCode)}
    assert [code for code in sorted(of_a_file) if f"`{code}`" not in beside_the_table.partition("\n\n")[0]] == []


def test_every_example_is_run() -> None:
    assert named("example").keys() == {*REQUESTS, *LISTENERS}
    assert [each for each in fences() if each.language in ("js", "sh") and not each.role] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.code.split("(")[0].strip())
def test_every_document_fits_the_schema(document: Fence) -> None:
    assert validate(build_schema(sdl()), parse(document.code)) == []


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", text())
    headings = re.findall(r"^#+ (.+)$", text(), re.MULTILINE)
    anchors = {"#" + re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}

    assert [link for link in links if link.startswith("#") and link not in anchors] == []
    files: list[Path] = [HANDBOOK.parent / link for link in links if not link.startswith("#")]
    assert [file for file in files if not file.exists()] == []
