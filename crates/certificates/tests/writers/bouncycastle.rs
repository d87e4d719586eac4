//! Files of BouncyCastle for Java.

use std::process::Command;

use certbind_certificates::{FileError, PartError, PrivateKeys};
use certbind_test_support::require;

use crate::chain::{BOTH, Chain, PASSWORD, contents, opened, source};

const JARS: &str =
    "/usr/share/java/bcprov.jar:/usr/share/java/bcutil.jar:/usr/share/java/bcpkix.jar";

/// Key stores and PKCS #7 in BER and DER; PBES2 with nine hashes, salts of 1 to 200 bytes, scrypt, and a key
/// with a password of its own.
#[test]
fn bouncycastle_with_every_encryption() {
    require!("openssl", "java", "javac", "/usr/share/java/bcpkix.jar");
    let chain = Chain::new();
    let folder = chain.folder("read");
    let unsupported = chain.folder("unsupported");
    let mut java = Command::new("java");
    java.args(["-cp", JARS]).arg(source("BouncyCastle.java"));
    chain.finish(java.arg(PASSWORD).args([&folder, &unsupported]));

    let found = chain.all_subjects(&folder);
    assert_eq!(found.len(), 59, "{found:?}");
    for (name, subjects) in found {
        assert_eq!(subjects, BOTH, "{name}");
    }
    let files = contents(&folder);
    for name in ["ber-PKCS12", "ber.p7b"] {
        assert_eq!(files[name][1], 0x80, "{name} is of indefinite length");
    }
    // A key that another password opens.
    let keys = |password: &str| PrivateKeys::read(&files["key-password"], &[password.to_owned()]);
    assert_eq!(keys(PASSWORD).errors, [PartError::Password]);
    assert_eq!(keys("another").keys.len(), 1);

    let files = contents(&unsupported);
    for (name, reason) in [
        ("BKS", "a BouncyCastle keystore (BKS or UBER)"),
        ("UBER", "a BouncyCastle keystore (BKS or UBER)"),
        ("BCFKS", "a BouncyCastle keystore (BCFKS)"),
        (
            "camellia",
            "the cipher 1.2.392.200011.61.1.1.1.4 is not supported",
        ),
    ] {
        let error = opened(&files[name], PASSWORD).unwrap_err();
        assert!(!matches!(error, FileError::Password { .. }), "{name}");
        assert!(error.to_string().contains(reason), "{name}: {error}");
    }
}
