//! The certificate that a command binds: from a file, or known by its hash alone.

use std::path::Path;

use certbind_certificates::{Certificate, CertificateFile, LeafError};
use certbind_core::{Binding, CertHash};

use crate::cli::certificate::{CertificateSource, Checks, Passwords, passwords};
use crate::error::Error;
use crate::terminal::escaped;

/// A certificate to bind.
#[derive(Clone, Debug)]
pub(crate) struct NewCertificate {
    hash: CertHash,
    /// The certificate, if it was read.
    certificate: Option<Box<Certificate>>,
    /// Whether the file contains other certificates.
    is_of_bundle: bool,
    /// Whether the file is a PFX without a private key.
    lacks_key: bool,
}

impl NewCertificate {
    /// The end of the chain in a file, for any order of its certificates.
    pub(crate) fn of_file(path: &Path, passwords: &[String]) -> Result<Self, Error> {
        let bytes = crate::read_file::read(path).map_err(|source| Error::Input {
            path: path.to_owned(),
            source,
        })?;
        let read = || -> Result<Self, LeafError> {
            let file = CertificateFile::read(&bytes, passwords)?;
            let leaf = file.leaf()?;
            Ok(Self {
                hash: *leaf.hash(),
                certificate: Some(Box::new(leaf.clone())),
                is_of_bundle: file.certificates().len() > 1,
                lacks_key: file.lacks_key(),
            })
        };
        read().map_err(|source| Error::Certificate {
            path: path.to_owned(),
            source,
        })
    }

    /// A certificate of which only the hash is known.
    pub(crate) fn of_hash(hash: CertHash) -> Self {
        Self {
            hash,
            certificate: None,
            is_of_bundle: false,
            lacks_key: false,
        }
    }

    /// The certificate that `add`, `update` and `set` name. A prefix of a hash is looked up among the
    /// bindings.
    pub(crate) fn named(
        source: &CertificateSource,
        checks: &Checks,
        bindings: impl FnOnce() -> Result<Vec<Binding>, Error>,
    ) -> Result<Option<Self>, Error> {
        match (&source.cert, &source.hash) {
            (Some(path), _) => Self::of_file(path, &checks.passwords()?).map(Some),
            (None, Some(hash)) => Ok(Some(Self::of_hash(hash.look_up(bindings)?))),
            (None, None) => Ok(None),
        }
    }

    pub(crate) fn hash(&self) -> &CertHash {
        &self.hash
    }

    pub(crate) fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_deref()
    }

    pub(crate) fn lacks_key(&self) -> bool {
        self.lacks_key
    }

    /// The hash, and of a bundle the subject as well, escaped.
    pub(crate) fn describe(&self) -> String {
        match &self.certificate {
            Some(certificate) if self.is_of_bundle => {
                format!("{} ({})", self.hash, escaped(certificate.subject()))
            }
            _ => self.hash.to_string(),
        }
    }
}

impl Checks {
    /// The passwords for PFX files.
    pub(crate) fn passwords(&self) -> Result<Passwords, Error> {
        passwords(self.passwords.as_deref())
    }
}
