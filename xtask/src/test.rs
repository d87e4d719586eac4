//! `cargo xtask test`: all checks required before a change is merged.

use std::panic::resume_unwind;
use std::thread::{self, ScopedJoinHandle};

use crate::process::{self, Failure, cargo};
use crate::{install, tests, windows};

/// Whether missing programs may be installed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Install {
    Yes,
    No,
}

pub(crate) fn run(install: Install) -> Result<(), Failure> {
    // In CI nothing is omitted: a tool that cannot be installed there is an error.
    let with_wine = match install {
        Install::Yes => install::can_have_windows() || std::env::var_os("CI").is_some(),
        Install::No => install::has_windows(),
    };
    match install {
        Install::Yes => {
            install::compilers()?;
            // Downloads wait for the network; the lints fill the time.
            thread::scope(|scope| {
                let tools = scope.spawn(|| tools(with_wine));
                let checked = without_tests();
                joined(tools).and(checked)
            })?;
        }
        Install::No => {
            install::report_missing();
            without_tests()?;
        }
    }
    // Tests often wait, for disks and other programs; the cross-build fills the time.
    thread::scope(|scope| {
        let build = with_wine.then(|| scope.spawn(windows::build));
        tests::all()?;
        build.map_or(Ok(()), joined)
    })?;
    if !with_wine {
        println!(
            "\nEvery check has passed but those under Wine, which were NOT run: they need Debian, \
             and --install."
        );
        return Ok(());
    }
    windows::run_all()?;
    println!("\nEvery check has passed.");
    Ok(())
}

/// Installs the programs that the tests start.
fn tools(with_wine: bool) -> Result<(), Failure> {
    install::tests()?;
    install::optional_tests()?;
    if with_wine {
        install::windows()?;
    }
    Ok(())
}

/// The checks that start no program of others.
fn without_tests() -> Result<(), Failure> {
    format()?;
    lints()?;
    process::run(
        cargo()
            .args(["doc", "--workspace", "--no-deps", "--all-features"])
            .arg("--quiet")
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

/// The result of a thread; its panic continues here.
fn joined(thread: ScopedJoinHandle<'_, Result<(), Failure>>) -> Result<(), Failure> {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

pub(crate) fn format() -> Result<(), Failure> {
    process::run(cargo().args(["fmt", "--all", "--check"]))
}

pub(crate) fn lints() -> Result<(), Failure> {
    process::run(
        cargo()
            .args(["clippy", "--workspace", "--all-targets", "--all-features"])
            .args(["--quiet", "--", "-D", "warnings"]),
    )?;
    // Dependants may turn the optional features off.
    let libraries = OPTIONAL_FEATURES
        .iter()
        .flat_map(|name| ["--package", name]);
    process::run(
        cargo()
            .args(["clippy", "--lib", "--no-default-features"])
            .args(libraries)
            .args(["--quiet", "--", "-D", "warnings"]),
    )?;
    // A program may need the stores of one backend.
    for backend in ["", "redb", "etcd", "httpsys"] {
        process::run(
            cargo()
                .args(["clippy", "--package", "certbind", "--lib", "--bins"])
                .args(["--no-default-features", "--features", backend])
                .args(["--quiet", "--", "-D", "warnings"]),
        )?;
    }
    Ok(())
}

/// The published libraries with features that are off by default.
const OPTIONAL_FEATURES: [&str; 5] = [
    "certbind-core",
    "certbind-redb",
    "certbind-httpsys",
    "certbind-etcd",
    "certbind-formats",
];
