"""Where ClamAV's scanner is, as `DESKLINE_CLAMD` says it."""

import re
from dataclasses import dataclass
from typing import Final

SETTING: Final = "DESKLINE_CLAMD"
EXAMPLE: Final = "/run/clamav/clamd.ctl or host:3310"


@dataclass(frozen=True, slots=True)
class ClamdAddress:
    """A socket in the file system, or a host with a port."""

    path: str | None = None
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        return self.path or f"{self.host}:{self.port}"


def read_address(text: str) -> ClamdAddress:
    """Raises ValueError with what was expected."""
    if text.startswith("/") and "\0" not in text:
        return ClamdAddress(path=text)
    found = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})", text)
    if found is None or not 0 < int(found[3]) < 65536:
        raise ValueError(EXAMPLE)
    return ClamdAddress(host=found[1] or found[2], port=int(found[3]))
