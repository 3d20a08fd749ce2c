"""Numbers and templates."""

from tortoise.models import Model

from adapters.db.rows.tables.columns import Flag, Instant, Uncommented, Whole, Words, key


class ChannelRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    name = Words()
    phone_number = Words()
    phone_number_id = Words()
    account_id = Words()
    destination = Words()
    state = Words()
    created_at = Instant()
    connected_at = Instant(null=True)
    reopen_policy = Words()
    assignment = Words()
    send_read_receipts = Flag()
    access_token = Words(null=True)
    app_secret = Words(null=True)
    app_secret_print = Words(null=True)
    pin = Words(null=True)
    terms = Words(null=True)
    token_valid = Flag()
    webhook_subscribed = Flag()
    business_verified = Flag()
    last_inbound_at = Instant(null=True)
    quality_rating = Words(null=True)
    messaging_limit = Whole(null=True)
    throughput_per_second = Whole(null=True)
    missing_permissions = Words()
    problems = Words()
    profile = Words(null=True)
    heard = Words()
    token_expires_at = Instant(null=True)
    check_due_at = Instant(null=True)
    read_at = Instant(null=True)
    former_app_secret = Words(null=True)
    former_app_secret_print = Words(null=True)
    former_secret_until = Instant(null=True)
    close_after_idle_hours = Whole(null=True)

    class Meta(Model.Meta):
        table = "channels"


class TemplateRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    account_id = Words()
    network_id = Words()
    name = Words()
    language = Words()
    category = Words()
    status = Words()
    body = Words()
    synced_at = Instant()
    header = Words(null=True)
    footer = Words(null=True)
    buttons = Words()
    parameters = Words()
    named = Flag()
    quality = Words(null=True)
    rejection_reason = Words(null=True)
    other_parts = Words()
    told_at = Instant(null=True)
    heard_at = Instant(null=True)
    searched = Words()

    class Meta(Model.Meta):
        table = "templates"


class TemplateSyncRow(Model):
    organization_id = Words()
    id = key()
    due_at = Instant(null=True)
    begun_at = Instant(null=True)
    tries = Whole()

    class Meta(Model.Meta):
        table = "template_syncs"


class ConnectionDraftRow(Model):
    organization_id = Words()
    id = key()
    author = Words()
    created_at = Instant()
    expires_at = Instant()
    access_token = Words(null=True)
    state_print = Words(null=True)
    app_id = Words(null=True)
    permissions = Words()
    accounts = Words()
    codes = Words()

    class Meta(Model.Meta):
        table = "connection_drafts"


class RegistrationRow(Model):
    organization_id = Words()
    id = key()
    pin = Words()
    at = Instant()

    class Meta(Model.Meta):
        table = "registrations"
