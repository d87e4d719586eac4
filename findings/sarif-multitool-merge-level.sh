#!/usr/bin/env bash
# SARIF Multitool 5.7.0 (npm @microsoft/sarif-multitool-linux), `merge`: the level "warning" is lost.
#
# merge leaves out a result's `level` if it is "warning". In SARIF a result without a level has the
# default level of its rule (2.1.0, 3.27.10), which merge keeps: the warnings of a rule whose default is
# "error" are errors afterwards. sarif-tools 3.0.5 counts them so.
source "$(dirname "$0")/lib.sh"
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact @microsoft/sarif-multitool-linux@5.7.0
venv sarif-tools==3.0.5
for host in web01 web02; do
    cat >"$host.sarif" <<JSON
{"\$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [{
  "tool": {"driver": {"name": "example", "version": "1",
    "rules": [{"id": "R1", "defaultConfiguration": {"level": "error"}}]}},
  "results": [{"ruleId": "R1", "level": "warning", "message": {"text": "on $host"},
    "locations": [{"physicalLocation": {"artifactLocation": {"uri": "$host.txt"}, "region": {"startLine": 1}}}]}]}]}
JSON
done
node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool merge web01.sarif web02.sarif \
    --output-file merged.sarif --log ForceOverwrite >/dev/null
{
    for file in web01 merged; do
        echo "$file:" $(venv/bin/sarif summary "$file.sarif" | grep -E '^(error|warning): ')
    done
} | seen 'web01: error: 0 warning: 1
merged: error: 2 warning: 0'
