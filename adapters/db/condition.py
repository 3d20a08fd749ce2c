"""How the storage below a database fares, for who asks whether it can be written to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Condition:
    fault: str | None = None
    """Why nothing can be written now, in a line without paths; None where nothing stands against it."""
    log_bytes: int | None = None
    """How long SQLite's write-ahead log is; None for a server, which looks after its own."""
