"""Global ids: opaque text that names one object and says which kind it is.

The same object always has the same id. Text that is no id, or the id of another kind, is BAD_REQUEST in a query and
INVALID in a mutation; an id that nobody here has is no matter of form and is looked up like any other.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

import strawberry

from domain.ids import (
    ApiKeyId,
    ChannelId,
    ConnectionDraftId,
    ContactId,
    EventId,
    LibraryItemId,
    MediaId,
    MessageId,
    OrganizationId,
    TeamId,
    TemplateId,
    ThreadId,
    TicketId,
    UserId,
)
from schema.engine.api_error import bad_request
from schema.engine.readable import WrongInput
from schema.engine.values.id_text import id_text

T = TypeVar("T")

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LONGEST = 120  # characters; more than any id has


@strawberry.interface(description="Anything with an id of its own, to be read again by `node`.")
class Node:
    id: strawberry.ID = strawberry.field(
        description="Opaque, and always the same for the same object. It names the object wherever an id is asked for."
    )


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One type's global ids."""

    name: str  # as the schema calls the type
    make: Callable[[str], T]

    def encode(self, id: T) -> strawberry.ID:
        return strawberry.ID(id_text(self.name, str(id)))

    def asked(self, text: str) -> T:
        """The id a query gave; BAD_REQUEST where it is none of this type."""
        id = self._read(text)
        if id is None:
            raise bad_request(f"This is not the id of a {self.name}.")
        return id

    def asked_all(self, texts: Iterable[str] | None) -> tuple[T, ...]:
        return tuple(self.asked(text) for text in texts or ())

    def given(self, text: str, *field: str) -> T:
        """The id a mutation's input gave in `field`; INVALID where it is none of this type."""
        id = self._read(text)
        if id is None:
            raise WrongInput(f"This is not the id of a {self.name}.", *field)
        return id

    def given_or_none(self, text: str | None, *field: str) -> T | None:
        return None if text is None else self.given(text, *field)

    def _read(self, text: str) -> T | None:
        named = parts(text)
        return self.make(named[1]) if named is not None and named[0] == self.name else None


ORGANIZATION = Kind("Organization", OrganizationId)
USER = Kind("User", UserId)
TEAM = Kind("Team", TeamId)
API_KEY = Kind("ApiKey", ApiKeyId)
CHANNEL = Kind("Channel", ChannelId)
TEMPLATE = Kind("Template", TemplateId)
CONTACT = Kind("Contact", ContactId)
THREAD = Kind("Thread", ThreadId)
MESSAGE = Kind("Message", MessageId)
MEDIA = Kind("Media", MediaId)
TICKET = Kind("Ticket", TicketId)
CONNECTION_DRAFT = Kind("ConnectionDraft", ConnectionDraftId)
LIBRARY_ITEM = Kind("LibraryItem", LibraryItemId)
EVENT = Kind("InboxEvent", EventId)


def parts(text: str) -> tuple[str, str] | None:
    """(type, id) of a global id; None for text that is none."""
    if len(text) > LONGEST:
        return None
    try:
        plain = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        kind, _, id = plain.decode("ascii").partition(":")
    except (UnicodeError, binascii.Error):
        return None
    if not UUID.fullmatch(id) or base64.urlsafe_b64encode(plain).rstrip(b"=").decode() != text:
        return None
    return kind, id
