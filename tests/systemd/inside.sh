#!/usr/bin/env bash
# Runs inside the container, started by run.sh.
set -euo pipefail
fail() { echo "FAILED: $1"; systemctl status --no-pager siftwire || true; journalctl --no-pager -u siftwire | tail -n 30; exit 1; }
wait_for() { # what, seconds, command...
    local what=$1 left=$(($2 * 5)); shift 2
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1)); [ $left -gt 0 ] || fail "never came: $what"
        sleep 0.2
    done
    echo "ok: $what"
}
pid() { systemctl show -P MainPID siftwire; }
status() { systemctl show -P StatusText siftwire; }
answers() { curl -fsS "http://127.0.0.1:8080$1"; }
is_new() { [ "$(pid)" != "$1" ] && [ "$(pid)" != 0 ]; }

if [ -e /root/siftwire.deb ]; then
    dpkg -i /root/siftwire.deb
    [ "$(systemctl is-enabled siftwire)" = enabled ] || fail "the package enables the unit"
    ! systemctl is-active --quiet siftwire.socket || fail "the socket is for who asks for it"
    cp /usr/share/doc/siftwire/examples/siftwire.socket /etc/systemd/system/
    dpkg -s siftwire | grep -q config.toml || fail "config.toml is a conffile"
    [ -e /usr/share/man/man1/siftwire.1.gz ] || [ -e /usr/share/man/man1/siftwire.1 ] || fail "a manual page"
else
    systemctl daemon-reload
fi
mkdir -p /etc/systemd/system/siftwire.service.d
printf '[Service]\nWatchdogSec=6\nRestartSec=1\n' >/etc/systemd/system/siftwire.service.d/test.conf
systemctl daemon-reload
systemctl restart siftwire || fail "it starts"
# READY means that the outputs answer: no waiting here.
answers /feeds/everything.atom | grep -q '<feed' || fail "READY before the outputs answer"
echo "ok: ready, subscribed"
wait_for "a status line" 10 sh -c 'systemctl show -P StatusText siftwire | grep -q "polling [0-9]* of 9"'
echo "   $(status)"
journalctl -o json -u siftwire | grep -q '"SOURCE"' || wait_for "fields in the journal" 30 sh -c 'journalctl -o json -u siftwire | grep -q "\"SOURCE\""'
[ "$(stat -c %a /var/lib/private/siftwire)" = 700 ] || fail "the state folder is 0700"
[ "$(stat -c %a /var/lib/private/siftwire/siftwire.db)" = 600 ] || fail "the store is 0600"
echo "ok: folder 0700, store 0600"

printf '\n[[output]]\nname = "added"\n' >>/etc/siftwire/config.toml
systemctl reload siftwire
wait_for "the added output after a reload" 20 answers /feeds/added.atom
journalctl -u siftwire | grep -q "the config is in force" || fail "the reload is in the journal"

old=$(pid); kill -9 "$old"
wait_for "it comes back after kill -9" 20 is_new "$old"
wait_for "and answers" 20 answers /feeds/added.atom

old=$(pid); kill -STOP "$old"
wait_for "the watchdog starts it anew after kill -STOP" 60 is_new "$old"
wait_for "and it answers" 20 answers /feeds/added.atom

# A source that wants a password, which is a credential.
cat >/root/site.sh <<'SITE'
#!/bin/bash
while read -r line; do line=${line%$'\r'}; [ -n "$line" ] || break; echo "$line" >>/run/site.log; done
body='<rss version="2.0"><channel><title>Site</title><item><title>For members</title></item></channel></rss>'
printf 'HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' ${#body} "$body"
SITE
chmod 755 /root/site.sh
systemd-socket-activate --accept --inetd -l 127.0.0.1:9999 /root/site.sh 2>/dev/null &
(umask 077; printf 'open sesame' >/etc/siftwire.secret)
printf '[Service]\nLoadCredential=example:/etc/siftwire.secret\n' >/etc/systemd/system/siftwire.service.d/credential.conf
systemctl daemon-reload
printf '\n[[source]]\nname = "members"\nurl = "http://127.0.0.1:9999/"\nallow_private = true\nuser = "me"\npassword = { credential = "example" }\n' >>/etc/siftwire/config.toml
systemctl restart siftwire || fail "it starts with a credential"
wait_for "an entry behind a password that LoadCredential= brought" 30 sh -c 'curl -fsS http://127.0.0.1:8080/feeds/added.atom | grep -q "For members"'
grep -qi "^authorization: Basic $(printf 'me:open sesame' | base64)" /run/site.log || fail "the password is sent"
rm /etc/siftwire.secret

systemctl stop siftwire.socket siftwire
[ "$(systemctl show -P Result siftwire)" = success ] || fail "a stop is a success"
rm /etc/systemd/system/siftwire.service.d/credential.conf
sed -i '/name = "members"/,$d' /etc/siftwire/config.toml; sed -i '$d' /etc/siftwire/config.toml
mkdir -p /etc/systemd/system/siftwire.socket.d
printf '[Socket]\nListenStream=/run/two\n' >/etc/systemd/system/siftwire.socket.d/test.conf
systemctl daemon-reload
systemctl restart siftwire.socket
wait_for "the socket wakes it" 20 answers /feeds/added.atom
wait_for "a second socket of the unit is answered too" 20 curl -fsS --unix-socket /run/two http://x/feeds/added.atom
[ "$(pid)" != 0 ] || fail "it runs"
systemctl stop siftwire.socket siftwire

# A store that may only be read is served, also by a service, and polled once it may be written.
folder=/var/lib/private/siftwire
mount --bind "$folder" "$folder" && mount -o remount,bind,ro "$folder" || fail "a mount"
systemctl start siftwire || fail "it starts on a read-only store"
wait_for "a read-only store is served" 20 answers /feeds/added.atom
[ "$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8080/readyz)" = 503 ] || fail "it is not ready"
status | grep -q "cannot be written" || fail "the status line says so: $(status)"
echo "   $(status)"
systemctl stop siftwire.socket siftwire
umount "$folder"

if [ -e /root/siftwire.deb ]; then
    rm -r /etc/systemd/system/siftwire.*
    apt-get purge -y siftwire
    left=$(find / -xdev \( -path /proc -o -path /sys -o -path /root -o -path /var/log -o -path /run \) -prune -o -name '*siftwire*' -print)
    [ -z "$left" ] || fail "purge leaves: $left"
    echo "ok: purge leaves nothing"
fi
touch /root/verdict
