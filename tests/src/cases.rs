//! How many cases are run, and where failures are kept.

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};

use crate::erased::Fixtures;

/// A number of cases, multiplied by `CERTBIND_CASES`: a whole number, or a fraction such as `1/8`.
pub(crate) fn scaled(cases: u32) -> u32 {
    scaled_by(std::env::var("CERTBIND_CASES").ok().as_deref(), cases)
}

fn scaled_by(times: Option<&str>, cases: u32) -> u32 {
    let times = times.unwrap_or("1");
    let (times, parts) = times.split_once('/').unwrap_or((times, "1"));
    let number = |text: &str| match text.parse() {
        Ok(number) if number > 0 => number,
        _ => panic!("CERTBIND_CASES is neither a number nor a fraction such as 1/8: {text:?}"),
    };
    let (times, parts): (u32, u32) = (number(times), number(parts));
    cases.saturating_mul(times).div_ceil(parts)
}

/// A configuration with this many cases, times `CERTBIND_CASES`. Tests run in the folder of their
/// own crate, so failures are saved there, in a file for each fixture and check.
pub(crate) fn config(fixtures: Fixtures, check: &str, cases: u32) -> Config {
    let config = Config {
        cases: scaled(cases),
        failure_persistence: None,
        max_shrink_iters: 0,
        ..Config::default()
    };
    if !fixtures.persist_failures {
        return config;
    }
    let subject = file_name((fixtures.name)());
    let file = format!("proptest-regressions/{subject}.{check}.txt");
    // The one form of persistence that does not search for the source of this crate requires it to
    // be static.
    let file: &'static str = Box::leak(file.into_boxed_str());
    Config {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))),
        max_shrink_iters: 4096,
        // Within the time limit of the check, so that the failure is shown.
        max_shrink_time: 20_000,
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

    #[test]
    fn cases_are_multiplied_by_numbers_and_fractions() {
        for (times, expected) in [
            (None, 48),
            (Some("3"), 144),
            (Some("1/8"), 6),
            (Some("1/100"), 1),
        ] {
            assert_eq!(scaled_by(times, 48), expected, "{times:?}");
        }
    }

    #[test]
    #[should_panic = "neither a number nor a fraction"]
    fn zero_cases_are_refused() {
        scaled_by(Some("0"), 48);
    }
}
