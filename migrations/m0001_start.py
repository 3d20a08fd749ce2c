"""The first tables.

The organization leads every key and index, so that its rows lie together and can be spread over machines by it.
`deliveries` and `directory` alone belong to none. Nothing is deleted with its parent: foreign keys only refuse.
A thread's newest ticket and message point back at it and carry no foreign key; nor do owners and teams.
"""

from migrations._dialect import POSTGRES_WORDS, SQLITE_WORDS, in_words, per_database
from migrations._recorded import RecordedMigration

STATEMENTS = [
    # ------------------------------------------------------------ known without an organization
    """
    CREATE TABLE deliveries (
        id {text} NOT NULL PRIMARY KEY,
        received_at {time} NOT NULL,
        body {bytes} NOT NULL,
        state {text} NOT NULL,
        reason {text},
        numbers {text} NOT NULL
    )
    """,
    "CREATE INDEX deliveries_by_state ON deliveries (state, received_at, id)",
    """
    CREATE TABLE directory (
        kind {text} NOT NULL,
        value {text} NOT NULL,
        organization_id {text} NOT NULL,
        ref {text} NOT NULL,
        PRIMARY KEY (kind, value, organization_id)
    ){clustered}
    """,
    """
    CREATE UNIQUE INDEX directory_of_one ON directory (kind, value)
        WHERE kind IN ('ORGANIZATION', 'KEY', 'TOKEN', 'NUMBER')
    """,
    # ------------------------------------------------------------ the organization, its people and keys
    """
    CREATE TABLE organizations (
        organization_id {text} NOT NULL,
        id {text} NOT NULL,
        name {text} NOT NULL,
        time_zone {text} NOT NULL,
        subscribed_on {day} NOT NULL,
        quota_limit {whole} NOT NULL,
        created_at {time} NOT NULL,
        agent_visibility {text} NOT NULL,
        legal_name {text},
        website {text},
        email {text},
        country {text},
        PRIMARY KEY (organization_id, id),
        UNIQUE (organization_id),
        CHECK (organization_id = id)
    )
    """,
    """
    CREATE TABLE event_counters (
        organization_id {text} NOT NULL PRIMARY KEY,
        epoch {text} NOT NULL,
        position {whole} NOT NULL,
        ticket_number {whole} NOT NULL
    ){clustered}
    """,
    """
    CREATE TABLE events (
        organization_id {text} NOT NULL,
        position {whole} NOT NULL,
        at {time} NOT NULL,
        kind {text} NOT NULL,
        version {whole} NOT NULL,
        thread_id {text},
        refs {text} NOT NULL,
        PRIMARY KEY (organization_id, position)
    ){clustered}
    """,
    """
    CREATE INDEX events_of_thread ON events (organization_id, thread_id, position) WHERE thread_id IS NOT NULL
    """,
    """
    CREATE TABLE users (
        organization_id {text} NOT NULL REFERENCES organizations (organization_id),
        id {text} NOT NULL,
        name {text} NOT NULL,
        email {text} NOT NULL,
        role {text} NOT NULL,
        password_hash {text},
        created_at {time} NOT NULL,
        active {flag} NOT NULL,
        available {flag} NOT NULL,
        capacity {whole},
        skills {text} NOT NULL,
        PRIMARY KEY (organization_id, id)
    )
    """,
    "CREATE UNIQUE INDEX users_by_email ON users (organization_id, email)",
    "CREATE INDEX users_by_name ON users (organization_id, name, id)",
    """
    CREATE TABLE api_keys (
        organization_id {text} NOT NULL REFERENCES organizations (organization_id),
        id {text} NOT NULL,
        name {text} NOT NULL,
        prefix {text} NOT NULL,
        secret_hash {text} NOT NULL,
        scopes {text} NOT NULL,
        created_at {time} NOT NULL,
        last_used_at {time},
        expires_at {time},
        revoked_at {time},
        PRIMARY KEY (organization_id, id)
    )
    """,
    """
    CREATE TABLE sign_ins (
        organization_id {text} NOT NULL,
        id {text} NOT NULL,
        user_id {text} NOT NULL,
        token_hash {text} NOT NULL,
        created_at {time} NOT NULL,
        expires_at {time} NOT NULL,
        ended_at {time},
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id)
    )
    """,
    "CREATE INDEX sign_ins_of_user ON sign_ins (organization_id, user_id, id)",
    # ------------------------------------------------------------ channels, templates
    """
    CREATE TABLE channels (
        organization_id {text} NOT NULL REFERENCES organizations (organization_id),
        id {text} NOT NULL,
        name {text} NOT NULL,
        phone_number {text} NOT NULL,
        phone_number_id {text} NOT NULL,
        account_id {text} NOT NULL,
        destination {text} NOT NULL,
        state {text} NOT NULL,
        created_at {time} NOT NULL,
        connected_at {time},
        reopen_policy {text} NOT NULL,
        assignment {text} NOT NULL,
        send_read_receipts {flag} NOT NULL,
        access_token {text},
        app_secret {text},
        app_secret_print {text},
        pin {text},
        terms {text},
        token_valid {flag} NOT NULL,
        webhook_subscribed {flag} NOT NULL,
        business_verified {flag} NOT NULL,
        last_inbound_at {time},
        quality_rating {text},
        messaging_limit {whole},
        throughput_per_second {whole},
        missing_permissions {text} NOT NULL,
        problems {text} NOT NULL,
        PRIMARY KEY (organization_id, id)
    )
    """,
    "CREATE UNIQUE INDEX channels_by_number ON channels (organization_id, phone_number_id)",
    "CREATE INDEX channels_of_account ON channels (organization_id, account_id, id)",
    """
    CREATE TABLE templates (
        organization_id {text} NOT NULL REFERENCES organizations (organization_id),
        id {text} NOT NULL,
        account_id {text} NOT NULL,
        network_id {text} NOT NULL,
        name {text} NOT NULL,
        language {text} NOT NULL,
        category {text} NOT NULL,
        status {text} NOT NULL,
        body {text} NOT NULL,
        synced_at {time} NOT NULL,
        header {text},
        footer {text},
        buttons {text} NOT NULL,
        parameters {text} NOT NULL,
        named {flag} NOT NULL,
        quality {text},
        rejection_reason {text},
        PRIMARY KEY (organization_id, id)
    )
    """,
    "CREATE INDEX templates_of_account ON templates (organization_id, account_id, name, language, id)",
    "CREATE INDEX templates_by_name ON templates (organization_id, name, language, id)",
    # ------------------------------------------------------------ contacts
    """
    CREATE TABLE contacts (
        organization_id {text} NOT NULL REFERENCES organizations (organization_id),
        id {text} NOT NULL,
        created_at {time} NOT NULL,
        name {text},
        profile_name {text},
        wa_id {text},
        business_scoped_id {text},
        username {text},
        email {text},
        phones {text} NOT NULL,
        opted_out_at {time},
        marketing_opted_out_at {time},
        PRIMARY KEY (organization_id, id)
    )
    """,
    "CREATE INDEX contacts_by_age ON contacts (organization_id, created_at, id)",
    """
    CREATE TABLE contact_identities (
        organization_id {text} NOT NULL,
        id {text} NOT NULL,
        contact_id {text} NOT NULL,
        kind {text} NOT NULL,
        value {text} NOT NULL,
        evidence {text} NOT NULL,
        since {time} NOT NULL,
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, contact_id) REFERENCES contacts (organization_id, id)
    )
    """,
    "CREATE UNIQUE INDEX contact_identities_by_key ON contact_identities (organization_id, kind, value)",
    "CREATE INDEX contact_identities_of_contact ON contact_identities (organization_id, contact_id, id)",
    # ------------------------------------------------------------ threads, messages
    """
    CREATE TABLE threads (
        organization_id {text} NOT NULL,
        id {text} NOT NULL,
        channel_id {text} NOT NULL,
        contact_id {text} NOT NULL,
        created_at {time} NOT NULL,
        last_activity_at {time} NOT NULL,
        wa_id {text},
        business_scoped_id {text},
        status {text} NOT NULL,
        owner_id {text},
        team_id {text},
        ticket_id {text},
        last_message_id {text},
        last_message_at {time},
        last_direction {text},
        last_source {text} NOT NULL,
        unread_count {whole} NOT NULL,
        read_up_to {time},
        session_opened_at {time},
        session_last_at {time},
        session_last_by {text},
        session_expires_at {time},
        alarm_kind {text},
        alarm_at {time},
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, channel_id) REFERENCES channels (organization_id, id),
        FOREIGN KEY (organization_id, contact_id) REFERENCES contacts (organization_id, id)
    )
    """,
    "CREATE INDEX threads_by_status ON threads (organization_id, status, last_activity_at, id)",
    "CREATE INDEX threads_by_activity ON threads (organization_id, last_activity_at, id)",
    "CREATE INDEX threads_by_age ON threads (organization_id, created_at, id)",
    "CREATE INDEX threads_by_session ON threads (organization_id, session_expires_at, id)",
    "CREATE INDEX threads_of_contact ON threads (organization_id, contact_id, id)",
    "CREATE INDEX threads_of_channel ON threads (organization_id, channel_id, last_activity_at, id)",
    "CREATE INDEX threads_of_owner ON threads (organization_id, owner_id, last_activity_at, id)",
    "CREATE INDEX threads_by_alarm ON threads (organization_id, alarm_at) WHERE alarm_at IS NOT NULL",
    """
    CREATE TABLE messages (
        organization_id {text} NOT NULL,
        id {text} NOT NULL,
        thread_id {text} NOT NULL,
        channel_id {text} NOT NULL,
        direction {text} NOT NULL,
        author {text} NOT NULL,
        content {text} NOT NULL,
        status {text} NOT NULL,
        at {time} NOT NULL,
        sent_at {time} NOT NULL,
        received_at {time} NOT NULL,
        wamid {text},
        source {text} NOT NULL,
        extends_session {flag} NOT NULL,
        reply_to_wamid {text},
        reply_to_id {text},
        reactions {text} NOT NULL,
        failure {text},
        delivered_at {time},
        read_at {time},
        held_until {time},
        edited_at {time},
        deleted_at {time},
        forwarded {flag} NOT NULL,
        referral {text},
        from_number {text},
        to_number {text},
        attempts {text} NOT NULL,
        original {text},
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, thread_id) REFERENCES threads (organization_id, id),
        FOREIGN KEY (organization_id, channel_id) REFERENCES channels (organization_id, id)
    )
    """,
    "CREATE INDEX messages_of_thread ON messages (organization_id, thread_id, at, id)",
    "CREATE UNIQUE INDEX messages_by_wamid ON messages (organization_id, channel_id, wamid) WHERE wamid IS NOT NULL",
    """
    CREATE TABLE message_marks (
        organization_id {text} NOT NULL,
        id {text} NOT NULL,
        message_id {text} NOT NULL,
        status {text} NOT NULL,
        at {time} NOT NULL,
        reported_at {time} NOT NULL,
        attempt {whole},
        delivery_id {text},
        place {whole},
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, message_id) REFERENCES messages (organization_id, id)
    )
    """,
    "CREATE INDEX message_marks_of_message ON message_marks (organization_id, message_id, reported_at, id)",
    """
    CREATE UNIQUE INDEX message_marks_by_update ON message_marks (organization_id, delivery_id, place, message_id)
        WHERE delivery_id IS NOT NULL
    """,
    """
    CREATE TABLE media (
        organization_id {text} NOT NULL,
        id {text} NOT NULL,
        channel_id {text} NOT NULL,
        kind {text} NOT NULL,
        state {text} NOT NULL,
        mime_type {text} NOT NULL,
        created_at {time} NOT NULL,
        network_id {text},
        file_name {text},
        size {whole},
        sha256 {text},
        voice {flag} NOT NULL,
        animated {flag} NOT NULL,
        failure {text},
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, channel_id) REFERENCES channels (organization_id, id)
    )
    """,
    "CREATE INDEX media_by_state ON media (organization_id, state, id)",
    # ------------------------------------------------------------ tickets
    """
    CREATE TABLE tickets (
        organization_id {text} NOT NULL,
        id {text} NOT NULL,
        number {whole} NOT NULL,
        subject {text} NOT NULL,
        status {text} NOT NULL,
        thread_id {text} NOT NULL,
        contact_id {text} NOT NULL,
        channel_id {text} NOT NULL,
        created_at {time} NOT NULL,
        priority {text} NOT NULL,
        source {text} NOT NULL,
        owner_id {text},
        team_id {text},
        required_skills {text} NOT NULL,
        properties {text} NOT NULL,
        closed_at {time},
        replied {flag} NOT NULL,
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, thread_id) REFERENCES threads (organization_id, id),
        FOREIGN KEY (organization_id, contact_id) REFERENCES contacts (organization_id, id),
        FOREIGN KEY (organization_id, channel_id) REFERENCES channels (organization_id, id)
    )
    """,
    "CREATE UNIQUE INDEX tickets_by_number ON tickets (organization_id, number)",
    "CREATE INDEX tickets_by_age ON tickets (organization_id, created_at, id)",
    "CREATE INDEX tickets_by_status ON tickets (organization_id, status, created_at, id)",
    "CREATE INDEX tickets_of_thread ON tickets (organization_id, thread_id, created_at, id)",
    "CREATE INDEX tickets_of_contact ON tickets (organization_id, contact_id, created_at, id)",
    "CREATE INDEX tickets_of_owner ON tickets (organization_id, owner_id, status, created_at, id)",
    """
    CREATE TABLE ticket_changes (
        organization_id {text} NOT NULL,
        id {text} NOT NULL,
        ticket_id {text} NOT NULL,
        at {time} NOT NULL,
        "by" {text} NOT NULL,
        field {text} NOT NULL,
        before {text},
        after {text},
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, ticket_id) REFERENCES tickets (organization_id, id)
    )
    """,
    "CREATE INDEX ticket_changes_of_ticket ON ticket_changes (organization_id, ticket_id, at, id)",
    # ------------------------------------------------------------ the quota ledger
    """
    CREATE TABLE quota_periods (
        organization_id {text} NOT NULL REFERENCES organizations (organization_id),
        id {text} NOT NULL,
        starts_at {time} NOT NULL,
        ends_at {time} NOT NULL,
        used {whole} NOT NULL,
        PRIMARY KEY (organization_id, id)
    )
    """,
    "CREATE UNIQUE INDEX quota_periods_by_start ON quota_periods (organization_id, starts_at)",
    """
    CREATE TABLE quota_entries (
        organization_id {text} NOT NULL,
        id {text} NOT NULL,
        period_id {text} NOT NULL,
        at {time} NOT NULL,
        kind {text} NOT NULL,
        thread_id {text} NOT NULL,
        message_id {text} NOT NULL,
        account_id {text} NOT NULL,
        refunded_at {time},
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, period_id) REFERENCES quota_periods (organization_id, id),
        FOREIGN KEY (organization_id, thread_id) REFERENCES threads (organization_id, id)
    )
    """,
    "CREATE INDEX quota_entries_by_time ON quota_entries (organization_id, at, id)",
    "CREATE INDEX quota_entries_of_thread ON quota_entries (organization_id, thread_id, at)",
    "CREATE INDEX quota_entries_of_message ON quota_entries (organization_id, message_id)",
    "CREATE INDEX quota_entries_of_account ON quota_entries (organization_id, account_id, at)",
    # ------------------------------------------------------------ on the way out, and on the way in
    """
    CREATE TABLE outbox (
        organization_id {text} NOT NULL,
        id {text} NOT NULL,
        thread_id {text} NOT NULL,
        channel_id {text} NOT NULL,
        queued_at {time} NOT NULL,
        due_at {time} NOT NULL,
        priority {whole} NOT NULL,
        tries {whole} NOT NULL,
        leased_until {time},
        lease {text},
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, id) REFERENCES messages (organization_id, id)
    )
    """,
    "CREATE INDEX outbox_of_thread ON outbox (organization_id, thread_id, queued_at, id)",
    "CREATE INDEX outbox_by_due ON outbox (organization_id, due_at, id)",
    "CREATE INDEX outbox_by_lease ON outbox (organization_id, leased_until) WHERE leased_until IS NOT NULL",
    """
    CREATE TABLE idempotency_keys (
        organization_id {text} NOT NULL,
        id {text} NOT NULL,
        mutation {text} NOT NULL,
        content {text} NOT NULL,
        message_id {text} NOT NULL,
        at {time} NOT NULL,
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, message_id) REFERENCES messages (organization_id, id)
    )
    """,
    """
    CREATE TABLE updates (
        organization_id {text} NOT NULL REFERENCES organizations (organization_id),
        id {text} NOT NULL,
        delivery_id {text} NOT NULL,
        "index" {whole} NOT NULL,
        outcome {text} NOT NULL,
        at {time} NOT NULL,
        reason {text},
        wamid {text},
        PRIMARY KEY (organization_id, id)
    )
    """,
    'CREATE INDEX updates_of_delivery ON updates (organization_id, delivery_id, "index")',
    """
    CREATE TABLE parked (
        organization_id {text} NOT NULL REFERENCES organizations (organization_id),
        id {text} NOT NULL,
        number {text} NOT NULL,
        wamid {text} NOT NULL,
        "update" {text} NOT NULL,
        parked_at {time} NOT NULL,
        PRIMARY KEY (organization_id, id)
    )
    """,
    "CREATE INDEX parked_by_wamid ON parked (organization_id, number, wamid, parked_at, id)",
    "CREATE INDEX parked_by_age ON parked (organization_id, parked_at, id)",
]


class Migration(RecordedMigration):
    operations = [  # noqa: RUF012  (as Tortoise declares it)
        per_database(sqlite=in_words(SQLITE_WORDS, STATEMENTS), postgres=in_words(POSTGRES_WORDS, STATEMENTS))
    ]
