//! A test without its program is skipped, and fails in CI.

use std::panic::catch_unwind;
use std::process::Command;

const MISSING: &str = "certbind-program-that-does-not-exist";

/// Runs this test binary again, with one of its ignored tests, as an example of a test elsewhere.
fn run(ci: bool) -> (bool, String) {
    let test = std::env::current_exe().expect("the test has a path");
    let mut command = Command::new(test);
    command.args(["needs_a_missing_program", "--exact", "--ignored"]);
    command.env_remove("CI");
    if ci {
        command.env("CI", "true");
    }
    let output = command.output().expect("it starts");
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    (output.status.success(), format!("{out}{err}"))
}

#[test]
#[ignore = "started by the other tests"]
fn needs_a_missing_program() {
    certbind_test_support::require!("cargo", MISSING);
    panic!("it was not skipped");
}

#[test]
fn a_skipped_test_passes_and_is_reported() {
    let (passed, printed) = run(false);
    assert!(passed, "{printed}");
    let report = format!("SKIPPED: needs_a_missing_program: needs {MISSING}");
    assert!(printed.contains(&report), "{printed}");
}

#[test]
fn a_skipped_test_fails_in_ci() {
    let (passed, printed) = run(true);
    assert!(!passed, "{printed}");
    assert!(
        printed.contains("in CI no test may be skipped"),
        "{printed}"
    );
}

#[test]
fn a_program_that_is_installed_is_found() {
    let found = catch_unwind(|| certbind_test_support::is_available("cargo"));
    assert!(found.expect("cargo runs this test"));
}
