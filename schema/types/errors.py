"""What the API says when it cannot do what was asked.

A refusal that a person or a program can act on is a `UserError` in a mutation's payload. Everything else is one
`ApiError` with a code in `extensions`: nobody signed in, nonsense, too much.
"""

from datetime import datetime
from typing import Any, assert_never

import strawberry
from strawberry import Info

from domain.error_codes import ErrorCode
from domain.errors import (
    MediaRejected,
    QuotaExceeded,
    Refusal,
    Refused,
    SessionClosed,
    TemplateParameterWrong,
    TextTooLong,
    code_of,
)
from domain.ids import TemplateId
from schema.context import Context
from schema.engine.api_error import GRAPHQL_INT_MAX
from schema.engine.values.enums import describe
from schema.types.files.media_rules import MediaRule
from schema.types.lazy import Template, TemplateParameter

describe(
    ErrorCode,
    "Why something was refused: what a program decides by. The message is for people and may change.",
    {
        "NOT_FOUND": "Nothing here has this id, or it is out of the caller's sight. Both look the same.",
        "FORBIDDEN": "The role, or the key's scopes, do not include this. Ask an administrator.",
        "INVALID": "A value cannot be what it has to be; `field` says which one.",
        "CONFLICT": "It is no longer as the caller expected. Read again, then decide again.",
        "IDEMPOTENCY_MISMATCH": "The key was used before, for something else. Take a new key for a new action.",
        "SESSION_CLOSED": "The contact has not written for 24 hours, or never. Send one of the listed templates.",
        "QUOTA_EXCEEDED": "This month's conversations are used up until `resetsAt`.",
        "DAILY_ALLOWANCE_EXCEEDED": "The network lets the account begin no more conversations until `resetsAt`.",
        "MEDIA_REJECTED": "WhatsApp does not take this file; the rule that stopped it is named.",
        "TEXT_TOO_LONG": "Shorten it to `limit` characters or send it in parts.",
        "TEMPLATE_NOT_SENDABLE": "The network has not approved the template, or it has parts that cannot be sent yet.",
        "TEMPLATE_PARAMETERS": "A blank of the template is missing, extra or unfit; it is named.",
        "CONTACT_OPTED_OUT": "The contact asked not to be written to. Wait until they write.",
        "CHANNEL_UNAVAILABLE": "The number cannot send now: it is not connected, or nothing can be stored.",
        "CHANNEL_ALREADY_CONNECTED": "This number is connected here already.",
        "NUMBER_LINKED_ELSEWHERE": "Another organization has this number. It has to disconnect it first.",
        "PERMISSION_MISSING": "The access token lacks a permission; the message names it.",
        "TOO_MANY_NUMBERS": "The business account has as many numbers here as it may have.",
        "PERSONAL_ACCOUNT": "This is a personal number. Only numbers of a business account can be connected.",
        "VERIFICATION_FAILED": "The network refused the code.",
        "DISPLAY_NAME_NOT_APPROVED": "The network has not approved the display name.",
        "TRY_LATER": "The network wants to wait, and the message says how long where it told.",
        "OWNER_UNAVAILABLE": "The user is no longer active and gets no work.",
        "ALREADY_CLOSED": "It was closed before; nothing was changed.",
        "CANCELLED": "It was taken back before it left.",
    },
)


@strawberry.interface(description="A refusal that a person or a program can act on. An empty list of them is success.")
class UserError:
    code: ErrorCode = strawberry.field(description="What a program decides by.")
    message: str = strawberry.field(description="One sentence for a person, in English. Its wording may change.")
    field: list[str] | None = strawberry.field(
        description='The path into `input`, such as ["content", "text", "body"]; null where no one field is at fault.'
    )


@strawberry.type(description="A refusal that its code and message say all about.")
class RefusedError(UserError):
    pass


@strawberry.type(description="Free-form messages go only within 24 hours of the contact's last one.")
class SessionClosedError(UserError):
    closed_at: datetime | None = strawberry.field(
        description="When the 24 hours ended; null where the contact never wrote."
    )
    sendable: strawberry.Private[tuple[TemplateId, ...]]

    @strawberry.field(description="The templates that can be sent from this number now; empty where there are none.")
    async def templates(self, info: Info[Context, None]) -> list[Template]:
        from schema.types.channels import templates

        return await templates.loaded_all(info.context, self.sendable)


@strawberry.type(description="The conversations of the month, or of the account's day, are used up.")
class QuotaExceededError(UserError):
    limit: int = strawberry.field(description="How many conversations there were to use.")
    resets_at: datetime = strawberry.field(description="When the next one can begin.")


@strawberry.type(description="A text has more characters than WhatsApp takes.")
class TextTooLongError(UserError):
    limit: int = strawberry.field(description="The most characters it may have.")
    length: int = strawberry.field(description="How many it had.")


@strawberry.type(description="A template's blank is missing, extra, too long or filled with what the network refuses.")
class TemplateParameterError(UserError):
    parameter: TemplateParameter | None = strawberry.field(
        description="The blank in question, by component and name; null where none can be named."
    )


@strawberry.type(description="WhatsApp does not take this file.")
class MediaRejectedError(UserError):
    rule: MediaRule | None = strawberry.field(description="The row of `mediaRules` that stopped it.")
    mime_type: str | None = strawberry.field(description="The file's type, judged from its bytes once they are here.")
    bytes: int | None = strawberry.field(description="Its size.")


def to_user_errors(refusal: Refusal) -> list[UserError]:
    """A refusal as the API says it: one entry a reason, where there are several."""
    others = refusal.others if isinstance(refusal, TemplateParameterWrong) else ()
    return [to_user_error(refusal), *(to_user_error(other) for other in others)]


def to_user_error(refusal: Refusal) -> UserError:
    """A refusal of the rules as the API says it."""
    code = code_of(refusal)
    match refusal:
        case Refused(message=message, field=field):
            return RefusedError(code=code, message=message, field=list(field) or None)
        case SessionClosed(closed_at=closed_at, templates=sendable):
            message = "The contact has not written for 24 hours; only templates can be sent."
            if closed_at is None:
                message = "The contact has never written; only templates can be sent."
            return SessionClosedError(code=code, message=message, field=None, closed_at=closed_at, sendable=sendable)
        case QuotaExceeded(limit=limit, resets_at=resets_at):
            whose = "of this month" if code is ErrorCode.QUOTA_EXCEEDED else "that the account may begin in 24 hours"
            message = f"All {limit} conversations {whose} are used up."
            return QuotaExceededError(code=code, message=message, field=None, limit=limit, resets_at=resets_at)
        case TextTooLong(limit=limit, length=length, field=field):
            message = f"The text has {length} characters; {limit} are allowed."
            return TextTooLongError(code=code, message=message, field=list(field) or None, limit=limit, length=length)
        case TemplateParameterWrong():
            return _parameter_error(refusal)
        case MediaRejected(rule=rule, mime_type=mime_type, size=size, message=message, field=field):
            return MediaRejectedError(
                code=code,
                message=message,
                field=list(field) or None,
                rule=MediaRule.of(rule),
                mime_type=mime_type,
                bytes=size if size <= GRAPHQL_INT_MAX else None,
            )
    assert_never(refusal)


def user_errors() -> Any:
    """The field every payload has."""
    return strawberry.field(
        default_factory=list, description="Why nothing was done, one entry a reason; empty where it was done."
    )


def _parameter_error(wrong: TemplateParameterWrong) -> TemplateParameterError:
    from schema.types.channels import templates

    return TemplateParameterError(
        code=code_of(wrong),
        message=f"{wrong.name} in {wrong.component}: {wrong.message}",
        field=list(wrong.field),
        parameter=templates.TemplateParameter(component=wrong.component, name=wrong.name, kind="TEXT", example=None),
    )
