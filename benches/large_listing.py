#!/usr/bin/env python3
"""Prints a listing of COUNT bindings as Windows Server 2022 does, with extended properties.

    python3 benches/large_listing.py 100000 > listing.txt              # 133 MB, in canonical order
    python3 benches/large_listing.py 1000000 --shuffled > listing.txt  # in an order of its own

The same arguments always print the same bytes.
"""
import random
import sys

RECORD = """\
    IP:port                      : {address}:443
    Certificate Hash             : {hash}
    Application ID               : {{{app}}}
    Certificate Store Name       : {store}
    Verify Client Certificate Revocation : {revocation}
    Verify Revocation Using Cached Client Certificate Only : Disabled
    Usage Check                  : Enabled
    Revocation Freshness Time    : 0
    URL Retrieval Timeout        : {timeout}
    Ctl Identifier               : (null)
    Ctl Store Name               : (null)
    DS Mapper Usage              : Disabled
    Negotiate Client Certificate : {negotiate}
    Reject Connections           : Disabled
    Disable HTTP2                : {http2}
    Disable QUIC                 : Not Set
    Disable TLS1.2               : Not Set
    Disable TLS1.3               : Not Set
    Disable OCSP Stapling        : Not Set
    Enable Token Binding         : Not Set
    Log Extended Events          : Not Set
    Disable Legacy TLS Versions  : {legacy}
    Enable Session Ticket        : Not Set
 Extended Properties:
    PropertyId                   : 0
    Receive Window               : {window}
 Extended Properties:
    PropertyId                   : 1
    Max Settings Per Frame       : 2796202
    Max Settings Per Minute      : 4294967295
"""

APPLICATIONS = [
    "4dc3e181-e14b-4a21-b022-59fc669b0914",
    "ba195980-cd49-458b-9e23-c84ee0adcd75",
    "5d89a20c-beab-4389-9447-324788eb944a",
]


def main():
    count = int(sys.argv[1])
    draw = random.Random(26)
    numbers = list(range(count))
    if "--shuffled" in sys.argv:
        draw.shuffle(numbers)
    out = sys.stdout
    out.reconfigure(newline="\r\n")
    out.write("\nSSL Certificate bindings:\n-------------------------\n\n\n\n")
    for number in numbers:
        address = 0x0A00_0000 + number
        on_off = lambda share, on, off: on if draw.random() < share else off
        out.write(
            RECORD.format(
                address=".".join(str(byte) for byte in address.to_bytes(4, "big")),
                hash=draw.randbytes(20).hex(),
                app=draw.choice(APPLICATIONS),
                store=draw.choice(["MY", "WebHosting", "(null)"]),
                revocation=on_off(0.2, "Disabled", "Enabled"),
                timeout=draw.choice([0, 0, 0, 5000]),
                negotiate=on_off(0.1, "Enabled", "Disabled"),
                http2=on_off(0.1, "Set", "Not Set"),
                legacy=on_off(0.3, "Set", "Not Set"),
                window=draw.choice([1048576, 1048576, 1048576, 65536]),
            )
        )
        out.write("\n")
    out.write("\n")


main()
