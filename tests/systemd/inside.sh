#!/usr/bin/env bash
# Runs inside the container; run.sh starts it.
set -euo pipefail
fail() { echo "FAILED: $1"; systemctl status --no-pager siftwire || true; journalctl --no-pager -u siftwire | tail -n 30; exit 1; }
wait_for() { # what, seconds, command...
    local what=$1 left=$(($2 * 5)); shift 2
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1)); [ $left -gt 0 ] || fail "timed out: $what"
        sleep 0.2
    done
    echo "ok: $what"
}
pid() { systemctl show -P MainPID siftwire; }
status() { systemctl show -P StatusText siftwire; }
answers() { curl -fsS "http://127.0.0.1:8080$1"; }
is_new() { [ "$(pid)" != "$1" ] && [ "$(pid)" != 0 ]; }

dpkg -i /root/siftwire.deb
[ "$(systemctl is-enabled siftwire)" = enabled ] || fail "the package enables the unit"
! systemctl is-active --quiet siftwire.socket || fail "the socket is not enabled by default"
cp /usr/share/doc/siftwire/examples/siftwire.socket /etc/systemd/system/
dpkg -s siftwire | grep -q config.toml || fail "config.toml is a conffile"
for page in man1/siftwire.1 man1/siftwire-check.1 man5/siftwire-config.5 man7/siftwire-filter.7; do
    dpkg -L siftwire | grep -qx "/usr/share/man/$page.gz" || fail "the manual page $page"
done
mkdir -p /etc/systemd/system/siftwire.service.d
printf '[Service]\nWatchdogSec=6\nRestartSec=1\n' >/etc/systemd/system/siftwire.service.d/test.conf
systemctl daemon-reload
systemctl restart siftwire || fail "the unit starts"
# READY means that the outputs are served: no waiting here.
answers /feeds/everything.atom | grep -q '<feed' || fail "READY before the outputs are served"
echo "ok: outputs are served when the unit is ready"
wait_for "a status line" 10 sh -c 'systemctl show -P StatusText siftwire | grep -q "polling [0-9]* of 9"'
echo "   $(status)"
journalctl -o json -u siftwire | grep -q '"SOURCE"' || wait_for "fields in the journal" 30 sh -c 'journalctl -o json -u siftwire | grep -q "\"SOURCE\""'
[ "$(stat -c %a /var/lib/private/siftwire)" = 700 ] || fail "the state folder is 0700"
[ "$(stat -c %a /var/lib/private/siftwire/siftwire.db)" = 600 ] || fail "the store is 0600"
echo "ok: folder 0700, store 0600"

printf '\n[[output]]\nname = "added"\n' >>/etc/siftwire/config.toml
systemctl reload siftwire
wait_for "the added output after a reload" 20 answers /feeds/added.atom
journalctl -u siftwire | grep -q "config reloaded" || fail "the reload is in the journal"

# A reload fails if the config is broken in any way, and what is served stays.
cp /etc/siftwire/config.toml /root/good.toml
for broken in '[[output' 'unknown = 1' '[[output]]\nname = "added"' '[[output]]\nname = "bad"\nfilter = "a AND"'; do
    { cat /root/good.toml; printf "\n$broken\n"; } >/etc/siftwire/config.toml
    ! systemctl reload siftwire 2>/dev/null || fail "a reload of a config with $broken fails"
    systemctl is-active --quiet siftwire || fail "the daemon runs on"
done
: >/etc/siftwire/config.toml
! systemctl reload siftwire 2>/dev/null || fail "a reload of an emptied config fails"
rm /etc/siftwire/config.toml
! systemctl reload siftwire 2>/dev/null || fail "a reload without a config fails"
answers /feeds/added.atom >/dev/null || fail "outputs are served after failed reloads"
journalctl -u siftwire | grep -q "config.toml:" || fail "the journal says where the mistake is"
cp /root/good.toml /etc/siftwire/config.toml
systemctl reload siftwire || fail "a reload of the mended config"
echo "ok: a reload fails if the config is broken"

old=$(pid); kill -9 "$old"
wait_for "a restart after kill -9" 20 is_new "$old"
wait_for "a response after that" 20 answers /feeds/added.atom

old=$(pid); kill -STOP "$old"
wait_for "a restart by the watchdog after kill -STOP" 60 is_new "$old"
wait_for "a response after that" 20 answers /feeds/added.atom

# A source with a password from a systemd credential.
cat >/root/site.sh <<'SITE'
#!/bin/bash
while read -r line; do line=${line%$'\r'}; [ -n "$line" ] || break; echo "$line" >>/run/site.log; done
body='<rss version="2.0"><channel><title>Site</title><item><title>For members</title></item></channel></rss>'
printf 'HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' ${#body} "$body"
SITE
chmod 755 /root/site.sh
systemd-socket-activate --accept --inetd -l 127.0.0.1:9999 /root/site.sh 2>/dev/null &
site=$!
(umask 077; printf 'open sesame' >/etc/siftwire.secret)
printf '[Service]\nLoadCredential=example:/etc/siftwire.secret\n' >/etc/systemd/system/siftwire.service.d/credential.conf
systemctl daemon-reload
# The only source: without a network one of many is tried in a minute.
cp /etc/siftwire/config.toml /root/good.toml
cat >/etc/siftwire/config.toml <<'CONFIG'
[[source]]
name = "members"
url = "http://127.0.0.1:9999/"
allow_private = true
user = "me"
password = { credential = "example" }
[[output]]
name = "added"
CONFIG
systemctl restart siftwire || fail "the unit starts with a credential"
wait_for "an entry of the source with a password from LoadCredential=" 30 sh -c 'curl -fsS http://127.0.0.1:8080/feeds/added.atom | grep -q "For members"'
[ "$(siftwire status 2>&1 >/dev/null | grep -c '^store: /var/lib/siftwire/siftwire.db$')" = 1 ] || fail "a shell uses the service's store"
siftwire preview members 2>/dev/null | grep -q "For «members»" || fail "a shell finds the service's entries"
siftwire check >/dev/null || fail "a credential is no mistake in a shell"
systemctl reload siftwire || fail "a reload of a config with a credential"
grep -qi "^authorization: Basic $(printf 'me:open sesame' | base64)" /run/site.log || fail "the password is sent"

# docs/backup.md, command by command. The site is down, so the entry can only come from the copy.
kill "$site"
# The block of a page that has a text.
block() { awk -v wanted="$2" '/^```/ { if (shell && index(text, wanted)) printf "%s", text; shell = $0 == "```sh"; text = ""; next } { text = text $0 "\n" }' "/root/$1"; }
sudo() { "$@"; }
eval "$(block backup.md siftwire-backup.timer)"
ls /var/backups/siftwire/*.db >/dev/null || fail "the timer's unit makes a copy"
[ "$(stat -c %a /var/backups/siftwire/*.db)" = 600 ] || fail "a copy is 0600"
systemctl list-timers siftwire-backup.timer | grep -q siftwire-backup || fail "the timer runs"
touch -d '20 days ago' /var/backups/siftwire/old.db
sleep 1 # copies have the second in their name
systemctl start siftwire-backup
[ ! -e /var/backups/siftwire/old.db ] || fail "old copies are deleted"
rm -rf /var/lib/private/siftwire/*
eval "$(block backup.md --reference)"
wait_for "the entries of a restored store" 20 sh -c 'curl -fsS http://127.0.0.1:8080/feeds/added.atom | grep -q "For members"'
siftwire doctor >/dev/null 2>&1 || fail "a restored store is sound"
[ "$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8080/readyz)" = 200 ] || fail "a restored store can be written"
systemctl disable --now siftwire-backup.timer 2>/dev/null
rm -r /etc/siftwire.secret /var/backups/siftwire /etc/systemd/system/siftwire-backup.* /var/lib/systemd/timers/*siftwire*

systemctl stop siftwire.socket siftwire
[ "$(systemctl show -P Result siftwire)" = success ] || fail "a stop counts as success"
rm /etc/systemd/system/siftwire.service.d/credential.conf
cp /root/good.toml /etc/siftwire/config.toml
mkdir -p /etc/systemd/system/siftwire.socket.d
printf '[Socket]\nListenStream=/run/two\n' >/etc/systemd/system/siftwire.socket.d/test.conf
systemctl daemon-reload
systemctl restart siftwire.socket
wait_for "a start by the socket" 20 answers /feeds/added.atom
wait_for "a response on the second socket" 20 curl -fsS --unix-socket /run/two http://x/feeds/added.atom
[ "$(pid)" != 0 ] || fail "the daemon runs"
systemctl stop siftwire.socket siftwire

# A read-only store is still served.
folder=/var/lib/private/siftwire
mount --bind "$folder" "$folder" && mount -o remount,bind,ro "$folder" || fail "the store is mounted read-only"
systemctl start siftwire || fail "the unit starts on a read-only store"
wait_for "a response from a read-only store" 20 answers /feeds/added.atom
[ "$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8080/readyz)" = 503 ] || fail "/readyz is 503"
status | grep -q "cannot be written" || fail "the status line reports it: $(status)"
echo "   $(status)"
systemctl stop siftwire.socket siftwire
umount "$folder"

# README.md: an upgrade, which here is of the same version.
systemctl start siftwire
mkdir -p /var/backups && cp /root/siftwire.deb /root/siftwire_0_all.deb && cd /root
eval "$(block README.md "apt install")" || fail "the commands of an upgrade"
[ -s /var/backups/siftwire-before.db ] || fail "an upgrade begins with a copy"
rm /var/backups/siftwire-before.db
systemctl is-active --quiet siftwire || fail "the daemon runs after an upgrade"
echo "ok: an upgrade as the README says"

rm -r /etc/systemd/system/siftwire.*
apt-get purge -y siftwire
left=$(find / -xdev \( -path /proc -o -path /sys -o -path /root -o -path /var/log -o -path /run \) -prune -o -name '*siftwire*' -print)
[ -z "$left" ] || fail "purge leaves files: $left"
echo "ok: purge leaves no file"

# README.md: without the package.
cd /root/source
eval "$(block README.md target/release/siftwire | grep -v journalctl)" || fail "the commands of an installation by hand"
systemctl is-active --quiet siftwire || fail "the daemon runs after an installation by hand"
[ "$(siftwire status 2>&1 >/dev/null | grep -c '^store: /var/lib/siftwire/siftwire.db$')" = 1 ] || fail "a shell uses the service's store"
echo "ok: an installation by hand as the README says"
touch /root/verdict
