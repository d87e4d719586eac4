//! Host names in canonical form, and host names with a port.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::key_error::KeyError;
use crate::port::Port;

/// The maximum length of a host name, in bytes of its canonical form.
///
/// It is the limit that HTTP.sys documents for the host name in a request's SNI
/// (`HTTP_REQUEST_PROPERTY_SNI_HOST_MAX_LENGTH` in `http.h`).
pub const MAX_HOST_LENGTH: usize = 255;

/// A host name in canonical form: lower-case ASCII, an internationalized name as A-labels.
///
/// HTTP.sys compares host names without case and keeps the original spelling. A
/// [`Binding`](crate::Binding) carries that spelling in addition to its key.
///
/// A name may contain every printable ASCII character except the colon: HTTP.sys is not known to
/// check more, and a store must be able to hold every name that a Windows host holds. Names are
/// ordered by label from the right, so that all names of one domain are adjacent. Clones share the
/// name.
///
/// Names that are not ASCII need the feature `idna`, which is on by default. Without it they are
/// refused, and have to be given as A-labels (`xn--bcher-kva.example`).
///
/// ```
/// use certbind_core::Host;
///
/// assert_eq!(Host::new("WWW.Contoso.com")?.as_str(), "www.contoso.com");
/// # #[cfg(feature = "idna")]
/// assert_eq!(Host::new("bücher.example")?.as_str(), "xn--bcher-kva.example");
/// assert!(Host::new("mail.contoso.com")? < Host::new("adventure-works.net")?);
/// # Ok::<(), certbind_core::KeyError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Host(Arc<str>);

impl Host {
    /// Converts `name` to canonical form.
    ///
    /// # Errors
    /// [`KeyError::Host`] for a name that is empty, longer than [`MAX_HOST_LENGTH`], contains a
    /// space, a colon or a control character, or is not ASCII and has no A-label form (UTS 46).
    pub fn new(name: &str) -> Result<Self, KeyError> {
        let error = |reason| KeyError::Host {
            host: name.to_owned(),
            reason,
        };
        // The spelling is limited too: IDNA removes some characters, in any number.
        if name.encode_utf16().nth(MAX_HOST_LENGTH).is_some() {
            return Err(error("it is longer than 255 characters"));
        }
        // ASCII names bypass IDNA, which refuses names that HTTP.sys holds.
        let canonical = if name.is_ascii() {
            name.to_ascii_lowercase()
        } else {
            a_labels(name).map_err(error)?
        };
        if canonical.is_empty() {
            return Err(error("it is empty"));
        }
        if canonical.len() > MAX_HOST_LENGTH {
            return Err(error("it is longer than 255 characters"));
        }
        if canonical
            .bytes()
            .any(|b| !b.is_ascii_graphic() || b == b':')
        {
            return Err(error("it contains a space, a colon or a control character"));
        }
        Ok(Self(canonical.into()))
    }

    /// The name in canonical form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The labels from the right: `com`, `contoso`, `www`.
    pub fn labels_from_right(&self) -> impl Iterator<Item = &str> {
        self.0.rsplit('.')
    }
}

#[cfg(feature = "idna")]
fn a_labels(name: &str) -> Result<String, &'static str> {
    idna::domain_to_ascii_cow(name.as_bytes(), idna::AsciiDenyList::EMPTY)
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| "it cannot be converted to ASCII (IDNA)")
}

#[cfg(not(feature = "idna"))]
fn a_labels(_: &str) -> Result<String, &'static str> {
    Err(
        "this build reads ASCII names only; write it as A-labels (xn--…), or enable the feature idna",
    )
}

impl Ord for Host {
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, other) = (self.0.as_bytes(), other.0.as_bytes());
        let pairs = one.iter().rev().zip(other.iter().rev());
        let same = pairs.take_while(|(a, b)| a == b).count();
        let (one_start, other_start) = (one.len() - same, other.len() - same);
        // Labels in the equal bytes at the ends are equal, up to the first dot. The order is that of
        // the labels to the left of it.
        let equal = &one[one_start..];
        let rest_of_label = equal.iter().position(|byte| *byte == b'.').unwrap_or(same);
        let label = |name: &'_ [u8], start: usize| {
            let dot = name[..start].iter().rposition(|byte| *byte == b'.');
            dot.map_or(0, |dot| dot + 1)..start + rest_of_label
        };
        let (one_label, other_label) = (label(one, one_start), label(other, other_start));
        // If these labels are equal as well, a name ends here, and precedes the longer one.
        one[one_label]
            .cmp(&other[other_label])
            .then(one_start.cmp(&other_start))
    }
}

impl PartialOrd for Host {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

impl FromStr for Host {
    type Err = KeyError;

    fn from_str(name: &str) -> Result<Self, KeyError> {
        Self::new(name)
    }
}

/// A host name and a port, written `www.contoso.com:443`: the key of an SNI binding or of a scoped
/// CCS binding.
///
/// ```
/// use certbind_core::HostPort;
///
/// let endpoint: HostPort = "WWW.Contoso.com:443".parse()?;
/// assert_eq!(endpoint.to_string(), "www.contoso.com:443");
/// # Ok::<(), certbind_core::KeyError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPort {
    host: Host,
    port: Port,
}

impl HostPort {
    /// Combines a host name and a port.
    #[must_use]
    pub fn new(host: Host, port: Port) -> Self {
        Self { host, port }
    }

    /// The host name.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> Port {
        self.port
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for HostPort {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (host, port) = text.rsplit_once(':').ok_or_else(|| KeyError::Syntax {
            text: text.to_owned(),
            expected: "a host name and a port, as in www.contoso.com:443",
        })?;
        Ok(Self::new(host.parse()?, port.parse()?))
    }
}
