//! `serve` over the bindings of a simulated HTTP.sys: changes by programs that load the drop-in library
//! apply to the next handshake.

use std::process::Command;

use certbind_test_support::require;

use crate::served::{certificate, met, start};
use crate::{Host, IIS};

#[test]
fn changes_through_the_library_are_served() {
    require!("openssl");
    let host = Host::new();
    let folder = host.folder.path().join("certificates");
    std::fs::create_dir(&folder).unwrap();
    let [old, new] = ["old", "new"].map(|name| certificate(&folder, name));
    let key = "hostnameport=www.contoso.com:443";
    host.ok(&["add", key, "--hash", &old, "--app-id", IIS]);
    // A port without any binding is closed, and opened again under another number.
    let other = "hostnameport=other.contoso.com:443";
    host.ok(&["add", other, "--hash", &old, "--app-id", IIS]);
    // The simulated HTTP.sys keeps its bindings in this file.
    let records = host.folder.path().join("records.redb");
    let mut serve = Command::new(env!("CARGO_BIN_EXE_certbind"));
    serve
        .args(["serve", "--free-ports", "--format", "json", "--from"])
        .arg(format!("redb:{}", records.display()))
        .arg("--certificates")
        .arg(&folder);
    let (_server, endpoint) = start(&mut serve);
    assert_eq!(met(endpoint, "www.contoso.com"), Some(old));
    // certbind's own command, and the emulated netsh.
    host.ok(&["update", key, "--hash", &new]);
    assert_eq!(met(endpoint, "www.contoso.com"), Some(new.clone()));
    host.ok(&["netsh", "http", "delete", "sslcert", key]);
    assert_eq!(met(endpoint, "www.contoso.com"), None);
    let (hash, app) = (format!("certhash={new}"), format!("appid={{{IIS}}}"));
    let add = ["netsh", "http", "add", "sslcert", key, &hash, &app];
    host.ok(&[&add[..], &["certstorename=MY"]].concat());
    assert_eq!(met(endpoint, "www.contoso.com"), Some(new));
}
