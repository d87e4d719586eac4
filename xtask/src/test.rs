//! `cargo xtask test`: everything that has to hold before a change lands.

use crate::process::{self, Failure, cargo};
use crate::{install, windows};

pub(crate) fn run() -> Result<(), Failure> {
    install::tests()?;
    install::tests_that_may_be_left_out()?;
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
    // In CI nothing is left out: what cannot be installed there is an error.
    if install::can_have_windows() || std::env::var_os("CI").is_some() {
        install::windows()?;
        windows::run_all()?;
        println!("\nEvery check has passed.");
    } else {
        println!(
            "\nEvery check has passed but those under Wine, which were NOT run: they are for Debian."
        );
    }
    Ok(())
}
