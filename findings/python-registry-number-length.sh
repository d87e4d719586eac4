#!/usr/bin/env bash
# python-registry 1.3.1: `value()` of a REG_DWORD of eight bytes and of a REG_QWORD of four.
#
# The type and the length of a value are independent in a hive. Where the length is not that of the
# type, python-registry returns neither the data nor an error: of a long REG_DWORD it returns the place
# of the data in the file, from `raw_data()` as well, so that two equal values have different numbers;
# of a short REG_QWORD it returns the next field of the value's header as the upper half.
source "$(dirname "$0")/lib.sh"
cat >values.reg <<'REG'
Windows Registry Editor Version 5.00

[\Values]
"long one"=hex(4):01,00,00,00,00,00,00,00
"long two"=hex(4):01,00,00,00,00,00,00,00
"right"=hex(4):01,00,00,00
"short"=hex(b):01,00,00,00
REG
hive values.reg >/dev/null
venv python-registry==1.3.1
cat >run.py <<'PY'
from Registry import Registry
key = Registry.Registry('hive').open('Values')
one, two, right, short = (key.value(name) for name in ('long one', 'long two', 'right', 'short'))
print('right', right.value())
print('long is 1:', one.value() == 1, 'both are equal:', one.value() == two.value(), 'raw bytes', len(one.raw_data()))
print('short is 1:', short.value() == 1, 'the upper half:', hex(short.value() >> 32))
PY
venv/bin/python run.py | seen 'right 1
long is 1: False both are equal: False raw bytes 4
short is 1: False the upper half: 0x1'
