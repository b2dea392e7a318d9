#!/bin/sh
# Starts Grafana with a random admin password. The first start generates it and stores it beside
# Grafana's database, in the same volume. To read it:
#   docker compose exec grafana cat /var/lib/grafana/admin-password
set -eu
file=${GF_PATHS_DATA:-/var/lib/grafana}/admin-password
if [ ! -s "$file" ]; then
    umask 077
    head -c 18 /dev/urandom | base64 >"$file"
fi
export GF_SECURITY_ADMIN_PASSWORD__FILE="$file"
exec /run.sh "$@"
