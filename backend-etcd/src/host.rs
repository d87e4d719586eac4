//! Names of hosts.

use std::fmt;
use std::str::FromStr;

/// The name of a host in etcd: 1 to 253 characters of `a-z 0-9 . _ -`, the first a letter or a digit.
/// Upper case is converted to lower case.
///
/// ```
/// use certbind_etcd::HostName;
///
/// let host: HostName = "WEB01.contoso.com".parse()?;
/// assert_eq!(host.as_str(), "web01.contoso.com");
/// assert!("web01/web02".parse::<HostName>().is_err());
/// # Ok::<(), certbind_etcd::HostNameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);

/// The error for a text that is not the name of a host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not the name of a host: expected 1 to {max} characters of a-z, 0-9, '.', '_' and '-', \
     the first a letter or a digit", max = HostName::MAX_LENGTH
)]
pub struct HostNameError(String);

impl HostName {
    /// The maximum length of a name.
    pub const MAX_LENGTH: usize = 253;

    /// Checks the name of a host, and converts it to lower case.
    ///
    /// # Errors
    /// [`HostNameError`] for a text of another form.
    pub fn new(name: &str) -> Result<Self, HostNameError> {
        let first = name.as_bytes().first();
        let fits = name.len() <= Self::MAX_LENGTH
            && first.is_some_and(u8::is_ascii_alphanumeric)
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if fits {
            Ok(Self(name.to_ascii_lowercase()))
        } else {
            Err(HostNameError(name.to_owned()))
        }
    }

    /// The name, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = HostNameError;

    fn from_str(name: &str) -> Result<Self, HostNameError> {
        Self::new(name)
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_escape_the_prefix() {
        for name in ["", ".", "..", ".hosts", "a/b", "a b", "-a", "ä", "a\0"] {
            assert!(HostName::new(name).is_err(), "{name:?}");
        }
        assert!(HostName::new(&"a".repeat(254)).is_err());
        assert!(HostName::new(&"a".repeat(253)).is_ok());
    }
}
