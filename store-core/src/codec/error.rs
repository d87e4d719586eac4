//! Errors of decoding.

use super::value_format::VALUE_FORMAT;
use crate::binding::BindingError;
use crate::extended::PropertyError;
use crate::key_error::KeyError;
use crate::names::TextError;

/// The reason why bytes are not a key or not a binding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The bytes have the wrong structure.
    #[error("{0}")]
    Malformed(String),
    /// The checksum does not match the bytes and their key.
    #[error("its checksum is wrong")]
    Checksum,
    /// The value has a newer format.
    #[error("its format is {found}, and this version reads formats up to {VALUE_FORMAT}")]
    NewerFormat {
        /// The format.
        found: u8,
    },
    /// A key, or a part of one, is invalid.
    #[error(transparent)]
    Key(Box<KeyError>),
    /// A name is invalid.
    #[error(transparent)]
    Text(Box<TextError>),
    /// An extended property is invalid.
    #[error(transparent)]
    Property(Box<PropertyError>),
    /// The key and the record do not form a binding.
    #[error(transparent)]
    Binding(Box<BindingError>),
}

// Boxed, so that the result of decoding stays small. Functions and not `From`, so that a closure
// that returns this error needs no type annotation.

pub(super) fn invalid_key(error: KeyError) -> CodecError {
    CodecError::Key(Box::new(error))
}

pub(super) fn invalid_text(error: TextError) -> CodecError {
    CodecError::Text(Box::new(error))
}

pub(super) fn invalid_property(error: PropertyError) -> CodecError {
    CodecError::Property(Box::new(error))
}

pub(super) fn invalid_binding(error: BindingError) -> CodecError {
    CodecError::Binding(Box::new(error))
}

pub(super) fn malformed(what: impl ToString) -> CodecError {
    CodecError::Malformed(what.to_string())
}
