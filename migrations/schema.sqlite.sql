CREATE TABLE api_keys (
    organization_id TEXT NOT NULL REFERENCES organizations (organization_id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at TEXT NOT NULL,
    last_used_at TEXT,
    expires_at TEXT,
    revoked_at TEXT,
    PRIMARY KEY (organization_id, id)
);

CREATE TABLE channels (
    organization_id TEXT NOT NULL REFERENCES organizations (organization_id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    phone_number TEXT NOT NULL,
    phone_number_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    destination TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at TEXT NOT NULL,
    connected_at TEXT,
    reopen_policy TEXT NOT NULL,
    assignment TEXT NOT NULL,
    send_read_receipts INTEGER NOT NULL,
    access_token TEXT,
    app_secret TEXT,
    app_secret_print TEXT,
    pin TEXT,
    terms TEXT,
    token_valid INTEGER NOT NULL,
    webhook_subscribed INTEGER NOT NULL,
    business_verified INTEGER NOT NULL,
    last_inbound_at TEXT,
    quality_rating TEXT,
    messaging_limit INTEGER,
    throughput_per_second INTEGER,
    missing_permissions TEXT NOT NULL,
    problems TEXT NOT NULL, profile TEXT, heard TEXT NOT NULL DEFAULT '[]', token_expires_at TEXT, check_due_at TEXT, read_at TEXT, former_app_secret TEXT, former_app_secret_print TEXT, former_secret_until TEXT, close_after_idle_hours INTEGER,
    PRIMARY KEY (organization_id, id)
);

CREATE INDEX channels_by_check ON channels (organization_id, check_due_at) WHERE check_due_at IS NOT NULL;

CREATE UNIQUE INDEX channels_by_number ON channels (organization_id, phone_number_id);

CREATE INDEX channels_of_account ON channels (organization_id, account_id, id);

CREATE TABLE connection_drafts (
    organization_id TEXT NOT NULL REFERENCES organizations (organization_id),
    id TEXT NOT NULL,
    author TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    access_token TEXT,
    state_print TEXT,
    app_id TEXT,
    permissions TEXT NOT NULL,
    accounts TEXT NOT NULL,
    codes TEXT NOT NULL,
    PRIMARY KEY (organization_id, id)
) WITHOUT ROWID;

CREATE INDEX connection_drafts_by_end ON connection_drafts (organization_id, expires_at, id);

CREATE TABLE contact_identities (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    evidence TEXT NOT NULL,
    since TEXT NOT NULL, origin_id TEXT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, contact_id) REFERENCES contacts (organization_id, id)
);

CREATE UNIQUE INDEX contact_identities_by_key ON contact_identities (organization_id, kind, value);

CREATE INDEX contact_identities_of_contact ON contact_identities (organization_id, contact_id, id);

CREATE TABLE contacts (
    organization_id TEXT NOT NULL REFERENCES organizations (organization_id),
    id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    name TEXT,
    profile_name TEXT,
    wa_id TEXT,
    business_scoped_id TEXT,
    username TEXT,
    email TEXT,
    phones TEXT NOT NULL,
    opted_out_at TEXT,
    marketing_opted_out_at TEXT, searched TEXT NOT NULL DEFAULT '', merged_into_id TEXT, marketing_told_at TEXT, merged_by_network INTEGER NOT NULL DEFAULT 0, joined TEXT,
    PRIMARY KEY (organization_id, id)
);

CREATE INDEX contacts_by_age ON contacts (organization_id, created_at, id);

CREATE TABLE deliveries (
    id TEXT NOT NULL PRIMARY KEY,
    received_at TEXT NOT NULL,
    body BLOB NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    numbers TEXT NOT NULL
, lease TEXT, leased_until TEXT, claims INTEGER NOT NULL DEFAULT 0);

CREATE INDEX deliveries_by_lease ON deliveries (leased_until) WHERE leased_until IS NOT NULL;

CREATE INDEX deliveries_by_number ON deliveries (numbers, received_at, id) WHERE state = 'WAITING';

CREATE INDEX deliveries_by_state ON deliveries (state, received_at, id);

CREATE TABLE directory (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    ref TEXT NOT NULL,
    PRIMARY KEY (kind, value, organization_id)
) WITHOUT ROWID;

CREATE UNIQUE INDEX directory_of_one ON directory (kind, value)
    WHERE kind IN ('ORGANIZATION', 'KEY', 'TOKEN', 'NUMBER');

CREATE TABLE event_counters (
    organization_id TEXT NOT NULL PRIMARY KEY,
    epoch TEXT NOT NULL,
    position INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE events (
    organization_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    version INTEGER NOT NULL,
    thread_id TEXT,
    refs TEXT NOT NULL,
    PRIMARY KEY (organization_id, position)
) WITHOUT ROWID;

CREATE INDEX events_of_thread ON events (organization_id, thread_id, position) WHERE thread_id IS NOT NULL;

CREATE TABLE idempotency_keys (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    mutation TEXT NOT NULL,
    content TEXT NOT NULL,
    message_id TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, message_id) REFERENCES messages (organization_id, id)
);

CREATE TABLE library_items (
    organization_id TEXT NOT NULL REFERENCES organizations (organization_id),
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    body TEXT,
    url TEXT,
    media_id TEXT,
    searched TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, media_id) REFERENCES media (organization_id, id)
);

CREATE INDEX library_items_by_title ON library_items (organization_id, title, id);

CREATE INDEX library_items_of_media ON library_items (organization_id, media_id) WHERE media_id IS NOT NULL;

CREATE TABLE "media" (
        organization_id TEXT NOT NULL,
        id TEXT NOT NULL,
        kind TEXT NOT NULL,
        state TEXT NOT NULL,
        mime_type TEXT NOT NULL,
        created_at TEXT NOT NULL,
        direction TEXT NOT NULL,
        channel_id TEXT,
        message_id TEXT,
        network_id TEXT,
        file_name TEXT,
        size INTEGER,
        sha256 TEXT,
        voice INTEGER NOT NULL,
        animated INTEGER NOT NULL,
        failure TEXT,
        stored_as TEXT,
        due_at TEXT,
        tries INTEGER NOT NULL,
        uploads TEXT NOT NULL, renditions TEXT NOT NULL DEFAULT '[]', cause TEXT,
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, channel_id) REFERENCES channels (organization_id, id)
    );

CREATE INDEX media_by_due ON media (organization_id, due_at) WHERE due_at IS NOT NULL;

CREATE INDEX media_by_state ON media (organization_id, state, id);

CREATE TABLE message_marks (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    status TEXT NOT NULL,
    at TEXT NOT NULL,
    reported_at TEXT NOT NULL,
    attempt INTEGER,
    delivery_id TEXT,
    place INTEGER,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, message_id) REFERENCES messages (organization_id, id)
);

CREATE UNIQUE INDEX message_marks_by_update ON message_marks (organization_id, delivery_id, place, message_id)
    WHERE delivery_id IS NOT NULL;

CREATE INDEX message_marks_given_up ON message_marks (organization_id, reported_at)
WHERE status = 'FAILED' AND delivery_id IS NULL;

CREATE INDEX message_marks_of_message ON message_marks (organization_id, message_id, reported_at, id);

CREATE TABLE messages (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    thread_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    direction TEXT NOT NULL,
    author TEXT NOT NULL,
    content TEXT NOT NULL,
    status TEXT NOT NULL,
    at TEXT NOT NULL,
    sent_at TEXT NOT NULL,
    received_at TEXT NOT NULL,
    wamid TEXT,
    source TEXT NOT NULL,
    extends_session INTEGER NOT NULL,
    reply_to_wamid TEXT,
    reply_to_id TEXT,
    reactions TEXT NOT NULL,
    failure TEXT,
    delivered_at TEXT,
    read_at TEXT,
    not_before TEXT,
    edited_at TEXT,
    deleted_at TEXT,
    forwarded INTEGER NOT NULL,
    referral TEXT,
    from_number TEXT,
    to_number TEXT,
    attempts TEXT NOT NULL,
    original TEXT, versions TEXT NOT NULL DEFAULT '[]', quarantined TEXT, releases TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, thread_id) REFERENCES threads (organization_id, id),
    FOREIGN KEY (organization_id, channel_id) REFERENCES channels (organization_id, id)
);

CREATE UNIQUE INDEX messages_by_wamid ON messages (organization_id, channel_id, wamid) WHERE wamid IS NOT NULL;

CREATE INDEX messages_of_thread ON messages (organization_id, thread_id, at, id);

CREATE TABLE organizations (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    subscribed_on TEXT NOT NULL,
    quota_limit INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    agent_visibility TEXT NOT NULL,
    legal_name TEXT,
    website TEXT,
    email TEXT,
    country TEXT, blocked_links TEXT NOT NULL DEFAULT '[]', personal_data_patterns TEXT NOT NULL DEFAULT '[]', stop_words TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id),
    CHECK (organization_id = id)
);

CREATE TABLE outbox (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    thread_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    queued_at TEXT NOT NULL,
    due_at TEXT NOT NULL,
    priority INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    leased_until TEXT,
    lease TEXT, reaction TEXT, cause TEXT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, id) REFERENCES messages (organization_id, id)
);

CREATE INDEX outbox_by_due ON outbox (organization_id, due_at, id);

CREATE INDEX outbox_by_lease ON outbox (organization_id, leased_until) WHERE leased_until IS NOT NULL;

CREATE INDEX outbox_of_number ON outbox (organization_id, channel_id, priority, due_at, queued_at, id)
WHERE leased_until IS NULL;

CREATE INDEX outbox_of_thread ON outbox (organization_id, thread_id, queued_at, id);

CREATE TABLE paces (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    per_second INTEGER NOT NULL,
    next_at TEXT NOT NULL,
    slowed INTEGER NOT NULL,
    slowed_at TEXT,
    not_before TEXT,
    templates_not_before TEXT,
    stopped INTEGER NOT NULL, as_of TEXT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, id) REFERENCES channels (organization_id, id)
);

CREATE TABLE parked (
    organization_id TEXT NOT NULL REFERENCES organizations (organization_id),
    id TEXT NOT NULL,
    number TEXT NOT NULL,
    wamid TEXT NOT NULL,
    "update" TEXT NOT NULL,
    parked_at TEXT NOT NULL, due_at TEXT,
    PRIMARY KEY (organization_id, id)
);

CREATE INDEX parked_by_age ON parked (organization_id, parked_at, id);

CREATE INDEX parked_by_due ON parked (organization_id, due_at, id) WHERE due_at IS NOT NULL;

CREATE INDEX parked_by_wamid ON parked (organization_id, number, wamid, parked_at, id);

CREATE TABLE quota_entries (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    period_id TEXT NOT NULL,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    thread_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    refunded_at TEXT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, period_id) REFERENCES quota_periods (organization_id, id),
    FOREIGN KEY (organization_id, thread_id) REFERENCES threads (organization_id, id)
);

CREATE INDEX quota_entries_by_time ON quota_entries (organization_id, at, id);

CREATE INDEX quota_entries_of_account ON quota_entries (organization_id, account_id, at);

CREATE INDEX quota_entries_of_message ON quota_entries (organization_id, message_id);

CREATE INDEX quota_entries_of_thread ON quota_entries (organization_id, thread_id, at);

CREATE TABLE quota_periods (
    organization_id TEXT NOT NULL REFERENCES organizations (organization_id),
    id TEXT NOT NULL,
    starts_at TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    used INTEGER NOT NULL, warned_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (organization_id, id)
);

CREATE UNIQUE INDEX quota_periods_by_start ON quota_periods (organization_id, starts_at);

CREATE TABLE registrations (
    organization_id TEXT NOT NULL REFERENCES organizations (organization_id),
    id TEXT NOT NULL,
    pin TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (organization_id, id)
) WITHOUT ROWID;

CREATE TABLE sign_ins (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    ended_at TEXT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id)
);

CREATE INDEX sign_ins_by_expiry ON sign_ins (organization_id, expires_at, id);

CREATE INDEX sign_ins_of_user ON sign_ins (organization_id, user_id, id);

CREATE TABLE teams (
    organization_id TEXT NOT NULL REFERENCES organizations (organization_id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    folded_name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    members TEXT NOT NULL,
    PRIMARY KEY (organization_id, id)
);

CREATE UNIQUE INDEX teams_by_name ON teams (organization_id, folded_name);

CREATE TABLE template_syncs (
    organization_id TEXT NOT NULL REFERENCES organizations (organization_id),
    id TEXT NOT NULL,
    due_at TEXT,
    begun_at TEXT,
    tries INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id)
) WITHOUT ROWID;

CREATE INDEX template_syncs_by_due ON template_syncs (organization_id, due_at) WHERE due_at IS NOT NULL;

CREATE TABLE templates (
    organization_id TEXT NOT NULL REFERENCES organizations (organization_id),
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    network_id TEXT NOT NULL,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    category TEXT NOT NULL,
    status TEXT NOT NULL,
    body TEXT NOT NULL,
    synced_at TEXT NOT NULL,
    header TEXT,
    footer TEXT,
    buttons TEXT NOT NULL,
    parameters TEXT NOT NULL,
    named INTEGER NOT NULL,
    quality TEXT,
    rejection_reason TEXT, searched TEXT NOT NULL DEFAULT '', other_parts TEXT NOT NULL DEFAULT '[]', told_at TEXT, heard_at TEXT,
    PRIMARY KEY (organization_id, id)
);

CREATE INDEX templates_by_name ON templates (organization_id, name, language, id);

CREATE INDEX templates_by_network_id ON templates (organization_id, network_id);

CREATE INDEX templates_of_account ON templates (organization_id, account_id, name, language, id);

CREATE TABLE threads (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    last_activity_at TEXT NOT NULL,
    wa_id TEXT,
    business_scoped_id TEXT,
    status TEXT NOT NULL,
    owner_id TEXT,
    team_id TEXT,
    ticket_id TEXT,
    last_message_id TEXT,
    last_message_at TEXT,
    last_direction TEXT,
    last_source TEXT NOT NULL,
    unread_count INTEGER NOT NULL,
    read_up_to TEXT,
    session_opened_at TEXT,
    session_last_at TEXT,
    session_last_by TEXT,
    session_expires_at TEXT,
    alarm_kind TEXT,
    alarm_at TEXT, read_up_to_message_id TEXT, pair_next_at TEXT, origin_id TEXT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, channel_id) REFERENCES channels (organization_id, id),
    FOREIGN KEY (organization_id, contact_id) REFERENCES contacts (organization_id, id)
);

CREATE INDEX threads_by_activity ON threads (organization_id, last_activity_at, id);

CREATE INDEX threads_by_age ON threads (organization_id, created_at, id);

CREATE INDEX threads_by_alarm ON threads (organization_id, alarm_at) WHERE alarm_at IS NOT NULL;

CREATE INDEX threads_by_session ON threads (organization_id, session_expires_at, id);

CREATE INDEX threads_by_status ON threads (organization_id, status, last_activity_at, id);

CREATE INDEX threads_of_channel ON threads (organization_id, channel_id, last_activity_at, id);

CREATE INDEX threads_of_contact ON threads (organization_id, contact_id, id);

CREATE INDEX threads_of_contact_by_activity ON threads (organization_id, contact_id, last_activity_at, id);

CREATE INDEX threads_of_owner ON threads (organization_id, owner_id, last_activity_at, id);

CREATE INDEX threads_of_ticket ON threads (organization_id, ticket_id) WHERE ticket_id IS NOT NULL;

CREATE INDEX threads_rung_away ON threads (organization_id, session_expires_at) WHERE alarm_at IS NULL;

CREATE TABLE ticket_changes (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    ticket_id TEXT NOT NULL,
    at TEXT NOT NULL,
    "by" TEXT NOT NULL,
    field TEXT NOT NULL,
    before TEXT,
    after TEXT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, ticket_id) REFERENCES tickets (organization_id, id)
);

CREATE INDEX ticket_changes_of_ticket ON ticket_changes (organization_id, ticket_id, at, id);

CREATE TABLE ticket_counters (
    organization_id TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE tickets (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    number INTEGER NOT NULL,
    subject TEXT NOT NULL,
    status TEXT NOT NULL,
    thread_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    priority TEXT NOT NULL,
    source TEXT NOT NULL,
    owner_id TEXT,
    team_id TEXT,
    required_skills TEXT NOT NULL,
    properties TEXT NOT NULL,
    closed_at TEXT,
    replied INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, thread_id) REFERENCES threads (organization_id, id),
    FOREIGN KEY (organization_id, contact_id) REFERENCES contacts (organization_id, id),
    FOREIGN KEY (organization_id, channel_id) REFERENCES channels (organization_id, id)
);

CREATE INDEX tickets_by_age ON tickets (organization_id, created_at, id);

CREATE UNIQUE INDEX tickets_by_number ON tickets (organization_id, number);

CREATE INDEX tickets_by_priority ON tickets (organization_id,
    (CASE priority WHEN 'LOW' THEN '0' WHEN 'MEDIUM' THEN '1' WHEN 'HIGH' THEN '2' WHEN 'URGENT' THEN '3' END), id);

CREATE INDEX tickets_by_status ON tickets (organization_id, status, created_at, id);

CREATE INDEX tickets_of_contact ON tickets (organization_id, contact_id, created_at, id);

CREATE INDEX tickets_of_owner ON tickets (organization_id, owner_id, status, created_at, id);

CREATE INDEX tickets_of_owner_by_age ON tickets (organization_id, owner_id, created_at, id);

CREATE INDEX tickets_of_priority ON tickets (organization_id, priority, created_at, id);

CREATE INDEX tickets_of_thread ON tickets (organization_id, thread_id, created_at, id);

CREATE TABLE "tortoise_migrations" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "app" VARCHAR(255) NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "applied_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_tortoise_mi_app_3803a5" UNIQUE ("app", "name")
);

CREATE TABLE updates (
    organization_id TEXT NOT NULL REFERENCES organizations (organization_id),
    id TEXT NOT NULL,
    delivery_id TEXT NOT NULL,
    "index" INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    at TEXT NOT NULL,
    reason TEXT,
    wamid TEXT,
    PRIMARY KEY (organization_id, id)
);

CREATE INDEX updates_by_age ON updates (organization_id, at, id);

CREATE INDEX updates_of_delivery ON updates (organization_id, delivery_id, "index");

CREATE TABLE users (
    organization_id TEXT NOT NULL REFERENCES organizations (organization_id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT,
    created_at TEXT NOT NULL,
    active INTEGER NOT NULL,
    available INTEGER NOT NULL,
    capacity INTEGER,
    skills TEXT NOT NULL, searched TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (organization_id, id)
);

CREATE UNIQUE INDEX users_by_email ON users (organization_id, email);

CREATE INDEX users_by_name ON users (organization_id, name, id);
