//! Every test of the workspace.

use std::process::Command;

use crate::process::{Failure, cargo, root, run};

/// Proptest reads its seed there.
pub(crate) const SEED: &str = "PROPTEST_RNG_SEED";

/// Runs them by `cargo test`, which shows which tests were skipped. cargo-nextest hides the output
/// of passing tests; `.config/nextest.toml` is for developers who run it themselves.
///
/// Property tests draw the same cases for the same files, and others after a change: a run of CI that
/// fails can be repeated.
pub(crate) fn all() -> Result<(), Failure> {
    let mut tests = cargo();
    tests.args(["test", "--workspace", "--all-features", "--no-fail-fast"]);
    // Tests that build something have it built with all features as well.
    tests.env("CERTBIND_TEST_WORKSPACE", "1");
    if std::env::var_os(SEED).is_none()
        && let Some(seed) = seed()
    {
        println!("\n{SEED}={seed}");
        tests.env(SEED, seed);
    }
    run(&mut tests)
}

/// The first digits of the hash of the committed files, as a number; none outside a repository.
pub(crate) fn seed() -> Option<String> {
    let mut git = Command::new("git");
    git.args(["rev-parse", "HEAD^{tree}"]).current_dir(root());
    let output = git.output().ok().filter(|output| output.status.success())?;
    let hash = String::from_utf8(output.stdout).ok()?;
    let seed = u64::from_str_radix(hash.get(..15)?, 16).ok()?;
    Some(seed.to_string())
}
