"""What is on the way out and on the way in, and whose it is."""

from tortoise import fields
from tortoise.models import Model

from adapters.db.rows.tables.columns import Flag, Instant, Uncommented, Whole, Words, key


class DeliveryRow(Model, metaclass=Uncommented):
    id = key()
    received_at = Instant()
    body = fields.BinaryField()
    state = Words()
    reason = Words(null=True)
    numbers = Words()
    claims = Whole()
    lease = Words(null=True)
    leased_until = Instant(null=True)

    class Meta(Model.Meta):
        table = "deliveries"


class DirectoryRow(Model, metaclass=Uncommented):
    kind = Words()
    value = key()
    organization_id = Words()
    ref = Words()

    class Meta(Model.Meta):
        table = "directory"


class OutboxRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    thread_id = Words()
    channel_id = Words()
    queued_at = Instant()
    due_at = Instant()
    priority = Whole()
    tries = Whole()
    leased_until = Instant(null=True)
    lease = Words(null=True)
    cause = Words(null=True)
    reaction = Words(null=True)

    class Meta(Model.Meta):
        table = "outbox"


class RateStateRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    per_second = Whole()
    next_at = Instant()
    slowed = Whole()
    slowed_at = Instant(null=True)
    not_before = Instant(null=True)
    templates_not_before = Instant(null=True)
    stopped = Flag()
    as_of = Instant(null=True)

    class Meta(Model.Meta):
        table = "paces"


class IdempotencyRecordRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    mutation = Words()
    content = Words()
    message_id = Words()
    at = Instant()

    class Meta(Model.Meta):
        table = "idempotency_keys"


class UpdateRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    delivery_id = Words()
    index = Whole()
    outcome = Words()
    at = Instant()
    reason = Words(null=True)
    wamid = Words(null=True)

    class Meta(Model.Meta):
        table = "updates"


class ParkedUpdateRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    number = Words()
    wamid = Words()
    update = Words()
    parked_at = Instant()
    due_at = Instant(null=True)

    class Meta(Model.Meta):
        table = "parked"
