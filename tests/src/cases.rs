//! How many cases are run, and where failures are kept.

use crate::subject::Subject;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};

/// How many times the usual number of cases is run: `CERTBIND_CASES`.
pub(crate) fn times() -> u32 {
    let times = std::env::var("CERTBIND_CASES").ok();
    times.and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// A configuration with this many cases, times what the environment says.
pub(crate) fn config<S: Subject>(name: &'static str, cases: u32) -> Config {
    let config = Config {
        cases: cases.saturating_mul(times()),
        failure_persistence: None,
        max_shrink_iters: 0,
        ..Config::default()
    };
    if !S::KEEPS_FAILURES {
        return config;
    }
    let file: &'static str = Box::leak(format!("proptest-regressions/{name}.txt").into_boxed_str());
    Config {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))),
        max_shrink_iters: 4096,
        ..config
    }
}

/// Runs a property, and panics with the smallest failure.
pub(crate) fn check<S: Strategy>(
    config: Config,
    strategy: &S,
    property: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    if let Err(failure) = TestRunner::new(config).run(strategy, property) {
        panic!("{failure}");
    }
}
