#!/usr/bin/env bash
# hivexregedit (Debian 12, libwin-hivex-perl 1.3.23): the last-write time of a key that it creates.
#
# A key that `hivexregedit --merge` adds to a hive gets the last-write time of its parent, not the time
# of the merge: here a key that is seconds old is dated 2017, the time of the hive's root. A timeline
# made from a hive that was edited with hivex dates the edits back.
source "$(dirname "$0")/lib.sh"
cat >values.reg <<'REG'
Windows Registry Editor Version 5.00

[\Values]
"text"="x"
REG
hive values.reg >/dev/null
venv python-registry==1.3.1
cat >run.py <<'PY'
from Registry import Registry
hive = Registry.Registry('hive')
print('root', hive.root().timestamp())
print('new key', hive.open('Values').timestamp())
PY
venv/bin/python run.py | seen 'root 2017-03-04 20:54:05.112338
new key 2017-03-04 20:54:05.112338'
