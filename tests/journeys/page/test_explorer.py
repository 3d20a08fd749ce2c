"""GraphiQL in a real browser, on a machine whose only neighbour is the desk."""

import os
from pathlib import Path

from api.http.browsers.bundle import DIRECTORY
from tests.journeys.desk import EMBEDDED, address_in, begin, deskline, missing, running
from tests.journeys.page.visits import visit


def test_the_explorer_loads_and_asks_with_no_network_but_the_desk(tmp_path: Path) -> None:
    """With DESKLINE_EXPLORER_PICTURE in the environment, a picture is taken to the file it names."""
    if not (DIRECTORY / "graphiql" / "index.html").exists():
        missing("GraphiQL was not built; ./dev web builds it")
    key = begin(tmp_path, EMBEDDED)
    settings = {**EMBEDDED.settings, "DESKLINE_INTROSPECTION": "true"}
    with running(*deskline("serve", "--port", "0"), directory=tmp_path, settings=settings) as process:
        picture = os.environ.get("DESKLINE_EXPLORER_PICTURE")
        seen = visit("explorer.mjs", address_in(process.line()), tmp_path, KEY=key, SCREENSHOT=picture)
    assert "saw an answer and the schema" in seen
