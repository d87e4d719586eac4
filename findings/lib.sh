# Sourced by the scripts of this folder: a temporary folder, and the comparison with the output seen.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# venv PACKAGE==VERSION…: a Python environment with these packages in $work/venv.
venv() {
    python3 -m venv venv
    venv/bin/pip install --quiet --disable-pip-version-check "$@"
}

# crate NAME VERSION: prints the folder of the crate's sources.
crate() {
    mkdir -p "crate-$1/src"
    : >"crate-$1/src/lib.rs"
    printf '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n[dependencies]\n%s = "=%s"\n' \
        "$1" "$2" >"crate-$1/Cargo.toml"
    cargo fetch --quiet --manifest-path "crate-$1/Cargo.toml" >&2
    cargo metadata --format-version 1 --manifest-path "crate-$1/Cargo.toml" |
        python3 -c 'import json, os, sys
for package in json.load(sys.stdin)["packages"]:
    if package["name"] == sys.argv[1]:
        print(os.path.dirname(package["manifest_path"]))' "$1"
}

# hive FILE.reg: merges the file into a small hive that Windows wrote, and prints the hive's path.
# hivexregedit is in Debian's package libwin-hivex-perl.
hive() {
    command -v hivexregedit >/dev/null || {
        echo 'install libwin-hivex-perl first' >&2
        exit 2
    }
    local base
    base=$(crate nt_hive2 4.2.4)
    cp "$base/tests/data/NewDirtyHive1/RecoveredHive_Windows10" hive
    chmod u+w hive
    hivexregedit --merge --prefix '' hive "$1"
    echo hive
}

# seen TEXT: compares standard input with TEXT, and fails if they differ.
seen() {
    cat >found
    cat found
    printf '%s\n' "$1" >expected
    diff -u expected found >difference || {
        echo 'The behaviour has changed:'
        cat difference
        exit 1
    }
    echo 'Still so.'
}
