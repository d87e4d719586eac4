//! Files of OpenSSL.

use certbind_certificates::{CertificateFile, FileError, PartError, PrivateKey, PrivateKeys};
use certbind_test_support::require;

use crate::chain::{Chain, PASSWORD};

#[test]
fn openssl_with_every_encryption() {
    require!("openssl");
    let chain = Chain::new();
    let export = format!(
        "openssl pkcs12 -export -inkey leaf.key -in both.pem -out file.pfx -passout pass:{PASSWORD}"
    );
    for options in [
        "",
        "-legacy",
        "-legacy -certpbe PBE-SHA1-RC4-128",
        "-legacy -certpbe PBE-SHA1-RC4-40",
        "-legacy -certpbe PBE-SHA1-RC2-128",
        "-certpbe PBE-SHA1-2DES",
        "-certpbe PBE-SHA1-3DES -iter 1",
        "-certpbe AES-128-CBC",
        "-certpbe AES-192-CBC -iter 100000",
        "-certpbe DES-EDE3-CBC",
        "-certpbe NONE",
        "-keypbe NONE -certpbe NONE -nomac",
        "-nokeys",
        "-macalg sha512",
    ] {
        chain.run(&format!("{export} {options}"));
        let found = chain.subjects("file.pfx", PASSWORD);
        assert_eq!(found, ["CN=Root", "CN=leaf"], "{options}");
    }
    chain.run("openssl pkcs12 -export -inkey leaf.key -in both.pem -out file.pfx -passout pass:");
    assert_eq!(chain.subjects("file.pfx", "unused"), ["CN=Root", "CN=leaf"]);
}

#[test]
fn openssl_without_a_password_of_the_list() {
    require!("openssl");
    let chain = Chain::new();
    chain.run(&format!(
        "openssl pkcs12 -export -inkey leaf.key -in both.pem -out file.pfx -passout pass:{PASSWORD}"
    ));
    let refused = CertificateFile::read(&chain.read("file.pfx"), &["wrong".to_owned()]);
    assert_eq!(refused, Err(FileError::Password { format: "a PFX" }));
}

#[test]
fn openssl_pkcs_7_and_trusted_certificates() {
    require!("openssl");
    let chain = Chain::new();
    for format in ["DER", "PEM"] {
        chain.run(&format!(
            "openssl crl2pkcs7 -nocrl -certfile both.pem -outform {format} -out file.p7b"
        ));
        assert_eq!(chain.subjects("file.p7b", ""), ["CN=Root", "CN=leaf"]);
    }
    chain.run("openssl x509 -in leaf.pem -trustout -addtrust serverAuth -out file.pem");
    assert_eq!(chain.subjects("file.pem", ""), ["CN=leaf"]);
    // Signed data in BER with indefinite lengths, as a stream is signed.
    chain.run(
        "openssl cms -sign -in leaf.pem -signer leaf.pem -inkey leaf.key -certfile root.pem \
         -stream -outform DER -nodetach -out file.p7m",
    );
    assert_eq!(chain.subjects("file.p7m", ""), ["CN=Root", "CN=leaf"]);
}

/// For every encryption the decrypted key equals the original key.
#[test]
fn openssl_private_keys_in_every_format() {
    require!("openssl");
    let chain = Chain::new();
    let read = |name: &str, password: &str| {
        let passwords = ["wrong".to_owned(), password.to_owned()];
        PrivateKeys::read(&chain.read(name), &passwords)
    };
    let plain = read("leaf.key", "");
    assert_eq!((plain.keys.len(), plain.errors.as_slice()), (1, &[][..]));
    let key = plain.keys[0].der();
    assert!(
        !format!("{plain:?}").contains("48"),
        "the key is not printed"
    );
    for command in [
        "pkcs12 -export -inkey leaf.key -in both.pem -out file -passout pass:PASSWORD",
        "pkcs12 -export -legacy -inkey leaf.key -in both.pem -out file -passout pass:PASSWORD",
        "pkcs12 -export -keypbe NONE -certpbe NONE -nomac -inkey leaf.key -in leaf.pem -out file -passout pass:",
        "pkcs8 -topk8 -in leaf.key -out file -passout pass:PASSWORD",
        "pkcs8 -topk8 -scrypt -in leaf.key -out file -passout pass:PASSWORD",
    ] {
        chain.run(&format!(
            "openssl {}",
            command.replace("PASSWORD", PASSWORD)
        ));
        let found = read("file", PASSWORD);
        assert_eq!(found.errors, [], "{command}");
        let keys: Vec<_> = found.keys.iter().map(PrivateKey::der).collect();
        assert_eq!(keys, [key], "{command}");
        let locked = read("file", "other");
        let is_open = command.contains("NONE");
        assert_eq!(locked.keys.is_empty(), !is_open, "{command}");
        assert_eq!(
            locked.errors.contains(&PartError::Password),
            !is_open,
            "{command}"
        );
    }
    chain.run("openssl rsa -in leaf.key -traditional -out file");
    assert_eq!(read("file", "").keys.len(), 1);
    chain.run("openssl rsa -in leaf.key -traditional -aes128 -passout pass:x -out file");
    let old = read("file", "x");
    assert!(old.keys.is_empty() && old.errors[0].to_string().contains("pkcs8"));
}
