#!/bin/sh
# Binds a certificate as an installer does, and unbinds it if its service does not start.
set -e
netsh http add sslcert ipport=0.0.0.0:443 certhash=5226dc6c54559761cd471b86eb51c096252c90f2 \
    "appid={4dc3e181-e14b-4a21-b022-59fc669b0914}" certstorename=MY
if ! ./start-service; then
    netsh http delete sslcert ipport=0.0.0.0:443
    exit 1
fi
