#!/usr/bin/env bash
# hivex 1.3.23 (Debian's libwin-hivex-perl): the hash of a key whose name has a letter beyond ASCII.
#
# A hive keeps, beside each sub-key, a hash of its name, by which readers look a key up: times 37, plus
# the code of the capital letter. hivex stores the name ÄÖ as the bytes c4 d6, and calculates the hash
# from the four bytes of its UTF-8, taken as negative numbers. dissect.regf 3.14, which looks up by the
# hash, lists the key and does not find it by its name; python-registry 1.3.1, which compares names, does.
source "$(dirname "$0")/lib.sh"
cat >keys.reg <<'REG'
Windows Registry Editor Version 5.00

[\Keys]

[\Keys\AO]
"x"=dword:00000001

[\Keys\ÄÖ]
"x"=dword:00000001
REG
hive keys.reg >/dev/null
venv python-registry==1.3.1 dissect.regf==3.14
cat >run.py <<'PY'
import struct
from Registry import Registry
from dissect.regf import RegistryHive
data = open('hive', 'rb').read()
keys = RegistryHive(open('hive', 'rb')).open('Keys')
print('dissect.regf lists', sorted(key.name for key in keys.subkeys()))
for name in ('AO', 'ÄÖ'):
    expected = 0
    for letter in name.upper():
        expected = (expected * 37 + ord(letter)) % 2**32
    stored = struct.pack('<I', expected) in data
    try:
        found = RegistryHive(open('hive', 'rb')).open('Keys\\' + name).name == name
    except Exception as error:
        found = type(error).__name__
    other = Registry.Registry('hive').open('Keys\\' + name).name() == name
    print(name, 'hash stored', stored, 'dissect.regf', found, 'python-registry', other)
PY
venv/bin/python run.py | seen "dissect.regf lists ['AO', 'ÄÖ']
AO hash stored True dissect.regf True python-registry True
ÄÖ hash stored False dissect.regf RegistryKeyNotFoundError python-registry True"
