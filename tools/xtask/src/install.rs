//! Installs what the checks need and a fresh machine lacks.

use std::process::Command;

use crate::process::{Failure, answers, run};

/// A program that has to answer, and the Debian package that brings it.
const PROGRAMS: [(&str, &str); 3] = [
    ("gcc", "gcc"),
    ("valgrind", "valgrind"),
    ("python3", "python3"),
];

/// Installs what is missing; where that cannot be done, says what to install.
pub(crate) fn all() -> Result<(), Failure> {
    for (component, program) in [("rustfmt", "rustfmt"), ("clippy", "cargo-clippy")] {
        if !answers(program, "--version") {
            run(Command::new("rustup").args(["component", "add", component]))?;
        }
    }
    let missing: Vec<_> = PROGRAMS
        .iter()
        .filter(|(program, _)| !answers(program, "--version"))
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !answers("apt-get", "--version") || !is_root() {
        return Err(Failure::new(format!(
            "the tests need {}; install them and try again (on Debian as root this is done for you)",
            missing.join(", ")
        )));
    }
    run(Command::new("apt-get").args(["update", "-qq"]))?;
    run(Command::new("apt-get")
        .args(["install", "-y", "-qq", "--no-install-recommends"])
        .args(missing)
        .env("DEBIAN_FRONTEND", "noninteractive"))
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}
