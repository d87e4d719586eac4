#!/usr/bin/env bash
# regipy 6.5.0: values of a type that it has no reader for.
#
# A REG_DWORD_BIG_ENDIAN of 1 is read as an empty text. Of a type that no header file names, two
# bytes of data come back as some hundred bytes of other cells: data of up to four bytes are in the
# value's header, and regipy takes them for a place in the file. dissect.regf 3.14 returns the data.
source "$(dirname "$0")/lib.sh"
cat >values.reg <<'REG'
Windows Registry Editor Version 5.00

[\Values]
"big endian"=hex(5):00,00,00,01
"other"=hex(64):01,02
REG
hive values.reg >/dev/null
venv regipy==6.5.0 dissect.regf==3.14
cat >run.py <<'PY'
import logging
from regipy.registry import RegistryHive
from dissect.regf import RegistryHive as Dissect
logging.disable(logging.CRITICAL)
found = {value.name: value for value in RegistryHive('hive').get_key('\\Values').iter_values()}
other = Dissect(open('hive', 'rb')).open('Values')
name = 'big endian'
print(name, 'regipy', repr(found[name].value), 'dissect.regf', repr(other.value(name).value))
print('other', 'regipy more than 2 bytes:', len(found['other'].value) > 2, 'dissect.regf', other.value('other').value)
PY
venv/bin/python run.py | seen "big endian regipy '' dissect.regf 1
other regipy more than 2 bytes: True dissect.regf b'\\x01\\x02'"
