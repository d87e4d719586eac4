//! Acknowledged changes survive the death of the process.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use certbind_core::Capabilities;

use crate::cases;
use crate::erased::{DynFixture, Fixtures, all_bindings};
use crate::fixture::Fixture;
use crate::guarantee::{require, require_eq};
use crate::model::Model;
use crate::watch;
use crate::workload::{self, ADDRESS, BEGIN, COUNT, DONE, FIRST};

/// How often the process is killed.
const KILLS: u32 = 14;

/// When a batch is interrupted: shares of the time that one of its size takes.
const MOMENTS: [f64; 7] = [0.5, 0.9, 0.2, 0.7, 0.05, 0.4, 0.97];

/// How long the child may take to open the store, and to perform one operation.
const LIMIT: Duration = Duration::from_secs(20);

/// A process that changes the store is killed (SIGKILL) at the moment of an acknowledgement, and in
/// the middle of batches. Reopened, the store contains every acknowledged change, and the
/// interrupted batch as a whole or not at all.
///
/// `test` is the path of the test that calls this: the suite starts the test binary again, with this
/// test alone. `suite!` passes it.
///
/// # Panics
/// If a change is lost or applied in part, or if nothing can be checked: the store's capabilities
/// exclude it, or the fixture has no [`address`](Fixture::address).
pub fn acknowledged_changes_survive_a_kill<F: Fixture>(test: &str) {
    if workload::run_as_child::<F>() {
        return;
    }
    let test = test_path(test);
    watch::run::<F>("acknowledged_changes_survive_a_kill", move || {
        let fixture = Fixtures::of::<F>().create();
        let capabilities = checkable(&*fixture);
        let mut killed = Killed {
            fixture: &*fixture,
            test,
            capabilities,
            max_keys: F::MAX_KEYS,
            model: None,
            performed: 0,
            times: HashMap::new(),
        };
        for kill in 0..u64::from(cases::scaled(KILLS)) {
            killed.round(kill);
        }
    });
}

/// For suites that are declared with `durability_not_checked`: the store's capabilities give the
/// reason. It is not durable, or read-only, or no second process can open it.
///
/// # Panics
/// If the capabilities claim durability that a second process could check.
pub fn unchecked_durability_is_declared<F: Fixture>() {
    let fixture = Fixtures::of::<F>().create();
    let capabilities = fixture.open().capabilities();
    let can = capabilities.durable && capabilities.writable && capabilities.multi_process;
    assert!(
        !can,
        "the store declares that it is durable, writable and open to a second process: remove \
         `durability_not_checked` from certbind_conformance::suite! and give the fixture an address, \
         or declare `Capabilities::with_multi_process(false)`"
    );
}

/// The path of a test in its binary: without the name of the crate.
pub(crate) fn test_path(test: &str) -> String {
    test.split_once("::")
        .map_or(test, |(_, path)| path)
        .to_owned()
}

/// The capabilities of a store that can be checked in a second process.
pub(crate) fn checkable(fixture: &dyn DynFixture) -> Capabilities {
    let store = fixture.open();
    let capabilities = store.capabilities();
    let reason = if !capabilities.durable {
        "the store declares that it is not durable"
    } else if !capabilities.writable {
        "the store is read-only"
    } else if !capabilities.multi_process {
        "the store declares that no second process can open it"
    } else if fixture.address().is_none() {
        panic!(
            "durability not checked: the store declares that a second process can open it, and the \
             fixture has no address; give it one, or declare `Capabilities::with_multi_process(false)`"
        );
    } else {
        return capabilities;
    };
    panic!(
        "durability not checked: {reason}; add `durability_not_checked = \"the reason\"` to \
         certbind_conformance::suite!"
    );
}

struct Killed<'a> {
    fixture: &'a dyn DynFixture,
    test: String,
    capabilities: Capabilities,
    max_keys: usize,
    /// The content after `performed` operations.
    model: Option<Model>,
    performed: u64,
    /// How long the last acknowledged operation of each size took.
    times: HashMap<usize, Duration>,
}

impl Killed<'_> {
    /// Starts a process, kills it, and opens the store.
    fn round(&mut self, kill: u64) {
        let mut child = Process::start(self.fixture, &self.test, self.performed);
        let mut acknowledged = self.performed;
        for _ in 0..1 + kill % 4 {
            self.acknowledge(&mut child, acknowledged);
            acknowledged += 1;
        }
        // Every other time in the middle of a batch, now earlier, now later.
        let under_way = kill % 2 == 1;
        if under_way {
            while workload::size(acknowledged) == 1 || !self.is_timed(acknowledged) {
                self.acknowledge(&mut child, acknowledged);
                acknowledged += 1;
            }
            child.request();
            child.expect_line(&format!("{BEGIN}{acknowledged}"));
            let share = MOMENTS[usize::try_from(kill / 2).unwrap_or_default() % MOMENTS.len()];
            spin(self.times[&workload::size(acknowledged)].mul_f64(share));
        }
        child.kill();
        drop(child);
        self.compare(acknowledged, under_way);
    }

    /// Has the child perform an operation, and measures it.
    fn acknowledge(&mut self, child: &mut Process, number: u64) {
        child.request();
        child.expect_line(&format!("{BEGIN}{number}"));
        let start = Instant::now();
        child.expect_line(&format!("{DONE}{number}"));
        self.times.insert(workload::size(number), start.elapsed());
    }

    fn is_timed(&self, number: u64) -> bool {
        self.times.contains_key(&workload::size(number))
    }

    fn compare(&mut self, acknowledged: u64, under_way: bool) {
        let mut model = self
            .model
            .take()
            .unwrap_or_else(|| Model::new(&self.capabilities));
        for number in self.performed..acknowledged {
            model.perform(&self.operation(number));
        }
        self.performed = acknowledged;
        let store = self.fixture.open();
        let found = all_bindings(&*store);
        if under_way {
            let mut next = model.clone();
            next.perform(&self.operation(acknowledged));
            if found == next.all_bindings() {
                self.performed += 1;
                self.model = Some(next);
                return;
            }
        }
        let when = match under_way {
            true => "or all of the operation after it: the process was killed in its middle",
            false => "and nothing else: the process was killed after the acknowledgement",
        };
        require_eq!(
            Durable,
            found,
            model.all_bindings(),
            "reopened, the store contains all {acknowledged} acknowledged operations, {when}"
        );
        self.model = Some(model);
    }

    fn operation(&self, number: u64) -> crate::operation::Operation {
        workload::operation(number, &self.capabilities, self.max_keys)
    }
}

/// Waits without giving the processor away: sleeping takes longer than most batches.
fn spin(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// The command that runs one test of this binary as the child of a check.
pub(crate) fn child(program: &mut Command, fixture: &dyn DynFixture, test: &str, first: u64) {
    let address = fixture.address().expect("an address");
    program
        .args([test, "--exact", "--nocapture", "--include-ignored"])
        .env(ADDRESS, address)
        .env(FIRST, first.to_string())
        .env_remove(COUNT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
}

/// A child process, which is killed at the latest when this is dropped.
struct Process {
    child: Child,
    requests: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Process {
    fn start(fixture: &dyn DynFixture, test: &str, first: u64) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("the test has a path"));
        child(&mut command, fixture, test, first);
        let mut child = command.spawn().expect("the test starts");
        let (send, lines) = channel();
        let out = BufReader::new(child.stdout.take().expect("its output"));
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            requests: child.stdin.take(),
            child,
            lines,
        }
    }

    /// Requests the next operation.
    fn request(&mut self) {
        let requests = self.requests.as_mut().expect("its input");
        // If the child has ended, the missing line leads to the error message.
        let _ = requests
            .write_all(b"next\n")
            .and_then(|()| requests.flush());
    }

    fn expect_line(&mut self, expected: &str) {
        let deadline = Instant::now() + LIMIT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.ends_with(expected) => return,
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => {
                    require!(
                        Durable,
                        false,
                        "the child process did not report `{expected}` within {LIMIT:?}"
                    );
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let mut said = String::new();
                    if let Some(mut stderr) = self.child.stderr.take() {
                        let _ = stderr.read_to_string(&mut said);
                    }
                    require!(
                        Durable,
                        false,
                        "the child process ended before `{expected}`: {said}"
                    );
                }
            }
        }
    }

    /// SIGKILL; on Windows TerminateProcess.
    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
