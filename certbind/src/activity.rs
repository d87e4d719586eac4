//! A progress indicator for operations of a store that may take long.

use std::io::{IsTerminal, stderr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::progress::{Progress, is_shown};

/// How long an operation runs before it is shown.
const DELAY: Duration = Duration::from_secs(1);

const INTERVAL: Duration = Duration::from_millis(100);

/// The operations of a store. One that runs for longer than a second is shown on standard error if that
/// is a terminal, unless the command shows its progress itself.
pub(crate) struct Activity(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// How many operations are in progress, and since when.
    running: u32,
    since: Option<Instant>,
    shown: Option<Progress>,
}

impl Activity {
    /// `message` is the text of the line.
    pub(crate) fn new(message: impl Fn() -> String + Send + 'static) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        if stderr().is_terminal() {
            let state = Arc::downgrade(&state);
            thread::spawn(move || {
                while let Some(state) = state.upgrade() {
                    lock(&state).show(&message);
                    drop(state);
                    thread::sleep(INTERVAL);
                }
            });
        }
        Self(state)
    }

    /// Runs an operation. Afterwards no progress is shown.
    pub(crate) fn during<T>(&self, operation: impl FnOnce() -> T) -> T {
        let _running = Running::new(&self.0);
        operation()
    }
}

impl State {
    fn show(&mut self, message: &dyn Fn() -> String) {
        let is_long = self.since.is_some_and(|since| since.elapsed() >= DELAY);
        if !is_long || (self.shown.is_none() && is_shown()) {
            return;
        }
        let shown = self.shown.get_or_insert_with(Progress::now);
        shown.at(message());
    }
}

struct Running<'a>(&'a Mutex<State>);

impl<'a> Running<'a> {
    fn new(state: &'a Mutex<State>) -> Self {
        let mut begun = lock(state);
        begun.running += 1;
        begun.since.get_or_insert_with(Instant::now);
        drop(begun);
        Self(state)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut state = lock(self.0);
        state.running -= 1;
        if state.running == 0 {
            state.since = None;
            state.shown = None;
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
