//! Errors of parsing and decoding as errors of a store, so that a backend can use `?`.

use crate::codec::CodecError;
use crate::error::StoreError;
use crate::extended::PropertyError;
use crate::hash::HashError;
use crate::key_error::KeyError;
use crate::names::TextError;

macro_rules! invalid {
    ($($error:ty),+) => {$(
        /// [`StoreError::Invalid`]: the caller has to correct the value.
        impl From<$error> for StoreError {
            fn from(error: $error) -> Self {
                Self::Invalid {
                    key: None,
                    reason: error.to_string().into(),
                }
            }
        }
    )+};
}

invalid!(HashError, KeyError, PropertyError, TextError, uuid::Error);

/// [`StoreError::Corrupt`]: the stored data cannot be decoded.
impl From<CodecError> for StoreError {
    fn from(error: CodecError) -> Self {
        Self::corrupt("a stored binding", error)
    }
}
