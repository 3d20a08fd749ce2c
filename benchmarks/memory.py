"""The memory that a process takes. Linux tells it exactly."""

from pathlib import Path
from typing import Final

from benchmarks.places import NoPlace

KIB_IN_MIB: Final = 1024


class Memory:
    """Of one process, in MiB."""

    def __init__(self, pid: int) -> None:
        self._process = Path("/proc") / str(pid)
        if not self._process.is_dir():
            raise NoPlace("the memory of a process is measured on Linux only")
        self._at_first = self._told("VmRSS")

    def mark(self) -> None:
        (self._process / "clear_refs").write_text("5")  # the high-water mark begins anew

    def most(self) -> float:
        """The most it had since `mark`."""
        return self._told("VmHWM") / KIB_IN_MIB

    def grown(self) -> float:
        """The same, above what it had at first."""
        return (self._told("VmHWM") - self._at_first) / KIB_IN_MIB

    def _told(self, name: str) -> int:
        lines = (self._process / "status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
