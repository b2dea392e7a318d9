#!/bin/sh
# Starts Grafana with an admin password that nobody had to think of: made on the first start,
# kept beside the database that knows it, and gone with both. To read it:
#   docker compose exec grafana cat /var/lib/grafana/admin-password
set -eu
file=${GF_PATHS_DATA:-/var/lib/grafana}/admin-password
if [ ! -s "$file" ]; then
    umask 077
    head -c 18 /dev/urandom | base64 >"$file"
fi
export GF_SECURITY_ADMIN_PASSWORD__FILE="$file"
exec /run.sh "$@"
