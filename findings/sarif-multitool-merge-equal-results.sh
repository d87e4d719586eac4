#!/usr/bin/env bash
# SARIF Multitool 5.7.0 (npm @microsoft/sarif-multitool-linux), `merge`: equal results of two logs.
#
# Two hosts that have the same trouble in a file of the same name give equal results. merge keeps one of
# them: of two logs with one result each, one result is left. If the host is in the artifact's URI, both
# stay.
source "$(dirname "$0")/lib.sh"
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact @microsoft/sarif-multitool-linux@5.7.0
# log FILE URI
log() {
    cat >"$1" <<JSON
{"\$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [{
  "tool": {"driver": {"name": "example", "version": "1"}},
  "results": [{"ruleId": "R1", "level": "error", "message": {"text": "expired"},
    "locations": [{"physicalLocation": {"artifactLocation": {"uri": "$2"}, "region": {"startLine": 1}}}]}]}]}
JSON
}
# merged: the number of results in the merged log
merged() {
    node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool merge a.sarif b.sarif \
        --output-file merged.sarif --log ForceOverwrite >/dev/null
    python3 -c 'import json
print(sum(len(run["results"]) for run in json.load(open("merged.sarif"))["runs"]))'
}
{
    log a.sarif bindings.txt && log b.sarif bindings.txt && echo "same file name: $(merged) of 2"
    log a.sarif web01/bindings.txt && log b.sarif web02/bindings.txt && echo "host in the path: $(merged) of 2"
} | seen 'same file name: 1 of 2
host in the path: 2 of 2'
