"""Quarantine: what contacts write that breaks the content policy is kept from everybody until a supervisor shows it.

Only what comes in is judged: links on the organization's block list, then the personal data it asks to keep out. What
makes a file or a mark of the network a reason is found elsewhere and ends in `quarantined` as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from domain.contacts import number_variants
from domain.conversations.contents import (
    ContactCards,
    InteractiveReply,
    Location,
    MediaMessage,
    Notice,
    Order,
    Quarantined,
    QuarantineReason,
    Removed,
    Text,
    Unsupported,
)
from domain.conversations.messages import Direction, Message, Release
from domain.error_codes import ErrorCode
from domain.errors import Refused
from domain.moderation.links import blocked_link
from domain.moderation.personal_data import PersonalDataPattern, found_in
from domain.people.actors import Author
from domain.people.organizations import Organization
from domain.updates import IncomingContent, IncomingMedia

NATIONAL_NUMBER = 11  # digits of a phone number without its country, where those are as many as a national id has


@dataclass(frozen=True, slots=True)
class Policy:
    """What an organization keeps from its people; nothing unless it says so."""

    blocked_links: tuple[str, ...] = ()
    patterns: tuple[PersonalDataPattern, ...] = ()


def policy_of(organization: Organization) -> Policy:
    return Policy(organization.blocked_links, organization.personal_data_patterns)


def own_name(name: str | None, policy: Policy) -> str | None:
    """The name somebody gave themselves, or none: a name in a list is no message that could be put aside, so one with
    a blocked link is not taken when it comes, and they go by the name they had or by their number."""
    return name if name is None or blocked_link(name, policy.blocked_links) is None else None


def screened(message: Message, content: IncomingContent, policy: Policy, *, breaks_rules: bool = False) -> Message:
    """A new message, quarantined where `content`, what it came with, breaks the policy or the network's rules."""
    reason = QuarantineReason.NETWORK_POLICY if breaks_rules else _reason(message, content, policy)
    return message if reason is None else quarantined(message, reason, message.received_at)


def screened_again(before: Message, after: Message, content: IncomingContent, policy: Policy, at: datetime) -> Message:
    """A message its sender changed to `content`, judged by what it says now.

    What did not change what it says now changes nothing of what may be shown of it. What was hidden for its file or by
    the network stays hidden, and whatever was hidden while its file stays the same.
    """
    if after.spoken == before.spoken or isinstance(after.content, Removed):
        return after
    if isinstance(after.content, Quarantined) and (
        after.content.reason in (QuarantineReason.MALWARE, QuarantineReason.NETWORK_POLICY)
        or (isinstance(before.spoken, MediaMessage) and isinstance(after.spoken, MediaMessage))
    ):
        return after
    shown = replace(after, content=after.spoken, quarantined=None)
    reason = _reason(shown, content, policy)
    return shown if reason is None else quarantined(shown, reason, at)


def quarantined(message: Message, reason: QuarantineReason, at: datetime) -> Message:
    """The message with its content put aside. Nothing changes where it is hidden already, or gone."""
    if isinstance(message.content, (Quarantined, Removed)):
        return message
    return replace(message, content=Quarantined(reason, at), quarantined=message.content)


def released(message: Message, by: Author, at: datetime) -> Message | Refused:
    """The message shown again, with who did it. Shown before, it is as it was; what was never hidden is a CONFLICT."""
    if not isinstance(message.content, Quarantined):
        if message.releases:
            return message
        return Refused(ErrorCode.CONFLICT, "This message is not quarantined.", ("messageId",))
    release = Release(by, at, message.content.reason)
    return replace(message, content=message.spoken, quarantined=None, releases=(*message.releases, release))


def _reason(message: Message, content: IncomingContent, policy: Policy) -> QuarantineReason | None:
    if message.direction is not Direction.INBOUND:
        return None
    # All texts at once, a line each: a link or a number ends with its line, and the rules are made ready but once.
    if blocked_link("\n".join(texts_of(content)), policy.blocked_links) is not None:
        return QuarantineReason.PHISHING
    if found_in("\n".join(_words_of(content)), policy.patterns, _own_numbers(message)):
        return QuarantineReason.PERSONAL_DATA
    return None


def texts_of(content: IncomingContent) -> Iterator[str]:
    """Every text its sender wrote. A notice, and why something can't be shown, are the network's words."""
    yield from _words_of(content)
    if isinstance(content, Order):
        yield from (item.product_id for item in content.items)


def _words_of(content: IncomingContent) -> Iterator[str]:
    """The texts that were written by hand: a product's id is the catalogue's, and may look like any number."""
    match content:
        case Text(body=body):
            yield body
        case IncomingMedia(caption=caption, file_name=file_name):
            yield from (each for each in (caption, file_name) if each)
        case Location(name=name, address=address):
            yield from (each for each in (name, address) if each)
        case ContactCards(cards=cards):
            for card in cards:
                yield from (card.name, *card.phones, *card.emails)
                yield card.organization or ""
        case InteractiveReply(title=title, description=description):
            yield title
            yield description or ""
        case Order(note=note):
            yield note or ""
        case Notice() | Unsupported():
            pass
        case _:
            assert_never(content)


def _own_numbers(message: Message) -> frozenset[str]:
    """The digits of the two numbers that talk here, as a contact may write them; none of them is a card or an id."""
    numbers = (each.removeprefix("+") for each in (message.from_number, message.to_number) if each)
    forms = {form for number in numbers for form in number_variants(number)}
    return frozenset(forms | {form[-NATIONAL_NUMBER:] for form in forms})
