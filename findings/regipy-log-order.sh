#!/usr/bin/env bash
# regipy 6.5.0, `apply_transaction_logs(hive, primary, secondary)`.
#
# Since Windows 8.1 the newest changes of a registry hive are in SYSTEM.LOG1 and SYSTEM.LOG2. Either
# file can hold the newer entries: the order is that of the sequence numbers. regipy applies the
# secondary log first and the primary last, whatever the numbers are. With LOG1 (entry 2) as the
# primary and LOG2 (entries 3 to 5) as the secondary, older pages overwrite newer ones. No error is
# raised. With the arguments exchanged the result equals the hive that Windows 10 recovered, except
# for the base block (page 0).
#
# The hives are test data of the crate nt_hive2 4.2.4; RecoveredHive_Windows10 was written by Windows.
source "$(dirname "$0")/lib.sh"
data="$(crate nt_hive2 4.2.4)/tests/data/NewDirtyHive1"
venv regipy==6.5.0
cat >run.py <<'PY'
import sys
from regipy.recovery import apply_transaction_logs
data = sys.argv[1] + '/'
windows = open(data + 'RecoveredHive_Windows10', 'rb').read()
for primary, secondary in (('LOG1', 'LOG2'), ('LOG2', 'LOG1')):
    out = primary + '.out'
    apply_transaction_logs(data + 'NewDirtyHive', data + 'NewDirtyHive.' + primary,
                           data + 'NewDirtyHive.' + secondary, restored_hive_path=out)
    ours = open(out, 'rb').read()
    pages = [at // 4096 for at in range(0, len(windows), 4096) if ours[at:at + 4096] != windows[at:at + 4096]]
    print(f'primary={primary} secondary={secondary}: pages other than in Windows: {pages}')
PY
venv/bin/python run.py "$data" 2>/dev/null | seen 'primary=LOG1 secondary=LOG2: pages other than in Windows: [0, 1, 2]
primary=LOG2 secondary=LOG1: pages other than in Windows: [0]'
