//! What answers the calls of this process.

use std::env::VarError;
use std::ffi::c_void;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::win32;
use certbind_simulator::Simulator;
use certbind_trace::Recorder;
use windows_sys::Win32::Foundation::ERROR_GEN_FAILURE;

use crate::config;
use crate::passing::{self, Passing};

static API: RwLock<Option<Made>> = RwLock::new(None);

/// What answers the calls of this process, or why nothing does.
type Made = Result<Arc<Api>, String>;

/// What answers calls.
pub(crate) struct Api {
    end: End,
    /// The same, with every call written down.
    recorder: Option<Recorder<Arc<dyn HttpApi>>>,
}

/// What answers calls in the end.
enum End {
    Simulated(Arc<Simulator>),
    Passed(Passing),
}

/// What the environment asks for.
const VARIABLE: &str = "CERTBIND_HTTPAPI";

/// Where calls are written down, whatever the configuration says.
const TRACE: &str = "CERTBIND_TRACE";

/// Makes the process's simulator anew, and says whether that could be done.
pub(crate) fn configure(text: &str) -> Result<(), String> {
    // The old one goes first: it may have the file open that the new one wants.
    let mut api = API.write().unwrap_or_else(PoisonError::into_inner);
    *api = None;
    let made = make(text);
    let done = made.as_ref().map(drop).map_err(Clone::clone);
    *api = Some(made);
    done
}

/// Makes a call of the API. Where there is none, because its configuration is broken, every call is
/// answered `ERROR_NOT_READY` (21).
pub(crate) fn call(call: impl FnOnce(&dyn HttpApi) -> u32) -> u32 {
    guarded(|api| match (&api.recorder, &api.end) {
        (Some(recorder), _) => call(recorder),
        (None, End::Simulated(simulator)) => call(simulator),
        (None, End::Passed(passing)) => call(&passing.api),
    })
}

/// Calls a function that has nothing to do with bindings, where calls are passed on to a library
/// that has it.
pub(crate) fn other(name: &str, call: impl FnOnce(*const c_void) -> usize) -> usize {
    let mut answer = None;
    let code = guarded(|api| {
        let made = || {
            let function = match &api.end {
                End::Passed(passing) => passing.function(name),
                End::Simulated(_) => None,
            };
            function.map_or(win32::CALL_NOT_IMPLEMENTED as usize, call)
        };
        answer = Some(match &api.recorder {
            Some(recorder) => recorder.other(name, made),
            None => made(),
        });
        0
    });
    answer.unwrap_or(code as usize)
}

/// Calls the process's simulator; where calls are passed on there is none, which is answered
/// `ERROR_NOT_SUPPORTED` (50).
pub(crate) fn with(call: impl FnOnce(&Simulator) -> u32) -> u32 {
    guarded(|api| match &api.end {
        End::Simulated(simulator) => call(simulator),
        End::Passed(_) => win32::NOT_SUPPORTED,
    })
}

fn guarded(call: impl FnOnce(&Api) -> u32) -> u32 {
    let answered = catch_unwind(AssertUnwindSafe(|| match current() {
        Ok(api) => call(&api),
        Err(_) => win32::NOT_READY,
    }));
    answered.unwrap_or(ERROR_GEN_FAILURE)
}

/// What answers the calls of this process, made if this is the first.
pub(crate) fn current() -> Made {
    let api = API.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(made) = &*api {
        return made.clone();
    }
    drop(api);
    let mut api = API.write().unwrap_or_else(PoisonError::into_inner);
    api.get_or_insert_with(of_environment).clone()
}

fn of_environment() -> Made {
    match std::env::var(VARIABLE) {
        Ok(text) => make(&text),
        Err(VarError::NotPresent) => make(""),
        // Never an empty store instead of the one that was asked for.
        Err(VarError::NotUnicode(found)) => {
            Err(broken(&format!("{VARIABLE}: {found:?} is not UTF-8")))
        }
    }
}

fn make(text: &str) -> Made {
    #[cfg(windows)]
    crate::pinned::pin();
    api(text).map(Arc::new).map_err(|what| broken(&what))
}

fn api(text: &str) -> Result<Api, String> {
    let mut trace = std::env::var_os(TRACE)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from);
    let (end, api): (End, Arc<dyn HttpApi>) = match passing::of_environment()? {
        Some(passing) => {
            let api = Arc::clone(&passing.api);
            (End::Passed(passing), api)
        }
        None => {
            let described =
                config::described(text).map_err(|error| format!("{VARIABLE}: {error}"))?;
            trace = trace.or(described.trace);
            let simulator = Arc::new(described.simulator);
            (End::Simulated(Arc::clone(&simulator)), simulator)
        }
    };
    // Behind a copy that passes calls on and writes them down, nothing is written twice.
    let is_behind = passing::is_asked_for() && matches!(end, End::Simulated(_));
    let recorder =
        match trace.filter(|_| !is_behind) {
            Some(path) => Some(Recorder::append(api, &path).map_err(|error| {
                format!("the trace {} cannot be written: {error}", path.display())
            })?),
            None => None,
        };
    Ok(Api { end, recorder })
}

/// Why there is no simulator, told to a person: a program under test does not know.
fn broken(reason: &str) -> String {
    let line = format!(
        "httpapi (simulated by certbind): {}\n",
        reason.escape_debug()
    );
    // One that has closed its standard error reads the reason with `CertbindHttpApiError`.
    let _ = std::io::stderr().write_all(line.as_bytes());
    reason.to_owned()
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
