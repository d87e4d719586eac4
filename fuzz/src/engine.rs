//! Runs a target, and says what came of it.

use std::collections::HashSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::mutate::damaged;
use crate::{Outcome, Target};

/// How long a reader may take for one input. None takes a thousandth of it.
const HANG: Duration = Duration::from_secs(10);

/// The most inputs that are kept for their outcome.
const CORPUS: usize = 2048;

/// What a run was.
#[derive(Clone, Debug)]
pub struct Run {
    /// How many inputs were read.
    pub executions: u64,
    /// How many of them had an outcome that none before had.
    pub outcomes: usize,
    /// The most memory that was in use at once, in bytes.
    pub memory: u64,
}

/// What went wrong, and the smallest input that was found for it.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The input.
    pub input: Vec<u8>,
    /// What the reader did.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, input } = self;
        write!(
            f,
            "{what}, for {} bytes: \"{}\"",
            input.len(),
            input.escape_ascii()
        )
    }
}

impl std::error::Error for Failure {}

/// Reads so many inputs, which the seed decides.
///
/// # Errors
/// The first failure, made small. A hang ends the process, as nothing else can end it: the input
/// is printed.
pub fn run(target: &Target, seed: u64, executions: u64) -> Result<Run, Failure> {
    let watch = Watch::over(target.name);
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut corpus = (target.seeds)();
    let mut seen = HashSet::new();
    let mut memory = 0;
    for number in 0..executions {
        // First the seeds as they are.
        let input = match usize::try_from(number).ok().and_then(|n| corpus.get(n)) {
            Some(seed) if number < corpus.len() as u64 && seen.len() < corpus.len() => seed.clone(),
            _ => damaged(&corpus, target, &mut rng),
        };
        watch.reading(&input);
        match execute(target, &input) {
            Ok((outcome, used)) => {
                memory = memory.max(used);
                if seen.insert(outcome) && corpus.len() < CORPUS {
                    corpus.push(input);
                }
            }
            Err(what) => {
                watch.done();
                return Err(smallest(target, Failure { input, what }));
            }
        }
        watch.done();
    }
    Ok(Run {
        executions,
        outcomes: seen.len(),
        memory,
    })
}

/// Reads one input: what came of it, and the most bytes of memory that were in use for it at once.
///
/// # Errors
/// What is wrong with the reader.
pub fn execute(target: &Target, input: &[u8]) -> Result<(Outcome, u64), String> {
    let mut read = Err("it was not read".to_owned());
    let used = allocation_counter::measure(|| {
        read = catch_unwind(AssertUnwindSafe(|| (target.read)(input))).map_err(|panic| match panic
            .downcast::<String>(
        ) {
            Ok(said) => *said,
            Err(panic) => panic.downcast_ref::<&str>().map_or_else(
                || "a panic without words".to_owned(),
                |said| (*said).to_owned(),
            ),
        });
    });
    let outcome = read?;
    let limit = (target.memory)(input.len());
    if used.bytes_max > limit {
        let used = used.bytes_max;
        return Err(format!(
            "it took {used} bytes of memory, and may take {limit}"
        ));
    }
    Ok((outcome, used.bytes_max))
}

/// Leaves out what the failure does not need.
fn smallest(target: &Target, mut failure: Failure) -> Failure {
    let mut piece = failure.input.len() / 2;
    while piece > 0 {
        let mut at = 0;
        while at < failure.input.len() {
            let end = (at + piece).min(failure.input.len());
            let mut input = failure.input.clone();
            input.drain(at..end);
            match execute(target, &input) {
                Err(what) => failure = Failure { input, what },
                Ok(_) => at = end,
            }
        }
        piece /= 2;
    }
    failure
}

/// Ends the process when one input takes too long.
struct Watch {
    input: Arc<Mutex<Vec<u8>>>,
    beats: mpsc::Sender<()>,
    since: std::cell::Cell<u32>,
}

impl Watch {
    fn over(name: &'static str) -> Self {
        let input = Arc::new(Mutex::new(Vec::new()));
        let (beats, heard) = mpsc::channel();
        let watched = Arc::clone(&input);
        thread::spawn(move || {
            loop {
                match heard.recv_timeout(HANG) {
                    Ok(()) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) => {
                        let input = watched.lock().unwrap_or_else(PoisonError::into_inner);
                        eprintln!("{name} hangs for \"{}\"", input.escape_ascii());
                        std::process::abort();
                    }
                }
            }
        });
        Self {
            input,
            beats,
            since: std::cell::Cell::new(0),
        }
    }

    fn reading(&self, input: &[u8]) {
        let mut current = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        current.clear();
        current.extend_from_slice(input);
    }

    /// Tells now and then that it goes on; the thread that hears it is gone only with the process.
    fn done(&self) {
        self.since.set(self.since.get() + 1);
        if self.since.get().is_multiple_of(256) {
            let _ = self.beats.send(());
        }
    }
}
