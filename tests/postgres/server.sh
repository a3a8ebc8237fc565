#!/bin/sh
# Starts a PostgreSQL server in a new folder, prints the folder, which has its socket, and stops the server when standard
# input ends. The line `stop` there ends it as a crash does, `start` starts it again; `pause` stops its processes, so that it
# accepts connections and says nothing, until `resume`; each is printed when it is done. The first argument is the program
# `postgres`. With a port and a folder of certificates it listens there too, with TLS and passwords. PostgreSQL does not run
# as root: then it runs as the user postgres.
set -eu
bin=$(dirname "$(readlink -f "$1")")
port=${2:-5432}
certificates=${3:-}
folder=$(mktemp -d)
as=
if [ "$(id -u)" = 0 ]; then
    chown postgres "$folder"
    as="setpriv --reuid=postgres --regid=postgres --clear-groups"
fi
cd "$folder"
$as "$bin/initdb" --no-sync --auth=trust --username=siftwire --encoding=UTF8 --locale=C -D "$folder/data" >"$folder/log" 2>&1
options="-c listen_addresses="
if [ -n "$certificates" ]; then
    cat "$certificates/site.pem" "$certificates/intermediate.pem" | $as tee "$folder/data/chain.pem" >"$folder/log"
    (umask 077 && $as tee "$folder/data/key.pem") <"$certificates/key.pem" >"$folder/log"
    printf 'local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\nhostssl all all ::1/128 scram-sha-256\n' |
        $as tee "$folder/data/pg_hba.conf" >"$folder/log"
    options="-c listen_addresses=localhost -c ssl=on -c ssl_cert_file=chain.pem -c ssl_key_file=key.pem"
fi
start() {
    # Nothing of it has to outlive a crash of the machine.
    # shellcheck disable=SC2086
    $as "$bin/postgres" -D "$folder/data" -k "$folder" -p "$port" -c fsync=off -c max_connections=300 $options \
        >>"$folder/log" 2>&1 </dev/null &
    server=$!
    until "$bin/pg_isready" -q -h "$folder" -p "$port" || ! kill -0 "$server" 2>/dev/null; do sleep 0.05; done
}
stop() {
    kill -QUIT "$server"
    wait "$server" || true
}
signal() {
    kill "$1" "$server"
    # Some end meanwhile.
    for child in $(ps -o pid= --ppid "$server"); do kill "$1" "$child" 2>/dev/null || true; done
}
pause() {
    signal -STOP
}
resume() {
    signal -CONT
}
start
echo "$folder"
while read -r order; do
    $order
    echo "$order"
done
stop
rm -rf "$folder"
