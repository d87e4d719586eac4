#!/usr/bin/env bash
# libregf 20260526 (Python package libregf-python): `value.get_data()` of short values.
#
# A registry hive keeps data of up to four bytes in the value's own cell, from the first of its four
# bytes on. libregf returns the last bytes of the four: 01 02 of a REG_NONE come back as 00 00, and
# aa bb cc of a REG_BINARY as bb cc 00. regipy 6.5.0 and python-registry 1.3.1 return the data.
source "$(dirname "$0")/lib.sh"
cat >values.reg <<'REG'
Windows Registry Editor Version 5.00

[\Values]
"none"=hex(0):01,02
"three"=hex(3):aa,bb,cc
"four"=hex(3):01,02,03,04
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
    print(value.name, 'libregf', value.get_data().hex(), 'python-registry', other.value(value.name).raw_data().hex())
PY
venv/bin/python run.py | seen 'none libregf 0000 python-registry 0102
three libregf bbcc00 python-registry aabbcc
four libregf 01020304 python-registry 01020304'
