"""The quota ledger."""

from tortoise.models import Model

from adapters.db.rows.tables.columns import Instant, Uncommented, Whole, Words, key


class PeriodRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    starts_at = Instant()
    ends_at = Instant()
    used = Whole()
    warned_at = Whole()

    class Meta(Model.Meta):
        table = "quota_periods"


class EntryRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    period_id = Words()
    at = Instant()
    kind = Words()
    thread_id = Words()
    message_id = Words()
    account_id = Words()
    refunded_at = Instant(null=True)

    class Meta(Model.Meta):
        table = "quota_entries"
