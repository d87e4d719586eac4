//! Acknowledged changes are synced to the disk: Linux, with strace.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use crate::erased::Fixtures;
use crate::fixture::Fixture;
use crate::guarantee::require;
use crate::kill::{checkable, child, test_path};
use crate::watch;
use crate::workload::{self, BEGIN, COUNT, DONE};

/// How many operations are observed.
const OPERATIONS: u64 = 7;

/// The system calls that write data through to the disk.
const SYNCS: [&str; 6] = [
    "fsync",
    "fdatasync",
    "msync",
    "sync_file_range",
    "syncfs",
    "sync",
];

/// Between the start of each change and its acknowledgement, the process syncs a file at least once
/// (`fsync`, `fdatasync`, `msync`, or a file opened with `O_SYNC` or `O_DSYNC`). A kill does not
/// find a missing sync, since the operating system keeps written data; a power failure does.
///
/// It is checked on Linux where `strace` is installed and permitted, and reported as skipped
/// elsewhere. On Linux with the environment variable `CI` set, a missing `strace` is a failure. Syncs by
/// io_uring are not seen.
///
/// # Panics
/// If a change is acknowledged without a sync; otherwise as
/// [`acknowledged_changes_survive_a_kill`](crate::acknowledged_changes_survive_a_kill).
pub fn acknowledged_changes_are_synced<F: Fixture>(test: &str) {
    if workload::run_as_child::<F>() {
        return;
    }
    let test = test_path(test);
    watch::run::<F>("acknowledged_changes_are_synced", move || {
        let fixture = Fixtures::of::<F>().create();
        checkable(&*fixture);
        if !F::SYNCS_FILES {
            return skipped("the store syncs no files in its own process");
        }
        let trace = std::env::temp_dir().join(format!(
            "certbind-syncs-{}-{:p}",
            std::process::id(),
            &*fixture
        ));
        let trace = Trace(trace);
        let mut strace = Command::new("strace");
        strace
            .args(["-f", "-qq", "-s", "64", "-e", "signal=none", "-e"])
            .arg(format!("trace=write,openat,{}", SYNCS.join(",")))
            .arg("-o")
            .arg(&trace.0)
            .arg(std::env::current_exe().expect("the test has a path"));
        child(&mut strace, &*fixture, &test, 0);
        strace.env(COUNT, OPERATIONS.to_string());
        let output = match strace.output() {
            Ok(output) => output,
            Err(error) => {
                let is_ci = std::env::var_os("CI").is_some();
                require!(
                    Durable,
                    may_skip(cfg!(target_os = "linux"), is_ci),
                    "strace is missing, and in CI on Linux no check may be skipped; install it: {error}"
                );
                return skipped(&format!("needs strace: {error}"));
            }
        };
        let said = String::from_utf8_lossy(&output.stderr);
        if said.contains("Operation not permitted") {
            return skipped(&format!("strace is not permitted: {said}"));
        }
        require!(
            Durable,
            output.status.success(),
            "the child process failed: {said}"
        );
        let log = std::fs::read(&trace.0).expect("strace writes its output");
        judge(&String::from_utf8_lossy(&log));
    });
}

/// The output of strace, which is removed.
struct Trace(PathBuf);

impl Drop for Trace {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Whether a missing `strace` may be reported as a skipped check.
fn may_skip(is_linux: bool, is_ci: bool) -> bool {
    !(is_linux && is_ci)
}

fn skipped(reason: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let report = format!("SKIPPED: {test}: syncs are not counted: {reason}\n");
    // `eprintln!` is captured, and shown for failing tests only.
    let _ = std::io::stderr().write_all(report.as_bytes());
}

fn judge(log: &str) {
    let mut syncs = None;
    let mut acknowledged = 0;
    let mut every_write = false;
    for line in log.lines() {
        // With the option -f each line begins with the id of the thread.
        let call = line.trim_start_matches(|char: char| char.is_ascii_digit() || char == ' ');
        let name = call.split('(').next().unwrap_or_default();
        if name == "write" && call.contains(BEGIN) {
            syncs = Some(0);
        } else if name == "write" && call.contains(DONE) {
            let found = syncs.take().unwrap_or(0);
            require!(
                Durable,
                found > 0 || every_write,
                "operation {acknowledged} was acknowledged without a sync: expected at least one of \
                 {}, found none",
                SYNCS.join(", ")
            );
            acknowledged += 1;
        } else if SYNCS.contains(&name) {
            syncs = syncs.map(|syncs: u64| syncs + 1);
        } else if name == "openat" && (call.contains("O_SYNC") || call.contains("O_DSYNC")) {
            every_write = true;
        }
    }
    require!(
        Durable,
        acknowledged == OPERATIONS,
        "expected {OPERATIONS} acknowledgements in the output of strace, found {acknowledged}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(sync: &str) -> String {
        let begin = |n| format!("12 write(1, \"{BEGIN}{n}\\n\", 30) = 30\n");
        let done = |n| format!("12 write(1, \"{DONE}{n}\\n\", 30) = 30\n");
        (0..OPERATIONS)
            .map(|n| format!("{}{sync}{}", begin(n), done(n)))
            .collect()
    }

    #[test]
    fn missing_strace_fails_in_ci_on_linux_only() {
        assert!(!may_skip(true, true));
        assert!(may_skip(true, false) && may_skip(false, true) && may_skip(false, false));
    }

    #[test]
    fn a_sync_by_another_thread_counts() {
        judge(&log("13 fdatasync(9) = 0\n"));
        judge(&log(
            "13 fsync(9 <unfinished ...>\n13 <... fsync resumed>) = 0\n",
        ));
    }

    #[test]
    #[should_panic = "acknowledged without a sync"]
    fn a_missing_sync_is_found() {
        judge(&log("13 write(9, \"fsync(\", 6) = 6\n"));
    }
}
