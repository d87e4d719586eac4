//! Runs a target, and reports the outcome.

use std::collections::HashSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::mutate::damaged;
use crate::{Outcome, Target};

/// How often a thread checks whether another input is being read: one may take up to twice as long.
/// A normal input takes a thousandth of it.
const HANG: Duration = Duration::from_secs(5);

/// The most inputs that are kept for their outcome.
const CORPUS: usize = 2048;

/// The result of a run.
#[derive(Clone, Debug)]
pub struct Run {
    /// How many inputs were read.
    pub executions: u64,
    /// How many of them had an outcome that none before had.
    pub outcomes: usize,
    /// The most memory that was in use at once, in bytes.
    pub memory: u64,
}

/// The failure, and the smallest input that was found for it.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The input.
    pub input: Vec<u8>,
    /// The behaviour of the reader.
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

/// Reads `executions` inputs, which the seed determines.
///
/// # Errors
/// The first failure, with its input reduced. A hang ends the process, as nothing else can end it:
/// the input is printed.
pub fn run(target: &Target, seed: u64, executions: u64) -> Result<Run, Failure> {
    let watch = Watch::over(target.name);
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut corpus = (target.seeds)();
    let seeds = corpus.len();
    let mut seen = HashSet::new();
    let mut memory = 0;
    for number in 0..executions {
        // First the unchanged seeds.
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        let input = match corpus.get(at).filter(|_| at < seeds) {
            Some(seed) => seed.clone(),
            None => damaged(&corpus, target, &mut rng),
        };
        match watch.execute(target, &input) {
            Ok((outcome, used)) => {
                memory = memory.max(used);
                if seen.insert(outcome) && at >= seeds && corpus.len() < CORPUS {
                    corpus.push(input);
                }
            }
            Err(what) => return Err(smallest(target, Failure { input, what }, &watch)),
        }
    }
    Ok(Run {
        executions,
        outcomes: seen.len(),
        memory,
    })
}

/// Reads one input. Returns the outcome, and the most bytes of memory that were in use for it at
/// once.
///
/// # Errors
/// The failure of the reader.
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

/// Removes the parts of the input that the failure does not need.
fn smallest(target: &Target, mut failure: Failure, watch: &Watch) -> Failure {
    let mut piece = failure.input.len() / 2;
    while piece > 0 {
        let mut at = 0;
        while at < failure.input.len() {
            let end = (at + piece).min(failure.input.len());
            let mut input = failure.input.clone();
            input.drain(at..end);
            match watch.execute(target, &input) {
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
    reading: Arc<Reading>,
    /// The watching thread ends with this.
    _ends: mpsc::Sender<()>,
}

#[derive(Default)]
struct Reading {
    input: Mutex<Vec<u8>>,
    /// How many inputs were begun.
    number: AtomicU64,
}

impl Watch {
    fn over(name: &'static str) -> Self {
        let reading = Arc::new(Reading::default());
        let (ends, ended) = mpsc::channel();
        let watched = Arc::clone(&reading);
        thread::spawn(move || {
            let mut last = 0;
            while ended.recv_timeout(HANG) == Err(RecvTimeoutError::Timeout) {
                let number = watched.number.load(Ordering::Relaxed);
                if number == last {
                    let input = watched.input.lock();
                    let input = input.unwrap_or_else(PoisonError::into_inner);
                    eprintln!("{name} hangs for \"{}\"", input.escape_ascii());
                    std::process::abort();
                }
                last = number;
            }
        });
        Self {
            reading,
            _ends: ends,
        }
    }

    /// As [`execute`].
    fn execute(&self, target: &Target, input: &[u8]) -> Result<(Outcome, u64), String> {
        let current = self.reading.input.lock();
        let mut current = current.unwrap_or_else(PoisonError::into_inner);
        current.clear();
        current.extend_from_slice(input);
        drop(current);
        self.reading.number.fetch_add(1, Ordering::Relaxed);
        execute(target, input)
    }
}
