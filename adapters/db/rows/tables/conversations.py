"""Contacts, threads and what is in them."""

from tortoise.models import Model

from adapters.db.rows.tables.columns import Flag, Instant, Uncommented, Whole, Words, key


class ContactRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    created_at = Instant()
    name = Words(null=True)
    profile_name = Words(null=True)
    wa_id = Words(null=True)
    business_scoped_id = Words(null=True)
    username = Words(null=True)
    email = Words(null=True)
    phones = Words()
    opted_out_at = Instant(null=True)
    marketing_opted_out_at = Instant(null=True)
    searched = Words()
    merged_into_id = Words(null=True)
    marketing_told_at = Instant(null=True)
    merged_by_network = Flag()
    joined = Words(null=True)

    class Meta(Model.Meta):
        table = "contacts"


class IdentityRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    contact_id = Words()
    kind = Words()
    value = Words()
    evidence = Words()
    since = Instant()
    origin_id = Words(null=True)

    class Meta(Model.Meta):
        table = "contact_identities"


class ThreadRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    channel_id = Words()
    contact_id = Words()
    created_at = Instant()
    last_activity_at = Instant()
    wa_id = Words(null=True)
    business_scoped_id = Words(null=True)
    status = Words()
    owner_id = Words(null=True)
    team_id = Words(null=True)
    ticket_id = Words(null=True)
    last_message_id = Words(null=True)
    last_message_at = Instant(null=True)
    last_direction = Words(null=True)
    last_source = Words()
    unread_count = Whole()
    read_up_to = Instant(null=True)
    read_up_to_message_id = Words(null=True)
    pair_next_at = Instant(null=True)
    session_opened_at = Instant(null=True)
    session_last_at = Instant(null=True)
    session_last_by = Words(null=True)
    session_expires_at = Instant(null=True)
    alarm_kind = Words(null=True)
    alarm_at = Instant(null=True)
    origin_id = Words(null=True)

    class Meta(Model.Meta):
        table = "threads"


class MessageRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    thread_id = Words()
    channel_id = Words()
    direction = Words()
    author = Words()
    content = Words()
    status = Words()
    at = Instant()
    sent_at = Instant()
    received_at = Instant()
    wamid = Words(null=True)
    source = Words()
    extends_session = Flag()
    reply_to_wamid = Words(null=True)
    reply_to_id = Words(null=True)
    reactions = Words()
    failure = Words(null=True)
    delivered_at = Instant(null=True)
    read_at = Instant(null=True)
    not_before = Instant(null=True)
    edited_at = Instant(null=True)
    deleted_at = Instant(null=True)
    forwarded = Flag()
    referral = Words(null=True)
    from_number = Words(null=True)
    to_number = Words(null=True)
    attempts = Words()
    original = Words(null=True)
    versions = Words()
    quarantined = Words(null=True)
    releases = Words()

    class Meta(Model.Meta):
        table = "messages"


class MarkRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    message_id = Words()
    status = Words()
    at = Instant()
    reported_at = Instant()
    attempt = Whole(null=True)
    delivery_id = Words(null=True)
    place = Whole(null=True)

    class Meta(Model.Meta):
        table = "message_marks"


class MediaRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    kind = Words()
    state = Words()
    mime_type = Words()
    created_at = Instant()
    direction = Words()
    channel_id = Words(null=True)
    message_id = Words(null=True)
    network_id = Words(null=True)
    file_name = Words(null=True)
    size = Whole(null=True)
    sha256 = Words(null=True)
    voice = Flag()
    animated = Flag()
    failure = Words(null=True)
    stored_as = Words(null=True)
    due_at = Instant(null=True)
    tries = Whole()
    cause = Words(null=True)
    uploads = Words()
    renditions = Words()

    class Meta(Model.Meta):
        table = "media"


class LibraryItemRow(Model):
    organization_id = Words()
    id = key()
    kind = Words()
    title = Words()
    created_at = Instant()
    updated_at = Instant()
    body = Words(null=True)
    url = Words(null=True)
    media_id = Words(null=True)
    searched = Words()

    class Meta(Model.Meta):
        table = "library_items"
