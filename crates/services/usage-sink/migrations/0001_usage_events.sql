CREATE TABLE usage_events (
    event_id    uuid PRIMARY KEY,
    event_type  text NOT NULL,
    occurred_at timestamptz NOT NULL,
    session_id  uuid,
    username    text NOT NULL,
    die_type    text,
    rolls       smallint,
    trace_id    text,
    received_at timestamptz NOT NULL DEFAULT now()
);
