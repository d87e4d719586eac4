//! `apply --probe`, `apply --confirm` and `confirm`.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use certbind::exit;
use rustls::ServerConfig;
use rustls::ServerConnection;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;

use crate::bench::{Bench, NEW, text};

const APPLY: [&str; 4] = ["apply", "plan.json", "redb:host", "--yes"];

/// A host on which one binding is replaced, and one created.
fn planned() -> Bench {
    let bench = Bench::new();
    bench.add("redb:host", "0.0.0.0:443", &[]);
    bench.add("redb:wanted", "0.0.0.0:443", &[]);
    bench.add("redb:wanted", "0.0.0.0:8443", &[]);
    bench.ok(&[
        "--store",
        "redb:wanted",
        "update",
        "0.0.0.0:443",
        "--hash",
        NEW,
    ]);
    bench.ok(&["plan", "redb:wanted", "redb:host", "-o", "plan.json"]);
    bench
}

/// The changes, made by a process that waits for their confirmation.
fn waiting(bench: &Bench, time: &str) -> Child {
    let mut command = bench.command(&[&APPLY[..], &["--confirm", time]].concat());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = child.spawn().unwrap();
    until(|| entries(bench, "json").len() == 1 && applied(bench));
    child
}

/// Whether the store has the changes. It is free while the process waits.
fn applied(bench: &Bench) -> bool {
    let list = ["--store", "redb:host", "list", "--format", "json"];
    let output = bench.command(&list).output().unwrap();
    output.status.success() && text(&output.stdout).contains(NEW)
}

fn entries(bench: &Bench, extension: &str) -> Vec<std::path::PathBuf> {
    let Ok(folder) = std::fs::read_dir(bench.file("certbind/unconfirmed")) else {
        return Vec::new();
    };
    let paths = folder.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|it| it == extension))
        .collect()
}

fn until(mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < Duration::from_secs(120), "it never holds");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Moves the deadline of the only entry into the past.
fn expire(bench: &Bench) {
    let path = entries(bench, "json").pop().unwrap();
    let json = std::fs::read_to_string(&path).unwrap();
    let mut entry: serde_json::Value = serde_json::from_str(&json).unwrap();
    entry["deadline"] = "2020-01-01T00:00:00Z".into();
    std::fs::write(path, entry.to_string()).unwrap();
}

#[test]
fn confirmed_changes_are_kept() {
    let bench = planned();
    let child = waiting(&bench, "10m");
    let said = bench.ok(&["confirm"]);
    assert!(said.contains("are kept"), "{said}");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(exit::DONE.into()));
    assert!(text(&output.stdout).contains("Confirmed"), "{output:?}");
    assert!(
        text(&output.stderr).contains("certbind confirm plan.json"),
        "{output:?}"
    );
    assert_eq!(bench.held("redb:host"), bench.held("redb:wanted"));
    assert!(bench.file("plan.undo.json").exists());
    let said = bench.fails(exit::REFUSED, &["confirm"]);
    assert!(said.contains("no change waits"), "{said}");
}

#[test]
fn changes_are_rolled_back_at_the_deadline() {
    let bench = planned();
    let before = bench.held("redb:host");
    let confirm = ["--confirm", "1s", "--format", "json"];
    let output = bench
        .command(&[&APPLY[..], &confirm].concat())
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(exit::REFUSED.into()),
        "{output:?}"
    );
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["confirmed"], false);
    assert_eq!(report["undo"], serde_json::Value::Null);
    assert_eq!(bench.held("redb:host"), before);
    // Nothing is left that would be in the way of another attempt.
    let child = waiting(&bench, "10m");
    bench.ok(&["confirm", "plan.json"]);
    assert!(child.wait_with_output().unwrap().status.success());
}

#[test]
fn a_killed_process_leaves_the_roll_back_to_the_next_certbind() {
    let bench = planned();
    let before = bench.held("redb:host");
    let mut child = waiting(&bench, "10m");
    child.kill().unwrap();
    child.wait().unwrap();
    // Not before the deadline.
    bench.ok(&["diff", "redb:host", "redb:wanted"]);
    expire(&bench);
    let output = bench
        .command(&["--store", "redb:host", "list", "--format", "json"])
        .output()
        .unwrap();
    assert!(
        text(&output.stderr).contains("have been rolled back"),
        "{output:?}"
    );
    let listed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(listed, before);
    assert!(entries(&bench, "json").is_empty() && entries(&bench, "due").is_empty());
    // A second time there is nothing to do.
    let said = bench.fails(exit::REFUSED, &["confirm"]);
    assert!(said.contains("no change waits"), "{said}");
}

#[test]
fn changes_of_a_killed_process_can_be_confirmed_in_time() {
    let bench = planned();
    let mut child = waiting(&bench, "10m");
    child.kill().unwrap();
    child.wait().unwrap();
    bench.ok(&["confirm", "plan.json"]);
    assert_eq!(bench.held("redb:host"), bench.held("redb:wanted"));
    assert!(entries(&bench, "json").is_empty());
}

#[test]
fn a_late_confirmation_keeps_nothing() {
    let bench = planned();
    let before = bench.held("redb:host");
    let mut child = waiting(&bench, "10m");
    child.kill().unwrap();
    child.wait().unwrap();
    expire(&bench);
    let said = bench.fails(exit::REFUSED, &["confirm"]);
    assert!(said.contains("too late"), "{said}");
    assert_eq!(bench.held("redb:host"), before);
}

/// The process is killed at a random moment; afterwards the state is the one before, with or
/// without changes made.
#[test]
fn a_kill_at_any_moment_ends_in_the_state_before() {
    let bench = planned();
    let before = bench.held("redb:host");
    let mut made = 0;
    for round in 0..certbind_test_support::cases(4) {
        let mut command = bench.command(&[&APPLY[..], &["--confirm", "10m"]].concat());
        let command = command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        // Before that, a reader of the store could be in the way of the changes.
        until(|| entries(&bench, "json").len() == 1);
        if round % 2 == 1 {
            until(|| applied(&bench));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        made += u32::from(applied(&bench));
        expire(&bench);
        assert_eq!(bench.held("redb:host"), before);
        assert!(entries(&bench, "json").is_empty() && entries(&bench, "due").is_empty());
    }
    println!("{made} of the kills found the changes made");
    assert!(made > 0);
}

/// A binding that another process changed in between is not overwritten.
#[test]
fn a_roll_back_does_not_overwrite_later_changes() {
    let bench = planned();
    let mut child = waiting(&bench, "10m");
    child.kill().unwrap();
    child.wait().unwrap();
    let delete = ["--store", "redb:host", "delete", "0.0.0.0:8443"];
    bench.ok(&delete);
    let held = bench.held("redb:host");
    expire(&bench);
    let output = bench
        .command(&["--store", "redb:host", "list"])
        .output()
        .unwrap();
    assert!(
        text(&output.stderr).contains("cannot be rolled back"),
        "{output:?}"
    );
    assert_eq!(bench.held("redb:host"), held);
    assert_eq!(entries(&bench, "due").len(), 1);
    // Until it is confirmed, no other changes with --confirm are made.
    let again = [&APPLY[..], &["--confirm", "10m"]].concat();
    bench.fails(exit::REFUSED, &again);
    bench.ok(&["confirm", "plan.json"]);
    assert!(entries(&bench, "due").is_empty());
    assert_eq!(bench.held("redb:host"), held);
}

#[test]
fn a_store_has_one_unconfirmed_change_at_most() {
    let bench = planned();
    bench.add("redb:more", "0.0.0.0:9443", &[]);
    let mut child = waiting(&bench, "10m");
    bench.ok(&["plan", "redb:more", "redb:host", "-o", "more.json"]);
    let more = [
        "apply",
        "more.json",
        "redb:host",
        "--yes",
        "--confirm",
        "10m",
    ];
    let said = bench.fails(exit::REFUSED, &more);
    assert!(
        said.contains("plan.json in this store are not confirmed yet"),
        "{said}"
    );
    assert!(!bench.file("more.undo.json").exists());
    child.kill().unwrap();
    child.wait().unwrap();
    let said = bench.fails(exit::REFUSED, &more);
    assert!(
        said.contains("plan.json in this store are not confirmed"),
        "{said}"
    );
    bench.ok(&["confirm"]);
}

#[cfg(unix)]
#[test]
fn an_entry_that_others_can_write_is_not_applied() {
    use std::os::unix::fs::PermissionsExt;

    let bench = planned();
    let mut child = waiting(&bench, "10m");
    child.kill().unwrap();
    child.wait().unwrap();
    expire(&bench);
    let path = entries(&bench, "json").pop().unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o666)).unwrap();
    let output = bench
        .command(&["--store", "redb:host", "list"])
        .output()
        .unwrap();
    assert!(
        text(&output.stderr).contains("can be written by others"),
        "{output:?}"
    );
    assert!(applied(&bench));
}

#[test]
fn times_are_of_a_second_to_a_day() {
    let bench = planned();
    for time in ["0s", "2d", "soon", "-5m", ""] {
        bench.fails(exit::USAGE, &[&APPLY[..], &["--confirm", time]].concat());
    }
}

/// A TLS server with a certificate of its own; gives its address and the hash.
fn server() -> (SocketAddr, String) {
    let made = rcgen::generate_simple_self_signed(["www.contoso.com".to_owned()]).unwrap();
    let hash = certbind_certificates::hash_of_file(made.cert.der()).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            while connection.is_handshaking() && connection.complete_io(&mut stream).is_ok() {}
            let _ = connection.complete_io(&mut stream);
        }
    });
    (address, hash.to_string())
}

/// A plan that binds this certificate at a listening server, and another without a server.
fn bound(address: SocketAddr, hash: &str) -> Bench {
    let bench = Bench::new();
    let port = address.port().to_string();
    bench.add("redb:wanted", &format!("0.0.0.0:{port}"), &[]);
    let key = format!("0.0.0.0:{port}");
    bench.ok(&["--store", "redb:wanted", "update", &key, "--hash", hash]);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    bench.add("redb:wanted", &closed.unwrap().to_string(), &[]);
    bench.ok(&["plan", "redb:wanted", "redb:host", "-o", "plan.json"]);
    bench
}

#[test]
fn a_probe_connects_where_something_listens() {
    let (address, hash) = server();
    let bench = bound(address, &hash);
    let said = bench.ok(&[&APPLY[..], &["--probe"]].concat());
    assert!(said.contains("1 as bound, 0 not"), "{said}");
    assert!(
        said.contains("Nothing listens on 1 of the changed endpoints"),
        "{said}"
    );
    bench.ok(&["apply", "plan.undo.json", "redb:host", "--yes", "--probe"]);

    let bench = bound(address, NEW);
    let json = ["--probe=127.0.0.1", "--format", "json"];
    let output = bench
        .command(&[&APPLY[..], &json].concat())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(exit::FOUND.into()), "{output:?}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["probe"][0]["found"], "other");
    assert_eq!(report["probe"][0]["served"], hash.as_str());
    assert_eq!(bench.held("redb:host"), bench.held("redb:wanted"));
}

#[test]
fn a_wrong_certificate_rolls_unconfirmed_changes_back_at_once() {
    let (address, _) = server();
    let bench = bound(address, NEW);
    let checks = ["--probe", "--confirm", "2m"];
    let said = bench.exits(exit::REFUSED, &[&APPLY[..], &checks].concat());
    assert!(said.contains("Rolled back"), "{said}");
    assert_eq!(bench.held("redb:host"), serde_json::json!([]));
    assert!(entries(&bench, "json").is_empty() && entries(&bench, "due").is_empty());
}
