//! PFX files (PKCS #12, RFC 7292).
//!
//! [`read`] reads certificates only. Private keys stay encrypted until [`open_key`] is called, and
//! the certificates are readable without the password of the key. The MAC is not checked: a
//! certificate is identified by its hash, and needs no integrity protection by the file.

mod decrypt;
mod limits;
mod oids;
mod passwords;
mod pkcs12_kdf;

use std::borrow::Cow;

use decrypt::Encryption;
use limits::Budget;
use passwords::Passwords;
use zeroize::Zeroizing;

use crate::ber::{self, Element, INTEGER, SEQUENCE, SET};
use crate::part_error::PartError;

/// The certificates of a PFX file, and the parts that could not be read.
#[derive(Debug, Default)]
pub(crate) struct Pfx {
    pub(crate) certificates: Vec<CertificateBag>,
    /// The ids of the private keys, as far as they have one.
    pub(crate) key_ids: Vec<Vec<u8>>,
    pub(crate) keys: Vec<KeyBag>,
    pub(crate) errors: Vec<PartError>,
}

/// One certificate in DER.
#[derive(Debug)]
pub(crate) struct CertificateBag {
    pub(crate) der: Vec<u8>,
    /// The id of its private key, if the file names one.
    pub(crate) key_id: Option<Vec<u8>>,
}

/// One private key.
#[derive(Debug)]
pub(crate) struct KeyBag {
    /// PKCS #8, or the encryption of it.
    der: Zeroizing<Vec<u8>>,
    is_encrypted: bool,
}

/// The maximum depth of bags within bags.
const MAX_DEPTH: usize = 8;

/// Whether an element is a PFX: a sequence that begins with the number 3 and a content type.
pub(crate) fn is_pfx(element: &Element<'_>) -> bool {
    let version = element.expect(SEQUENCE).and_then(ber::read);
    version.is_some_and(|(version, rest)| {
        version.expect(INTEGER) == Some(&[3])
            && ber::read(rest).is_some_and(|(it, _)| it.is(SEQUENCE))
    })
}

/// Reads a PFX with these passwords. The empty password is always tried.
pub(crate) fn read(pfx: &Element<'_>, passwords: &[String]) -> Pfx {
    let mut found = Pfx::default();
    let outcome = parts(pfx).and_then(|parts| {
        let mut passwords = Passwords::new(passwords);
        let mut budget = Budget::default();
        for part in ber::children(sequence(&parts)?) {
            let read = part.ok_or(PartError::Damaged).and_then(|part| {
                let contents = safe_contents(&part, &mut passwords, &mut budget)?;
                bags(&contents, &mut found, 0)
            });
            if let Err(error) = read {
                found.errors.push(error);
            }
        }
        Ok(())
    });
    if let Err(error) = outcome {
        found.errors.push(error);
    }
    found
}

/// The private keys of a file in PKCS #8, as far as a password opens them.
pub(crate) fn open_keys(
    keys: Vec<KeyBag>,
    passwords: &[String],
) -> impl Iterator<Item = Result<Zeroizing<Vec<u8>>, PartError>> {
    let mut passwords = Passwords::new(passwords);
    let mut budget = Budget::default();
    keys.into_iter().map(move |key| match key.is_encrypted {
        true => decrypt_key(&key.der, &mut passwords, &mut budget),
        false => Ok(key.der),
    })
}

/// A private key that is encrypted on its own: `EncryptedPrivateKeyInfo` (RFC 5958).
pub(crate) fn open_key(
    encrypted: &[u8],
    passwords: &[String],
) -> Result<Zeroizing<Vec<u8>>, PartError> {
    decrypt_key(
        encrypted,
        &mut Passwords::new(passwords),
        &mut Budget::default(),
    )
}

fn decrypt_key(
    encrypted: &[u8],
    passwords: &mut Passwords,
    budget: &mut Budget,
) -> Result<Zeroizing<Vec<u8>>, PartError> {
    let read = || {
        let fields = ber::all(sequence(encrypted).ok()?)?;
        let [algorithm, content, ..] = fields.as_slice() else {
            return None;
        };
        Some((*algorithm, content.octets()?))
    };
    let (algorithm, content) = read().ok_or(PartError::Damaged)?;
    let encryption = Encryption::of(&algorithm)?;
    budget.spend(&encryption)?;
    let opened = passwords.open(&encryption, &content, looks_like_key);
    opened.map(Zeroizing::new).ok_or(PartError::Password)
}

/// Whether decrypted bytes are a private key: `SEQUENCE { INTEGER version, AlgorithmIdentifier, … }`.
fn looks_like_key(bytes: &[u8]) -> bool {
    let fields = || {
        let (version, rest) = ber::read(sequence(bytes).ok()?)?;
        let (algorithm, _) = ber::read(rest)?;
        Some((version, algorithm))
    };
    fields().is_some_and(|(version, algorithm)| {
        version.expect(INTEGER).is_some() && algorithm.is(SEQUENCE)
    })
}

/// The content of the sequence that `bytes` consists of.
fn sequence(bytes: &[u8]) -> Result<&[u8], PartError> {
    let (element, _) = ber::read(bytes).ok_or(PartError::Damaged)?;
    element.expect(SEQUENCE).ok_or(PartError::Damaged)
}

/// The authenticated safe: a sequence of parts.
fn parts<'a>(pfx: &Element<'a>) -> Result<Cow<'a, [u8]>, PartError> {
    let fields = ber::all(pfx.content).ok_or(PartError::Damaged)?;
    let safe = fields.get(1).ok_or(PartError::Damaged)?;
    let (kind, content) = content_info(safe)?;
    match kind {
        oids::DATA => content.octets().ok_or(PartError::Damaged),
        oids::SIGNED_DATA => Err(PartError::unsupported(
            "a PFX that is protected by a signature instead of a password",
        )),
        _ => Err(PartError::Damaged),
    }
}

/// A content type and its content: `SEQUENCE { OBJECT IDENTIFIER, [0] content }`.
fn content_info<'a>(info: &Element<'a>) -> Result<(&'a [u8], Element<'a>), PartError> {
    let read = || {
        let fields = ber::all(info.expect(SEQUENCE)?)?;
        let [kind, explicit, ..] = fields.as_slice() else {
            return None;
        };
        let (content, _) = ber::read(explicit.content)?;
        Some((
            kind.expect(ber::OBJECT_IDENTIFIER)?,
            explicit.is_context(0).then_some(content)?,
        ))
    };
    read().ok_or(PartError::Damaged)
}

/// The bags of a part, decrypted if necessary.
fn safe_contents<'a>(
    part: &Element<'a>,
    passwords: &mut Passwords,
    budget: &mut Budget,
) -> Result<Cow<'a, [u8]>, PartError> {
    let (kind, content) = content_info(part)?;
    match kind {
        oids::DATA => content.octets().ok_or(PartError::Damaged),
        oids::ENCRYPTED_DATA => {
            let read = || {
                let fields = ber::all(content.expect(SEQUENCE)?)?;
                let info = ber::all(fields.get(1)?.expect(SEQUENCE)?)?;
                let [_, algorithm, encrypted, ..] = info.as_slice() else {
                    return None;
                };
                let encrypted = encrypted.is_context(0).then(|| encrypted.octets())??;
                Some((*algorithm, encrypted))
            };
            let (algorithm, encrypted) = read().ok_or(PartError::Damaged)?;
            let encryption = Encryption::of(&algorithm)?;
            budget.spend(&encryption)?;
            let opened = passwords.open(&encryption, &encrypted, looks_like_bags);
            opened.map(Cow::Owned).ok_or(PartError::Password)
        }
        oids::ENVELOPED_DATA => Err(PartError::unsupported(
            "a part that is encrypted for the public key of a recipient",
        )),
        _ => Err(PartError::Damaged),
    }
}

/// Whether decrypted bytes are bags. Bytes decrypted with a wrong password are not.
fn looks_like_bags(bytes: &[u8]) -> bool {
    let Some((sequence, _)) = ber::read(bytes) else {
        return false;
    };
    let Some(bags) = sequence.expect(SEQUENCE) else {
        return false;
    };
    ber::children(bags).all(|bag| {
        let kind = bag
            .and_then(|bag| bag.expect(SEQUENCE))
            .and_then(ber::read)
            .and_then(|(kind, _)| kind.expect(ber::OBJECT_IDENTIFIER));
        kind.is_some_and(|kind| kind.starts_with(oids::BAG))
    })
}

/// Collects the certificates of bags.
fn bags(contents: &[u8], found: &mut Pfx, depth: usize) -> Result<(), PartError> {
    if depth > MAX_DEPTH {
        return Err(PartError::Damaged);
    }
    for bag in ber::children(sequence(contents)?) {
        let bag = bag.ok_or(PartError::Damaged)?;
        let Ok((kind, value)) = content_info(&bag) else {
            found.errors.push(PartError::Damaged);
            continue;
        };
        match kind.strip_prefix(oids::BAG) {
            Some(kind @ (oids::KEY_BAG | oids::SHROUDED_KEY_BAG)) => {
                found.key_ids.extend(key_id(&bag));
                found.keys.push(KeyBag {
                    der: Zeroizing::new(value.raw.to_vec()),
                    is_encrypted: kind == oids::SHROUDED_KEY_BAG,
                });
            }
            Some(oids::CERTIFICATE_BAG) => match certificate(&value) {
                Ok(der) => found.certificates.push(CertificateBag {
                    der,
                    key_id: key_id(&bag),
                }),
                Err(error) => found.errors.push(error),
            },
            Some(oids::SAFE_CONTENTS_BAG) => bags(value.raw, found, depth + 1)?,
            // Revocation lists, secrets, and bags that may be defined later.
            _ => {}
        }
    }
    Ok(())
}

/// The certificate of a certificate bag.
fn certificate(bag: &Element<'_>) -> Result<Vec<u8>, PartError> {
    let (kind, value) = content_info(bag)?;
    match kind {
        oids::X509_CERTIFICATE => {
            let der = value.octets().ok_or(PartError::Damaged)?;
            Ok(der.into_owned())
        }
        _ => Err(PartError::unsupported("a certificate that is not X.509")),
    }
}

/// The local key id among the attributes of a bag, which a certificate shares with its key.
fn key_id(bag: &Element<'_>) -> Option<Vec<u8>> {
    let fields = ber::all(bag.content)?;
    let attributes = ber::all(fields.get(2)?.expect(SET)?)?;
    attributes.iter().find_map(|attribute| {
        let fields = ber::all(attribute.expect(SEQUENCE)?)?;
        let [kind, values] = fields.as_slice() else {
            return None;
        };
        (kind.expect(ber::OBJECT_IDENTIFIER)? == oids::LOCAL_KEY_ID).then_some(())?;
        let (value, _) = ber::read(values.expect(SET)?)?;
        Some(value.octets()?.into_owned())
    })
}
