//! Every test of the workspace.

use crate::process::{Failure, cargo, run};

/// Runs them by `cargo test`, which shows which tests were skipped. cargo-nextest hides what tests
/// print that pass; `.config/nextest.toml` is for those who run it themselves.
pub(crate) fn all() -> Result<(), Failure> {
    run(cargo().args(["test", "--workspace", "--all-features", "--no-fail-fast"]))
}
