#!/bin/sh
# Starts a PostgreSQL server in a new folder, prints the folder, which has its socket, and stops the server when standard
# input ends. The line `stop` there ends it as a crash does, `start` starts it again; each is printed when it is done. The
# argument is the program `postgres`. PostgreSQL does not run as root: then it runs as the user postgres.
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
start() {
    # Nothing of it has to outlive a crash of the machine.
    $as "$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c fsync=off -c max_connections=300 \
        >>"$folder/log" 2>&1 </dev/null &
    server=$!
    until "$bin/pg_isready" -q -h "$folder" || ! kill -0 "$server" 2>/dev/null; do sleep 0.05; done
}
stop() {
    kill -QUIT "$server"
    wait "$server" || true
}
start
echo "$folder"
while read -r order; do
    $order
    echo "$order"
done
stop
rm -rf "$folder"
