//! What cannot be an extended property.

use super::PropertyType;

/// Why values make no extended property.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PropertyError {
    /// A binding has one property of each type.
    #[error("the extended property {property} is there twice")]
    Twice {
        /// Its type.
        property: PropertyType,
    },
    /// The lists of it are longer than what is held here.
    #[error("the extended property {property} takes more than {limit} bytes")]
    Large {
        /// Its type.
        property: PropertyType,
        /// The most bytes.
        limit: usize,
    },
    /// The name of a header is no token of HTTP (RFC 9110).
    #[error("{name:?} is no name of a header")]
    HeaderName {
        /// The name.
        name: String,
    },
    /// The value of a header has an end of line or a NUL in it.
    #[error("the value of the header {name} has an end of line or a NUL in it")]
    HeaderValue {
        /// The header.
        name: String,
    },
    /// There are more session ticket keys than schannel takes.
    #[error("there are {found} session ticket keys, and at most {limit} are taken")]
    TicketKeys {
        /// How many there are.
        found: usize,
        /// The most.
        limit: usize,
    },
    /// The keying material of a session ticket key is longer than its field.
    #[error("the material of a session ticket key has {found} bytes, and at most {limit} fit")]
    TicketKey {
        /// Its length in bytes.
        found: usize,
        /// The most bytes.
        limit: usize,
    },
}
