#!/usr/bin/env bash
# Called by run.sh: installs the readers, if INSTALL is 1, and tries them.
set -euo pipefail
here=$(dirname "$0")
command_line="newsboat sfeed rss2email reader feedparser rss-parser feedsmith"
# gPodder is driven by its command, but installs as much as the others.
windows="gpodder liferea rssguard akregator thunderbird"
# How long one installation may take.
limit=600
case "${*:-all}" in
    all) wanted="$command_line $windows" ;;
    command-line) wanted=$command_line limit=60 ;;
    windows) wanted=$windows ;;
    *) wanted=$* ;;
esac
export DEBIAN_FRONTEND=noninteractive PYTHONDONTWRITEBYTECODE=1 READERS_NPM="$work/npm" PYTHONPATH="$work/python"

apt_install() { timeout "$limit" apt-get install -y -qq --no-install-recommends "$@" >>"$work/install.log" 2>&1; }
installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q '^install ok'; }
debian() {
    local package
    for package; do installed "$package" || { [ "${INSTALL:-}" = 1 ] && apt_install "$package"; } || return 1; done
}
# reader needs sgmllib3k and does not say so.
pypi() { timeout "$limit" python3 -m pip install -q --target "$work/python" "$@" >>"$work/install.log" 2>&1; }
npm_package() { timeout "$limit" npm install --silent --prefix "$work/npm" "$1" >>"$work/install.log" 2>&1; }
have() {
    case $1 in
        reader) pypi reader sgmllib3k ;;
        feedparser) pypi feedparser ;;
        rss-parser | feedsmith) npm_package "$1" ;;
        newsboat | sfeed | rss2email | gpodder) debian "$1" ;;
        *) debian xvfb dbus-daemon dbus-bin "$1" ;;
    esac
}

# The system may be amid an installation of its own.
[ "${INSTALL:-}" != 1 ] || { dpkg --configure -a && timeout "$limit" apt-get update -qq; } >"$work/install.log" 2>&1 || true
tried=()
for name in $wanted; do
    if have "$name"; then tried+=("$name"); else echo "readers: $name: skipped, it is not here and could not be installed"; fi
done
[ ${#tried[@]} -gt 0 ] || exit 0
python3 "$here/compare.py" "$binary" "$work/tried" "${tried[@]}"
