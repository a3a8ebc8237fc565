#!/usr/bin/env bash
# Builds the packages and checks them: lintian has no complaint about the .deb, and the .rpm has the same files. What is not
# installed here (lintian, rpmbuild) is skipped. `BINARY=target/debug/siftwire` packages that binary.
set -euo pipefail
cd "$(dirname "$0")/../.."
fail() { echo "packages: FAILED, $1"; exit 1; }
packages=$(packaging/build)
deb=$(grep '\.deb$' <<<"$packages") || fail "there is no .deb"
if command -v lintian >/dev/null; then
    complaints=$(lintian --tag-display-limit 0 "$deb" 2>/dev/null || true)
    [ -z "$complaints" ] || fail "$complaints"
    echo "packages: lintian has no complaint about $(basename "$deb")"
else
    echo "packages: lintian skipped, it is not installed"
fi
if rpm=$(grep '\.rpm$' <<<"$packages"); then
    # Where they differ on purpose: the distributions' folders for zsh, lintian's, and who writes the changelog of a package.
    files() { sed -e 's|^\.||' -e 's|zsh/vendor-completions|zsh/site-functions|' | grep -v -e '/changelog.Debian.gz$' -e /lintian/ -e /.build-id | sort; }
    of_deb=$(dpkg-deb --fsys-tarfile "$deb" | tar -t | grep -v '/$' | files)
    of_rpm=$(rpm -qp --queryformat '[%{FILEMODES:perms} %{FILENAMES}\n]' "$rpm" | sed -n 's/^-[^ ]* //p' | files)
    [ "$of_deb" = "$of_rpm" ] || fail "$(diff <(echo "$of_deb") <(echo "$of_rpm"))"
    [ "$(rpm -qpc "$rpm")" = /etc/siftwire/config.toml ] || fail "config.toml is no config of the .rpm"
    echo "packages: $(basename "$rpm") has the same files"
else
    echo "packages: rpm skipped, rpmbuild is not installed"
fi
