//! Names that Windows stores as counted UTF-16 strings.

use std::fmt;
use std::str::FromStr;

/// The reason why a text is not a valid name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// The text is empty. An absent name is `None`, not an empty text.
    #[error("a {what} must not be empty")]
    Empty {
        /// The kind of name, as in "certificate store name".
        what: &'static str,
    },
    /// The text contains a NUL, which Windows would read as its end.
    #[error("a {what} must not contain a NUL")]
    Nul {
        /// The kind of name.
        what: &'static str,
    },
    /// The text is longer than Windows accepts.
    #[error("a {what} has at most {limit} UTF-16 units, not {found}")]
    TooLong {
        /// The kind of name.
        what: &'static str,
        /// Its length in UTF-16 units.
        found: usize,
        /// The maximum length in UTF-16 units.
        limit: usize,
    },
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $limit:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The maximum length in UTF-16 units, without the terminating NUL.
            pub const MAX_LENGTH: usize = $limit;

            #[doc = concat!("Creates a ", $what, " from its text.")]
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
                    Err(TextError::TooLong { what: $what, found, limit: Self::MAX_LENGTH })
                } else {
                    Ok(Self(text.into()))
                }
            }

            /// The name in its original spelling.
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
    /// The spelling is kept. Windows compares store names without case, and so does
    /// [`same_store`](Self::same_store). The maximum length is `HTTP_SSL_CERT_STORE_NAME_LENGTH`
    /// (`http.h`) without the NUL.
    ///
    /// ```
    /// use certbind_core::StoreName;
    ///
    /// let name: StoreName = "WebHosting".parse()?;
    /// assert!(name.same_store(&"webhosting".parse()?));
    /// # Ok::<(), certbind_core::TextError>(())
    /// ```
    StoreName, "certificate store name", 127
}

text! {
    /// The identifier of a certificate trust list (CTL): its `ListIdentifier`.
    ///
    /// Windows documents no maximum length; this one is the length of the longest `UNICODE_STRING`.
    CtlIdentifier, "CTL identifier", 32_767
}

text! {
    /// A name in a TLS restriction: a CNG algorithm, a CNG chaining mode, or an ALPN protocol.
    ///
    /// The maximum length is that of ALPN (RFC 7301); none is documented for the others.
    TlsName, "name in a TLS restriction", 255
}

impl StoreName {
    /// Whether both names name the same certificate store.
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
