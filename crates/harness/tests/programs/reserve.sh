#!/bin/sh
# Reserves a URL for a service, and has HTTP.sys listen on one address and wait longer.
set -e
netsh http add urlacl url=http://+:8080/app/ user=Everyone
netsh http delete urlacl url=http://+:80/old/
netsh http add iplisten ipaddress=127.0.0.1
netsh http add timeout timeouttype=idleconnectiontimeout value=240
