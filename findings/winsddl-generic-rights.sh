#!/usr/bin/env bash
# winsddl 0.1.1, `SDDLParser`: generic rights.
#
# GX is GENERIC_EXECUTE; winsddl names it "Read". Two generic rights in one entry ("GXGW") are shown as
# no right at all, and no error is raised: an entry that grants more looks empty.
source "$(dirname "$0")/lib.sh"
venv winsddl==0.1.1
cat >run.py <<'PY'
from winsddl import SDDLParser
for sddl in ('D:(A;;GX;;;WD)', 'D:(A;;GXGW;;;WD)'):
    parser = SDDLParser('file')
    parser.parse(sddl)
    print(sddl, parser.dacl[0].basic_rights + parser.dacl[0].advanced_rights)
PY
venv/bin/python run.py | seen "D:(A;;GX;;;WD) ['Read']
D:(A;;GXGW;;;WD) []"
