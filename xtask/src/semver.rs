//! `cargo xtask semver`: whether the version number allows the changes of the public API.

use std::process::Command;

use crate::metadata::published;
use crate::process::{Failure, answers, captured, cargo, root, run};

/// Compares every package that was in the last release with it.
pub(crate) fn check() -> Result<(), Failure> {
    let tags = captured(git().args(["tag", "--list", "v*", "--sort=-version:refname"]))?;
    let Some(last) = tags.lines().next() else {
        println!("Nothing has been released yet: there is no tag v*.");
        return Ok(());
    };
    if !answers("cargo-semver-checks", "--version") {
        return Err(Failure::new(
            "cargo-semver-checks is needed: cargo install --locked cargo-semver-checks",
        ));
    }
    let mut check = cargo();
    check.args(["semver-checks", "--baseline-rev", last]);
    for package in published()? {
        let then = format!("{last}:{}", package.manifest.display());
        if captured(git().args(["cat-file", "-e", &then])).is_ok() {
            check.args(["--package", &package.name]);
        }
    }
    run(&mut check)
}

fn git() -> Command {
    let mut git = Command::new("git");
    git.current_dir(root());
    git
}
