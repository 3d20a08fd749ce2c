"""The organization, its people and keys, and its log."""

from tortoise.models import Model

from adapters.db.rows.tables.columns import Day, Flag, Instant, Uncommented, Whole, Words, key


class OrganizationRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    name = Words()
    time_zone = Words()
    subscribed_on = Day()
    quota_limit = Whole()
    created_at = Instant()
    agent_visibility = Words()
    legal_name = Words(null=True)
    website = Words(null=True)
    email = Words(null=True)
    country = Words(null=True)
    blocked_links = Words()
    personal_data_patterns = Words()
    stop_words = Words()

    class Meta(Model.Meta):
        table = "organizations"


class EventCounterRow(Model, metaclass=Uncommented):
    """Where an organization's log stands."""

    organization_id = key()
    epoch = Words()
    position = Whole()

    class Meta(Model.Meta):
        table = "event_counters"


class TicketCounterRow(Model, metaclass=Uncommented):
    """The last ticket number an organization gave."""

    organization_id = key()
    number = Whole()

    class Meta(Model.Meta):
        table = "ticket_counters"


class EventRow(Model, metaclass=Uncommented):
    organization_id = Words()
    position = Whole(primary_key=True)
    at = Instant()
    kind = Words()
    version = Whole()
    thread_id = Words(null=True)
    refs = Words()

    class Meta(Model.Meta):
        table = "events"


class UserRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    name = Words()
    email = Words()
    role = Words()
    password_hash = Words(null=True)
    created_at = Instant()
    active = Flag()
    available = Flag()
    capacity = Whole(null=True)
    skills = Words()
    searched = Words()

    class Meta(Model.Meta):
        table = "users"


class ApiKeyRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    name = Words()
    prefix = Words()
    secret_hash = Words()
    scopes = Words()
    created_at = Instant()
    last_used_at = Instant(null=True)
    expires_at = Instant(null=True)
    revoked_at = Instant(null=True)

    class Meta(Model.Meta):
        table = "api_keys"


class SignInRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    user_id = Words()
    token_hash = Words()
    created_at = Instant()
    expires_at = Instant()
    ended_at = Instant(null=True)

    class Meta(Model.Meta):
        table = "sign_ins"
