#!/usr/bin/env bash
# Tries the daemon's outputs with real feed readers and prints a table of what each of them shows; compare.py says how.
# tests/readers/run.sh [command-line|windows|READER...] tries these (default: all). BINARY is the program (default: the debug
# build). WORK is a folder to keep their stores and logs in.
# As root on Debian it installs the readers into a root that is gone afterwards: memory laid over this one. Where that cannot be,
# it tries those that are there; with INSTALL=1 it installs the others into the system. What cannot be had is skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
binary=$(realpath "${BINARY:-${CARGO_TARGET_DIR:-target}/debug/siftwire}")
[ -x "$binary" ] || { echo "readers: $binary does not exist; run cargo build"; exit 1; }
command -v python3 >/dev/null || { echo "readers: skipped, python3 is not installed"; exit 0; }

temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
work=${WORK:-$temporary/work}
mkdir -p "$work" "$temporary/layer"
export binary work temporary
no_layer=99
# What is started in it ends with it, too.
# shellcheck disable=SC2016
layered() {
    unshare --mount --pid --fork --kill-child bash -uc '
        layer=$temporary/layer root=$temporary/layer/root
        mount -t tmpfs -o size=75% tmpfs "$layer" && mkdir "$layer"/{changes,scratch,root} &&
            mount -t overlay -o "lowerdir=/,upperdir=$layer/changes,workdir=$layer/scratch" overlay "$root" || exit '$no_layer'
        for at in /dev /sys "$PWD" "$(dirname "$binary")" "$work"; do
            mkdir -p "$root$at" && mount --rbind "$at" "$root$at" || exit '$no_layer'
        done
        mount -t proc proc "$root/proc" || exit '$no_layer'
        INSTALL=1 exec chroot "$root" "$PWD/tests/readers/inside.sh" "$@"' readers "$@"
}
code=$no_layer
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    layered "$@" && code=0 || code=$?
fi
[ "$code" != $no_layer ] || { tests/readers/inside.sh "$@" && code=0 || code=$?; }
exit "$code"
