"""Names for things. Ours are UUIDv7 as lower-case text; the network's are kept as the network spells them."""

from typing import NewType

OrganizationId = NewType("OrganizationId", str)
UserId = NewType("UserId", str)
TeamId = NewType("TeamId", str)
ApiKeyId = NewType("ApiKeyId", str)
SignInId = NewType("SignInId", str)
ChannelId = NewType("ChannelId", str)
TemplateId = NewType("TemplateId", str)
ContactId = NewType("ContactId", str)
ThreadId = NewType("ThreadId", str)
MessageId = NewType("MessageId", str)
EventId = NewType("EventId", str)
MediaId = NewType("MediaId", str)
TicketId = NewType("TicketId", str)
DeliveryId = NewType("DeliveryId", str)
PeriodId = NewType("PeriodId", str)
EntryId = NewType("EntryId", str)
LibraryItemId = NewType("LibraryItemId", str)
ConnectionDraftId = NewType("ConnectionDraftId", str)

Wamid = NewType("Wamid", str)
"""The network's id of a message, unique per business number."""
PhoneNumberId = NewType("PhoneNumberId", str)
"""The network's id of a business number: decimal digits, too long for a float."""
BusinessAccountId = NewType("BusinessAccountId", str)
"""The network's id of a WhatsApp business account (WABA)."""
