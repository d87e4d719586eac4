//! Files of NSS.

use certbind_test_support::require;

use crate::chain::{Chain, PASSWORD};

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
