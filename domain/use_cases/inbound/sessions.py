"""The session that a message of the contact opens or extends."""

from dataclasses import replace
from datetime import datetime

from domain.conversations.messages import Message
from domain.conversations.sessions import after_inbound, next_alarm, run_start
from domain.conversations.threads import Thread
from domain.events import SessionChange, SessionChanged
from domain.ids import ThreadId
from domain.use_cases.inbound.batch import Batch

RUN_PAGE = 200  # instants looked up at a time to find where a run of messages began


async def with_session(batch: Batch, thread: Thread, message: Message) -> Thread:
    before = thread.session
    session = after_inbound(before, message.id, message.at)
    if before is not None and session.opened_at < before.opened_at:
        start = await _run_start(batch, thread.id, session.opened_at)
        session = replace(session, opened_at=start)
    if before is not None and session.expires_at == before.expires_at:
        return replace(thread, session=session)
    return replace(thread, session=session, alarm=next_alarm(session, batch.now, warned=False))


async def _run_start(batch: Batch, thread: ThreadId, at: datetime) -> datetime:
    """Where the run that a late message joined began; looked up page by page, as it may be long."""
    start = at
    while True:
        earlier = await batch.tx.session_instants(thread, start, RUN_PAGE)
        begun = run_start(start, earlier)
        if begun == start or len(earlier) < RUN_PAGE or begun != earlier[-1]:
            return begun
        start = begun


def session_event(batch: Batch, before: Thread, after: Thread) -> None:
    if after.session is None or after.session == before.session or not after.session.is_open(batch.now):
        return
    went_on = before.session is not None and before.session.is_open(batch.now)
    change = SessionChange.EXTENDED if went_on else SessionChange.OPENED
    batch.tx.record(SessionChanged(after.id, change))
