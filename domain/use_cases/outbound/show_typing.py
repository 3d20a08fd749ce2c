"""Showing the contact that somebody is writing. A hint: nothing is kept of it, and nothing is told of it."""

from domain.conversations.threads import Thread
from domain.errors import Refusal, forbidden
from domain.ids import ThreadId
from domain.people.actors import Actor, Right
from domain.ports.bundle import Ports
from domain.use_cases.channels.tokens import token_of
from domain.use_cases.outbound.queue import channel_refusal, place_of, session_refusal

SHOWN_S = 20.0  # the network shows it for 25 s, or until our next message


async def show_typing(ports: Ports, actor: Actor, id: ThreadId) -> Thread | Refusal:
    """In a session only, since nobody else waits for words of ours. The network is asked once in 20 s, however often
    somebody types; it marks the contact's messages read as well.

    Refuses FORBIDDEN, NOT_FOUND, CHANNEL_UNAVAILABLE, SESSION_CLOSED.
    """
    if not actor.may(Right.SEND):
        return forbidden("show that somebody is writing")
    async with ports.reader.look(actor.organization, actor.key) as look:
        found = await place_of(look, id)
        if not isinstance(found, tuple):
            return found
        thread, channel = found
        now = ports.clock.now()
        if refusal := channel_refusal(channel) or await session_refusal(look, thread, channel, now):
            return refusal
        answered = thread.session.last_by if thread.session is not None else None
        newest = (await look.messages([answered])).get(answered) if answered is not None else None
    token = token_of(ports.vault, channel)
    if newest is None or newest.wamid is None or token is None:
        return thread
    if await ports.throttle.take(f"typing:{actor.organization}/{id}", 1, SHOWN_S) is None:
        await ports.network.mark_read(token, channel.phone_number_id, newest.wamid, typing=True)
    return thread
