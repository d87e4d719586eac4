#!/usr/bin/env bash
# npm package thumbprint 0.0.1, `calculate(base64)`.
#
# It decodes the certificate to a "binary" string and hashes the string. Since Node 6 a hash takes
# strings as UTF-8, so every byte from 0x80 is hashed as two: the SHA-1 thumbprint is wrong for each real
# certificate, without an error. @auth0/thumbprint 0.0.6, a fork, is right.
source "$(dirname "$0")/lib.sh"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact thumbprint@0.0.1 @auth0/thumbprint@0.0.6
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=example.test -days 2 2>/dev/null
cat >run.js <<'JS'
const { execFileSync } = require('child_process');
const right = execFileSync('openssl', ['x509', '-in', 'cert.pem', '-noout', '-fingerprint', '-sha1'])
    .toString().split('=')[1].trim().replaceAll(':', '').toLowerCase();
const base64 = require('fs').readFileSync('cert.pem', 'utf8').replace(/-----[^-]+-----|\s/g, '');
for (const name of ['thumbprint', '@auth0/thumbprint'])
    console.log(name, require(name).calculate(base64) === right ? 'right' : 'wrong');
JS
node --no-deprecation run.js | seen 'thumbprint wrong
@auth0/thumbprint right'
