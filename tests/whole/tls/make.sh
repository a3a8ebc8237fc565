#!/bin/sh
# Makes the chains for tests/whole/tls.rs, in this folder. All have the key of key.pem, which only these tests use.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/ca.cnf" <<END
[ca]
default_ca = here
[here]
database = $work/index
new_certs_dir = $work
default_md = sha256
rand_serial = yes
unique_subject = no
policy = any
[any]
commonName = supplied
END

# make NAME ISSUER EXTENSIONS [START END]; an issuer of - is the certificate itself
make() {
    printf '%s\n' "$3" >"$work/extensions"
    openssl req -new -key key.pem -subj "/CN=Siftwire test $1" -out "$work/request"
    : >"$work/index"
    if [ "$2" = - ]; then signer=-selfsign; else signer="-cert $2.pem"; fi
    # shellcheck disable=SC2086
    openssl ca -config "$work/ca.cnf" -batch -notext $signer -keyfile key.pem -in "$work/request" -out "$1.pem" \
        -extfile "$work/extensions" -startdate "${4:-20260101000000Z}" -enddate "${5:-21260101000000Z}"
}
authority='basicConstraints=critical,CA:TRUE'
site='basicConstraints=critical,CA:FALSE
subjectAltName=IP:127.0.0.1'
make root - "$authority"
make intermediate root "$authority"
make site intermediate "$site"
make expired root "$site" 20200101000000Z 20210101000000Z
make early root "$site" 21250101000000Z 21260101000000Z
make other-name root 'subjectAltName=DNS:other.example,DNS:www.other.example'
make signed-by-itself - "$site"
make authority-as-site - "$authority
subjectAltName=IP:127.0.0.1"
