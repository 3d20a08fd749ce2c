"""Copies of what a message said, outside of it: in the subject, the properties and the history of its thread's tickets.

Once a message shows its words no more, since it was hidden, changed or taken back, they go from there too, and what it
shows now stands in their place. They are known again by themselves alone: a subject as the message named it, whatever
its length; elsewhere words by themselves from `ALONE` characters on, and among others from `AMONG`. Shorter ones may be
anybody's.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import assert_never

from domain.conversations.contents import (
    ContactCards,
    Content,
    Interactive,
    InteractiveReply,
    Location,
    MediaMessage,
    Notice,
    Order,
    Quarantined,
    Removed,
    TemplateMessage,
    Text,
    Unsupported,
)
from domain.conversations.messages import Message
from domain.conversations.previews import words_of
from domain.tickets import ENUMERATED, Property, Ticket, TicketChange, subject_from

ALONE = 8
AMONG = 16


@dataclass(frozen=True, slots=True)
class Gone:
    """What a message says no more: its texts, the subjects it may have given to a ticket, and what it gives now."""

    texts: frozenset[str]
    subjects: frozenset[str]
    instead: str

    def from_subject(self, subject: str) -> str:
        return self.instead if subject in self.subjects else self.from_text(subject)

    def from_text(self, text: str) -> str:
        if len(text) >= ALONE and text.strip() in self.texts:
            return self.instead
        for words in sorted(self.texts, key=len, reverse=True):
            if len(words) >= AMONG and words in text:
                text = text.replace(words, self.instead)
        return text


def gone(before: Message, after: Message) -> Gone | None:
    """What may be shown of a message no more; None where it says what it said."""
    if after.content == before.content:
        return None
    said = [before.content, before.spoken, *(version.content for version in after.versions), after.spoken]
    subjects = {subject_from(words_of(content)) for content in said if content != after.content}
    texts = {text.strip() for content in said for text in texts_in(content)}
    shown = {text.strip() for text in texts_in(after.content)}
    instead = subject_from(words_of(after.content))
    return Gone(frozenset(texts) - shown - {""}, frozenset(subjects - {instead}), instead)


def ticket_without(ticket: Ticket, words: Gone) -> Ticket:
    properties = tuple(
        Property(each.name, words.from_text(each.value) if each.value is not None else None)
        for each in ticket.properties
    )
    return replace(ticket, subject=words.from_subject(ticket.subject), properties=properties)


def change_without(change: TicketChange, words: Gone) -> TicketChange:
    """An entry of the history; what fields of fixed values were and became is nobody's words."""
    if change.field in ENUMERATED:
        return change
    take = words.from_subject if change.field == "subject" else words.from_text
    before = take(change.before) if change.before is not None else None
    after = take(change.after) if change.after is not None else None
    return replace(change, before=before, after=after)


def texts_in(content: Content) -> Iterator[str]:
    """Every text of a content, as it may have been copied from what is shown."""
    match content:
        case Text(body=body):
            yield body
        case MediaMessage(caption=caption):
            yield caption or ""
        case TemplateMessage(body=body, header=header):
            yield from (body, header or "")
        case Location(name=name, address=address):
            yield from (name or "", address or "")
        case ContactCards(cards=cards):
            for card in cards:
                yield from (card.name, *card.phones, *card.emails, card.organization or "")
        case Interactive(body=body):
            yield body
        case InteractiveReply(title=title, description=description):
            yield from (title, description or "")
        case Order(note=note):
            yield note or ""
        case Notice() | Unsupported() | Quarantined() | Removed():
            pass
        case _:
            assert_never(content)
