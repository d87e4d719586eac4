//! Time limits: a check that does not finish is a failure that names the calls that do not return.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use crate::calls::Calls;
use crate::cases;
use crate::fixture::Fixture;

/// Runs a check on a thread of its own.
///
/// # Panics
/// As the check does; and if it is not finished within the time limit of the fixture.
pub(crate) fn run<F: Fixture>(check: &'static str, body: impl FnOnce() + Send + 'static) {
    let limit = F::TIME_LIMIT.saturating_mul(cases::scaled(1));
    let calls = Arc::new(Calls::default());
    let (finished, is_finished) = channel::<()>();
    let name = thread::current().name().unwrap_or(check).to_owned();
    let watched = Arc::clone(&calls);
    let running = thread::Builder::new().name(name).spawn(move || {
        let _finished = finished;
        watched.enter();
        body();
    });
    let running = running.expect("a thread starts");
    match is_finished.recv_timeout(limit) {
        Err(RecvTimeoutError::Timeout) => panic!(
            "{check} is not finished after {} s; {}",
            limit.as_secs_f32(),
            calls.unfinished()
        ),
        _ => running.join().unwrap_or_else(|panic| resume_unwind(panic)),
    }
}
