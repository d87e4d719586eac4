#!/usr/bin/env bash
# winacl 0.1.9, `SECURITY_DESCRIPTOR.from_sddl`: the flag P of a DACL.
#
# In "D:P(…)" the P protects the DACL (SE_DACL_PROTECTED, 0x1000). winacl sets SE_SACL_PROTECTED (0x2000)
# as well: the control word is 0xb004 and not 0x9004. Without P it is 0x8004.
source "$(dirname "$0")/lib.sh"
venv winacl==0.1.9
cat >run.py <<'PY'
from winacl.dtyp.security_descriptor import SECURITY_DESCRIPTOR
for sddl in ('D:(A;;GX;;;WD)', 'D:P(A;;GX;;;WD)'):
    data = SECURITY_DESCRIPTOR.from_sddl(sddl).to_bytes()
    print(sddl, hex(int.from_bytes(data[2:4], 'little')))
PY
venv/bin/python run.py | seen 'D:(A;;GX;;;WD) 0x8004
D:P(A;;GX;;;WD) 0xb004'
