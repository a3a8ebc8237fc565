#!/usr/bin/env bash
# Soak test: polls SOURCES sources every few seconds for MINUTES minutes, with reloads and kills, while the store
# grows. Prints memory, file descriptors, threads, tasks and store size every ten seconds. Fails if memory, descriptors
# or tasks grow over time. `tests/soak/run.sh short` takes three minutes. BINARY is the program (default: the release
# build).
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ "${1:-}" = short ]; then
    sources=${SOURCES:-300} minutes=${MINUTES:-3}
else
    sources=${SOURCES:-2000} minutes=${MINUTES:-20}
fi
binary=$(realpath "${BINARY:-target/release/siftwire}")
[ -x "$binary" ] || { echo "soak: $binary does not exist; run cargo build --release"; exit 1; }
command -v python3 >/dev/null || { echo "soak: skipped, python3 is not installed"; exit 0; }

work=$(mktemp -d)
daemon='' origin=''
finish() {
    for pid in $daemon $origin; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT
python3 tests/soak/origin.py >"$work/port" 2>"$work/origin.log" &
origin=$!
until [ -s "$work/port" ]; do sleep 0.1; done
port=$(cat "$work/port")
{
    printf '[serve]\nlisten = "unix:%s/socket"\n[poll]\nevery = "5s"\nat_most = "5s"\nper_host = 64\nconcurrency = 64\n' "$work"
    for n in $(seq 0 $((sources - 1))); do
        printf '[[source]]\nname = "s%d"\nurl = "http://127.0.0.1:%d/%d"\nallow_private = true\n' "$n" "$port" "$n"
    done
    printf '[[output]]\nname = "all"\n[[output]]\nname = "some"\nfilter = "words AND site"\n'
} >"$work/config.toml"

start() {
    "$binary" --config "$work/config.toml" run >>"$work/log" 2>&1 &
    daemon=$!
}
# Polls and tasks, from the metrics.
counts() { curl -fsS --unix-socket "$work/socket" http://soak/metrics 2>/dev/null | awk '/^siftwire_polls_total/ { n += $2 } /^siftwire_tasks/ { t = $2 } END { print n + 0, t + 0 }'; }
start
began=$SECONDS end=$((SECONDS + minutes * 60)) killed=$SECONDS samples=0
while [ $SECONDS -lt $end ]; do
    sleep 10
    samples=$((samples + 1))
    kill -0 "$daemon" 2>/dev/null || { echo "soak: FAILED, the daemon exited"; tail -n 5 "$work/log"; exit 1; }
    rss=$(awk '/^VmRSS/ { print $2 }' "/proc/$daemon/status")
    fds=$(find "/proc/$daemon/fd" -mindepth 1 | wc -l)
    threads=$(awk '/^Threads/ { print $2 }' "/proc/$daemon/status")
    read -r polls tasks < <(counts)
    echo "$((SECONDS - began)) s: memory $rss KiB, descriptors $fds, threads $threads, tasks $tasks, store $(stat -c %s "$work/siftwire.db") bytes, log $(stat -c %s "$work/siftwire.db-wal" 2>/dev/null || echo 0), polls $polls"
    echo "$((SECONDS - killed)) $rss $fds $tasks" >>"$work/figures"
    [ $((samples % 3)) -ne 0 ] || kill -HUP "$daemon"
    # Kills only in the first third, so that the rest is one process.
    if [ $((samples % 2)) -eq 0 ] && [ $((SECONDS - began)) -lt $((minutes * 20)) ]; then
        kill -KILL "$daemon"
        wait "$daemon" 2>/dev/null || true
        start
        killed=$SECONDS
        : >"$work/figures"
    fi
done
kill -TERM "$daemon"
if wait "$daemon"; then code=0; else code=$?; fi
daemon=''
[ "$code" = 0 ] || { echo "soak: FAILED, the daemon exited with $code"; exit 1; }
# Compares the medians of the last and the second quarter; caches fill in the first.
awk '
    { memory[NR] = $2; files[NR] = $3; tasks[NR] = $4 }
    function median(of, from, to,   n, i, j, list, swap) {
        for (i = from; i <= to; i++) list[++n] = of[i]
        for (i = 1; i <= n; i++) for (j = i + 1; j <= n; j++) if (list[j] < list[i]) { swap = list[i]; list[i] = list[j]; list[j] = swap }
        return list[int((n + 1) / 2)]
    }
    END {
        if (NR < 8) { print "soak: too short to compare"; exit 1 }
        q = int(NR / 4)
        a = median(memory, q + 1, 2 * q); b = median(memory, NR - q + 1, NR)
        c = median(files, q + 1, 2 * q); d = median(files, NR - q + 1, NR)
        e = median(tasks, q + 1, 2 * q); f = median(tasks, NR - q + 1, NR)
        printf "soak: memory %d KiB, later %d KiB; descriptors %d, later %d; tasks %d, later %d\n", a, b, c, d, e, f
        if (b > a * 1.25 + 8192 || d > c + 64 || f > e + 64) { print "soak: FAILED, memory, descriptors or tasks grow"; exit 1 }
    }' "$work/figures"
