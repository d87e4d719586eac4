//! Files of .NET and of Mono.

use std::process::Command;

use certbind_test_support::{require, skip};

use crate::chain::{BOTH, Chain, PASSWORD, installed, source};

const RUNTIME: &str = r#"{"runtimeOptions": {
    "framework": {"name": "Microsoft.NETCore.App", "version": "3.1.23"},
    "configProperties": {"System.Globalization.Invariant": true}
}}"#;

/// A chain, and the program that writes it.
fn compiled(pfx_options: &str) -> Chain {
    let chain = Chain::new();
    chain.run(&format!(
        "openssl pkcs12 -export -inkey leaf.key -in leaf.pem -certfile root.pem -out in.pfx \
         -passout pass:x {pfx_options}"
    ));
    let mut mcs = Command::new("mcs");
    mcs.args(["-warnaserror", "-out:writer.dll"]);
    chain.finish(mcs.arg(source("dotnet.cs")));
    chain
}

#[test]
fn dotnet_with_and_without_a_password() {
    require!("openssl", "gcc", "mcs");
    let dotnet = installed("dotnet/dotnetcore2/bin/dotnet");
    if !dotnet.is_file() {
        return skip("needs .NET, which `cargo xtask test --install` installs");
    }
    let chain = compiled("");
    std::fs::write(chain.path().join("runtime.json"), RUNTIME).unwrap();
    let mut gcc = Command::new("gcc");
    gcc.args(["-shared", "-fPIC", "-o", "libssl.so.1.1"])
        .arg(source("../../../httpapi/tests/dotnet/openssl.c"))
        .args(["-Wl,--no-as-needed", "-l:libssl.so.3", "-l:libcrypto.so.3"]);
    chain.finish(&mut gcc);

    let folder = chain.folder("read");
    let mut writer = Command::new(dotnet);
    writer
        .args(["exec", "--runtimeconfig", "runtime.json", "writer.dll"])
        .env("LD_LIBRARY_PATH", chain.path());
    chain.finish(writer.arg(PASSWORD).arg(&folder));
    let found = chain.all_subjects(&folder);
    assert_eq!(found.len(), 5, "{found:?}");
    for (name, subjects) in found {
        assert_eq!(subjects, BOTH, "{name}");
    }
}

/// Of certificates without keys, Mono writes the last.
#[test]
fn mono_with_and_without_a_password() {
    require!("openssl", "mcs", "mono");
    // Mono reads none of the newer encryptions.
    let chain = compiled("-legacy");
    let folder = chain.folder("read");
    let mut mono = Command::new("mono");
    chain.finish(mono.args(["writer.dll", PASSWORD]).arg(&folder));
    let found = chain.all_subjects(&folder);
    assert_eq!(found.len(), 4, "{found:?}");
    for (name, subjects) in found {
        let expected = if name == "key.pfx" {
            &BOTH[..]
        } else {
            &["CN=Root"]
        };
        assert_eq!(subjects, expected, "{name}");
    }
}
