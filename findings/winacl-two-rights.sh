#!/usr/bin/env bash
# winacl 0.1.9, `SECURITY_DESCRIPTOR.from_sddl`: the descriptors of URL reservations.
#
# "GXGW" (register and delegate) is two rights of two letters. winacl takes a text of more than two
# letters for a hexadecimal number and fails. The aliases NS, LS and BA name fixed SIDs, but winacl asks
# for the SID of a domain. Both are in what `netsh http show urlacl` prints.
source "$(dirname "$0")/lib.sh"
venv winacl==0.1.9
cat >run.py <<'PY'
from winacl.dtyp.security_descriptor import SECURITY_DESCRIPTOR
for sddl in ('D:(A;;GX;;;WD)', 'D:(A;;GXGW;;;WD)', 'D:(A;;GX;;;NS)', 'D:(A;;GX;;;S-1-5-20)'):
    try:
        print(sddl, 'read as', SECURITY_DESCRIPTOR.from_sddl(sddl).to_sddl())
    except Exception as error:
        print(sddl, type(error).__name__, error)
PY
venv/bin/python run.py | seen "D:(A;;GX;;;WD) read as D:(A;;GX;;;S-1-1-0)
D:(A;;GXGW;;;WD) ValueError invalid literal for int() with base 16: 'GXGW'
D:(A;;GX;;;NS) Exception Missing domain_sid! Cant convert \"NS\" to a SID
D:(A;;GX;;;S-1-5-20) read as D:(A;;GX;;;S-1-5-20)"
