//! Serialized stores of Windows' crypt32, as Wine has it. Not verified on real Windows. Wine 8 writes PKCS #7 without
//! a content type, which is none.

#![cfg(unix)]

use std::process::Command;

use certbind_test_support::require;

use crate::chain::{BOTH, Chain, source};

/// A Wine of the test's own, which ends with it.
struct Wine<'a>(&'a Chain);

impl Wine<'_> {
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.0.path())
            .env("WINEPREFIX", self.0.path().join("prefix"))
            .env("WINEDEBUG", "-all")
            .env("WINEDLLOVERRIDES", "mscoree=;mshtml=");
        command
    }
}

impl Drop for Wine<'_> {
    fn drop(&mut self) {
        // Its server outlives its programs by seconds, and writes into the folder that goes.
        for server in ["wineserver", "/usr/lib/wine/wineserver"] {
            let _ = self.command(server).arg("-k").output();
        }
    }
}

#[test]
fn crypt32_serialized_store() {
    require!("openssl", "wine", "x86_64-w64-mingw32-gcc");
    let chain = Chain::new();
    for name in ["leaf", "root"] {
        chain.run(&format!(
            "openssl x509 -in {name}.pem -outform DER -out {name}.der"
        ));
    }
    let mut gcc = Command::new("x86_64-w64-mingw32-gcc");
    gcc.args(["-Wall", "-Werror", "-o", "writer.exe"]);
    chain.finish(gcc.arg(source("crypt32.c")).arg("-lcrypt32"));
    let wine = Wine(&chain);
    chain.finish(wine.command("wine").arg("writer.exe"));
    assert_eq!(chain.subjects("certificates.sst", ""), BOTH);
}
