//! Files of GnuTLS.

use certbind_test_support::require;

use crate::chain::{Chain, PASSWORD};

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
