//! The history of HTTP.sys, which keeps none itself.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use certbind::exit;
use serde_json::Value;

use super::{HASH, Host, IIS, NEXT};

fn add(host: &Host, key: &str) {
    host.ok(&["add", key, "--hash", HASH, "--app-id", IIS]);
}

fn file(host: &Host) -> String {
    host.folder
        .path()
        .join("history.redb")
        .display()
        .to_string()
}

fn store(host: &Host) -> String {
    format!("httpsys:{}", host.library.display())
}

fn record(host: &Host) -> String {
    host.ok(&[
        "record",
        &store(host),
        "--into",
        &file(host),
        "--host",
        "web01",
    ])
}

fn of_recording(host: &Host, arguments: &[&str]) -> String {
    let url = format!("redb:{}", file(host));
    host.ok(&[arguments, &["--store", &url]].concat())
}

#[test]
fn changes_of_a_host_are_in_the_log() {
    let host = Host::new();
    add(&host, "0.0.0.0:443");
    assert!(record(&host).contains("web01: first reading"));
    assert!(record(&host).contains("no change from"));
    host.ok(&["netsh", "http", "delete", "sslcert", "ipport=0.0.0.0:443"]);
    add(&host, "0.0.0.0:444");
    let printed = record(&host);
    assert!(printed.contains("made by unknown, between"), "{printed}");

    let log: Value =
        serde_json::from_str(&of_recording(&host, &["log", "--format", "json"])).unwrap();
    assert_eq!(log[0]["user"], Value::Null);
    assert_eq!(log[0]["changes"]["removed"][0]["key"], "ipport=0.0.0.0:443");
    assert_eq!(log[0]["changes"]["added"][0]["key"], "ipport=0.0.0.0:444");
    assert!(of_recording(&host, &["show", "0.0.0.0:443", "--at", "1"]).contains(HASH));
}

/// A record that cannot be read is not one that was deleted.
#[test]
fn host_that_is_not_read_whole_is_not_recorded() {
    let host = Host::new();
    for key in ["0.0.0.0:443", "0.0.0.0:444"] {
        add(&host, key);
    }
    record(&host);
    let before = std::fs::read(file(&host)).unwrap();
    for answer in ["odd_record = \"hash-32\"", "rights = \"no-properties\""] {
        let configuration = host.folder.path().join("simulator.toml");
        let text = format!("store = \"redb:records.redb\"\n[windows]\n{answer}\n");
        std::fs::write(&configuration, text).unwrap();
        let look = [
            "record",
            &store(&host),
            "--into",
            &file(&host),
            "--host",
            "web01",
        ];
        let output = host.run_with(configuration.to_str().unwrap(), &look);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            output.status.code(),
            Some(exit::PARTLY_READ.into()),
            "{answer}: {said}"
        );
        assert!(
            said.contains("cannot be read completely, so nothing was recorded"),
            "{answer}: {said}"
        );
        assert!(std::fs::read(file(&host)).unwrap() == before, "{answer}");
    }
    assert!(record(&host).contains("no change from"));
}

#[test]
fn watch_records_until_it_is_ended() {
    let host = Host::new();
    add(&host, "0.0.0.0:443");
    let (source, into) = (store(&host), file(&host));
    let records = format!("redb:{}", host.folder.path().join("records.redb").display());
    let configuration = host.folder.path().join("shared.toml");
    std::fs::write(
        &configuration,
        format!("store = \"{records}\"\nshared = true\n"),
    )
    .unwrap();
    let look = [
        "record",
        &source,
        "--into",
        &into,
        "--host",
        "web01",
        "--watch",
        "--interval",
        "1",
    ];
    let mut command = host.command_with(configuration.to_str().unwrap(), &look);
    let mut watching = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let mut line = || lines.next().unwrap().unwrap();
    assert!(line().contains("web01: first reading"));
    let renewed = host.run_with(configuration.to_str().unwrap(), &["rotate", HASH, NEXT]);
    assert!(renewed.status.success(), "{renewed:?}");
    let printed = line();
    assert!(
        printed.contains("web01: revision 2  made by unknown, between"),
        "{printed}"
    );
    assert!(line().contains("~ ipport=0.0.0.0:443"));
    watching.kill().unwrap();
    watching.wait().unwrap();
    assert!(of_recording(&host, &["check"]).contains("1 binding, revision 2; whole"));
}
