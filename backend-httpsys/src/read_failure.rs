//! [`ReadFailure`]: the reason why a part of the configuration could not be read.

use std::fmt;

use certbind_core::BoxError;
use certbind_httpapi_abi::client::MalformedReply;
use certbind_httpapi_abi::win32::Win32Error;

/// The reason why a part of the configuration could not be read. It can be compared, unlike the
/// error that it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReadFailure {
    /// A code of the API.
    Code(u32),
    /// A success with a malformed record.
    Malformed(MalformedReply),
    /// A contradiction between several answers.
    Contradiction(String),
}

impl From<ReadFailure> for BoxError {
    fn from(failure: ReadFailure) -> Self {
        match failure {
            ReadFailure::Code(code) => Win32Error { code }.into(),
            ReadFailure::Malformed(error) => error.into(),
            ReadFailure::Contradiction(message) => message.into(),
        }
    }
}

impl fmt::Display for ReadFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => Win32Error { code: *code }.fmt(f),
            Self::Malformed(error) => error.fmt(f),
            Self::Contradiction(message) => f.write_str(message),
        }
    }
}
