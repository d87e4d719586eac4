#!/usr/bin/env bash
# sddl-parser 0.6.2, `parse_sddl`: a DACL without control flags.
#
# "NO_ACCESS_CONTROL" in SDDL is a null DACL: everyone has every access. sddl-parser reports this flag
# for each DACL that has no flags at all, such as one that admits a single account. A DACL with a flag
# has only that flag.
source "$(dirname "$0")/lib.sh"
venv sddl-parser==0.6.2
cat >run.py <<'PY'
from sddl_parser import parse_sddl
for sddl in ('O:BAG:SYD:(A;;GX;;;NS)', 'O:BAG:SYD:P(A;;GX;;;NS)'):
    dacl = parse_sddl(sddl).dacl
    print(sddl, [flag.name for flag in dacl.flags], len(dacl.aces), 'ACE')
PY
venv/bin/python run.py | seen "O:BAG:SYD:(A;;GX;;;NS) ['NO_ACCESS_CONTROL'] 1 ACE
O:BAG:SYD:P(A;;GX;;;NS) ['PROTECTED'] 1 ACE"
