//! The ways in which a request can be invalid.

use std::net::Ipv4Addr;

use certbind_core::{BindingError, CertHash, KeyError, PropertyError, TextError};
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER};

use crate::service::ServiceValueError;

/// The reason why a request cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// A pointer is null that must not be.
    #[error("{what} is null")]
    Null {
        /// The expected target of the pointer.
        what: &'static str,
    },
    /// The structure is longer than the length that the caller passed.
    #[error("the structure takes {needed} bytes, and {found} were given")]
    Short {
        /// The length given.
        found: u32,
        /// The length of the structure.
        needed: u32,
    },
    /// The address is neither IPv4 nor IPv6, or is not IPv4 where only that is taken.
    #[error("the address family {found} is not accepted here")]
    Family {
        /// The family.
        found: u16,
    },
    /// The key of a host name or a central certificate store has an address other than 0.0.0.0.
    #[error("the address is {found}; a key of this kind has 0.0.0.0")]
    Address {
        /// The address.
        found: Ipv4Addr,
    },
    /// The port or the host name cannot be one.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The hash is not 20 bytes long.
    #[error("the hash is {found} bytes long, not {}", CertHash::LENGTH)]
    Hash {
        /// Its length.
        found: u32,
    },
    /// A string has no NUL within its limit.
    #[error("{what} does not end within {limit} UTF-16 units")]
    Unterminated {
        /// Which string.
        what: &'static str,
        /// The most units that it can have.
        limit: usize,
    },
    /// A string is not UTF-16.
    #[error("{what} is not UTF-16")]
    Utf16 {
        /// Which string.
        what: &'static str,
    },
    /// A string cannot be stored.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A hash is present that must not be, or the other way round.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// A URL or a security descriptor is invalid.
    #[error(transparent)]
    Service(#[from] ServiceValueError),
    /// A timeout, a cache parameter or a setting does not exist, or a value is one that it cannot
    /// have.
    #[error("{what} has the unknown value {found}")]
    Number {
        /// The name of the value.
        what: &'static str,
        /// Its number.
        found: i64,
    },
    /// The extended property is of a type that is not known.
    #[error("the property type {found} does not exist")]
    PropertyType {
        /// The type.
        found: i32,
    },
    /// The value cannot be that of an extended property.
    #[error(transparent)]
    Property(#[from] PropertyError),
    /// The query is neither exact nor next.
    #[error("the query type {found} does not exist")]
    QueryType {
        /// The type.
        found: i32,
    },
}

impl RequestError {
    /// The corresponding code: 122 for a structure that is too short, 87 otherwise.
    #[must_use]
    pub fn win32_code(&self) -> u32 {
        match self {
            Self::Short { .. } => ERROR_INSUFFICIENT_BUFFER,
            _ => ERROR_INVALID_PARAMETER,
        }
    }
}
