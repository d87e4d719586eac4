//! The kinds of key.

use std::fmt;
use std::str::FromStr;

use crate::key_error::KeyError;

/// The four kinds of [`BindingKey`](crate::BindingKey), in canonical order.
///
/// ```
/// use certbind_core::Kind;
///
/// assert_eq!("HostnamePort".parse::<Kind>()?, Kind::Sni);
/// assert_eq!(Kind::Sni.tag(), "hostnameport");
/// assert!(!Kind::Ccs.names_certificate());
/// # Ok::<(), certbind_core::KeyError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// See [`BindingKey::IpPort`](crate::BindingKey::IpPort).
    IpPort,
    /// See [`BindingKey::Sni`](crate::BindingKey::Sni).
    Sni,
    /// See [`BindingKey::Ccs`](crate::BindingKey::Ccs).
    Ccs,
    /// See [`BindingKey::ScopedCcs`](crate::BindingKey::ScopedCcs).
    ScopedCcs,
}

impl Kind {
    /// All kinds, in canonical order.
    pub const ALL: [Self; 4] = [Self::IpPort, Self::Sni, Self::Ccs, Self::ScopedCcs];

    /// The tag that netsh uses for the kind: `ipport`, `hostnameport`, `ccs` or `scopedccs`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::IpPort => "ipport",
            Self::Sni => "hostnameport",
            Self::Ccs => "ccs",
            Self::ScopedCcs => "scopedccs",
        }
    }

    /// Whether records of this kind name a certificate. For the other kinds HTTP.sys takes the
    /// certificate from the central certificate store.
    #[must_use]
    pub fn names_certificate(self) -> bool {
        matches!(self, Self::IpPort | Self::Sni)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.tag())
    }
}

impl FromStr for Kind {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.tag().eq_ignore_ascii_case(text))
            .ok_or_else(|| KeyError::Syntax {
                text: text.to_owned(),
                expected: "ipport, hostnameport, ccs or scopedccs",
            })
    }
}
