//! The endpoint that answers the calls of this process.

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
use crate::environment;
use crate::forward::{self, ForwardTarget};

static API: RwLock<Option<ApiResult>> = RwLock::new(None);

/// The API that answers the calls of this process, or the reason why there is none.
type ApiResult = Result<Arc<Api>, String>;

/// The API that answers calls, with its recorder.
pub(crate) struct Api {
    endpoint: Endpoint,
    /// The same, with every call recorded.
    recorder: Option<Recorder<Arc<dyn HttpApi>>>,
}

/// The final recipient of calls.
enum Endpoint {
    Simulator(Arc<Simulator>),
    Forward(ForwardTarget),
}

/// The variable with the simulator's configuration.
const VARIABLE: &str = "CERTBIND_HTTPAPI";

/// The variable with the trace file, which overrides the configuration.
const TRACE: &str = "CERTBIND_TRACE";

/// Replaces the process's simulator, or returns the reason why that failed.
pub(crate) fn configure(text: &str) -> Result<(), String> {
    // The old one is dropped first: it may have the new one's file open.
    let mut api = API.write().unwrap_or_else(PoisonError::into_inner);
    *api = None;
    let made = make(text);
    let done = made.as_ref().map(drop).map_err(Clone::clone);
    *api = Some(made);
    done
}

/// Makes a call of the API. If there is none, because its configuration is broken, every call
/// returns `ERROR_NOT_READY` (21).
pub(crate) fn call(call: impl FnOnce(&dyn HttpApi) -> u32) -> u32 {
    catch_panic(|api| match (&api.recorder, &api.endpoint) {
        (Some(recorder), _) => call(recorder),
        (None, Endpoint::Simulator(simulator)) => call(simulator),
        (None, Endpoint::Forward(target)) => call(&target.api),
    })
}

/// Makes a call that does not configure anything: to the simulator, or, where calls are forwarded,
/// to the library's function of this name.
pub(crate) fn server(
    name: &str,
    simulate: impl FnOnce(&Simulator) -> usize,
    forward: impl FnOnce(*const c_void) -> usize,
) -> usize {
    let mut answer = None;
    let code = catch_panic(|api| {
        let made = || match &api.endpoint {
            Endpoint::Forward(target) => {
                let function = target.function(name);
                function.map_or(win32::CALL_NOT_IMPLEMENTED as usize, forward)
            }
            Endpoint::Simulator(simulator) => simulate(simulator),
        };
        answer = Some(match &api.recorder {
            Some(recorder) => recorder.other(name, made),
            None => made(),
        });
        0
    });
    answer.unwrap_or(code as usize)
}

/// Calls the process's simulator. If calls are forwarded there is none, and the result is
/// `ERROR_NOT_SUPPORTED` (50).
pub(crate) fn with(call: impl FnOnce(&Simulator) -> u32) -> u32 {
    catch_panic(|api| match &api.endpoint {
        Endpoint::Simulator(simulator) => call(simulator),
        Endpoint::Forward(_) => win32::NOT_SUPPORTED,
    })
}

fn catch_panic(call: impl FnOnce(&Api) -> u32) -> u32 {
    let answered = catch_unwind(AssertUnwindSafe(|| match current() {
        Ok(api) => call(&api),
        Err(_) => win32::NOT_READY,
    }));
    answered.unwrap_or(ERROR_GEN_FAILURE)
}

/// The API of this process, created at the first call.
pub(crate) fn current() -> ApiResult {
    let api = API.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(made) = &*api {
        return made.clone();
    }
    drop(api);
    let mut api = API.write().unwrap_or_else(PoisonError::into_inner);
    api.get_or_insert_with(of_environment).clone()
}

fn of_environment() -> ApiResult {
    match environment::text(VARIABLE) {
        Ok(text) => make(&text),
        // Never falls back to an empty store instead of the requested one.
        Err(found) => Err(broken(&format!("{VARIABLE}: {found:?} is not UTF-8"))),
    }
}

fn make(text: &str) -> ApiResult {
    #[cfg(windows)]
    crate::pinned::pin();
    api(text).map(Arc::new).map_err(|what| broken(&what))
}

fn api(text: &str) -> Result<Api, String> {
    let mut trace = environment::variable(TRACE).map(PathBuf::from);
    let (endpoint, api): (Endpoint, Arc<dyn HttpApi>) = match forward::of_environment()? {
        Some(target) => {
            let api = Arc::clone(&target.api);
            (Endpoint::Forward(target), api)
        }
        None => {
            let configured =
                config::configured(text).map_err(|error| format!("{VARIABLE}: {error}"))?;
            trace = trace.or(configured.trace);
            let simulator = Arc::new(configured.simulator);
            (Endpoint::Simulator(Arc::clone(&simulator)), simulator)
        }
    };
    // If this is a copy to which calls are forwarded and which the first copy records, no call is
    // recorded twice.
    let is_forwarded_to = forward::is_requested() && matches!(endpoint, Endpoint::Simulator(_));
    let recorder =
        match trace.filter(|_| !is_forwarded_to) {
            Some(path) => Some(Recorder::append(api, &path).map_err(|error| {
                format!("the trace {} cannot be written: {error}", path.display())
            })?),
            None => None,
        };
    Ok(Api { endpoint, recorder })
}

/// Prints why the simulator could not start, since a program under test does not know.
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
