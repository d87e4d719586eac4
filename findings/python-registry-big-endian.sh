#!/usr/bin/env bash
# python-registry 1.3.1 and regipy 6.5.0: values of the type REG_DWORD_BIG_ENDIAN (5).
#
# The bytes 00 00 00 07 are the number 7. python-registry returns 83886080 (it reads them as
# little-endian), regipy an empty text; neither raises an error. dissect.regf 3.14 returns 7.
source "$(dirname "$0")/lib.sh"
cat >values.reg <<'REG'
Windows Registry Editor Version 5.00

[\Values]
"number"=hex(5):00,00,00,07
REG
hive values.reg >/dev/null
venv regipy==6.5.0 python-registry==1.3.1 dissect.regf==3.14
cat >run.py <<'PY'
import warnings
warnings.simplefilter('ignore')
from Registry import Registry
from regipy.registry import RegistryHive
from dissect.regf import RegistryHive as Dissect
print('python-registry', Registry.Registry('hive').open('Values').value('number').value())
print('regipy', [repr(v.value) for v in RegistryHive('hive').get_key('\\Values').iter_values()][0])
print('dissect.regf', Dissect(open('hive', 'rb')).open('Values').value('number').value)
PY
venv/bin/python run.py | seen "python-registry 83886080
regipy ''
dissect.regf 7"
