//! Errors of keys and of their parts.

/// The reason why a text or value is not a key, or not a part of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text has the wrong syntax.
    #[error("{text:?} is not {expected}")]
    Syntax {
        /// The text.
        text: String,
        /// The expected syntax, as in "an IP address and a port".
        expected: &'static str,
    },
    /// The port is not in 1 to 65535.
    #[error("{text:?} is not a port from 1 to 65535")]
    Port {
        /// The port as it was given.
        text: String,
    },
    /// The host name is invalid.
    #[error("{host:?} is not a host name: {reason}")]
    Host {
        /// The name as it was given.
        host: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
}
