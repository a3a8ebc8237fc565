#!/usr/bin/env bash
# Tests the package and the units with systemd in a container: install, reload, kill, hang, socket activation, purge.
# Needs root, debootstrap, systemd-nspawn, and a machine that gets its packages from a Debian mirror, whose address it takes;
# without one of them it is skipped. `BINARY=target/debug/siftwire` packages that binary; `WORK=DIR` keeps the container there.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() { echo "systemd: skipped, $1"; exit 0; }
[ "$(id -u)" = 0 ] || skip "not root"
command -v debootstrap >/dev/null || skip "debootstrap is not installed"
command -v systemd-nspawn >/dev/null || skip "systemd-nspawn is not installed"

work=${WORK:-$(mktemp -d)}
[ -n "${WORK:-}" ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
root=$work/root
if [ ! -d "$work/debian/usr" ]; then
    mirror=$(sed -n 's/^URIs: *//p;s/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null | head -n 1 || true)
    [ -n "$mirror" ] || skip "this machine names no Debian mirror"
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,curl,ca-certificates bookworm "$work/debian" \
        "$mirror" >"$work/debootstrap.log" 2>&1 || skip "debootstrap failed: $(tail -n 1 "$work/debootstrap.log")"
fi

rm -rf "$root" && cp -a "$work/debian" "$root"
install -m 755 tests/systemd/inside.sh "$root/root/inside.sh"
install -m 644 docs/backup.md README.md "$root/root"
install -m 644 "$(packaging/build | grep '\.deb$')" "$root/root/siftwire.deb"
install -D -m 755 target/package/root/usr/bin/siftwire "$root/root/source/target/release/siftwire"
install -D -m 644 systemd/siftwire.service "$root/root/source/systemd/siftwire.service"
cat >"$root/etc/systemd/system/inside.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/root/inside.sh
StandardOutput=file:/root/log
StandardError=file:/root/log
ExecStopPost=/bin/systemctl --no-block poweroff
UNIT
mkdir -p "$root/etc/systemd/system/default.target.wants"
ln -sf ../inside.service "$root/etc/systemd/system/default.target.wants/inside.service"
# The container has only a loopback network.
timeout --foreground 300 systemd-nspawn --quiet --register=no --keep-unit --boot --private-network \
    -D "$root" >"$work/boot.log" 2>&1 </dev/null || true
cat "$root/root/log" || { tail -n 20 "$work/boot.log"; exit 1; }
[ -e "$root/root/verdict" ] || { echo "systemd: FAILED"; exit 1; }
echo "systemd: passed"
