#!/usr/bin/env bash
# hivexregedit (Debian 12, libwin-hivex-perl 1.3.23): a .reg file without an empty line between keys.
#
# Two key lines that follow each other without an empty line are valid in .reg files (Wine's reg.exe
# imports them, and regedit writes an empty line only as a habit). hivexregedit ends with a parse error
# at the second key. With an empty line the same file is merged.
source "$(dirname "$0")/lib.sh"
printf 'Windows Registry Editor Version 5.00\n\n[\\Values]\n[\\Values\\a]\n"x"=dword:00000001\n' >close.reg
printf 'Windows Registry Editor Version 5.00\n\n[\\Values]\n\n[\\Values\\a]\n"x"=dword:00000001\n' >apart.reg
{
    hive apart.reg
    hive close.reg 2>&1 | sed -n 's/ at .* line [0-9]*\.$//; 1,2p' || true
} | seen 'hive
reg_import: parse error: unexpected text found at line 4 near
[\Values\a]'
