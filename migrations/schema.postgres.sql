CREATE TABLE api_keys (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    prefix text COLLATE "C" NOT NULL,
    secret_hash text COLLATE "C" NOT NULL,
    scopes text COLLATE "C" NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT api_keys_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT api_keys_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(organization_id)
);

CREATE TABLE channels (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    phone_number text COLLATE "C" NOT NULL,
    phone_number_id text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    destination text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    created_at timestamp with time zone NOT NULL,
    connected_at timestamp with time zone,
    reopen_policy text COLLATE "C" NOT NULL,
    assignment text COLLATE "C" NOT NULL,
    send_read_receipts boolean NOT NULL,
    access_token text COLLATE "C",
    app_secret text COLLATE "C",
    app_secret_print text COLLATE "C",
    pin text COLLATE "C",
    terms text COLLATE "C",
    token_valid boolean NOT NULL,
    webhook_subscribed boolean NOT NULL,
    business_verified boolean NOT NULL,
    last_inbound_at timestamp with time zone,
    quality_rating text COLLATE "C",
    messaging_limit bigint,
    throughput_per_second bigint,
    missing_permissions text COLLATE "C" NOT NULL,
    problems text COLLATE "C" NOT NULL,
    profile text COLLATE "C",
    heard text COLLATE "C" NOT NULL DEFAULT '[]'::text,
    token_expires_at timestamp with time zone,
    check_due_at timestamp with time zone,
    read_at timestamp with time zone,
    former_app_secret text COLLATE "C",
    former_app_secret_print text COLLATE "C",
    former_secret_until timestamp with time zone,
    close_after_idle_hours bigint,
    CONSTRAINT channels_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT channels_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(organization_id)
);

CREATE INDEX channels_by_check ON public.channels USING btree (organization_id, check_due_at) WHERE (check_due_at IS NOT NULL);

CREATE UNIQUE INDEX channels_by_number ON public.channels USING btree (organization_id, phone_number_id);

CREATE INDEX channels_of_account ON public.channels USING btree (organization_id, account_id, id);

CREATE TABLE connection_drafts (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    author text COLLATE "C" NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    access_token text COLLATE "C",
    state_print text COLLATE "C",
    app_id text COLLATE "C",
    permissions text COLLATE "C" NOT NULL,
    accounts text COLLATE "C" NOT NULL,
    codes text COLLATE "C" NOT NULL,
    CONSTRAINT connection_drafts_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT connection_drafts_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(organization_id)
);

CREATE INDEX connection_drafts_by_end ON public.connection_drafts USING btree (organization_id, expires_at, id);

CREATE TABLE contact_identities (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    contact_id text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    evidence text COLLATE "C" NOT NULL,
    since timestamp with time zone NOT NULL,
    origin_id text COLLATE "C",
    CONSTRAINT contact_identities_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT contact_identities_organization_id_contact_id_fkey FOREIGN KEY (organization_id, contact_id) REFERENCES contacts(organization_id, id)
);

CREATE UNIQUE INDEX contact_identities_by_key ON public.contact_identities USING btree (organization_id, kind, value);

CREATE INDEX contact_identities_of_contact ON public.contact_identities USING btree (organization_id, contact_id, id);

CREATE TABLE contacts (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    created_at timestamp with time zone NOT NULL,
    name text COLLATE "C",
    profile_name text COLLATE "C",
    wa_id text COLLATE "C",
    business_scoped_id text COLLATE "C",
    username text COLLATE "C",
    email text COLLATE "C",
    phones text COLLATE "C" NOT NULL,
    opted_out_at timestamp with time zone,
    marketing_opted_out_at timestamp with time zone,
    searched text COLLATE "C" NOT NULL DEFAULT ''::text,
    merged_into_id text COLLATE "C",
    marketing_told_at timestamp with time zone,
    merged_by_network boolean NOT NULL DEFAULT false,
    joined text COLLATE "C",
    CONSTRAINT contacts_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT contacts_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(organization_id)
);

CREATE INDEX contacts_by_age ON public.contacts USING btree (organization_id, created_at, id);

CREATE TABLE deliveries (
    id text COLLATE "C" NOT NULL,
    received_at timestamp with time zone NOT NULL,
    body bytea NOT NULL,
    state text COLLATE "C" NOT NULL,
    reason text COLLATE "C",
    numbers text COLLATE "C" NOT NULL,
    lease text COLLATE "C",
    leased_until timestamp with time zone,
    claims bigint NOT NULL DEFAULT 0,
    CONSTRAINT deliveries_pkey PRIMARY KEY (id)
);

CREATE INDEX deliveries_by_lease ON public.deliveries USING btree (leased_until) WHERE (leased_until IS NOT NULL);

CREATE INDEX deliveries_by_number ON public.deliveries USING btree (numbers, received_at, id) WHERE (state = 'WAITING'::text);

CREATE INDEX deliveries_by_state ON public.deliveries USING btree (state, received_at, id);

CREATE TABLE directory (
    kind text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    organization_id text COLLATE "C" NOT NULL,
    ref text COLLATE "C" NOT NULL,
    CONSTRAINT directory_pkey PRIMARY KEY (kind, value, organization_id)
);

CREATE UNIQUE INDEX directory_of_one ON public.directory USING btree (kind, value) WHERE (kind = ANY (ARRAY['ORGANIZATION'::text, 'KEY'::text, 'TOKEN'::text, 'NUMBER'::text]));

CREATE TABLE event_counters (
    organization_id text COLLATE "C" NOT NULL,
    epoch text COLLATE "C" NOT NULL,
    "position" bigint NOT NULL,
    CONSTRAINT event_counters_pkey PRIMARY KEY (organization_id)
);

CREATE TABLE events (
    organization_id text COLLATE "C" NOT NULL,
    "position" bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    thread_id text COLLATE "C",
    refs text COLLATE "C" NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (organization_id, "position")
);

CREATE INDEX events_of_thread ON public.events USING btree (organization_id, thread_id, "position") WHERE (thread_id IS NOT NULL);

CREATE TABLE idempotency_keys (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    mutation text COLLATE "C" NOT NULL,
    content text COLLATE "C" NOT NULL,
    message_id text COLLATE "C" NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT idempotency_keys_organization_id_message_id_fkey FOREIGN KEY (organization_id, message_id) REFERENCES messages(organization_id, id)
);

CREATE TABLE library_items (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    title text COLLATE "C" NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    body text COLLATE "C",
    url text COLLATE "C",
    media_id text COLLATE "C",
    searched text COLLATE "C" NOT NULL,
    CONSTRAINT library_items_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT library_items_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(organization_id),
    CONSTRAINT library_items_organization_id_media_id_fkey FOREIGN KEY (organization_id, media_id) REFERENCES media(organization_id, id)
);

CREATE INDEX library_items_by_title ON public.library_items USING btree (organization_id, title, id);

CREATE INDEX library_items_of_media ON public.library_items USING btree (organization_id, media_id) WHERE (media_id IS NOT NULL);

CREATE TABLE media (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    channel_id text COLLATE "C",
    kind text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    mime_type text COLLATE "C" NOT NULL,
    created_at timestamp with time zone NOT NULL,
    network_id text COLLATE "C",
    file_name text COLLATE "C",
    size bigint,
    sha256 text COLLATE "C",
    voice boolean NOT NULL,
    animated boolean NOT NULL,
    failure text COLLATE "C",
    direction text COLLATE "C" NOT NULL,
    message_id text COLLATE "C",
    stored_as text COLLATE "C",
    due_at timestamp with time zone,
    tries bigint NOT NULL,
    uploads text COLLATE "C" NOT NULL,
    renditions text COLLATE "C" NOT NULL DEFAULT '[]'::text,
    cause text COLLATE "C",
    CONSTRAINT media_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT media_organization_id_channel_id_fkey FOREIGN KEY (organization_id, channel_id) REFERENCES channels(organization_id, id)
);

CREATE INDEX media_by_due ON public.media USING btree (organization_id, due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX media_by_state ON public.media USING btree (organization_id, state, id);

CREATE TABLE message_marks (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    message_id text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    at timestamp with time zone NOT NULL,
    reported_at timestamp with time zone NOT NULL,
    attempt bigint,
    delivery_id text COLLATE "C",
    place bigint,
    CONSTRAINT message_marks_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT message_marks_organization_id_message_id_fkey FOREIGN KEY (organization_id, message_id) REFERENCES messages(organization_id, id)
);

CREATE UNIQUE INDEX message_marks_by_update ON public.message_marks USING btree (organization_id, delivery_id, place, message_id) WHERE (delivery_id IS NOT NULL);

CREATE INDEX message_marks_given_up ON public.message_marks USING btree (organization_id, reported_at) WHERE ((status = 'FAILED'::text) AND (delivery_id IS NULL));

CREATE INDEX message_marks_of_message ON public.message_marks USING btree (organization_id, message_id, reported_at, id);

CREATE TABLE messages (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    thread_id text COLLATE "C" NOT NULL,
    channel_id text COLLATE "C" NOT NULL,
    direction text COLLATE "C" NOT NULL,
    author text COLLATE "C" NOT NULL,
    content text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    wamid text COLLATE "C",
    source text COLLATE "C" NOT NULL,
    extends_session boolean NOT NULL,
    reply_to_wamid text COLLATE "C",
    reply_to_id text COLLATE "C",
    reactions text COLLATE "C" NOT NULL,
    failure text COLLATE "C",
    delivered_at timestamp with time zone,
    read_at timestamp with time zone,
    not_before timestamp with time zone,
    edited_at timestamp with time zone,
    deleted_at timestamp with time zone,
    forwarded boolean NOT NULL,
    referral text COLLATE "C",
    from_number text COLLATE "C",
    to_number text COLLATE "C",
    attempts text COLLATE "C" NOT NULL,
    original text COLLATE "C",
    versions text COLLATE "C" NOT NULL DEFAULT '[]'::text,
    quarantined text COLLATE "C",
    releases text COLLATE "C" NOT NULL DEFAULT '[]'::text,
    CONSTRAINT messages_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT messages_organization_id_channel_id_fkey FOREIGN KEY (organization_id, channel_id) REFERENCES channels(organization_id, id),
    CONSTRAINT messages_organization_id_thread_id_fkey FOREIGN KEY (organization_id, thread_id) REFERENCES threads(organization_id, id)
);

CREATE UNIQUE INDEX messages_by_wamid ON public.messages USING btree (organization_id, channel_id, wamid) WHERE (wamid IS NOT NULL);

CREATE INDEX messages_of_thread ON public.messages USING btree (organization_id, thread_id, at, id);

CREATE TABLE organizations (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    time_zone text COLLATE "C" NOT NULL,
    subscribed_on date NOT NULL,
    quota_limit bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    agent_visibility text COLLATE "C" NOT NULL,
    legal_name text COLLATE "C",
    website text COLLATE "C",
    email text COLLATE "C",
    country text COLLATE "C",
    blocked_links text COLLATE "C" NOT NULL DEFAULT '[]'::text,
    personal_data_patterns text COLLATE "C" NOT NULL DEFAULT '[]'::text,
    stop_words text COLLATE "C" NOT NULL DEFAULT '[]'::text,
    CONSTRAINT organizations_organization_id_key UNIQUE (organization_id),
    CONSTRAINT organizations_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT organizations_check CHECK ((organization_id = id))
);

CREATE TABLE outbox (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    thread_id text COLLATE "C" NOT NULL,
    channel_id text COLLATE "C" NOT NULL,
    queued_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    priority bigint NOT NULL,
    tries bigint NOT NULL,
    leased_until timestamp with time zone,
    lease text COLLATE "C",
    reaction text COLLATE "C",
    cause text COLLATE "C",
    CONSTRAINT outbox_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT outbox_organization_id_id_fkey FOREIGN KEY (organization_id, id) REFERENCES messages(organization_id, id)
);

CREATE INDEX outbox_by_due ON public.outbox USING btree (organization_id, due_at, id);

CREATE INDEX outbox_by_lease ON public.outbox USING btree (organization_id, leased_until) WHERE (leased_until IS NOT NULL);

CREATE INDEX outbox_of_number ON public.outbox USING btree (organization_id, channel_id, priority, due_at, queued_at, id) WHERE (leased_until IS NULL);

CREATE INDEX outbox_of_thread ON public.outbox USING btree (organization_id, thread_id, queued_at, id);

CREATE TABLE paces (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    per_second bigint NOT NULL,
    next_at timestamp with time zone NOT NULL,
    slowed bigint NOT NULL,
    slowed_at timestamp with time zone,
    not_before timestamp with time zone,
    templates_not_before timestamp with time zone,
    stopped boolean NOT NULL,
    as_of timestamp with time zone,
    CONSTRAINT paces_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT paces_organization_id_id_fkey FOREIGN KEY (organization_id, id) REFERENCES channels(organization_id, id)
);

CREATE TABLE parked (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    number text COLLATE "C" NOT NULL,
    wamid text COLLATE "C" NOT NULL,
    update text COLLATE "C" NOT NULL,
    parked_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone,
    CONSTRAINT parked_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT parked_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(organization_id)
);

CREATE INDEX parked_by_age ON public.parked USING btree (organization_id, parked_at, id);

CREATE INDEX parked_by_due ON public.parked USING btree (organization_id, due_at, id) WHERE (due_at IS NOT NULL);

CREATE INDEX parked_by_wamid ON public.parked USING btree (organization_id, number, wamid, parked_at, id);

CREATE TABLE quota_entries (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    period_id text COLLATE "C" NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text COLLATE "C" NOT NULL,
    thread_id text COLLATE "C" NOT NULL,
    message_id text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    refunded_at timestamp with time zone,
    CONSTRAINT quota_entries_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT quota_entries_organization_id_period_id_fkey FOREIGN KEY (organization_id, period_id) REFERENCES quota_periods(organization_id, id),
    CONSTRAINT quota_entries_organization_id_thread_id_fkey FOREIGN KEY (organization_id, thread_id) REFERENCES threads(organization_id, id)
);

CREATE INDEX quota_entries_by_time ON public.quota_entries USING btree (organization_id, at, id);

CREATE INDEX quota_entries_of_account ON public.quota_entries USING btree (organization_id, account_id, at);

CREATE INDEX quota_entries_of_message ON public.quota_entries USING btree (organization_id, message_id);

CREATE INDEX quota_entries_of_thread ON public.quota_entries USING btree (organization_id, thread_id, at);

CREATE TABLE quota_periods (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    used bigint NOT NULL,
    warned_at bigint NOT NULL DEFAULT 0,
    CONSTRAINT quota_periods_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT quota_periods_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(organization_id)
);

CREATE UNIQUE INDEX quota_periods_by_start ON public.quota_periods USING btree (organization_id, starts_at);

CREATE TABLE registrations (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    pin text COLLATE "C" NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT registrations_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT registrations_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(organization_id)
);

CREATE TABLE sign_ins (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    token_hash text COLLATE "C" NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT sign_ins_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT sign_ins_organization_id_user_id_fkey FOREIGN KEY (organization_id, user_id) REFERENCES users(organization_id, id)
);

CREATE INDEX sign_ins_by_expiry ON public.sign_ins USING btree (organization_id, expires_at, id);

CREATE INDEX sign_ins_of_user ON public.sign_ins USING btree (organization_id, user_id, id);

CREATE TABLE teams (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    folded_name text COLLATE "C" NOT NULL,
    created_at timestamp with time zone NOT NULL,
    members text COLLATE "C" NOT NULL,
    CONSTRAINT teams_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT teams_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(organization_id)
);

CREATE UNIQUE INDEX teams_by_name ON public.teams USING btree (organization_id, folded_name);

CREATE TABLE template_syncs (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    due_at timestamp with time zone,
    begun_at timestamp with time zone,
    tries bigint NOT NULL,
    CONSTRAINT template_syncs_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT template_syncs_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(organization_id)
);

CREATE INDEX template_syncs_by_due ON public.template_syncs USING btree (organization_id, due_at) WHERE (due_at IS NOT NULL);

CREATE TABLE templates (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    network_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    language text COLLATE "C" NOT NULL,
    category text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    body text COLLATE "C" NOT NULL,
    synced_at timestamp with time zone NOT NULL,
    header text COLLATE "C",
    footer text COLLATE "C",
    buttons text COLLATE "C" NOT NULL,
    parameters text COLLATE "C" NOT NULL,
    named boolean NOT NULL,
    quality text COLLATE "C",
    rejection_reason text COLLATE "C",
    searched text COLLATE "C" NOT NULL DEFAULT ''::text,
    other_parts text COLLATE "C" NOT NULL DEFAULT '[]'::text,
    told_at timestamp with time zone,
    heard_at timestamp with time zone,
    CONSTRAINT templates_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT templates_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(organization_id)
);

CREATE INDEX templates_by_name ON public.templates USING btree (organization_id, name, language, id);

CREATE INDEX templates_by_network_id ON public.templates USING btree (organization_id, network_id);

CREATE INDEX templates_of_account ON public.templates USING btree (organization_id, account_id, name, language, id);

CREATE TABLE threads (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    channel_id text COLLATE "C" NOT NULL,
    contact_id text COLLATE "C" NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_activity_at timestamp with time zone NOT NULL,
    wa_id text COLLATE "C",
    business_scoped_id text COLLATE "C",
    status text COLLATE "C" NOT NULL,
    owner_id text COLLATE "C",
    team_id text COLLATE "C",
    ticket_id text COLLATE "C",
    last_message_id text COLLATE "C",
    last_message_at timestamp with time zone,
    last_direction text COLLATE "C",
    last_source text COLLATE "C" NOT NULL,
    unread_count bigint NOT NULL,
    read_up_to timestamp with time zone,
    session_opened_at timestamp with time zone,
    session_last_at timestamp with time zone,
    session_last_by text COLLATE "C",
    session_expires_at timestamp with time zone,
    alarm_kind text COLLATE "C",
    alarm_at timestamp with time zone,
    read_up_to_message_id text COLLATE "C",
    pair_next_at timestamp with time zone,
    origin_id text COLLATE "C",
    CONSTRAINT threads_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT threads_organization_id_channel_id_fkey FOREIGN KEY (organization_id, channel_id) REFERENCES channels(organization_id, id),
    CONSTRAINT threads_organization_id_contact_id_fkey FOREIGN KEY (organization_id, contact_id) REFERENCES contacts(organization_id, id)
);

CREATE INDEX threads_by_activity ON public.threads USING btree (organization_id, last_activity_at, id);

CREATE INDEX threads_by_age ON public.threads USING btree (organization_id, created_at, id);

CREATE INDEX threads_by_alarm ON public.threads USING btree (organization_id, alarm_at) WHERE (alarm_at IS NOT NULL);

CREATE INDEX threads_by_newest_session ON public.threads USING btree (organization_id, session_expires_at DESC NULLS LAST, id DESC);

CREATE INDEX threads_by_session ON public.threads USING btree (organization_id, session_expires_at, id);

CREATE INDEX threads_by_status ON public.threads USING btree (organization_id, status, last_activity_at, id);

CREATE INDEX threads_of_channel ON public.threads USING btree (organization_id, channel_id, last_activity_at, id);

CREATE INDEX threads_of_contact ON public.threads USING btree (organization_id, contact_id, id);

CREATE INDEX threads_of_contact_by_activity ON public.threads USING btree (organization_id, contact_id, last_activity_at, id);

CREATE INDEX threads_of_owner ON public.threads USING btree (organization_id, owner_id, last_activity_at, id);

CREATE INDEX threads_of_ticket ON public.threads USING btree (organization_id, ticket_id) WHERE (ticket_id IS NOT NULL);

CREATE INDEX threads_rung_away ON public.threads USING btree (organization_id, session_expires_at) WHERE (alarm_at IS NULL);

CREATE TABLE ticket_changes (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    ticket_id text COLLATE "C" NOT NULL,
    at timestamp with time zone NOT NULL,
    by text COLLATE "C" NOT NULL,
    field text COLLATE "C" NOT NULL,
    before text COLLATE "C",
    after text COLLATE "C",
    CONSTRAINT ticket_changes_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT ticket_changes_organization_id_ticket_id_fkey FOREIGN KEY (organization_id, ticket_id) REFERENCES tickets(organization_id, id)
);

CREATE INDEX ticket_changes_of_ticket ON public.ticket_changes USING btree (organization_id, ticket_id, at, id);

CREATE TABLE ticket_counters (
    organization_id text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    CONSTRAINT ticket_counters_pkey PRIMARY KEY (organization_id)
);

CREATE TABLE tickets (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    subject text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    thread_id text COLLATE "C" NOT NULL,
    contact_id text COLLATE "C" NOT NULL,
    channel_id text COLLATE "C" NOT NULL,
    created_at timestamp with time zone NOT NULL,
    priority text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    owner_id text COLLATE "C",
    team_id text COLLATE "C",
    required_skills text COLLATE "C" NOT NULL,
    properties text COLLATE "C" NOT NULL,
    closed_at timestamp with time zone,
    replied boolean NOT NULL,
    CONSTRAINT tickets_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT tickets_organization_id_channel_id_fkey FOREIGN KEY (organization_id, channel_id) REFERENCES channels(organization_id, id),
    CONSTRAINT tickets_organization_id_contact_id_fkey FOREIGN KEY (organization_id, contact_id) REFERENCES contacts(organization_id, id),
    CONSTRAINT tickets_organization_id_thread_id_fkey FOREIGN KEY (organization_id, thread_id) REFERENCES threads(organization_id, id)
);

CREATE INDEX tickets_by_age ON public.tickets USING btree (organization_id, created_at, id);

CREATE UNIQUE INDEX tickets_by_number ON public.tickets USING btree (organization_id, number);

CREATE INDEX tickets_by_priority ON public.tickets USING btree (organization_id, (
CASE priority
    WHEN 'LOW'::text THEN '0'::text
    WHEN 'MEDIUM'::text THEN '1'::text
    WHEN 'HIGH'::text THEN '2'::text
    WHEN 'URGENT'::text THEN '3'::text
    ELSE NULL::text
END), id);

CREATE INDEX tickets_by_status ON public.tickets USING btree (organization_id, status, created_at, id);

CREATE INDEX tickets_of_contact ON public.tickets USING btree (organization_id, contact_id, created_at, id);

CREATE INDEX tickets_of_owner ON public.tickets USING btree (organization_id, owner_id, status, created_at, id);

CREATE INDEX tickets_of_owner_by_age ON public.tickets USING btree (organization_id, owner_id, created_at, id);

CREATE INDEX tickets_of_priority ON public.tickets USING btree (organization_id, priority, created_at, id);

CREATE INDEX tickets_of_thread ON public.tickets USING btree (organization_id, thread_id, created_at, id);

CREATE TABLE tortoise_migrations (
    id integer NOT NULL DEFAULT nextval('tortoise_migrations_id_seq'::regclass),
    app character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    applied_at timestamp with time zone NOT NULL,
    CONSTRAINT uid_tortoise_mi_app_3803a5 UNIQUE (app, name),
    CONSTRAINT tortoise_migrations_pkey PRIMARY KEY (id)
);

CREATE TABLE updates (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    delivery_id text COLLATE "C" NOT NULL,
    index bigint NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    at timestamp with time zone NOT NULL,
    reason text COLLATE "C",
    wamid text COLLATE "C",
    CONSTRAINT updates_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT updates_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(organization_id)
);

CREATE INDEX updates_by_age ON public.updates USING btree (organization_id, at, id);

CREATE INDEX updates_of_delivery ON public.updates USING btree (organization_id, delivery_id, index);

CREATE TABLE users (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    email text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    password_hash text COLLATE "C",
    created_at timestamp with time zone NOT NULL,
    active boolean NOT NULL,
    available boolean NOT NULL,
    capacity bigint,
    skills text COLLATE "C" NOT NULL,
    searched text COLLATE "C" NOT NULL DEFAULT ''::text,
    CONSTRAINT users_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT users_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(organization_id)
);

CREATE UNIQUE INDEX users_by_email ON public.users USING btree (organization_id, email);

CREATE INDEX users_by_name ON public.users USING btree (organization_id, name, id);
