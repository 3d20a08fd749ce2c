"""The table of what WhatsApp takes, as the API shows it."""

from typing import Self

import strawberry

from domain.conversations.messages import Direction
from domain.files import rules
from domain.files.rules import MediaKind


@strawberry.type(description="What one kind of file may be, one way. What is refused names the rule that stopped it.")
class MediaRule:
    kind: MediaKind = strawberry.field(description="The kind it is about.")
    direction: Direction = strawberry.field(description="INBOUND for what contacts send, OUTBOUND for what you send.")
    mime_types: list[str] = strawberry.field(description="The types that are taken; empty where any is.")
    max_bytes: int = strawberry.field(description="The most bytes it may have.")
    notes: str | None = strawberry.field(description="What else counts, for a person; null where nothing does.")

    @classmethod
    def of(cls, rule: rules.MediaRule) -> Self:
        return cls(
            kind=rule.kind,
            direction=rule.direction,
            mime_types=list(rule.mime_types),
            max_bytes=rule.max_bytes,
            notes=rule.notes,
        )


def every() -> list[MediaRule]:
    return [MediaRule.of(rule) for rule in rules.RULES]
