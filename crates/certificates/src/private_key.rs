//! The private keys of certificate files.

use std::fmt;

use zeroize::Zeroizing;

use crate::ber::{self, INTEGER, SEQUENCE};
use crate::part_error::PartError;
use crate::{pem, pfx};

/// A private key in DER: PKCS #8, PKCS #1 (RSA) or SEC 1 (elliptic curves). The memory is overwritten
/// when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKey(Zeroizing<Vec<u8>>);

/// The private keys of a PEM or PFX file, in the order of the file.
///
/// ```
/// use certbind_certificates::PrivateKeys;
///
/// // A certificate without its key.
/// let file = PrivateKeys::read(include_bytes!("../tests/fixtures/www-2025.pem"), &[]);
/// assert!(file.keys.is_empty() && file.errors.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrivateKeys {
    /// The keys that could be read.
    pub keys: Vec<PrivateKey>,
    /// The keys that could not be read.
    pub errors: Vec<PartError>,
}

impl PrivateKey {
    /// The key in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}

impl PrivateKeys {
    /// Reads a file. Each of the passwords, and the empty one, is tried on encrypted keys. Whether a key
    /// is of a supported algorithm is not checked.
    #[must_use]
    pub fn read(bytes: &[u8], passwords: &[String]) -> Self {
        let mut read = Self::default();
        if bytes.first() == Some(&SEQUENCE)
            && let Some((element, _)) = ber::read(bytes)
        {
            if pfx::is_pfx(&element) {
                read.add_pfx(&element, passwords);
            }
            return read;
        }
        let text = pem::text(bytes);
        for block in pem::blocks(&text) {
            let content = block.content.unwrap_or_default();
            let parsed = ber::read(&content);
            match (block.label, parsed) {
                ("ENCRYPTED PRIVATE KEY", Some(_)) => {
                    read.add(pfx::open_key(&content, passwords));
                }
                (label, Some((element, _)))
                    if label.ends_with("PRIVATE KEY") && begins_with_version(&element) =>
                {
                    read.add(Ok(Zeroizing::new(element.raw.to_vec())));
                }
                // OpenSSL's own encryption has a header, and no structure below the base64.
                (label, _) if label.ends_with("PRIVATE KEY") => {
                    read.add(Err(PartError::unsupported(
                        "a private key that is damaged or encrypted in OpenSSL's old format (convert it \
                         with `openssl pkcs8 -topk8`)",
                    )));
                }
                (label, Some((element, _)))
                    if label.starts_with("PKCS") && pfx::is_pfx(&element) =>
                {
                    read.add_pfx(&element, passwords);
                }
                _ => {}
            }
        }
        read
    }

    fn add_pfx(&mut self, element: &ber::Element<'_>, passwords: &[String]) {
        let pfx = pfx::read(element, passwords);
        pfx::open_keys(pfx.keys, passwords).for_each(|key| self.add(key));
    }

    fn add(&mut self, key: Result<Zeroizing<Vec<u8>>, PartError>) {
        match key {
            Ok(der) => self.keys.push(PrivateKey(der)),
            Err(error) => self.errors.push(error),
        }
    }
}

/// Whether an element is a sequence that begins with a number, as in each format of keys.
fn begins_with_version(element: &ber::Element<'_>) -> bool {
    let first = element.expect(SEQUENCE).and_then(ber::read);
    first.is_some_and(|(version, _)| version.is(INTEGER))
}
