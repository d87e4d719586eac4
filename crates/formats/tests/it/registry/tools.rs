//! Programs of others that read and write the same forms.

use std::io::Write;
use std::process::{Command, Output};

/// Whether a program can be run. In CI it has to be; elsewhere it is told that it cannot.
pub(crate) fn is_there(program: &str, debian_package: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&folders).any(|folder| folder.join(program).is_file()) {
        return true;
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "{program} is not there: install {debian_package}"
    );
    // Not `eprintln!`, which is only shown of tests that fail.
    let what = format!("NOT RUN: this test needs {program} ({debian_package})\n");
    std::io::stderr().write_all(what.as_bytes()).unwrap();
    false
}

/// Runs a program, which has to succeed.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
