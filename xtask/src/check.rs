//! `cargo xtask check`: the inner loop. It needs no root and no program but Rust's own.

use std::time::Instant;

use crate::process::{self, Failure, cargo};
use crate::test;

/// Test programs that are a pass of a suite in seconds.
const QUICK: &[&str] = &[];

pub(crate) fn run() -> Result<(), Failure> {
    let _ = QUICK;
    let begin = Instant::now();
    test::format()?;
    test::lints()?;
    process::run(cargo().args(["test", "--workspace", "--lib"]))?;
    println!("\nAll quick checks passed in {:.0?}.", begin.elapsed());
    Ok(())
}
