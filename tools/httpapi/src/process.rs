//! The simulator of this process.

use std::env::VarError;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};

use httpapi_sim::Simulator;
use store_core::win32;
use windows_sys::Win32::Foundation::ERROR_GEN_FAILURE;

use crate::config;

static SIMULATOR: RwLock<Option<Made>> = RwLock::new(None);

/// The simulator, or why there is none.
type Made = Result<Arc<Simulator>, String>;

/// What the environment asks for.
const VARIABLE: &str = "CERTBIND_HTTPAPI";

/// Makes the process's simulator anew, and says whether that could be done.
pub(crate) fn configure(text: &str) -> Result<(), String> {
    // The old one goes first: it may have the file open that the new one wants.
    let mut simulator = SIMULATOR.write().unwrap_or_else(PoisonError::into_inner);
    *simulator = None;
    let made = make(text);
    let done = made.as_ref().map(drop).map_err(Clone::clone);
    *simulator = Some(made);
    done
}

/// Calls the process's simulator. Where there is none, because its configuration is broken, every
/// call is answered `ERROR_NOT_READY` (21).
pub(crate) fn with(call: impl FnOnce(&Simulator) -> u32) -> u32 {
    let answered = catch_unwind(AssertUnwindSafe(|| match current() {
        Ok(simulator) => call(&simulator),
        Err(_) => win32::NOT_READY,
    }));
    answered.unwrap_or(ERROR_GEN_FAILURE)
}

/// The process's simulator, made if this is the first call.
pub(crate) fn current() -> Made {
    let simulator = SIMULATOR.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(made) = &*simulator {
        return made.clone();
    }
    drop(simulator);
    let mut simulator = SIMULATOR.write().unwrap_or_else(PoisonError::into_inner);
    simulator.get_or_insert_with(of_environment).clone()
}

fn of_environment() -> Made {
    match std::env::var(VARIABLE) {
        Ok(text) => make(&text),
        Err(VarError::NotPresent) => make(""),
        // Never an empty store instead of the one that was asked for.
        Err(VarError::NotUnicode(found)) => Err(broken(&format!("{found:?} is not UTF-8"))),
    }
}

fn make(text: &str) -> Made {
    #[cfg(windows)]
    crate::pinned::pin();
    config::simulator(text)
        .map(Arc::new)
        .map_err(|error| broken(&error.to_string()))
}

/// Why there is no simulator, told to a person: a program under test does not know.
fn broken(what: &str) -> String {
    let reason = format!("{VARIABLE}: {what}");
    let line = format!(
        "httpapi (simulated by certbind): {}\n",
        reason.escape_debug()
    );
    // One that has closed its standard error reads the reason with `CertbindHttpApiError`.
    let _ = std::io::stderr().write_all(line.as_bytes());
    reason
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_answered_with_general_failure() {
        configure("").unwrap();
        assert_eq!(with(|_| panic!("planted")), ERROR_GEN_FAILURE);
        assert_eq!(with(|_| 0), 0, "the next call finds the simulator");
    }
}
