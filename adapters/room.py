"""How much room there is on the disk that something is kept on."""

import shutil
from pathlib import Path
from typing import Final

LEAST_BYTES: Final = 8 * 1024 * 1024
"""Below this a disk counts as full: what is written last would be cut off somewhere in its middle."""


def free_bytes(path: Path) -> int | None:
    """For whoever is not root, at `path` or the nearest folder above it that is there; None where nobody says."""
    for place in (path, *path.parents):
        try:
            return shutil.disk_usage(place).free
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None


def is_full(path: Path) -> bool:
    free = free_bytes(path)
    return free is not None and free < LEAST_BYTES
