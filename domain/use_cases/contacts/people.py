"""The people whom a transaction is about: their contacts and names, threads and tickets, as they stand in its midst."""

from dataclasses import dataclass, field

from domain.contacts import Contact, Identity, IdentityKey
from domain.conversations.threads import Thread
from domain.ids import ContactId, ThreadId, TicketId
from domain.moderation.quarantine import Policy
from domain.tickets import Ticket
from domain.use_cases.work import Work


@dataclass
class People(Work):
    """Rows that are read and locked, changed here and staged in the transaction."""

    policy: Policy = field(default_factory=Policy)
    contacts: dict[ContactId, Contact] = field(default_factory=dict[ContactId, Contact])
    identities: dict[IdentityKey, Identity] = field(default_factory=dict[IdentityKey, Identity])
    threads: dict[ThreadId, Thread] = field(default_factory=dict[ThreadId, Thread])
    tickets: dict[TicketId, Ticket] = field(default_factory=dict[TicketId, Ticket])
