//! Host names, in the one spelling that a key has.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::key::{KeyError, Port};

/// The longest host name, in bytes of its canonical form: the limit that HTTP.sys states for the
/// host of a request's SNI (`HTTP_REQUEST_PROPERTY_SNI_HOST_MAX_LENGTH`, `http.h`).
pub const MAX_HOST_LENGTH: usize = 255;

/// A host name in canonical form: ASCII, lower case, an internationalised name as A-labels.
///
/// HTTP.sys compares host names without case and keeps the spelling that it was given; a
/// [`Binding`](crate::Binding) carries that spelling beside its key.
///
/// Every printable ASCII character but the colon may stand in a name: HTTP.sys is not known to
/// check more, and a store has to be able to hold what a host holds. Names order by label from the
/// right, so that all names under one domain are neighbours. Clones share the name.
///
/// ```
/// use certbind_core::Host;
///
/// assert_eq!(Host::new("WWW.Contoso.com")?.as_str(), "www.contoso.com");
/// assert_eq!(Host::new("bücher.example")?.as_str(), "xn--bcher-kva.example");
/// assert!(Host::new("mail.contoso.com")? < Host::new("adventure-works.net")?);
/// # Ok::<(), certbind_core::KeyError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Host(Arc<str>);

impl Host {
    /// Brings `name` into canonical form.
    ///
    /// # Errors
    /// [`KeyError::Host`] for a name that is empty, too long, has a character that no host name
    /// can have, or is not ASCII and has no A-label form (UTS 46).
    pub fn new(name: &str) -> Result<Self, KeyError> {
        let error = |reason| KeyError::Host {
            host: name.to_owned(),
            reason,
        };
        // As it is spelled, too: characters that canonical forms lack can be many.
        if name.encode_utf16().nth(MAX_HOST_LENGTH).is_some() {
            return Err(error("it is longer than 255 characters"));
        }
        // ASCII names are not put through IDNA: it refuses names that HTTP.sys holds.
        let canonical = if name.is_ascii() {
            name.to_ascii_lowercase()
        } else {
            idna::domain_to_ascii_cow(name.as_bytes(), idna::AsciiDenyList::EMPTY)
                .map_err(|_| error("it has no form in ASCII (IDNA)"))?
                .into_owned()
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
            return Err(error(
                "it has a blank, a colon or a control character in it",
            ));
        }
        Ok(Self(canonical.into()))
    }

    /// The canonical form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The labels from the right: `com`, `contoso`, `www`.
    pub fn labels_from_right(&self) -> impl Iterator<Item = &str> {
        self.0.rsplit('.')
    }
}

impl Ord for Host {
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, other) = without_common_labels(&self.0, &other.0);
        one.rsplit('.').cmp(other.rsplit('.'))
    }
}

/// Both without labels from the right that are the same in both: what is left orders as the whole does.
fn without_common_labels<'a>(one: &'a str, other: &'a str) -> (&'a str, &'a str) {
    let pairs = one.bytes().rev().zip(other.bytes().rev());
    let same = pairs.take_while(|(a, b)| a == b).count();
    let suffix = &one.as_bytes()[one.len() - same..];
    match suffix.iter().position(|byte| *byte == b'.') {
        // The dot is ASCII, so what stands in front of it is text.
        Some(dot) => {
            let common = same - dot;
            (&one[..one.len() - common], &other[..other.len() - common])
        }
        None => (one, other),
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

/// A host name and a port, written `www.contoso.com:443`: the key of an SNI binding and of a
/// scoped CCS binding.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPort {
    host: Host,
    port: Port,
}

impl HostPort {
    /// The key of `host` at `port`.
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
        let (host, port) = text.rsplit_once(':').ok_or_else(|| KeyError::Form {
            text: text.to_owned(),
            expected: "a host name and a port, as in www.contoso.com:443",
        })?;
        Ok(Self::new(host.parse()?, port.parse()?))
    }
}
