"""The desk's storage in memory: every storage port over one state, gone with the process."""

from adapters.memory.storage.books import Shelf
from adapters.memory.storage.directory import MemoryDirectory
from adapters.memory.storage.reader import MemoryReader
from adapters.memory.storage.store import MemoryStore
from adapters.memory.storage.webhook_inbox import MemoryWebhookInbox
from domain.ports.hints import Bus
from domain.ports.system import Clock, Ids


class MemoryDatabase:
    def __init__(self, clock: Clock, ids: Ids, bus: Bus) -> None:
        shelf = Shelf()
        self.webhook_inbox = MemoryWebhookInbox(clock, bus, shelf)
        self.store = MemoryStore(clock, ids, bus, shelf, self.webhook_inbox)
        self.directory = MemoryDirectory(shelf)
        self.reader = MemoryReader(shelf)
