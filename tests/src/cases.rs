//! How many cases are run, and where failures are kept.

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};

use crate::fixture::Fixtures;

/// How many times the usual number of cases is run: `CERTBIND_CASES`.
pub(crate) fn times() -> u32 {
    let times = std::env::var("CERTBIND_CASES").ok();
    times.map_or(1, |times| {
        times.parse().expect("CERTBIND_CASES is a number")
    })
}

/// A configuration with this many cases, times what the environment says. Tests run in the folder
/// of their own crate, so that is where failures are kept: in a file for each subject and check.
pub(crate) fn config(fixtures: Fixtures, check: &str, cases: u32) -> Config {
    let config = Config {
        cases: cases.saturating_mul(times()),
        failure_persistence: None,
        max_shrink_iters: 0,
        ..Config::default()
    };
    if !fixtures.persist_failures {
        return config;
    }
    let subject = file_name((fixtures.name)());
    let file = format!("proptest-regressions/{subject}.{check}.txt");
    // The one form of persistence that does not look for the source of this crate wants it static.
    let file: &'static str = Box::leak(file.into_boxed_str());
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

fn file_name(of_type: &str) -> String {
    let mut name = String::new();
    for char in of_type.chars() {
        match char {
            _ if char.is_ascii_alphanumeric() => name.push(char),
            _ if !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    name.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_any_type_is_the_name_of_a_file() {
        assert_eq!(
            file_name("httpsys::Host<0>::in_a<dir::Ä>"),
            "httpsys-Host-0-in-a-dir"
        );
    }
}
