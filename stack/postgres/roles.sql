-- Run once, by the image, when there is no data yet. The tables are the services' own business.

-- A slow disk must not leave this half done: it is not tried again.
SET statement_timeout = 0;

CREATE ROLE die_service LOGIN;
CREATE DATABASE dice OWNER die_service;

CREATE ROLE usage_sink LOGIN;
CREATE DATABASE usage OWNER usage_sink;

-- Sees the server's statistics and no data.
CREATE ROLE exporter LOGIN;
GRANT pg_monitor TO exporter;

-- Reads whatever tables usage-sink makes, and writes nothing.
CREATE ROLE grafana LOGIN;
ALTER ROLE grafana SET default_transaction_read_only = on;
\connect usage
ALTER DEFAULT PRIVILEGES FOR ROLE usage_sink IN SCHEMA public GRANT SELECT ON TABLES TO grafana;
