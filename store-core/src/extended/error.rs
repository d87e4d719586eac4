//! Errors of extended properties.

use super::property_type::PropertyType;

/// The reason why a value is not an extended property, or not a set of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PropertyError {
    /// Two properties have the same type.
    #[error("the extended property {property} occurs twice")]
    Duplicate {
        /// The type.
        property: PropertyType,
    },
    /// The lists of a property are too large.
    #[error("the extended property {property} takes more than {limit} bytes")]
    TooLarge {
        /// The type.
        property: PropertyType,
        /// The maximum size in bytes.
        limit: usize,
    },
    /// The name of a header is not a token of HTTP (RFC 9110).
    #[error("{name:?} is not the name of an HTTP header")]
    HeaderName {
        /// The name.
        name: String,
    },
    /// The value of a header contains a line break or a NUL.
    #[error("the value of the header {name} contains a line break or a NUL")]
    HeaderValue {
        /// The header.
        name: String,
    },
    /// There are more session ticket keys than schannel accepts.
    #[error("there are {found} session ticket keys, and schannel accepts at most {limit}")]
    TooManyTicketKeys {
        /// The number of keys.
        found: usize,
        /// The maximum number.
        limit: usize,
    },
    /// The keying material of a session ticket key is longer than its field.
    #[error("the material of a session ticket key has {found} bytes, and at most {limit} fit")]
    TicketKeyTooLong {
        /// The length in bytes.
        found: usize,
        /// The maximum length in bytes.
        limit: usize,
    },
}
