#!/usr/bin/env bash
# Builds the image with podman, runs it as compose.yaml says, and asks it from outside. Where podman, a Debian mirror or the
# right to run containers is missing, it is skipped. No image is fetched: Debian is made with debootstrap, and in place of
# cargo there is a script that gives the binary of `BINARY` (default: target/debug/siftwire). `WORK=DIR` keeps Debian there.
set -euo pipefail
cd "$(dirname "$0")/../.."
skip() { echo "container: skipped, $1"; exit 0; }
fail() { echo "container: FAILED, $1"; podman-compose -p siftwire-test logs 2>&1 | tail -n 20; exit 1; }
ok() { echo "container: ok, $1"; }
[ "$(id -u)" = 0 ] || skip "not root"
for program in podman podman-compose debootstrap curl; do
    command -v "$program" >/dev/null || skip "$program is not installed"
done
binary=$(realpath "${BINARY:-target/debug/siftwire}")
work=${WORK:-$(mktemp -d)}
folder=$(mktemp -d)
cleanup() {
    (cd "$folder" && podman-compose -p siftwire-test down -v) >/dev/null 2>&1 || true
    rm -rf "$folder"
    [ -n "${WORK:-}" ] || rm -rf "$work"
}
trap cleanup EXIT
if [ ! -d "$work/debian/usr" ]; then
    mirror=$(sed -n 's/^URIs: *//p;s/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null | head -n 1 || true)
    [ -n "$mirror" ] || skip "this machine names no Debian mirror"
    debootstrap --variant=minbase --include=ca-certificates bookworm "$work/debian" "$mirror" \
        >"$work/debootstrap.log" 2>&1 || skip "debootstrap failed: $(tail -n 1 "$work/debootstrap.log")"
fi
tar -C "$work/debian" -c . | podman import - localhost/siftwire-test-base >/dev/null 2>&1 || skip "podman cannot import an image"

# Some machines can run containers only without a cgroup of systemd's, or cannot raise limits.
if ! podman run --rm localhost/siftwire-test-base true 2>/dev/null; then
    cat >"$folder/containers.conf" <<'CONF'
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
CONF
    export CONTAINERS_CONF=$folder/containers.conf BUILDAH_ISOLATION=chroot
    reason=$(podman run --rm localhost/siftwire-test-base true 2>&1) || skip "containers cannot run here: $(tail -n 1 <<<"$reason")"
fi

mkdir "$folder/build"
install -m 755 "$binary" "$folder/build/siftwire"
cat >"$folder/build/cargo" <<'CARGO'
#!/bin/sh
[ "$*" = "build --profile dist --locked" ] && install -D /siftwire target/dist/siftwire
CARGO
chmod 755 "$folder/build/cargo"
printf 'FROM localhost/siftwire-test-base\nCOPY siftwire /\nCOPY cargo /usr/bin/\n' >"$folder/build/Containerfile"
podman build -q -t localhost/siftwire-test-build "$folder/build" >/dev/null
podman build -q --format docker -t siftwire --build-arg BUILD=localhost/siftwire-test-build \
    --build-arg BASE=localhost/siftwire-test-base . >/dev/null || fail "the image is built"
ok "the image is built"

cp compose.yaml "$folder"
# A `listen` of the user's cannot be reached from outside; the image's own counts.
printf '[serve]\nlisten = "127.0.0.1:9"\n[[output]]\nname = "everything"\n' >"$folder/config.toml"
SIFTWIRE_PORT=$(comm -23 <(seq 20000 29999 | sort) <(ss -Htan | awk '{print $4}' | sed 's/.*://' | sort -u) | shuf -n 1)
export SIFTWIRE_PORT
cd "$folder"
podman-compose -p siftwire-test up -d >up.log 2>&1 || fail "compose starts it: $(tail -n 3 up.log)"
container=$(podman ps -q --filter name=siftwire-test)
[ -n "$container" ] || fail "compose starts it: $(tail -n 3 up.log)"
address=$(podman inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$container")
answers() { curl -fsS --retry 20 --retry-connrefused --retry-delay 1 --max-time 60 "http://$1" 2>"$folder/curl.log"; }
answers "$address:8080/feeds/everything.atom" | grep -q '<feed' || fail "it answers from outside: $(cat curl.log)"
ok "it answers from outside"
answers "127.0.0.1:$SIFTWIRE_PORT/healthz" >/dev/null || fail "the published port answers: $(cat curl.log)"
ok "the published port answers"
podman healthcheck run "$container" || fail "it is healthy"
ok "the health check passes"
[ "$(podman exec "$container" id -u)" = 65534 ] || fail "it runs as nobody"
[ "$(podman exec "$container" stat -c '%u %a' /var/lib/siftwire/siftwire.db)" = "65534 600" ] || fail "the store is nobody's"
! podman exec "$container" touch /etc/siftwire/config.d/other.toml 2>/dev/null || fail "the image can be written"
ok "it runs as nobody, and writes only the store"
podman exec "$container" siftwire status --config /etc/siftwire/config.toml >/dev/null 2>&1 || fail "commands run in it"
podman kill --signal STOP "$container" >/dev/null
! timeout 10 podman healthcheck run "$container" >/dev/null 2>&1 || fail "the health check notices a daemon that is stuck"
podman kill --signal CONT "$container" >/dev/null
ok "the health check notices a daemon that is stuck"
podman stop -t 20 "$container" >/dev/null 2>&1
[ "$(podman inspect --format '{{.State.ExitCode}}' "$container")" = 0 ] || fail "a stop is a success"
ok "a stop is a success"
