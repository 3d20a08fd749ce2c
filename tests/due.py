"""What may leave now, asked for as the worker asks."""

from datetime import datetime

from domain.ids import MessageId, OrganizationId
from domain.outbound.outbox import PERSON_FIRST, TEMPLATE_NEXT
from domain.ports.store import Store


async def due_sends(store: Store, now: datetime, limit: int) -> list[tuple[OrganizationId, MessageId]]:
    """Number by number, replies before templates, the older first."""
    due = [
        (number.organization, message)
        for number in await store.due_numbers(now)
        for priority in (PERSON_FIRST, TEMPLATE_NEXT)
        for message in await store.due_sends_of(number.organization, number.channel, priority, now, limit)
    ]
    return due[:limit]
