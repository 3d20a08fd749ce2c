"""`X-Hub-Signature-256`: HMAC-SHA256 over the exact bytes of a webhook body.

Source: WhatsApp Business Platform, "Webhooks".
"""

import hashlib
import hmac
import re
from collections.abc import Iterable

_HEADER = re.compile(r"sha256=[0-9a-f]{64}")


def matches(body: bytes, header: str | None, secrets: Iterable[str]) -> int | None:
    """Which of the secrets signed the body, by its place from 0; None where none did or the header is not one.

    Takes as long whichever fits. An empty secret fits nothing.
    """
    if header is None or not _HEADER.fullmatch(header):
        return None
    found: int | None = None
    for place, secret in enumerate(secrets):
        fits = hmac.compare_digest(sign(body, secret), header) and secret != ""
        found = place if fits and found is None else found
    return found


def sign(body: bytes, secret: str) -> str:
    """The header's value, `sha256=` and 64 hexadecimal digits."""
    return f"sha256={hmac.new(secret.encode(errors='surrogatepass'), body, hashlib.sha256).hexdigest()}"
