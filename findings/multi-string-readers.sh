#!/usr/bin/env bash
# REG_MULTI_SZ with an empty string in it ("a", "", "b"), as five readers of hives return it.
#
# Each reader gives another list, none an error: regipy 6.5.0 drops the empty string, dissect.regf 3.14
# and libregf 20260526 end at it and lose "b", python-registry 1.3.1 keeps it and adds two empty ones at
# the end, which it also does for a list without empty strings.
source "$(dirname "$0")/lib.sh"
cat >values.reg <<'REG'
Windows Registry Editor Version 5.00

[\Values]
"gap"=hex(7):61,00,00,00,00,00,62,00,00,00,00,00
"plain"=hex(7):61,00,00,00,62,00,00,00,00,00
REG
hive values.reg >/dev/null
venv regipy==6.5.0 python-registry==1.3.1 dissect.regf==3.14 libregf-python==20260526
cat >run.py <<'PY'
import warnings
warnings.simplefilter('ignore')
import pyregf
from Registry import Registry
from regipy.registry import RegistryHive
from dissect.regf import RegistryHive as Dissect
file = pyregf.file()
file.open('hive')
key = file.get_root_key().get_sub_key_by_name('Values')
libregf = {key.get_value(i).name: list(key.get_value(i).get_data_as_multi_string()) for i in range(2)}
regipy = {v.name: v.value for v in RegistryHive('hive').get_key('\\Values').iter_values()}
for name in ('gap', 'plain'):
    print(name, 'regipy', regipy[name])
    print(name, 'python-registry', Registry.Registry('hive').open('Values').value(name).value())
    print(name, 'dissect.regf', Dissect(open('hive', 'rb')).open('Values').value(name).value)
    print(name, 'libregf', libregf[name])
PY
venv/bin/python run.py | seen "gap regipy ['a', 'b']
gap python-registry ['a', '', 'b', '', '']
gap dissect.regf ['a']
gap libregf ['a']
plain regipy ['a', 'b']
plain python-registry ['a', 'b', '', '']
plain dissect.regf ['a', 'b']
plain libregf ['a', 'b']"
