"""Whether a template may be sent to somebody now: asked where it is queued, where it is retried, and as it leaves."""

from datetime import datetime

from domain.channels.templates import Template, TemplateCategory, not_sendable_reason
from domain.contacts import Contact
from domain.conversations.threads import Thread
from domain.error_codes import ErrorCode
from domain.errors import Field, Refused


def template_refusal(
    template: Template, contact: Contact | None, thread: Thread, now: datetime, at: Field = ()
) -> Refused | None:
    """Why this template can't go to this contact now; None where it can. CONTACT_OPTED_OUT stands before
    TEMPLATE_NOT_SENDABLE, which names `at`: to somebody who said stop no other template would do either.

    Who said stop gets nothing business-initiated; who stopped marketing gets no marketing template. Marketing is no
    answer to anything: a session, which the word stop itself opens, lets none of it through.
    """
    is_marketing = template.category is TemplateCategory.MARKETING
    in_session = thread.session is not None and thread.session.is_open(now)
    if contact is not None and contact.opted_out_at is not None and (is_marketing or not in_session):
        return Refused(ErrorCode.CONTACT_OPTED_OUT, "The contact asked not to be written to.")
    if contact is not None and contact.marketing_opted_out_at is not None and is_marketing:
        return Refused(ErrorCode.CONTACT_OPTED_OUT, "The contact stopped marketing messages.")
    if reason := not_sendable_reason(template):
        return Refused(ErrorCode.TEMPLATE_NOT_SENDABLE, reason, at)
    return None
