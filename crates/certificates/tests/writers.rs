//! Files that OpenSSL, GnuTLS, NSS and the JDK write in the test, with every algorithm that they offer.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use certbind_certificates::{CertificateFile, FileError, PartError, PrivateKey, PrivateKeys};
use certbind_test_support::require;
use tempfile::TempDir;

/// Not ASCII, so that its encoding matters.
const PASSWORD: &str = "pä55wört";

/// A folder with a root, a server's certificate that it issued, the server's key, and both
/// certificates in one file.
struct Chain(TempDir);

impl Chain {
    fn new() -> Self {
        let chain = Self(TempDir::new().unwrap());
        let key = "rsa:2048 -nodes -days 30";
        chain.run(&format!(
            "openssl req -x509 -newkey {key} -keyout root.key -out root.pem -subj /CN=Root"
        ));
        chain.run(&format!(
            "openssl req -x509 -newkey {key} -keyout leaf.key -out leaf.pem -subj /CN=leaf \
             -CA root.pem -CAkey root.key -addext basicConstraints=critical,CA:false"
        ));
        let both = [chain.read("root.pem"), chain.read("leaf.pem")].concat();
        std::fs::write(chain.path().join("both.pem"), both).unwrap();
        chain
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path().join(name)).unwrap()
    }

    /// Runs a command in the folder. Its arguments are separated by spaces, and `_` is a space within
    /// one of them.
    fn run(&self, command: &str) {
        let mut words = command.split_whitespace();
        let output = Command::new(words.next().unwrap())
            .args(words.map(|word| word.replace('_', " ")))
            .current_dir(self.path())
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}: {said}");
    }

    /// The subjects of the certificates in a file, which is removed.
    fn subjects(&self, name: &str, password: &str) -> Vec<String> {
        let bytes = self.read(name);
        std::fs::remove_file(self.path().join(name)).unwrap();
        let passwords = ["wrong".to_owned(), password.to_owned()];
        let file = CertificateFile::read(&bytes, &passwords).unwrap_or_else(|error| {
            panic!("{name}: {error}");
        });
        assert_eq!(file.errors(), [], "{name}");
        let certificates = file.certificates().iter();
        let mut subjects: Vec<_> = certificates.map(|it| it.subject().to_owned()).collect();
        subjects.sort();
        subjects
    }
}

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

#[test]
fn gnutls_with_every_encryption() {
    require!("openssl", "certtool");
    let chain = Chain::new();
    let export = "certtool --to-p12 --load-certificate leaf.pem --load-privkey leaf.key \
                  --p12-name server --outfile file.p12";
    for cipher in [
        "3des",
        "3des-pkcs12",
        "aes-128",
        "aes-192",
        "aes-256",
        "rc2-40",
        "arcfour",
    ] {
        // PEM and DER.
        let form = if cipher == "aes-256" { "" } else { "--outder" };
        chain.run(&format!(
            "{export} --password {PASSWORD} --pkcs-cipher {cipher} {form}"
        ));
        let found = chain.subjects("file.p12", PASSWORD);
        assert_eq!(found, ["CN=leaf"], "{cipher}");
    }
    for cipher in ["3des-pkcs12", "aes-256"] {
        for password in ["--null-password", "--empty-password"] {
            chain.run(&format!(
                "{export} {password} --pkcs-cipher {cipher} --outder"
            ));
            let found = chain.subjects("file.p12", "unused");
            assert!(
                found.contains(&"CN=leaf".to_owned()),
                "{password}: {found:?}"
            );
        }
    }
}

#[test]
fn nss_with_every_encryption() {
    require!("openssl", "pk12util", "certutil");
    let chain = Chain::new();
    chain.run("openssl pkcs12 -export -inkey leaf.key -in both.pem -out in.pfx -passout pass:x -name server");
    std::fs::create_dir(chain.path().join("database")).unwrap();
    chain.run("certutil -N -d sql:database --empty-password");
    chain.run("pk12util -i in.pfx -d sql:database -W x");
    for options in [
        "",
        "-c AES-128-CBC -C AES-128-CBC",
        "-C PKCS_#12_V2_PBE_With_SHA-1_And_3KEY_Triple_DES-CBC",
        "-C PKCS_#12_V2_PBE_With_SHA-1_And_40_Bit_RC4",
        "-C none",
    ] {
        chain.run(&format!(
            "pk12util -o file.p12 -n server -d sql:database -W {PASSWORD} {options}"
        ));
        let found = chain.subjects("file.p12", PASSWORD);
        assert!(
            found.contains(&"CN=leaf".to_owned()),
            "{options}: {found:?}"
        );
    }
}

/// A JDK is large, so the test does not require one.
#[test]
fn the_jdk_with_its_defaults_and_the_older_algorithms() {
    require!("openssl");
    let missing = Command::new("keytool").arg("-help").output();
    if missing.is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        eprintln!("keytool is not installed; nothing was tested");
        return;
    }
    let chain = Chain::new();
    chain.run("openssl pkcs12 -export -inkey leaf.key -in both.pem -out in.pfx -passout pass:secret -name server");
    for options in ["", "-J-Dkeystore.pkcs12.legacy"] {
        chain.run(&format!(
            "keytool {options} -importkeystore -noprompt -srckeystore in.pfx -srcstorepass secret \
             -destkeystore file.p12 -deststoretype PKCS12 -deststorepass secret2"
        ));
        let found = chain.subjects("file.p12", "secret2");
        assert!(
            found.contains(&"CN=leaf".to_owned()),
            "{options}: {found:?}"
        );
    }
    chain.run("keytool -importcert -noprompt -file root.pem -alias root -keystore file.p12 -storetype PKCS12 -storepass secret3");
    assert_eq!(chain.subjects("file.p12", "secret3"), ["CN=Root"]);
    chain.run("keytool -importcert -noprompt -file root.pem -alias root -keystore file.jks -storetype JKS -storepass secret3");
    let error = CertificateFile::read(&chain.read("file.jks"), &[]).unwrap_err();
    assert!(error.to_string().contains("Java keystore (JKS)"), "{error}");
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
