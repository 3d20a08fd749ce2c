"""The schema as text, for schema.graphql and for `deskline schema`."""

from schema.schema import schema


def sdl() -> str:
    """GraphQL's schema language, the same for the same code; ends with a line break."""
    return schema.as_str().rstrip("\n") + "\n"
