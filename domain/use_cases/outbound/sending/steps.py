"""What every send is, whatever it says: the sender and the dry run ask the same of it, in the same order."""

from typing import Protocol, TypeVar

from domain.conversations.contents import Content
from domain.conversations.messages import Message
from domain.errors import REFUSALS, Refusal, forbidden
from domain.outbound.outbox import PERSON_FIRST
from domain.people.actors import Actor, Right
from domain.ports.bundle import Ports
from domain.use_cases.again import again_on_collision
from domain.use_cases.outbound.idempotency import Call, Repeated, repeated
from domain.use_cases.outbound.price import price
from domain.use_cases.outbound.queue import ApprovedSend, FreeFormPlace, carry_out
from domain.use_cases.work import Reading, Work

Approved = TypeVar("Approved")
Approves = TypeVar("Approves", covariant=True)


class Sending(Protocol[Approves]):
    """A command to send. `Approves` is what it comes to where nothing speaks against it."""

    @property
    def call(self) -> Call:
        """What is asked, and under which key: the same again makes nothing new."""
        ...

    def fault(self) -> Refusal | None:
        """Why it may not go, as far as that can be told from the words alone."""
        ...

    async def approved(self, reading: Reading, actor: Actor) -> Approves | Refusal:
        """Whether it may go now; asked where `fault` found nothing."""
        ...


def refusal_at_sight(actor: Actor, sending: Sending[object]) -> Refusal | None:
    """Why it may not go, as far as that can be told without reading anything."""
    return sending.fault() if actor.may(Right.SEND) else forbidden("send messages")


async def decide(reading: Reading, actor: Actor, sending: Sending[Approved]) -> Approved | Repeated | Refusal:
    """What becomes of a send that `refusal_at_sight` let pass."""
    earlier = await repeated(reading.look, actor, sending.call)
    return earlier if earlier is not None else await sending.approved(reading, actor)


@again_on_collision
async def send(ports: Ports, actor: Actor, sending: Sending[ApprovedSend]) -> tuple[Message, ...] | Refusal:
    """Its messages, queued in their order, or those that the same call made before."""
    if refusal := refusal_at_sight(actor, sending):
        return refusal
    async with ports.store.transaction(actor.organization) as tx:
        work = Work.of(ports, tx, ports.clock.now())
        return await carry_out(work, actor, sending.call, await decide(work.reading, actor, sending))


async def send_one(ports: Ports, actor: Actor, sending: Sending[ApprovedSend]) -> Message | Refusal:
    sent = await send(ports, actor, sending)
    return sent[0] if isinstance(sent, tuple) else sent


async def approved_free_form(
    reading: Reading, actor: Actor, to: FreeFormPlace, contents: tuple[Content, ...]
) -> ApprovedSend | Refusal:
    paid = await price(reading, to.thread, to.channel)
    if isinstance(paid, REFUSALS):
        return paid
    return ApprovedSend(reading.now, to.thread, to.channel, actor.author, contents, paid, PERSON_FIRST, to.reply)
