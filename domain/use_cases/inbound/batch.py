"""What a batch of updates works on: every row it may touch, read and locked before the first is changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from domain.channels.channels import Channel
from domain.contacts import Person
from domain.conversations.messages import Message
from domain.conversations.threads import Thread
from domain.ids import ChannelId, ContactId, MessageId, PhoneNumberId, ThreadId, Wamid
from domain.outbound.outbox import OutboxItem
from domain.updates import DeletionReceived, EditReceived, ParkedUpdate, Update, Waiting, shown_from
from domain.use_cases.contacts.people import People


@dataclass(frozen=True, slots=True)
class Mentions:
    """What is not known yet of people whom updates mention, by the update's record; and in which thread, if in one."""

    people: Mapping[str, Person] = field(default_factory=dict[str, Person])
    threads: Mapping[str, Thread] = field(default_factory=dict[str, Thread])

    @property
    def contacts(self) -> set[ContactId]:
        return {thread.contact for thread in self.threads.values()}


@dataclass
class Batch(People):
    """Rows as they stand in the middle of the batch, changed here and staged in the transaction."""

    channels: dict[PhoneNumberId, Channel] = field(default_factory=dict[PhoneNumberId, Channel])
    stop_words: tuple[str, ...] = ()
    ticket_numbers: list[int] = field(default_factory=list[int])  # taken for the batch, lowest first
    messages: dict[MessageId, Message] = field(default_factory=dict[MessageId, Message])
    by_wamid: dict[tuple[ChannelId, Wamid], MessageId] = field(default_factory=dict[tuple[ChannelId, Wamid], MessageId])
    parked: dict[tuple[PhoneNumberId, Wamid], list[ParkedUpdate]] = field(
        default_factory=dict[tuple[PhoneNumberId, Wamid], list[ParkedUpdate]]
    )

    mentions: Mentions = field(default_factory=Mentions)
    may_join: bool = False  # contacts may become one, and the turn for it is taken
    items: dict[MessageId, OutboxItem] = field(default_factory=dict[MessageId, OutboxItem])

    def takes_back(self, updates: Sequence[Update]) -> bool:
        """Whether words are taken back or changed, by one of these updates or by one that waited for the message."""
        waited = (parked.update for waiting in self.parked.values() for parked in waiting)
        return any(isinstance(update, DeletionReceived | EditReceived) for update in (*updates, *waited))

    async def give_back_ticket_numbers(self) -> None:
        """Those that no ticket of the batch needed."""
        if self.ticket_numbers:
            await self.tx.next_ticket_numbers(-len(self.ticket_numbers))

    async def thread(self, id: ThreadId) -> Thread:
        """One that the batch does not write in is only looked at."""
        return self.threads.get(id) or (await self.tx.unheld.threads([id]))[id]

    def message(self, channel: Channel, wamid: Wamid | None) -> Message | None:
        id = self.by_wamid.get((channel.id, wamid)) if wamid is not None else None
        return self.messages[id] if id is not None else None

    def put_message(self, message: Message) -> None:
        self.messages[message.id] = message
        if message.wamid is not None:
            self.by_wamid[(message.channel, message.wamid)] = message.id


def park(batch: Batch, number: PhoneNumberId, wamid: Wamid, update: Waiting) -> None:
    """Keep what speaks of a message that is not known yet, until it is, or 30 days."""
    parked = ParkedUpdate(
        batch.tx.organization, batch.new_id(), number, wamid, update, batch.now, shown_from(update, batch.now)
    )
    batch.parked.setdefault((number, wamid), []).append(parked)
    batch.tx.save(parked)
