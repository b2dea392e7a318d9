-- Every panel asks for a span of time.
CREATE INDEX usage_events_occurred_at ON usage_events (occurred_at);
