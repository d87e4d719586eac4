//! How tests are run: by cargo-nextest where it is installed, else by `cargo test`.

use crate::process::{Failure, answers, cargo, run};

/// Every test of the workspace.
pub(crate) fn all() -> Result<(), Failure> {
    if !answers("cargo-nextest", "--version") {
        return run(cargo().args(["test", "--workspace", "--all-features", "--no-fail-fast"]));
    }
    run(cargo().args([
        "nextest",
        "run",
        "--workspace",
        "--all-features",
        "--no-fail-fast",
    ]))?;
    // Nextest leaves out the examples in documentation.
    run(cargo().args([
        "test",
        "--workspace",
        "--all-features",
        "--no-fail-fast",
        "--doc",
    ]))
}
