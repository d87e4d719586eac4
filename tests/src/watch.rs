//! Time limits: a check that does not finish is a failure that names the calls that do not return.

use std::any::Any;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use crate::calls::Calls;
use crate::cases;
use crate::fixture::Fixture;
use crate::guarantee::{Guarantee, violated};

/// How many time limits a check may take while it keeps calling the store.
const LIMITS: u32 = 5;

/// Runs a check on a thread of its own.
///
/// # Panics
/// As the check itself; and if it begins no call of the store within the time limit of the fixture,
/// or is not finished within [`LIMITS`] of them.
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
    let mut limits = 0;
    let mut begun = 0;
    while is_finished.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
        limits += 1;
        // A slow machine keeps calling the store; a check that hangs does not.
        let is_going_on = calls.begun() > begun;
        begun = calls.begun();
        if !is_going_on || limits == LIMITS {
            violated(
                Guarantee::of_check(check),
                format_args!(
                    "{check} is not finished after {} s; {}",
                    limit.saturating_mul(limits).as_secs_f32(),
                    calls.unfinished()
                ),
            );
        }
    }
    running.join().unwrap_or_else(|panic| fail(check, panic));
}

/// Passes the panic of a check on. One that names no guarantee, such as an unexpected error of a
/// call, is reported as a failure of the guarantee that the check is for.
fn fail(check: &str, panic: Box<dyn Any + Send>) -> ! {
    let text = match panic.downcast_ref::<String>() {
        Some(text) => Some(text.as_str()),
        None => panic.downcast_ref::<&str>().copied(),
    };
    // These concern the use of the suite.
    let is_usage = |text: &str| {
        ["durability not checked", "CERTBIND_CASES"]
            .iter()
            .any(|usage| text.starts_with(usage))
    };
    match text {
        Some(text) if !text.contains(" violated: ") && !is_usage(text) => {
            violated(Guarantee::of_check(check), format_args!("{check}: {text}"))
        }
        _ => resume_unwind(panic),
    }
}
