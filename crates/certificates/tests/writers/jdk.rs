//! Files of the JDK.

use std::process::Command;

use certbind_certificates::CertificateFile;
use certbind_test_support::require;

use crate::chain::Chain;

#[test]
fn the_jdk_with_its_defaults_and_the_older_algorithms() {
    require!("openssl", "keytool");
    let chain = Chain::new();
    chain.run("openssl pkcs12 -export -inkey leaf.key -in both.pem -out in.pfx -passout pass:secret -name server");
    let algorithm = "-J-Dkeystore.pkcs12.certProtectionAlgorithm=";
    for options in [
        "",
        "-J-Dkeystore.pkcs12.legacy",
        &format!("{algorithm}NONE"),
        &format!("{algorithm}PBEWithHmacSHA1AndAES_128"),
        &format!(
            "{algorithm}PBEWithHmacSHA512AndAES_256 -J-Dkeystore.pkcs12.certPbeIterationCount=1000"
        ),
    ] {
        // Names of algorithms have underscores.
        chain.finish(
            Command::new("keytool")
                .args(options.split_whitespace())
                .args(["-importkeystore", "-noprompt", "-srckeystore", "in.pfx"])
                .args(["-srcstorepass", "secret", "-destkeystore", "file.p12"])
                .args(["-deststoretype", "PKCS12", "-deststorepass", "secret2"]),
        );
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
