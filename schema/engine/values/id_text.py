"""How a global id is written, for whoever has no use for the rest of the schema."""

import base64


def id_text(kind: str, id: str) -> str:
    """`kind` as the schema calls the type."""
    return base64.urlsafe_b64encode(f"{kind}:{id}".encode()).rstrip(b"=").decode()
