"""All ports of a desk in one frozen bundle."""

from dataclasses import dataclass

from domain.ports.deliveries import WebhookInbox
from domain.ports.directory import Directory
from domain.ports.files import MediaStore, Scanner, Sounds
from domain.ports.hints import Bus
from domain.ports.network import Interpreter, Network
from domain.ports.reads import Reader
from domain.ports.store import Store
from domain.ports.system import Clock, Ids, Passwords, Throttle, Vault


@dataclass(frozen=True, slots=True)
class Ports:
    clock: Clock
    ids: Ids
    store: Store
    webhook_inbox: WebhookInbox
    directory: Directory
    reader: Reader
    bus: Bus
    network: Network
    interpreter: Interpreter
    vault: Vault
    passwords: Passwords
    throttle: Throttle
    media: MediaStore
    sounds: Sounds | None = None  # None where the codecs are not installed
    scanner: Scanner | None = None  # None where no scanner is set
