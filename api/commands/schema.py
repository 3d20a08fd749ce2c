"""The schema as text."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from api.operating.process import Refused


def schema(
    *,
    check: Annotated[bool, Parameter(negative=())] = False,
    write: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Print the GraphQL schema.

    Args:
        check: Compare it with the committed schema/schema.graphql; exit 1 where they differ.
        write: Write it there.
    """
    from schema import sdl

    path = Path(sdl.__file__).with_name("schema.graphql")
    if write:
        path.write_text(sdl.sdl(), encoding="utf-8")
    elif not check:
        sys.stdout.write(sdl.sdl())
    elif not path.exists() or path.read_text(encoding="utf-8") != sdl.sdl():
        raise Refused("schema/schema.graphql is not what the code makes. Run ./dev schema, and review the difference.")
