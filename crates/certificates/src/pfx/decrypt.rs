//! Password-based encryption: PBES2 (RFC 8018) and the algorithms of PKCS #12 (RFC 7292, appendix C).

use std::borrow::Cow;

use aes::{Aes128, Aes192, Aes256};
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{
    BlockCipherDecrypt, BlockModeDecrypt, InnerIvInit, KeyInit, KeyIvInit, StreamCipher,
};
use des::{Des, TdesEde2, TdesEde3};
use pbkdf2::pbkdf2_hmac;
use rc2::Rc2;
use rc4::Rc4;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};
use x509_cert::der::asn1::ObjectIdentifier;
use zeroize::Zeroizing;

use super::oids;
use super::pkcs12_kdf::{self, Purpose};
use crate::ber::{self, Element, OBJECT_IDENTIFIER, SEQUENCE};
use crate::part_error::PartError;

/// The family of an algorithm, which decides how a password is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Pkcs12,
    Pbes2,
}

/// An encryption with its parameters.
#[derive(Debug)]
pub(super) struct Encryption {
    derivation: Derivation,
    cipher: Cipher,
}

/// The derivation of a key from a password.
#[derive(Debug)]
enum Derivation {
    Pkcs12 {
        salt: Vec<u8>,
        iterations: u32,
    },
    Pbkdf2 {
        salt: Vec<u8>,
        iterations: u32,
        hash: Hash,
    },
    Scrypt {
        salt: Vec<u8>,
        params: scrypt::Params,
        cost: u64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha512_224,
    Sha512_256,
    Sha3_224,
    Sha3_256,
    Sha3_384,
    Sha3_512,
}

/// A cipher; those of PBES2 have their initialization vector as a parameter.
#[derive(Debug)]
enum Cipher {
    Aes {
        key_length: usize,
        iv: Vec<u8>,
    },
    Tdes {
        iv: Vec<u8>,
    },
    Des {
        iv: Vec<u8>,
    },
    Rc2 {
        key_length: usize,
        bits: usize,
        iv: Vec<u8>,
    },
    /// Triple DES with keys of 24 or 16 bytes.
    Pkcs12Tdes {
        key_length: usize,
    },
    Pkcs12Rc2 {
        key_length: usize,
    },
    Pkcs12Rc4 {
        key_length: usize,
    },
}

/// The maximum memory of scrypt in bytes, which is the default limit of OpenSSL.
const MAX_SCRYPT_MEMORY: u64 = 32 * 1024 * 1024;

impl Encryption {
    /// Reads an algorithm identifier.
    pub(super) fn of(algorithm: &Element<'_>) -> Result<Self, PartError> {
        let (oid, parameters) = identifier(algorithm)?;
        if oid == oids::PBES2 {
            return pbes2(parameters.ok_or(PartError::Damaged)?);
        }
        let Some([number]) = oid.strip_prefix(oids::PKCS12_PBE) else {
            return Err(unsupported("the encryption", oid));
        };
        let cipher = match number {
            1 => Cipher::Pkcs12Rc4 { key_length: 16 },
            2 => Cipher::Pkcs12Rc4 { key_length: 5 },
            3 => Cipher::Pkcs12Tdes { key_length: 24 },
            4 => Cipher::Pkcs12Tdes { key_length: 16 },
            5 => Cipher::Pkcs12Rc2 { key_length: 16 },
            6 => Cipher::Pkcs12Rc2 { key_length: 5 },
            _ => return Err(unsupported("the encryption", oid)),
        };
        let fields = parameters.and_then(fields).ok_or(PartError::Damaged)?;
        let [salt, iterations] = fields.as_slice() else {
            return Err(PartError::Damaged);
        };
        let derivation = Derivation::Pkcs12 {
            salt: octets(salt)?,
            iterations: count(iterations)?,
        };
        Ok(Self { derivation, cipher })
    }

    pub(super) fn scheme(&self) -> Scheme {
        match self.derivation {
            Derivation::Pkcs12 { .. } => Scheme::Pkcs12,
            Derivation::Pbkdf2 { .. } | Derivation::Scrypt { .. } => Scheme::Pbes2,
        }
    }

    /// The cost of deriving the key, in iterations of PBKDF2.
    pub(super) fn cost(&self) -> u64 {
        let blocks = |length: usize, block: usize| length.div_ceil(block) as u64;
        match &self.derivation {
            Derivation::Pkcs12 { iterations, .. } => {
                let hashes = blocks(self.cipher.key_length(), 20) + 1;
                // One hash for each iteration, where HMAC computes two.
                u64::from(*iterations) * hashes / 2
            }
            Derivation::Pbkdf2 {
                iterations, hash, ..
            } => u64::from(*iterations) * blocks(self.cipher.key_length(), hash.length()),
            Derivation::Scrypt { cost, .. } => *cost,
        }
    }

    /// Decrypts bytes with a password; `None` if invalid padding shows that the password is wrong.
    pub(super) fn decrypt(&self, password: &[u8], encrypted: &[u8]) -> Option<Vec<u8>> {
        let mut key = Zeroizing::new(vec![0; self.cipher.key_length()]);
        match &self.derivation {
            Derivation::Pkcs12 { salt, iterations } => {
                pkcs12_kdf::derive(Purpose::Key, password, salt, *iterations, &mut key);
                let mut iv = [0; 8];
                let purpose = Purpose::InitializationVector;
                if !matches!(self.cipher, Cipher::Pkcs12Rc4 { .. }) {
                    pkcs12_kdf::derive(purpose, password, salt, *iterations, &mut iv);
                }
                self.cipher.decrypt(&key, &iv, encrypted)
            }
            Derivation::Pbkdf2 {
                salt,
                iterations,
                hash,
            } => {
                hash.pbkdf2(password, salt, *iterations, &mut key);
                self.cipher.decrypt(&key, &[], encrypted)
            }
            Derivation::Scrypt { salt, params, .. } => {
                scrypt::scrypt(password, salt, params, &mut key).ok()?;
                self.cipher.decrypt(&key, &[], encrypted)
            }
        }
    }
}

/// The parameters of PBES2: a key derivation and a cipher.
fn pbes2(parameters: Element<'_>) -> Result<Encryption, PartError> {
    let both = fields(parameters).ok_or(PartError::Damaged)?;
    let [derivation, cipher] = both.as_slice() else {
        return Err(PartError::Damaged);
    };
    let cipher = Cipher::of(cipher)?;
    let (oid, parameters) = identifier(derivation)?;
    let parameters = parameters.and_then(fields).ok_or(PartError::Damaged)?;
    let derivation = match oid {
        oids::PBKDF2 => pbkdf2(&parameters)?,
        oids::SCRYPT => scrypt_of(&parameters)?,
        other => return Err(unsupported("the key derivation", other)),
    };
    Ok(Encryption { derivation, cipher })
}

/// `SEQUENCE { salt, iterations, keyLength OPTIONAL, prf DEFAULT hmacWithSHA1 }`.
fn pbkdf2(parameters: &[Element<'_>]) -> Result<Derivation, PartError> {
    let [salt, iterations, rest @ ..] = parameters else {
        return Err(PartError::Damaged);
    };
    let hash = match rest.iter().find(|field| field.is(SEQUENCE)) {
        Some(function) => Hash::of(identifier(function)?.0)?,
        None => Hash::Sha1,
    };
    Ok(Derivation::Pbkdf2 {
        salt: octets(salt)?,
        iterations: count(iterations)?,
        hash,
    })
}

/// `SEQUENCE { salt, N, r, p, keyLength OPTIONAL }`.
fn scrypt_of(parameters: &[Element<'_>]) -> Result<Derivation, PartError> {
    let [salt, n, r, p, ..] = parameters else {
        return Err(PartError::Damaged);
    };
    let number = |field: &Element<'_>| field.number().ok_or(PartError::Damaged);
    let (n, r, p) = (number(n)?, number(r)?, number(p)?);
    let memory = n.saturating_mul(r).saturating_mul(128);
    if memory > MAX_SCRYPT_MEMORY {
        return Err(PartError::TooMuchMemory {
            bytes: memory,
            limit: MAX_SCRYPT_MEMORY,
        });
    }
    let params = || {
        let log_n = n.is_power_of_two().then(|| n.trailing_zeros())?;
        let (r, p) = (u32::try_from(r).ok()?, u32::try_from(p).ok()?);
        scrypt::Params::new(u8::try_from(log_n).ok()?, r, p).ok()
    };
    Ok(Derivation::Scrypt {
        salt: octets(salt)?,
        params: params().ok_or(PartError::Damaged)?,
        // Mixing 128 bytes twice takes about as long as one iteration of PBKDF2.
        cost: (n * r).saturating_mul(p),
    })
}

impl Hash {
    /// The hash of an HMAC algorithm.
    fn of(oid: &[u8]) -> Result<Self, PartError> {
        let prefixes = [oids::RSADSI_DIGEST, oids::NIST_DIGEST];
        let number = prefixes.map(|prefix| oid.strip_prefix(prefix));
        Ok(match number {
            [Some([7]), _] => Self::Sha1,
            [Some([8]), _] => Self::Sha224,
            [Some([9]), _] => Self::Sha256,
            [Some([10]), _] => Self::Sha384,
            [Some([11]), _] => Self::Sha512,
            [Some([12]), _] => Self::Sha512_224,
            [Some([13]), _] => Self::Sha512_256,
            [_, Some([13])] => Self::Sha3_224,
            [_, Some([14])] => Self::Sha3_256,
            [_, Some([15])] => Self::Sha3_384,
            [_, Some([16])] => Self::Sha3_512,
            _ => return Err(unsupported("the hash of PBKDF2", oid)),
        })
    }

    /// The length in bytes.
    fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 | Self::Sha512_224 | Self::Sha3_224 => 28,
            Self::Sha256 | Self::Sha512_256 | Self::Sha3_256 => 32,
            Self::Sha384 | Self::Sha3_384 => 48,
            Self::Sha512 | Self::Sha3_512 => 64,
        }
    }

    fn pbkdf2(self, password: &[u8], salt: &[u8], iterations: u32, key: &mut [u8]) {
        let derive = match self {
            Self::Sha1 => pbkdf2_hmac::<Sha1>,
            Self::Sha224 => pbkdf2_hmac::<Sha224>,
            Self::Sha256 => pbkdf2_hmac::<Sha256>,
            Self::Sha384 => pbkdf2_hmac::<Sha384>,
            Self::Sha512 => pbkdf2_hmac::<Sha512>,
            Self::Sha512_224 => pbkdf2_hmac::<Sha512_224>,
            Self::Sha512_256 => pbkdf2_hmac::<Sha512_256>,
            Self::Sha3_224 => pbkdf2_hmac::<Sha3_224>,
            Self::Sha3_256 => pbkdf2_hmac::<Sha3_256>,
            Self::Sha3_384 => pbkdf2_hmac::<Sha3_384>,
            Self::Sha3_512 => pbkdf2_hmac::<Sha3_512>,
        };
        derive(password, salt, iterations, key);
    }
}

impl Cipher {
    /// A cipher of PBES2, whose parameter is its initialization vector.
    fn of(algorithm: &Element<'_>) -> Result<Self, PartError> {
        let (oid, parameters) = identifier(algorithm)?;
        let parameters = parameters.ok_or(PartError::Damaged)?;
        if oid == oids::RC2_CBC {
            return rc2_of(parameters);
        }
        let key_length = match oid.strip_prefix(oids::AES) {
            Some([2]) => Some(16),
            Some([22]) => Some(24),
            Some([42]) => Some(32),
            Some(_) => return Err(unsupported("the mode of AES", oid)),
            None => None,
        };
        let iv = || octets(&parameters);
        match (key_length, oid) {
            (Some(key_length), _) => Ok(Self::Aes {
                key_length,
                iv: iv()?,
            }),
            (None, oids::DES_EDE3_CBC) => Ok(Self::Tdes { iv: iv()? }),
            (None, oids::DES_CBC) => Ok(Self::Des { iv: iv()? }),
            (None, other) => Err(unsupported("the cipher", other)),
        }
    }

    /// The length of the key in bytes.
    fn key_length(&self) -> usize {
        match self {
            Self::Aes { key_length, .. }
            | Self::Rc2 { key_length, .. }
            | Self::Pkcs12Tdes { key_length }
            | Self::Pkcs12Rc2 { key_length }
            | Self::Pkcs12Rc4 { key_length } => *key_length,
            Self::Tdes { .. } => 24,
            Self::Des { .. } => 8,
        }
    }

    /// Decrypts bytes; `derived` is the initialization vector of the PKCS #12 algorithms.
    fn decrypt(&self, key: &[u8], derived: &[u8], encrypted: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Aes { key_length, iv } => match key_length {
                16 => cbc::<Aes128>(key, iv, encrypted),
                24 => cbc::<Aes192>(key, iv, encrypted),
                _ => cbc::<Aes256>(key, iv, encrypted),
            },
            Self::Tdes { iv } => cbc::<TdesEde3>(key, iv, encrypted),
            Self::Des { iv } => cbc::<Des>(key, iv, encrypted),
            Self::Rc2 { bits, iv, .. } => rc2(key, *bits, iv, encrypted),
            Self::Pkcs12Tdes { key_length: 24 } => cbc::<TdesEde3>(key, derived, encrypted),
            Self::Pkcs12Tdes { .. } => cbc::<TdesEde2>(key, derived, encrypted),
            Self::Pkcs12Rc2 { key_length } => rc2(key, key_length * 8, derived, encrypted),
            Self::Pkcs12Rc4 { .. } => {
                let mut plain = encrypted.to_vec();
                Rc4::new_from_slice(key).ok()?.apply_keystream(&mut plain);
                Some(plain)
            }
        }
    }
}

/// `SEQUENCE { rc2ParameterVersion OPTIONAL, iv }`. The version encodes the key's effective length.
fn rc2_of(parameters: Element<'_>) -> Result<Cipher, PartError> {
    let fields = fields(parameters).ok_or(PartError::Damaged)?;
    let (version, iv) = match fields.as_slice() {
        [iv] => (None, iv),
        [version, iv] => (version.number(), iv),
        _ => return Err(PartError::Damaged),
    };
    let bits = match version {
        None => 32,
        Some(160) => 40,
        Some(120) => 64,
        Some(58) => 128,
        Some(other) => {
            return Err(PartError::unsupported(format!("version {other} of RC2")));
        }
    };
    Ok(Cipher::Rc2 {
        key_length: bits / 8,
        bits,
        iv: octets(iv)?,
    })
}

fn cbc<C>(key: &[u8], iv: &[u8], encrypted: &[u8]) -> Option<Vec<u8>>
where
    C: BlockCipherDecrypt + KeyInit,
    Decryptor<C>: KeyIvInit + BlockModeDecrypt,
{
    let decryptor = Decryptor::<C>::new_from_slices(key, iv).ok()?;
    decryptor.decrypt_padded_vec::<Pkcs7>(encrypted).ok()
}

fn rc2(key: &[u8], bits: usize, iv: &[u8], encrypted: &[u8]) -> Option<Vec<u8>> {
    let cipher = Rc2::new_with_eff_key_len(key, bits);
    let decryptor = Decryptor::inner_iv_slice_init(cipher, iv).ok()?;
    decryptor.decrypt_padded_vec::<Pkcs7>(encrypted).ok()
}

/// The object identifier and the parameters of an algorithm.
fn identifier<'a>(algorithm: &Element<'a>) -> Result<(&'a [u8], Option<Element<'a>>), PartError> {
    let read = || {
        let fields = ber::all(algorithm.expect(SEQUENCE)?)?;
        let oid = fields.first()?.expect(OBJECT_IDENTIFIER)?;
        Some((oid, fields.get(1).copied()))
    };
    read().ok_or(PartError::Damaged)
}

fn fields(sequence: Element<'_>) -> Option<Vec<Element<'_>>> {
    ber::all(sequence.expect(SEQUENCE)?)
}

fn octets(string: &Element<'_>) -> Result<Vec<u8>, PartError> {
    let octets = string
        .is(ber::OCTET_STRING)
        .then(|| string.octets())
        .flatten();
    octets.map(Cow::into_owned).ok_or(PartError::Damaged)
}

/// A number of iterations, of which there is at least one.
fn count(iterations: &Element<'_>) -> Result<u32, PartError> {
    match iterations.number() {
        None | Some(0) => Err(PartError::Damaged),
        Some(found) => Ok(u32::try_from(found).unwrap_or(u32::MAX)),
    }
}

fn unsupported(what: &str, oid: &[u8]) -> PartError {
    let oid = ObjectIdentifier::from_bytes(oid).map_or("unknown".to_owned(), |oid| oid.to_string());
    PartError::unsupported(format!("{what} {oid}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key derivation of a file with these parameters of scrypt.
    fn asked(n: u32, r: u8, p: u8) -> Result<Derivation, PartError> {
        let mut bytes = vec![4, 1, 0, 2, 5, 0];
        bytes.extend(n.to_be_bytes());
        bytes.extend([2, 1, r, 2, 1, p]);
        scrypt_of(&ber::all(&bytes).unwrap())
    }

    /// A file of 166 bytes could take 532 MB.
    #[test]
    fn scrypt_takes_at_most_32_mib() {
        assert!(matches!(
            asked(1 << 15, 8, 1),
            Ok(Derivation::Scrypt { cost: 262_144, .. })
        ));
        for (n, r) in [(1 << 15, 9), (1 << 16, 8), (1 << 31, 127)] {
            assert!(
                matches!(asked(n, r, 1), Err(PartError::TooMuchMemory { limit, .. }) if limit == 32 << 20),
                "{n} {r}"
            );
        }
        assert!(matches!(asked(1000, 8, 1), Err(PartError::Damaged)));
    }
}
