#!/bin/sh
# Starts a PostgreSQL server in a new folder, prints the folder, which has its socket, and stops the server when standard
# input ends. The argument is the program `postgres`. PostgreSQL does not run as root: then it runs as the user postgres.
set -eu
bin=$(dirname "$(readlink -f "$1")")
folder=$(mktemp -d)
as=
if [ "$(id -u)" = 0 ]; then
    chown postgres "$folder"
    as="setpriv --reuid=postgres --regid=postgres --clear-groups"
fi
cd "$folder"
$as "$bin/initdb" --no-sync --auth=trust --username=siftwire --encoding=UTF8 --locale=C -D "$folder/data" >"$folder/log" 2>&1
# Nothing of it has to outlive a crash of the machine.
$as "$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c fsync=off -c max_connections=300 \
    >>"$folder/log" 2>&1 </dev/null &
server=$!
until "$bin/pg_isready" -q -h "$folder" || ! kill -0 "$server" 2>/dev/null; do sleep 0.05; done
echo "$folder"
cat >/dev/null
kill -QUIT "$server"
wait "$server" || true
rm -rf "$folder"
