//! `probe`, against a port without a listener and a silent one. The tests of the `probe` crate
//! cover the certificates of TLS servers.

use std::net::TcpListener;

use certbind::exit;

use super::Host;

#[test]
fn unserved_binding_is_reported_and_fails() {
    let host = Host::new();
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let key = format!("ipport={closed}");
    host.add(&key);
    let output = host.command(&["probe"]).output().unwrap();
    assert_eq!(output.status.code(), Some(exit::FOUND.into()));
    let printed = String::from_utf8(output.stdout).unwrap();
    let expected = format!(
        "{key} ({closed}): connection failed: connection refused, nothing listens there\n0 as bound, \
         1 not, 0 without \
         a verdict\n"
    );
    assert_eq!(printed, expected);
    let output = host
        .command(&["probe", &key, "--format", "json"])
        .output()
        .unwrap();
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed[0]["key"], key);
    assert_eq!(printed[0]["found"], "nothing");
    assert_eq!(printed[0]["address"], closed.to_string());
}

#[test]
fn unbound_key_cannot_be_probed() {
    let host = Host::new();
    host.add("0.0.0.0:443");
    host.fails(exit::NOT_AUDITED, &["probe", "0.0.0.0:444"]);
}
