#!/usr/bin/env bash
# sddl-parser 0.6.2, `parse_sddl`: a security descriptor without an owner.
#
# Owner and group are optional in SDDL (MS-DTYP 2.5.1.1), and every reservation that
# `netsh http show urlacl` prints has a DACL alone. sddl-parser refuses these texts.
source "$(dirname "$0")/lib.sh"
venv sddl-parser==0.6.2
cat >run.py <<'PY'
from sddl_parser import parse_sddl
for sddl in ('O:BAG:SYD:(A;;GX;;;WD)', 'O:BAD:(A;;GX;;;WD)', 'D:(A;;GX;;;WD)'):
    try:
        print(sddl, parse_sddl(sddl).owner.name)
    except Exception as error:
        print(sddl, type(error).__name__, error)
PY
venv/bin/python run.py | seen "O:BAG:SYD:(A;;GX;;;WD) BUILTIN_ADMINISTRATORS
O:BAD:(A;;GX;;;WD) ParseError expected 'G:' at 0:4
D:(A;;GX;;;WD) ParseError expected 'O:' at 0:0"
