//! Keys and bindings as bytes, for the backends that keep bytes: keys that order as the keys do,
//! and values with a format version and a check sum. `docs/file-format.md` has them byte by byte.

mod extended;
mod key;
mod value;

pub use key::{KeyBytes, append_key, decode_key, encode_key, kind_prefix};
pub use value::{VALUE_FORMAT, append_entry, decode_at, decode_binding, encode_binding};

/// Why bytes are no key or no binding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The bytes have another form.
    #[error("{0}")]
    Malformed(String),
    /// The check sum is not that of the bytes and of the key they stand under.
    #[error("its check sum is wrong")]
    CheckSum,
    /// The value is of a format that this version does not know.
    #[error("its format is {found}, and this version knows formats up to {VALUE_FORMAT}")]
    NewerFormat {
        /// The format.
        found: u8,
    },
}

fn malformed(what: impl ToString) -> CodecError {
    CodecError::Malformed(what.to_string())
}
