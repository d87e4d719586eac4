//! The strength of a certificate's key and signature, determined by their object identifiers.

use std::borrow::Cow;
use std::fmt;

use x509_cert::der::asn1::{AnyRef, ObjectIdentifier, UintRef};
use x509_cert::der::{Decode, Reader, SliceReader, Tag, Tagged};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

/// The public key of a certificate. Displayed it is a few words: `RSA, 2048 bits`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublicKey {
    /// RSA, with the length of its modulus.
    Rsa {
        /// In bits.
        bits: usize,
    },
    /// DSA, with the length of its prime.
    Dsa {
        /// In bits.
        bits: usize,
    },
    /// A key on an elliptic curve.
    Curve {
        /// The curve's name.
        name: &'static str,
        /// The length of its field, in bits.
        bits: usize,
    },
    /// Another one, or one that cannot be read.
    Other {
        /// The algorithm's object identifier.
        algorithm: String,
    },
}

/// The signature algorithm of a certificate. It is displayed by its name or, if that is not known,
/// by its object identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    name: Cow<'static, str>,
    is_weak: bool,
}

impl Signature {
    /// Whether the algorithm uses a digest with known collisions: MD2, MD4, MD5 or SHA-1.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.is_weak
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA, {bits} bits"),
            Self::Dsa { bits } => write!(f, "DSA, {bits} bits"),
            Self::Curve { name, .. } => f.write_str(name),
            Self::Other { algorithm } => write!(f, "algorithm {algorithm}"),
        }
    }
}

const RSA: &[&str] = &["1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"];
const DSA: &str = "1.2.840.10040.4.1";
const EC: &str = "1.2.840.10045.2.1";

/// The algorithms whose identifier is also the one of their curve.
const CURVE_ALGORITHMS: [(&str, &str, usize); 2] = [
    ("1.3.101.112", "Ed25519", 256),
    ("1.3.101.113", "Ed448", 448),
];

const CURVES: [(&str, &str, usize); 9] = [
    ("1.2.840.10045.3.1.1", "P-192", 192),
    ("1.3.132.0.33", "P-224", 224),
    ("1.2.840.10045.3.1.7", "P-256", 256),
    ("1.3.132.0.34", "P-384", 384),
    ("1.3.132.0.35", "P-521", 521),
    ("1.3.132.0.10", "secp256k1", 256),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", 256),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", 384),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", 512),
];

/// Signature algorithms, and whether their digest is weak.
const SIGNATURES: [(&str, &str, bool); 22] = [
    ("1.2.840.113549.1.1.2", "MD2 with RSA", true),
    ("1.2.840.113549.1.1.3", "MD4 with RSA", true),
    ("1.2.840.113549.1.1.4", "MD5 with RSA", true),
    ("1.2.840.113549.1.1.5", "SHA-1 with RSA", true),
    ("1.3.14.3.2.3", "MD5 with RSA", true),
    ("1.3.14.3.2.29", "SHA-1 with RSA", true),
    ("1.2.840.10040.4.3", "SHA-1 with DSA", true),
    ("1.3.14.3.2.27", "SHA-1 with DSA", true),
    ("1.2.840.10045.4.1", "SHA-1 with ECDSA", true),
    ("1.2.840.113549.1.1.14", "SHA-224 with RSA", false),
    ("1.2.840.113549.1.1.11", "SHA-256 with RSA", false),
    ("1.2.840.113549.1.1.12", "SHA-384 with RSA", false),
    ("1.2.840.113549.1.1.13", "SHA-512 with RSA", false),
    ("2.16.840.1.101.3.4.3.1", "SHA-224 with DSA", false),
    ("2.16.840.1.101.3.4.3.2", "SHA-256 with DSA", false),
    ("1.2.840.10045.4.3.1", "SHA-224 with ECDSA", false),
    ("1.2.840.10045.4.3.2", "SHA-256 with ECDSA", false),
    ("1.2.840.10045.4.3.3", "SHA-384 with ECDSA", false),
    ("1.2.840.10045.4.3.4", "SHA-512 with ECDSA", false),
    ("1.2.840.113549.1.1.10", "RSA-PSS", false),
    ("1.3.101.112", "Ed25519", false),
    ("1.3.101.113", "Ed448", false),
];

const PSS: &str = "1.2.840.113549.1.1.10";
const SHA_1: &str = "1.3.14.3.2.26";

pub(crate) fn public_key(info: &SubjectPublicKeyInfoOwned) -> PublicKey {
    let algorithm = info.algorithm.oid.to_string();
    let read = if RSA.contains(&algorithm.as_str()) {
        first_integer_bits(info.subject_public_key.raw_bytes()).map(|bits| PublicKey::Rsa { bits })
    } else if algorithm == DSA {
        let parameters = info.algorithm.parameters.as_ref();
        parameters
            .and_then(|dss| integer_bits(dss.value()))
            .map(|bits| PublicKey::Dsa { bits })
    } else if algorithm == EC {
        let parameters = info.algorithm.parameters.as_ref();
        let curve = parameters.and_then(|named| named.decode_as::<ObjectIdentifier>().ok());
        curve.and_then(|curve| named_curve(&CURVES, &curve.to_string()))
    } else {
        named_curve(&CURVE_ALGORITHMS, &algorithm)
    };
    read.unwrap_or(PublicKey::Other { algorithm })
}

fn named_curve(curves: &[(&str, &'static str, usize)], oid: &str) -> Option<PublicKey> {
    let (_, name, bits) = curves.iter().find(|(known, ..)| *known == oid)?;
    Some(PublicKey::Curve { name, bits: *bits })
}

/// The bits of the first integer of a sequence: of an RSA key, the modulus.
fn first_integer_bits(der: &[u8]) -> Option<usize> {
    let sequence = AnyRef::from_der(der).ok()?;
    (sequence.tag() == Tag::Sequence).then_some(())?;
    integer_bits(sequence.value())
}

/// The bits of the integer that these bytes begin with.
fn integer_bits(der: &[u8]) -> Option<usize> {
    let mut reader = SliceReader::new(der).ok()?;
    let number: UintRef<'_> = reader.decode().ok()?;
    let bytes = number.as_bytes();
    let first = bytes.first()?;
    Some(bytes.len() * 8 - first.leading_zeros() as usize)
}

pub(crate) fn signature(algorithm: &AlgorithmIdentifierOwned) -> Signature {
    let oid = algorithm.oid.to_string();
    if oid == PSS && pss_digest_is_sha_1(algorithm) {
        return Signature {
            name: Cow::Borrowed("SHA-1 with RSA-PSS"),
            is_weak: true,
        };
    }
    match SIGNATURES.iter().find(|(known, ..)| *known == oid) {
        Some((_, name, is_weak)) => Signature {
            name: Cow::Borrowed(name),
            is_weak: *is_weak,
        },
        None => Signature {
            name: Cow::Owned(oid),
            is_weak: false,
        },
    }
}

/// Whether the parameters of RSA-PSS leave the digest at its default or name that one (RFC 4055,
/// 3.1): the digest is the element with the tag [0].
fn pss_digest_is_sha_1(algorithm: &AlgorithmIdentifierOwned) -> bool {
    let Some(parameters) = &algorithm.parameters else {
        return true;
    };
    let named = || {
        let mut reader = SliceReader::new(parameters.value()).ok()?;
        let first: AnyRef<'_> = reader.decode().ok()?;
        let is_digest =
            matches!(first.tag(), Tag::ContextSpecific { number, .. } if number.value() == 0);
        is_digest.then_some(())?;
        let digest = AlgorithmIdentifierOwned::from_der(first.value()).ok()?;
        Some(digest.oid.to_string())
    };
    named().is_none_or(|digest| digest == SHA_1)
}
