//! Runs two closures at the same time.

use std::panic::resume_unwind;
use std::thread;

/// Runs `make` on a second thread while `work` runs on this one; returns both results.
pub(crate) fn join<T: Send, R>(make: impl Fn() -> T + Sync, work: impl FnOnce() -> R) -> (T, R) {
    thread::scope(|scope| {
        let maker = thread::Builder::new().name("certbind indexes".to_owned());
        let making = maker.spawn_scoped(scope, &make);
        let done = work();
        let made = match making {
            Ok(making) => making.join().unwrap_or_else(|panic| resume_unwind(panic)),
            // Without a second thread it merely takes longer.
            Err(_) => make(),
        };
        (made, done)
    })
}
