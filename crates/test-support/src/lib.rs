//! Helpers of tests: skips those whose outside programs are not installed, and makes hives.
//!
//! ```
//! // The body of a #[test].
//! fn wine_runs_the_program() {
//!     certbind_test_support::require!("wine");
//!     // ...
//! }
//! # certbind_test_support::require!("cargo");
//! ```
//!
//! The report reads ``SKIPPED: wine_runs_the_program: needs wine (Debian: wine wine64)``. Where the
//! environment variable `CI` is set, nothing may be skipped: the test fails instead.
//!
//! # Features
//! - `archives`: makes compressed files and archives.
//! - `tracing`: collects events.

#![allow(
    clippy::test_attr_in_doctest,
    reason = "the example shows a whole test"
)]

#[cfg(feature = "archives")]
pub mod archive;
#[cfg(feature = "tracing")]
pub mod events;
pub mod hive;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

/// A shell that runs this line, on a terminal of its own (util-linux's `script`) or on none.
#[must_use]
pub fn shell(line: &str, is_terminal: bool) -> Command {
    let mut command = Command::new(if is_terminal { "script" } else { "sh" });
    match is_terminal {
        true => command.args(["--quiet", "--return", "--command", line, "/dev/null"]),
        false => command.args(["-c", line]),
    };
    command.env("TERM", "xterm");
    command
}

/// Programs whose Debian packages have other names.
const DEBIAN_PACKAGES: &[(&str, &str)] = &[
    ("/usr/share/java/bcpkix.jar", "libbcpkix-java"),
    ("certtool", "gnutls-bin"),
    ("certutil", "libnss3-tools"),
    ("chromedriver", "chromium-driver"),
    ("etcd", "etcd-server"),
    ("etcdctl", "etcd-client"),
    ("gnutls-cli", "gnutls-bin"),
    ("hivexregedit", "libwin-hivex-perl"),
    ("java", "default-jdk-headless"),
    ("javac", "default-jdk-headless"),
    ("keytool", "default-jdk-headless"),
    ("mcs", "mono-mcs"),
    ("mkfs.ext4", "e2fsprogs"),
    ("mono", "mono-runtime"),
    ("node", "nodejs"),
    ("pk12util", "libnss3-tools"),
    ("pytest-3", "python3-pytest"),
    ("script", "bsdutils"),
    ("strace", "strace"),
    ("wine", "wine wine64"),
    ("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64"),
];

/// Returns from the test, and reports that it was skipped, unless all of these programs are
/// installed.
///
/// # Panics
/// If one is missing and the environment variable `CI` is set.
#[macro_export]
macro_rules! require {
    ($($program:expr),+ $(,)?) => {
        $(
            if !$crate::is_available($program) {
                return;
            }
        )+
    };
}

/// Whether a program is in the `PATH`. If it is not, the running test is reported as skipped.
///
/// # Panics
/// If it is missing and the environment variable `CI` is set.
#[must_use]
pub fn is_available(program: &str) -> bool {
    if find(program).is_some() {
        return true;
    }
    let package = DEBIAN_PACKAGES.iter().find(|(name, _)| *name == program);
    let package = package.map_or(program, |(_, package)| package);
    skip(&format!("needs {program} (Debian: {package})"));
    false
}

/// A number of cases, multiplied by the environment variable `CERTBIND_CASES`: a whole number, or a
/// fraction such as `1/8`.
///
/// # Panics
/// If `CERTBIND_CASES` is neither of these.
#[must_use]
pub fn cases(default: u32) -> u32 {
    let times = std::env::var("CERTBIND_CASES").unwrap_or_else(|_| "1".to_owned());
    let (times, parts) = times.split_once('/').unwrap_or((&times, "1"));
    let number = |text: &str| match text.parse() {
        Ok(number) if number > 0 => number,
        _ => panic!("CERTBIND_CASES is neither a number nor a fraction such as 1/8: {text:?}"),
    };
    let (times, parts): (u32, u32) = (number(times), number(parts));
    default.saturating_mul(times).div_ceil(parts)
}

/// Reports that the running test is skipped, and why.
///
/// # Panics
/// If the environment variable `CI` is set.
pub fn skip(reason: &str) {
    assert!(
        std::env::var_os("CI").is_none(),
        "in CI no test may be skipped: {}: {reason}",
        test_name()
    );
    report_skipped(reason);
}

/// Reports that the running test is skipped, in CI too: for rights that a CI machine may lack.
pub fn report_skipped(reason: &str) {
    // `eprintln!` is captured, and shown for failing tests only.
    let report = format!("SKIPPED: {}: {reason}\n", test_name());
    // A report that cannot be written is no reason to fail.
    let _ = std::io::stderr().write_all(report.as_bytes());
}

/// The test harness names each test's thread after the test.
fn test_name() -> String {
    thread::current().name().unwrap_or("a test").to_owned()
}

/// The path of a program: in the `PATH`, or as given.
fn find(program: &str) -> Option<PathBuf> {
    let given = PathBuf::from(program);
    if given.is_absolute() {
        return given.is_file().then_some(given);
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&folders)
        .map(|folder| folder.join(&name))
        .find(|path| path.is_file())
}

/// A cargo, for a test that builds something. `program` is `env!("CARGO")`.
///
/// It does not inherit the variables that cargo sets for the test's package: build scripts that ask
/// for these variables, as ring's does, would run again, and all dependents would be compiled
/// again.
#[must_use]
pub fn cargo(program: &str) -> Command {
    let mut cargo = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    cargo
}

/// Arguments that select the packages a test gives to cargo. A run of all tests (`cargo xtask test`)
/// sets `CERTBIND_TEST_WORKSPACE`: it has built them with all features, and with others they would be
/// built again.
#[must_use]
pub fn packages<'a>(alone: &[&'a str]) -> Vec<&'a str> {
    match std::env::var_os(WORKSPACE) {
        Some(_) => vec!["--workspace", "--all-features"],
        None => alone.iter().flat_map(|name| ["--package", name]).collect(),
    }
}

/// Set while all tests of the workspace run.
const WORKSPACE: &str = "CERTBIND_TEST_WORKSPACE";

/// Builds the libraries and programs of packages in the folder where the running test was built, and
/// returns the folder that they are in (`target/debug`). `program` is `env!("CARGO")`.
///
/// A run of all tests has built the examples too. They make cargo unify the features of
/// dev-dependencies as `cargo test` does; without them, most packages would be compiled once more.
///
/// # Panics
/// If cargo does not run, or the build fails.
#[must_use]
pub fn build(program: &str, alone: &[&str]) -> PathBuf {
    let test = std::env::current_exe().expect("the test has a path");
    let folder = test
        .ancestors()
        .nth(2)
        .expect("a test is in target/debug/deps");
    let target = folder.parent().expect("the target directory");
    let examples = std::env::var_os(WORKSPACE).map(|_| "--examples");
    let built = cargo(program)
        .args(["build", "--quiet", "--lib", "--bins"])
        .args(examples)
        .args(packages(alone))
        .arg("--target-dir")
        .arg(target)
        .status()
        .expect("cargo runs");
    assert!(built.success(), "{alone:?} are built");
    folder.to_owned()
}
