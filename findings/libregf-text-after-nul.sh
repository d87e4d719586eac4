#!/usr/bin/env bash
# libregf 20260526 (Python package libregf-python): `value.get_data()` of texts.
#
# `get_data()` is the raw data of a value, but for a REG_SZ it ends at the first NUL: of the 14 bytes
# "MY", NUL, "junk" six are returned, and an auditor who compares raw data sees two different values
# as equal. python-registry 1.3.1's `raw_data()` returns all of them.
source "$(dirname "$0")/lib.sh"
cat >values.reg <<'REG'
Windows Registry Editor Version 5.00

[\Values]
"text"=hex(1):4d,00,59,00,00,00,6a,00,75,00,6e,00,6b,00
"bytes"=hex(3):4d,00,59,00,00,00,6a,00,75,00,6e,00,6b,00
REG
hive values.reg >/dev/null
venv libregf-python==20260526 python-registry==1.3.1
cat >run.py <<'PY'
import pyregf
from Registry import Registry
file = pyregf.file()
file.open('hive')
key = file.get_root_key().get_sub_key_by_name('Values')
other = Registry.Registry('hive').open('Values')
for index in range(key.number_of_values):
    value = key.get_value(index)
    print(value.name, 'libregf', len(value.get_data()), 'python-registry', len(other.value(value.name).raw_data()))
PY
venv/bin/python run.py | seen 'text libregf 6 python-registry 14
bytes libregf 14 python-registry 14'
