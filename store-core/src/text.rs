//! Names that Windows keeps as counted UTF-16 strings.

use std::fmt;
use std::str::FromStr;

/// Why a text cannot be stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// An absent name is written as no name, not as an empty one.
    #[error("a {what} is not empty")]
    Empty {
        /// What the text was to be.
        what: &'static str,
    },
    /// Windows would take a NUL for the end.
    #[error("a {what} has no NUL in it")]
    Nul {
        /// What the text was to be.
        what: &'static str,
    },
    /// More than Windows takes.
    #[error("a {what} has at most {limit} UTF-16 units, not {found}")]
    Long {
        /// What the text was to be.
        what: &'static str,
        /// Its length in UTF-16 units.
        found: usize,
        /// The most that Windows takes.
        limit: usize,
    },
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $limit:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The most UTF-16 units, without the closing NUL.
            pub const MAX_LENGTH: usize = $limit;

            #[doc = concat!("The ", $what, " spelled like this.")]
            ///
            /// # Errors
            /// [`TextError`] for an empty text, a NUL in it, or too many units.
            pub fn new(text: &str) -> Result<Self, TextError> {
                let found = text.encode_utf16().count();
                if text.is_empty() {
                    Err(TextError::Empty { what: $what })
                } else if text.contains('\0') {
                    Err(TextError::Nul { what: $what })
                } else if found > Self::MAX_LENGTH {
                    Err(TextError::Long { what: $what, found, limit: Self::MAX_LENGTH })
                } else {
                    Ok(Self(text.into()))
                }
            }

            /// The text as it was given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, TextError> {
                Self::new(text)
            }
        }
    };
}

text! {
    /// The name of a certificate store of the local machine, such as `MY` or `WebHosting`.
    ///
    /// It is kept as it was given; Windows compares store names without case, which
    /// [`same_store`](Self::same_store) does. The limit is `HTTP_SSL_CERT_STORE_NAME_LENGTH`
    /// (`http.h`) without the NUL.
    StoreName, "certificate store name", 127
}

text! {
    /// The identifier of a certificate trust list (CTL): its `ListIdentifier`.
    ///
    /// No limit is documented; this is the length of the longest `UNICODE_STRING`.
    CtlIdentifier, "CTL identifier", 32_767
}

text! {
    /// A name in a TLS restriction: that of an algorithm or a chaining mode in CNG, or a protocol of
    /// ALPN.
    ///
    /// The limit is that of ALPN (RFC 7301); none is documented for the others.
    TlsName, "name in a TLS restriction", 255
}

impl StoreName {
    /// Whether both name the same store.
    #[must_use]
    pub fn same_store(&self, other: &Self) -> bool {
        let folded = |name: &Self| {
            name.0
                .chars()
                .flat_map(char::to_uppercase)
                .collect::<String>()
        };
        folded(self) == folded(other)
    }
}
