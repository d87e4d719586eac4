#!/usr/bin/env bash
# ring 0.17.14 and cargo: a program that `cargo run` or `cargo test` starts rebuilds ring.
#
# ring's build script tells cargo to run it again when CARGO_MANIFEST_DIR, CARGO_PKG_NAME or
# CARGO_PKG_VERSION_* change in cargo's own environment. `cargo run` and `cargo test` set these
# variables for the program that they start. If that program (an xtask, or a test that builds a helper)
# starts cargo, the variables differ from those of the build in a shell, and ring is compiled again, with
# everything that depends on it, although no file has changed. The next build in a shell compiles it
# once more.
source "$(dirname "$0")/lib.sh"
mkdir -p user/src
printf '[package]\nname = "user"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nring = "=0.17.14"\n' >user/Cargo.toml
: >user/src/lib.rs
build() {
    printf '%s:' "$1"
    (cd user && "${@:2}" cargo build 2>&1) | awk '/Compiling (ring|user) /{printf " %s", $2} END {print ""}'
}
{
    build 'first' env
    build 'again' env
    build 'as cargo run of a package "task"' env CARGO_PKG_NAME=task
    build 'once more in a shell' env
} | seen 'first: ring user
again:
as cargo run of a package "task": ring user
once more in a shell: ring user'
