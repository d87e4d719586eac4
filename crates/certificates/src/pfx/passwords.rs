//! Passwords, in each of the encodings that programs use.

use zeroize::Zeroizing;

use super::decrypt::{Encryption, Scheme};

/// The maximum cost of a part, in iterations, for which unusual encodings are tried.
const MAX_COST_OF_UNUSUAL: u64 = 100_000;

/// The passwords to try, those that opened a part first.
pub(super) struct Passwords(Vec<Zeroizing<String>>);

impl Passwords {
    /// These passwords, and the empty one.
    pub(super) fn new(passwords: &[String]) -> Self {
        let mut all: Vec<_> = passwords.iter().cloned().map(Zeroizing::new).collect();
        if !passwords.iter().any(String::is_empty) {
            all.push(Zeroizing::new(String::new()));
        }
        Self(all)
    }

    /// Decrypts bytes with the first password whose result is accepted.
    pub(super) fn open(
        &mut self,
        encryption: &Encryption,
        encrypted: &[u8],
        accept: impl Fn(&[u8]) -> bool,
    ) -> Option<Vec<u8>> {
        let attempt = |encodings: &[Zeroizing<Vec<u8>>]| {
            encodings.iter().find_map(|encoded| {
                let plain = encryption.decrypt(encoded, encrypted)?;
                accept(&plain).then_some(plain)
            })
        };
        let each = |encode: fn(&str, Scheme) -> Vec<Zeroizing<Vec<u8>>>| {
            let mut passwords = self.0.iter().enumerate();
            passwords.find_map(|(at, password)| {
                Some((at, attempt(&encode(password, encryption.scheme()))?))
            })
        };
        let opened = match each(usual) {
            None if encryption.cost() <= MAX_COST_OF_UNUSUAL => each(unusual),
            opened => opened,
        };
        let (at, plain) = opened?;
        self.0.swap(0, at);
        Some(plain)
    }
}

/// The encoding that the standards prescribe or almost all programs use.
///
/// PKCS #12 prescribes UTF-16 with a terminating NUL for its own algorithms, and has two ways to write
/// an empty password: with its terminator, and as no bytes at all. PBES2 has no rule; almost all
/// programs use UTF-8.
fn usual(password: &str, scheme: Scheme) -> Vec<Zeroizing<Vec<u8>>> {
    let encodings = match scheme {
        _ if password.is_empty() => vec![vec![], vec![0, 0]],
        Scheme::Pkcs12 => vec![utf16(password, u16::to_be_bytes, &[0, 0])],
        Scheme::Pbes2 => vec![password.as_bytes().to_vec()],
    };
    encodings.into_iter().map(Zeroizing::new).collect()
}

/// Other encodings, which old or faulty programs use.
fn unusual(password: &str, scheme: Scheme) -> Vec<Zeroizing<Vec<u8>>> {
    let encodings = match scheme {
        _ if password.is_empty() => vec![],
        Scheme::Pkcs12 => {
            // OpenSSL before 1.1 widened each byte of the password's encoding.
            let widened = password.bytes().flat_map(|byte| [0, byte]);
            vec![
                utf16(password, u16::to_be_bytes, &[]),
                widened.chain([0, 0]).collect(),
            ]
        }
        Scheme::Pbes2 => vec![
            utf16(password, u16::to_be_bytes, &[0, 0]),
            utf16(password, u16::to_be_bytes, &[]),
            utf16(password, u16::to_le_bytes, &[0, 0]),
            utf16(password, u16::to_le_bytes, &[]),
        ],
    };
    encodings.into_iter().map(Zeroizing::new).collect()
}

fn utf16(password: &str, encode: fn(u16) -> [u8; 2], end: &[u8]) -> Vec<u8> {
    let units = password.encode_utf16().flat_map(encode);
    units.chain(end.iter().copied()).collect()
}
