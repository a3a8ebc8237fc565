#!/usr/bin/env bash
# Called by run.sh: installs the readers, if INSTALL is 1, and tries them.
set -euo pipefail
here=$(dirname "$0")
wanted=${*:-newsboat sfeed rss2email reader feedparser rss-parser feedsmith}
export DEBIAN_FRONTEND=noninteractive PYTHONDONTWRITEBYTECODE=1 READERS_NPM="$work/npm" PYTHONPATH="$work/python"

apt_install() { timeout 60 apt-get install -y -qq --no-install-recommends "$@" >>"$work/install.log" 2>&1; }
installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q '^install ok'; }
debian() { for name; do installed "$name" || { [ "${INSTALL:-}" = 1 ] && apt_install "$name"; } || return 1; done; }
# reader needs sgmllib3k and does not say so.
pypi() { timeout 60 python3 -m pip install -q --target "$work/python" "$@" >>"$work/install.log" 2>&1; }
npm_package() { command -v node >/dev/null && timeout 60 npm install --silent --prefix "$work/npm" "$1" >>"$work/install.log" 2>&1; }
have() {
    case $1 in
        reader) pypi reader sgmllib3k ;;
        feedparser) pypi feedparser ;;
        rss-parser | feedsmith) npm_package "$1" ;;
        *) debian "$1" ;;
    esac
}

# The system may be amid an installation of its own.
[ "${INSTALL:-}" != 1 ] || { dpkg --configure -a && timeout 60 apt-get update -qq; } >"$work/install.log" 2>&1 || true
tried=()
for name in $wanted; do
    if have "$name"; then tried+=("$name"); else echo "readers: $name: skipped, it is not here and could not be installed"; fi
done
[ ${#tried[@]} -gt 0 ] || exit 0
python3 "$here/compare.py" "$binary" "$work/tried" "${tried[@]}"
