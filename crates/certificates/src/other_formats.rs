//! Files that are found next to certificates and are named when one is read by mistake.

/// Formats by their first bytes: a name, and the next step.
const FORMATS: [(&[u8], &str, &str); 7] = [
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
    known.map(|(_, name, advice)| (*name, *advice))
}
