//! Files that are found next to certificates and are named when one is read by mistake.

use crate::ber::{self, OBJECT_IDENTIFIER, SEQUENCE};

const TO_PKCS12_BY_BOUNCYCASTLE: &str =
    "; convert it with keytool -importkeystore -deststoretype PKCS12 and BouncyCastle's provider";

/// Formats by their first bytes: a name, and the next step.
const FORMATS: [(&[u8], &str, &str); 9] = [
    (
        &[0xfe, 0xed, 0xfe, 0xed],
        "a Java keystore (JKS)",
        "; convert it with keytool -importkeystore -deststoretype PKCS12",
    ),
    (
        &[0xce, 0xce, 0xce, 0xce],
        "a Java keystore (JCEKS)",
        "; convert it with keytool -importkeystore -deststoretype PKCS12",
    ),
    // A version, and the length of a salt.
    (
        &[0, 0, 0, 1, 0, 0, 0, 20],
        "a BouncyCastle keystore (BKS or UBER)",
        TO_PKCS12_BY_BOUNCYCASTLE,
    ),
    (
        &[0, 0, 0, 2, 0, 0, 0, 20],
        "a BouncyCastle keystore (BKS or UBER)",
        TO_PKCS12_BY_BOUNCYCASTLE,
    ),
    (
        b"SQLite format 3\0",
        "an SQLite database, as NSS keeps certificates in",
        "; export it with pk12util -o",
    ),
    (b"PK\x03\x04", "a ZIP archive", "; unpack it"),
    (&[0x1f, 0x8b], "a gzip archive", "; unpack it"),
    (b"openssh-key-v1", "an OpenSSH key", ""),
    (b"MZ", "a program of Windows", ""),
];

/// The name of the format of a file, and how to convert it.
pub(crate) fn name(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let known = FORMATS.iter().find(|(start, ..)| bytes.starts_with(start));
    let known = known.map(|(_, name, advice)| (*name, *advice));
    known.or_else(|| {
        let bcfks = "a BouncyCastle keystore (BCFKS)";
        is_bcfks(bytes).then_some((bcfks, TO_PKCS12_BY_BOUNCYCASTLE))
    })
}

/// Whether a file is encrypted data (PBES2) and its integrity check.
fn is_bcfks(bytes: &[u8]) -> bool {
    /// PBES2 (RFC 8018): 1.2.840.113549.1.5.13
    const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d];
    let inner = |bytes| ber::read(bytes)?.0.expect(SEQUENCE);
    let algorithm = || {
        // The store, its encrypted data, and the algorithm of that.
        let (oid, _) = ber::read(inner(inner(inner(bytes)?)?)?)?;
        oid.expect(OBJECT_IDENTIFIER)
    };
    algorithm() == Some(PBES2)
}
