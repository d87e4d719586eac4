#!/usr/bin/env bash
# GnuTLS certtool 3.7.9 (Debian 12, package gnutls-bin), `certtool --to-p12`.
#
# Of the certificates in the file given as --load-ca-certificate only the first gets into the PKCS #12
# file; the others are dropped without a message and with exit code 0. The certificates in the file
# given as --load-certificate all get in. A chain of three therefore has to be in --load-certificate.
source "$(dirname "$0")/lib.sh"
certtool --version | head -1 | grep -q '3\.7\.9' || {
    echo 'install gnutls-bin 3.7.9 of Debian 12 first' >&2
    exit 2
}
for name in root intermediate leaf; do
    certtool --generate-privkey --key-type ecdsa --outfile $name.key 2>/dev/null
done
printf 'cn = "Root"\nca\ncert_signing_key\n' >root.tmpl
printf 'cn = "Intermediate"\nca\ncert_signing_key\n' >intermediate.tmpl
printf 'cn = "www.example"\n' >leaf.tmpl
certtool -s --load-privkey root.key --template root.tmpl --outfile root.pem 2>/dev/null
certtool -c --load-privkey intermediate.key --load-ca-certificate root.pem \
    --load-ca-privkey root.key --template intermediate.tmpl --outfile intermediate.pem 2>/dev/null
certtool -c --load-privkey leaf.key --load-ca-certificate intermediate.pem \
    --load-ca-privkey intermediate.key --template leaf.tmpl --outfile leaf.pem 2>/dev/null
cat intermediate.pem root.pem >issuers.pem
cat leaf.pem issuers.pem >chain.pem
pack() {
    certtool --to-p12 --load-privkey leaf.key "$@" --p12-name www --password test --outder \
        --outfile out.p12 2>/dev/null
    openssl pkcs12 -in out.p12 -passin pass:test -nokeys 2>/dev/null | sed -n 's/^subject=CN = /  /p'
}
{
    echo 'leaf, and issuers by --load-ca-certificate:'
    pack --load-certificate leaf.pem --load-ca-certificate issuers.pem
    echo 'all by --load-certificate:'
    pack --load-certificate chain.pem
} | seen 'leaf, and issuers by --load-ca-certificate:
  www.example
  Intermediate
all by --load-certificate:
  www.example
  Intermediate
  Root'
