//! `cargo xtask test`: everything that has to hold before a change lands.

use crate::install;
use crate::process::{self, Failure, cargo};

pub(crate) fn run() -> Result<(), Failure> {
    install::all()?;
    process::run(cargo().args(["fmt", "--all", "--check"]))?;
    process::run(
        cargo()
            .args([
                "clippy",
                "--workspace",
                "--all-targets",
                "--all-features",
                "--quiet",
                "--",
            ])
            .args(["-D", "warnings"]),
    )?;
    process::run(
        cargo()
            .args([
                "doc",
                "--workspace",
                "--no-deps",
                "--all-features",
                "--quiet",
            ])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    process::run(cargo().args(["test", "--workspace", "--all-features", "--no-fail-fast"]))?;
    println!("\nEvery check has passed.");
    Ok(())
}
