//! Values that no record can contain.

/// The reason why a value is invalid in a record: the functions answer 87.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} {text:?}: {reason}")]
pub struct ServiceValueError {
    what: &'static str,
    text: String,
    reason: &'static str,
}

impl ServiceValueError {
    pub(super) fn new(what: &'static str, text: impl Into<String>, reason: &'static str) -> Self {
        let text = text.into();
        Self { what, text, reason }
    }
}
