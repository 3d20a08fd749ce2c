"""Alarms: what a session has to say when its time comes, with nobody asking."""

from dataclasses import replace
from datetime import datetime

from domain.conversations.sessions import AlarmKind, next_alarm
from domain.conversations.threads import Thread
from domain.events import SessionChange, SessionChanged
from domain.ids import OrganizationId, ThreadId
from domain.ports.bundle import Ports
from domain.ports.store import Transaction
from domain.use_cases.again import again_on_collision


@again_on_collision
async def fire_timers(ports: Ports, organization: OrganizationId, *threads: ThreadId) -> None:
    """Tell that sessions are about to end, or have ended. An end that a newer message moved is never told."""
    now = ports.clock.now()
    async with ports.store.transaction(organization, background=True) as tx:
        for thread in (await tx.threads(threads)).values():
            _ring_one(tx, thread, now)


def _ring_one(tx: Transaction, thread: Thread, now: datetime) -> None:
    session, alarm = thread.session, thread.alarm
    if session is None or alarm is None or alarm.at > now:
        return
    if alarm.kind is AlarmKind.EXPIRING and now < session.expires_at:
        tx.save(replace(thread, alarm=next_alarm(session, now, warned=True)))
        tx.record(SessionChanged(thread.id, SessionChange.EXPIRING))
        return
    tx.save(replace(thread, alarm=None))
    tx.record(SessionChanged(thread.id, SessionChange.EXPIRED))
