//! Builds for other systems by Debian's compiler, which comes with the sources of the standard library:
//! rustup's need not have the target.

use std::path::Path;
use std::process::Command;

use crate::process::cargo_at;

const CARGO: &str = "/usr/bin/cargo";
const RUSTC: &str = "/usr/bin/rustc";

/// A command of Debian's cargo for a target, linked by `linker` and built in `folder`.
pub(crate) fn cargo(command: &str, target: &str, linker: &str, folder: &Path) -> Command {
    let mut cargo = cargo_at(CARGO);
    cargo
        .args([
            command,
            "--locked",
            "--quiet",
            "-Zbuild-std=std,panic_unwind",
            "--target",
            target,
        ])
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("RUSTDOC")
        .env("CARGO", CARGO)
        .env("RUSTC", RUSTC)
        // Building the standard library is not stable.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", folder)
        .env(variable(target, "LINKER"), linker);
    cargo
}

/// The environment variable by which cargo reads a setting of a target.
pub(crate) fn variable(target: &str, setting: &str) -> String {
    let target = target.to_uppercase().replace('-', "_");
    format!("CARGO_TARGET_{target}_{setting}")
}
