//! What etcd answers, as the store's error.

use std::borrow::Cow;
use std::error::Error;
use std::io::{self, ErrorKind};

use certbind_core::StoreError;
use tonic::{Code, Status};

/// Why the cluster at `members` did not `action`.
pub(crate) fn failed(action: &str, members: &str, status: &Status) -> StoreError {
    let kind = match status.code() {
        Code::Unavailable | Code::DeadlineExceeded => ErrorKind::TimedOut,
        Code::PermissionDenied | Code::Unauthenticated => ErrorKind::PermissionDenied,
        Code::InvalidArgument if is_of_user(status) => ErrorKind::PermissionDenied,
        Code::ResourceExhausted if status.message().contains("space exceeded") => {
            ErrorKind::StorageFull
        }
        _ => ErrorKind::Other,
    };
    let advice = match kind {
        ErrorKind::TimedOut => "; is it running there, and does it speak TLS or not as you do?",
        ErrorKind::PermissionDenied => "; name a user that may, and its password",
        ErrorKind::StorageFull => "; compact and defragment it, and disarm its alarm",
        _ => "",
    };
    StoreError::Io {
        action: format!("{action} at etcd {members}").into(),
        path: None,
        source: io::Error::new(kind, format!("{}{advice}", message(status))),
    }
}

/// What was said, with its causes: tonic's own words for a broken connection tell nothing.
pub(crate) fn message(status: &Status) -> String {
    let said = status.message();
    let causes = status.source().map(with_causes).unwrap_or_default();
    match (said.is_empty(), causes.is_empty()) {
        (true, true) => status.code().to_string(),
        (true, false) => causes,
        (false, true) => said.to_owned(),
        (false, false) if causes.contains(said) => causes,
        (false, false) => format!("{said}: {causes}"),
    }
}

/// An error and what caused it, each said once.
pub(crate) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

/// Whether the token has grown old, so that another helps.
pub(crate) fn is_of_token(status: &Status) -> bool {
    let said = status.message();
    said.contains("invalid auth token") || said.contains("revision in header is old")
}

/// Whether the user, its password or its absence was refused. etcd has no code of its own for it.
fn is_of_user(status: &Status) -> bool {
    let said = status.message();
    said.contains("authentication failed") || said.contains("user name is empty")
}

/// Whether what was asked for is no longer kept.
pub(crate) fn is_compacted(status: &Status) -> bool {
    status.code() == Code::OutOfRange && status.message().contains("compacted")
}

pub(crate) fn invalid(reason: impl Into<Cow<'static, str>>) -> StoreError {
    StoreError::Invalid {
        key: None,
        reason: reason.into(),
    }
}
