//! `certbind serve` over a host in etcd.

#[path = "../common/served.rs"]
mod served;

use std::process::Command;

use certbind_test_support::require;
use tempfile::TempDir;

use super::{APP, done, new_host};

/// Another process changes the host in etcd, and the next handshake has the new certificate.
#[test]
fn changes_in_etcd_are_served() {
    require!("etcd", "openssl");
    let host = new_host();
    let folder = TempDir::new().unwrap();
    let [old, new] = ["old", "new"].map(|name| served::certificate(folder.path(), name));
    let key = "0.0.0.0:443";
    done(&host, &["add", key, "--hash", &old, "--app-id", APP]);
    let mut serve = Command::new(env!("CARGO_BIN_EXE_certbind"));
    serve
        .args([
            "--store",
            &host,
            "serve",
            "--free-ports",
            "--format",
            "json",
        ])
        .arg("--certificates")
        .arg(folder.path());
    let (_server, endpoint) = served::start(&mut serve);
    assert_eq!(served::met(endpoint, "www.contoso.com"), Some(old.clone()));
    done(&host, &["rotate", &old, &new]);
    assert_eq!(served::met(endpoint, "www.contoso.com"), Some(new));
    done(&host, &["delete", key]);
    assert_eq!(served::met(endpoint, "www.contoso.com"), None);
}
