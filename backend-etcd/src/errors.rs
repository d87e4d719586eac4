//! Errors of etcd as errors of a store.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;

use certbind_core::StoreError;
use tonic::{Code, Status};

/// An error that etcd answered with, or a connection to it that failed.
///
/// It is the source of a [`StoreError::Backend`] or a [`StoreError::OutcomeUnknown`]. Its own source
/// is the error of the connection, where there is one.
#[derive(Debug)]
pub struct EtcdError {
    kind: EtcdErrorKind,
    status: Status,
}

/// The errors that call for different actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EtcdErrorKind {
    /// No endpoint answered in time.
    Unreachable,
    /// The user, its password, its certificate or its permissions were refused.
    AccessDenied,
    /// The database has reached its quota (`--quota-backend-bytes`).
    StorageFull,
    /// The tokio runtime that drives the connections has shut down.
    RuntimeStopped,
    /// Any other error.
    Other,
}

/// The message of the status that means that the runtime has shut down.
const RUNTIME_STOPPED: &str = "the tokio runtime of the store has shut down";

impl EtcdError {
    pub(crate) fn new(status: Status) -> Self {
        let kind = match status.code() {
            Code::Unavailable | Code::DeadlineExceeded => EtcdErrorKind::Unreachable,
            Code::PermissionDenied | Code::Unauthenticated => EtcdErrorKind::AccessDenied,
            Code::InvalidArgument if is_about_user(&status) => EtcdErrorKind::AccessDenied,
            Code::ResourceExhausted if status.message().contains("space exceeded") => {
                EtcdErrorKind::StorageFull
            }
            Code::Aborted if status.message() == RUNTIME_STOPPED => EtcdErrorKind::RuntimeStopped,
            _ => EtcdErrorKind::Other,
        };
        Self { kind, status }
    }

    /// Which of the errors it is.
    #[must_use]
    pub fn kind(&self) -> EtcdErrorKind {
        self.kind
    }

    fn advice(&self) -> &'static str {
        match self.kind {
            EtcdErrorKind::Unreachable => {
                "; check that etcd is running there, and that both sides use TLS or neither does"
            }
            EtcdErrorKind::AccessDenied => {
                "; name a user that has the permission, and its password"
            }
            EtcdErrorKind::StorageFull => "; compact and defragment it, and disarm its alarm",
            EtcdErrorKind::RuntimeStopped => "; open the store again in a runtime that is running",
            EtcdErrorKind::Other => "",
        }
    }
}

impl fmt::Display for EtcdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", message(&self.status), self.advice())
    }
}

impl Error for EtcdError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.status.source()
    }
}

/// The error of an `action` on the cluster at `endpoints`.
pub(crate) fn failed(action: &str, endpoints: &str, status: &Status) -> StoreError {
    let action = format!("{action} at etcd {endpoints}");
    StoreError::backend(action, EtcdError::new(status.clone()))
}

/// The same as the source of a [`StoreError::OutcomeUnknown`].
pub(crate) fn io_error(status: &Status) -> io::Error {
    let error = EtcdError::new(status.clone());
    let kind = match error.kind {
        EtcdErrorKind::Unreachable => io::ErrorKind::TimedOut,
        EtcdErrorKind::AccessDenied => io::ErrorKind::PermissionDenied,
        EtcdErrorKind::StorageFull => io::ErrorKind::StorageFull,
        EtcdErrorKind::RuntimeStopped | EtcdErrorKind::Other => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

/// A connection that failed.
pub(crate) fn unavailable(error: tonic::transport::Error) -> Status {
    let mut status = Status::unavailable("");
    status.set_source(std::sync::Arc::new(error));
    status
}

pub(crate) fn runtime_stopped() -> Status {
    Status::aborted(RUNTIME_STOPPED)
}

/// The message of a status with its causes. tonic's own message for a failed connection lacks them.
fn message(status: &Status) -> String {
    let own = status.message();
    let causes = status.source().map(with_causes).unwrap_or_default();
    match (own.is_empty(), causes.is_empty()) {
        (true, true) => status.code().to_string(),
        (true, false) => causes,
        (false, true) => own.to_owned(),
        (false, false) if causes.contains(own) => causes,
        (false, false) => format!("{own}: {causes}"),
    }
}

/// An error and its causes, each once.
pub(crate) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.contains(&message) {
            text = format!("{text}: {message}");
        }
        cause = error.source();
    }
    text
}

/// Whether a message says that the token has expired, so that a new one helps.
pub(crate) fn is_about_token(message: &str) -> bool {
    message.contains("invalid auth token") || message.contains("revision in header is old")
}

/// Whether the user, its password or its absence was refused. etcd has no status code for it.
fn is_about_user(status: &Status) -> bool {
    let message = status.message();
    message.contains("authentication failed") || message.contains("user name is empty")
}

/// Whether the requested revision has been compacted.
pub(crate) fn is_compacted(status: &Status) -> bool {
    status.code() == Code::OutOfRange && status.message().contains("compacted")
}

pub(crate) fn invalid(reason: impl Into<Cow<'static, str>>) -> StoreError {
    StoreError::Invalid {
        key: None,
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_errors_are_sources() {
        let mut status = Status::unavailable("transport error");
        let cause = io::Error::from(io::ErrorKind::ConnectionRefused);
        status.set_source(std::sync::Arc::new(cause));
        let error = failed("read web01", "etcd1:2379", &status);
        let etcd = error.source().and_then(|source| source.downcast_ref());
        let etcd: &EtcdError = etcd.expect("the source is etcd's error");
        assert_eq!(etcd.kind(), EtcdErrorKind::Unreachable);
        let cause = etcd.source().and_then(|source| source.downcast_ref());
        let cause: &io::Error = cause.expect("the connection's error is its source");
        assert_eq!(cause.kind(), io::ErrorKind::ConnectionRefused);
        assert!(error.to_string().contains("connection refused"), "{error}");
    }

    #[test]
    fn refused_users_are_advised_about_etcd() {
        for status in [
            Status::permission_denied("etcdserver: permission denied"),
            Status::invalid_argument("etcdserver: user name is empty"),
        ] {
            let text = failed("read web01", "etcd1:2379", &status).to_string();
            assert!(text.contains("name a user"), "{text}");
            assert!(!text.contains("administrator"), "{text}");
        }
    }
}
