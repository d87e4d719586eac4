//! Two things at the same time.

use std::panic::resume_unwind;
use std::thread;

/// What `make` makes, on a thread of its own while `work` is done; and what that came to.
pub(crate) fn join<T: Send, R>(make: impl Fn() -> T + Sync, work: impl FnOnce() -> R) -> (T, R) {
    thread::scope(|scope| {
        let maker = thread::Builder::new().name("certbind indexes".to_owned());
        let making = maker.spawn_scoped(scope, &make);
        let done = work();
        let made = match making {
            Ok(making) => making.join().unwrap_or_else(|panic| resume_unwind(panic)),
            // Without a further thread it takes longer.
            Err(_) => make(),
        };
        (made, done)
    })
}
