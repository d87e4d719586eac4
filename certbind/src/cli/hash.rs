//! A certificate hash on the command line, or a unique prefix of one.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use certbind_core::{Binding, CertHash};

use crate::error::Error;

/// The fewest digits of a prefix.
const SHORTEST: usize = 4;

/// A hash, or the first digits of one that is bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HashPrefix {
    Whole(CertHash),
    Prefix(String),
}

impl HashPrefix {
    /// The hash: a prefix is resolved among the bindings.
    pub(crate) fn look_up(
        &self,
        bindings: impl FnOnce() -> Result<Vec<Binding>, Error>,
    ) -> Result<CertHash, Error> {
        match self {
            Self::Whole(hash) => Ok(*hash),
            prefix @ Self::Prefix(_) => prefix.resolve(&bindings()?),
        }
    }

    /// Whether it is this hash, or its first digits.
    pub(crate) fn matches(&self, hash: &CertHash) -> bool {
        match self {
            Self::Whole(whole) => whole == hash,
            Self::Prefix(prefix) => hash.to_string().starts_with(prefix),
        }
    }

    /// The hash among the bound ones. A complete hash need not be bound.
    pub(crate) fn resolve<'a>(
        &self,
        bindings: impl IntoIterator<Item = &'a Binding>,
    ) -> Result<CertHash, Error> {
        let prefix = match self {
            Self::Whole(hash) => return Ok(*hash),
            Self::Prefix(prefix) => prefix,
        };
        let hashes = bindings.into_iter().filter_map(|it| it.record().hash());
        let found: BTreeSet<_> = hashes.filter(|hash| self.matches(hash)).collect();
        let found: Vec<_> = found.into_iter().copied().collect();
        match found.as_slice() {
            [only] => Ok(*only),
            [] => Err(Error::UnknownHash {
                prefix: prefix.clone(),
            }),
            _ => Err(Error::AmbiguousHash {
                prefix: prefix.clone(),
                hashes: found,
            }),
        }
    }
}

impl FromStr for HashPrefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let error = match text.parse() {
            Ok(hash) => return Ok(Self::Whole(hash)),
            Err(error) => error,
        };
        let is_prefix = (SHORTEST..40).contains(&text.len())
            && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        if is_sha256(text) {
            return Err(
                "64 digits are a SHA-256 thumbprint, and HTTP.sys takes the SHA-1 one, of 40 digits; name \
                 the certificate by its file, --cert FILE, or take the Thumbprint that PowerShell shows"
                    .to_owned(),
            );
        }
        match is_prefix {
            true => Ok(Self::Prefix(text.to_ascii_lowercase())),
            false => Err(format!(
                "{error}; expected 40 hexadecimal digits, or at least the first {SHORTEST} of a \
                 hash that is bound"
            )),
        }
    }
}

/// Whether a text is the SHA-256 of a certificate, as other tools show it.
pub(super) fn is_sha256(text: &str) -> bool {
    let digits: Vec<char> = text.chars().filter(|it| !": ".contains(*it)).collect();
    digits.len() == 64 && digits.iter().all(char::is_ascii_hexdigit)
}

impl fmt::Display for HashPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(hash) => hash.fmt(f),
            Self::Prefix(prefix) => f.write_str(prefix),
        }
    }
}
