"""Tickets and what became of them."""

from tortoise.models import Model

from adapters.db.rows.tables.columns import Flag, Instant, Uncommented, Whole, Words, key


class TicketRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    number = Whole()
    subject = Words()
    status = Words()
    thread_id = Words()
    contact_id = Words()
    channel_id = Words()
    created_at = Instant()
    priority = Words()
    source = Words()
    owner_id = Words(null=True)
    team_id = Words(null=True)
    required_skills = Words()
    properties = Words()
    closed_at = Instant(null=True)
    replied = Flag()

    class Meta(Model.Meta):
        table = "tickets"


class TicketChangeRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    ticket_id = Words()
    at = Instant()
    by = Words()
    field = Words()
    before = Words(null=True)
    after = Words(null=True)

    class Meta(Model.Meta):
        table = "ticket_changes"
