#!/bin/sh
# Binds 0.0.0.0:443, and takes an older binding away.
set -e
netsh http add sslcert ipport=0.0.0.0:443 certhash=0102030405060708090a0b0c0d0e0f1011121314 \
    "appid={00000000-0000-0000-0000-000000000000}" certstorename=MY
netsh http delete sslcert hostnameport=old.contoso.com:443
