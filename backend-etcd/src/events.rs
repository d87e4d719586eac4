//! The events that the feature `tracing` reports. Without it nothing is reported.
//!
//! No event contains a password, a token or a binding.

use tonic::Status;

use crate::settings::Settings;

/// Reports an event, or uses its values without reporting them.
macro_rules! event {
    ($level:ident, $message:literal, $($name:ident = $value:expr),+ $(,)?) => {{
        #[cfg(feature = "tracing")]
        tracing::$level!(target: "certbind_etcd", $($name = $value,)+ $message);
        #[cfg(not(feature = "tracing"))]
        let _ = ($($value,)+);
    }};
}

/// A store or a fleet was opened. Nothing has been sent yet.
pub(crate) fn open(endpoints: &str, settings: &Settings) {
    event!(
        debug,
        "open",
        endpoints = endpoints,
        tls = settings.tls.is_some(),
        user = settings.user.is_some(),
    );
}

/// An endpoint did not answer a call; the next endpoint is asked.
pub(crate) fn no_answer(endpoint: &str, call: &str, status: &Status) {
    event!(
        warn,
        "no answer",
        endpoint = endpoint,
        call = call,
        code = status.code().description(),
        error = status.message(),
    );
}

/// A batch is built again because another writer changed the host in between.
pub(crate) fn overtaken(host_prefix: &str, attempts: u32) {
    event!(
        debug,
        "batch overtaken by another writer",
        host = host_prefix,
        attempts = attempts,
    );
}

/// A watch (re)connects.
pub(crate) fn watch_connected(endpoint: &str, start_revision: i64) {
    event!(
        debug,
        "watch connected",
        endpoint = endpoint,
        start_revision = start_revision,
    );
}

/// The connection of a watch ended; it is made again.
pub(crate) fn watch_disconnected(endpoint: &str, error: &str) {
    event!(
        warn,
        "watch disconnected",
        endpoint = endpoint,
        error = error,
    );
}
