//! The child process of the durability checks: it changes a store, and reports each change.

use std::io::{BufRead, Write, stdin, stdout};
use std::thread;
use std::time::{Duration, Instant};

use certbind_core::{Batch, Capabilities, Change, Precondition, Result, StoreError};

use crate::fixture::Fixture;
use crate::operation::Operation;
use crate::sample::{keys, marked};

/// Set in a child process: the address of the store.
pub(crate) const ADDRESS: &str = "CERTBIND_CONFORMANCE_ADDRESS";
/// The number of the first operation.
pub(crate) const FIRST: &str = "CERTBIND_CONFORMANCE_FIRST";
/// The number of operations to perform without a request; otherwise one for each line of the input.
pub(crate) const COUNT: &str = "CERTBIND_CONFORMANCE_COUNT";

/// Begins each line of a report.
pub(crate) const BEGIN: &str = "certbind-conformance: begin ";
/// Begins the line of an operation that was acknowledged.
pub(crate) const DONE: &str = "certbind-conformance: acknowledged ";

/// How long a store may be in use when the child opens it.
const LOCK_WAIT: Duration = Duration::from_secs(10);
const LOCK_POLL_INTERVAL: Duration = Duration::from_millis(5);

/// How many keys the operations change.
const KEYS: usize = 2_000;

/// How many keys the operation with this number changes, as far as the store allows.
pub(crate) fn size(number: u64) -> usize {
    [1, 3, 64, 1, 400, 2, KEYS][usize::try_from(number % 7).unwrap_or_default()]
}

/// The operation with this number. It is the same in every process, and always changes something.
pub(crate) fn operation(number: u64, capabilities: &Capabilities, max_keys: usize) -> Operation {
    let limit = capabilities.max_batch.map_or(KEYS, usize::from);
    let tested = capabilities.tested_keys.map_or(KEYS, usize::from);
    let pool = keys(capabilities, KEYS.min(max_keys).min(tested));
    let most = limit.min(pool.len());
    let size = size(number).min(most);
    let start = usize::try_from(number * 37).unwrap_or_default();
    let chosen = (0..size).map(|i| &pool[(start + i) % pool.len()]);
    let value = u128::from(number) + 1;
    // Every third key of a batch is removed.
    let changes = chosen.enumerate().map(|(i, key)| {
        let new = (i % 3 != 1).then(|| marked(key, value));
        Change::new(key.clone(), Precondition::Any, new).expect("one key")
    });
    match (size, number % 2) {
        (1, _) => Operation::Put(marked(&pool[start % pool.len()], value)),
        (_, 0) => Operation::Apply(Batch::new(changes).expect("each key once")),
        _ => Operation::load(changes.collect()),
    }
}

/// Opens the store. A process that another thread of the parent has forked holds copies of the
/// parent's locks until it executes its program, so a store in use is tried again for a while.
fn open<F: Fixture>(address: &str) -> Result<F::Store> {
    let deadline = Instant::now() + LOCK_WAIT;
    loop {
        match F::open_at(address) {
            Err(StoreError::InUse { .. }) if Instant::now() < deadline => {
                thread::sleep(LOCK_POLL_INTERVAL);
            }
            result => return result,
        }
    }
}

/// Performs operations, if this process is a child; returns whether it is.
///
/// # Panics
/// If the store does not open, or an operation fails.
pub(crate) fn run_as_child<F: Fixture>() -> bool {
    let Ok(address) = std::env::var(ADDRESS) else {
        return false;
    };
    let number = |name| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let first = number(FIRST).expect("the number of the first operation");
    let store = open::<F>(&address).expect("the store opens in a second process");
    let capabilities = certbind_core::BindingStore::capabilities(&store);
    let count = number(COUNT);
    let mut requests = stdin().lock().lines();
    for number in first.. {
        match count {
            Some(count) if number >= first + count => break,
            Some(_) => {}
            None if requests.next().is_none() => break,
            None => {}
        }
        report(BEGIN, number);
        let response = operation(number, &capabilities, F::MAX_KEYS).perform(&store);
        assert!(!response.is_error(), "operation {number}: {response}");
        report(DONE, number);
    }
    // Without closing the store: it has acknowledged everything.
    std::process::exit(0);
}

/// Writes one line in one write, without the output capture of tests.
fn report(word: &str, number: u64) {
    let line = format!("{word}{number}\n");
    let mut out = stdout().lock();
    let written = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    written.expect("the parent reads");
}
