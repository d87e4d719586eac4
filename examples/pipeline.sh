#!/bin/sh
# The job of docs/git.md: checks a desired state and plans its changes. With `apply` it makes them.
# usage: pipeline.sh bindings.toml TARGET [apply]
set -eu
file=$1 target=$2
certbind fmt --check "$file"
certbind validate "$file"
code=0
certbind plan "$file" "$target" --prune --detailed-exitcode -o plan.json --format markdown >plan.md || code=$?
case $code in
0)
    echo "no changes"
    ;;
2)
    cat plan.md
    if [ "${3:-}" = apply ]; then
        # Each run keeps its undo plan: another file of that name would be refused.
        undo=undo-$(date -u +%Y%m%dT%H%M%SZ).json
        certbind apply plan.json "$target" --yes --undo "$undo" >apply.log || { cat apply.log; exit 1; }
        certbind drift "$file" "$target"
    fi
    ;;
*)
    exit "$code"
    ;;
esac
