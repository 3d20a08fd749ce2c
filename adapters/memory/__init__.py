"""The in-memory twin of every port."""

from adapters.bus import MemoryBus
from adapters.memory.media import MemoryMedia
from adapters.memory.scanner import MemoryScanner
from adapters.memory.sounds import MemorySounds
from adapters.memory.storage.database import MemoryDatabase
from adapters.memory.throttle import MemoryThrottle

__all__ = ["MemoryBus", "MemoryDatabase", "MemoryMedia", "MemoryScanner", "MemorySounds", "MemoryThrottle"]
