"""Limits a slow machine does not meet: for tests of what happens, not of how long anybody waits."""

import pytest

from adapters.db.postgres import database as postgres_database
from adapters.db.postgres import deliveries as postgres_deliveries
from adapters.db.postgres import pool as postgres_pool

PATIENCE_S = 120.0
AT_THE_SERVER = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")


def be_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """For whatever is opened from now on in this process."""
    for session in (postgres_database.WRITING, postgres_database.READING, postgres_database.STORING):
        for limit in AT_THE_SERVER:
            monkeypatch.setitem(session, limit, f"{PATIENCE_S:.0f}s")
    monkeypatch.setattr(postgres_database, "CONNECTED_WITHIN_S", PATIENCE_S)
    monkeypatch.setattr(postgres_deliveries, "STORED_WITHIN_S", PATIENCE_S)
    for limit in ("LENT_WITHIN_S", "ANSWERED_WITHIN_S", "BEGUN_WITHIN_S", "MENDED_WITHIN_S"):
        monkeypatch.setattr(postgres_pool, limit, PATIENCE_S)
