"""Alarms: what a session has to say when its time comes, with nobody asking."""

from dataclasses import replace

from domain.events import SessionChange, SessionChanged
from domain.ids import OrganizationId, ThreadId
from domain.ports import Ports
from domain.sessions import AlarmKind, next_alarm
from domain.use_cases.again import again_on_collision


@again_on_collision
async def ring(ports: Ports, organization: OrganizationId, thread: ThreadId) -> None:
    """Tell that a session is about to end, or has ended. An end that a newer message moved is never told."""
    now = ports.clock.now()
    async with ports.store.transaction(organization, background=True) as tx:
        current = (await tx.threads([thread])).get(thread)
        if current is None or current.session is None or current.alarm is None or current.alarm.at > now:
            return
        session, alarm = current.session, current.alarm
        if alarm.kind is AlarmKind.EXPIRING and now < session.expires_at:
            tx.save(replace(current, alarm=next_alarm(session, now, warned=True)))
            tx.record(SessionChanged(thread, SessionChange.EXPIRING))
            return
        tx.save(replace(current, alarm=None))
        tx.record(SessionChanged(thread, SessionChange.EXPIRED))
