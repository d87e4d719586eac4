//! `cargo xtask deps`, `msrv` and `minimal-versions`: the dependencies, and the versions with which
//! certbind builds.

use std::process::Command;

use crate::process::{Failure, answers, cargo, cargo_target, root, run};

/// Licences, bans and sources, which need no network; GitHub's workflow checks advisories too.
pub(crate) fn licences() -> Result<(), Failure> {
    if !answers("cargo-deny", "--version") {
        return Err(Failure::new(
            "cargo-deny is needed: cargo install --locked cargo-deny",
        ));
    }
    run(cargo().args([
        "deny",
        "--offline",
        "--all-features",
        "check",
        "licenses",
        "bans",
        "sources",
    ]))
}

/// Builds everything with the minimum supported Rust version.
pub(crate) fn msrv() -> Result<(), Failure> {
    let rust = rust_version()?;
    run(Command::new("rustup").args(["toolchain", "install", &rust, "--profile", "minimal"]))?;
    run(toolchain(&rust)
        .args(["check", "--locked", "--workspace", "--all-targets"])
        .arg("--all-features")
        .env("CARGO_TARGET_DIR", cargo_target().join("msrv")))
}

/// The libraries and the programs are built with the oldest versions that Cargo.toml allows, by a
/// nightly cargo, in a copy of the sources, so that Cargo.lock is unchanged.
pub(crate) fn minimal_versions() -> Result<(), Failure> {
    let copy = cargo_target().join("minimal-versions");
    let sources = copy.join("sources");
    crate::sources::committed(&sources)?;
    run(toolchain("nightly")
        .current_dir(&sources)
        .args(["update", "-Zdirect-minimal-versions"]))?;
    run(toolchain("nightly")
        .current_dir(&sources)
        .args(["check", "--locked", "--workspace", "--lib", "--bins"])
        .env("CARGO_TARGET_DIR", copy.join("target")))
}

/// The cargo of another toolchain than the one that runs this task.
fn toolchain(name: &str) -> Command {
    let mut cargo = Command::new("rustup");
    cargo
        .current_dir(root())
        .args(["run", name, "cargo"])
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("CARGO")
        .env_remove("RUSTC");
    cargo
}

fn rust_version() -> Result<String, Failure> {
    let manifest = root().join("Cargo.toml");
    let text =
        std::fs::read_to_string(&manifest).map_err(|error| Failure::of(&manifest, &error))?;
    text.lines()
        .find_map(|line| line.strip_prefix("rust-version = "))
        .map(|version| version.trim_matches('"').to_owned())
        .ok_or_else(|| Failure::new("Cargo.toml names no rust-version"))
}
