//! A batch whose process is killed at any of its calls of the API is atomic.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::process::Output;

use super::{HASH, Host, IIS, NEXT};

/// The signal of `abort`.
const SIGABRT: i32 = 6;

/// The functions that a batch calls.
const FUNCTIONS: [&str; 6] = [
    "initialize",
    "set",
    "update",
    "delete",
    "query-exact",
    "query-next",
];

/// A host of this version, with a record of each kind that names a certificate.
fn host(profile: &str) -> Host {
    let host = Host::new();
    std::fs::write(host.folder.path().join("bindings.json"), export()).unwrap();
    reset(&host, profile);
    host
}

/// The initial state.
fn reset(host: &Host, profile: &str) {
    let records = host.folder.path().join("records.redb");
    let _ = std::fs::remove_file(&records);
    let file = host.folder.path().join("bindings.json");
    let done = run(host, profile, "", &["import", file.to_str().unwrap()]);
    assert!(done.status.success(), "{done:?}");
}

fn export() -> String {
    let bindings = [
        "ipport=0.0.0.0:443",
        "ipport=[::]:443",
        "hostnameport=a.test:443",
    ]
    .map(|key| {
        format!(r#"{{"key": "{key}", "certificate": {{"hash": "{HASH}"}}, "app_id": "{IIS}"}}"#)
    });
    let bindings = bindings.join(",");
    format!(
        r#"{{"format": "certbind-export", "version": 1, "header": {{}}, "bindings": [{bindings}]}}"#
    )
}

/// Runs the command on the host, with faults.
fn run(host: &Host, profile: &str, faults: &str, arguments: &[&str]) -> Output {
    let path = host.folder.path().join("simulator.toml");
    let file = format!("store = \"redb:records.redb\"\nprofile = \"{profile}\"\n{faults}");
    std::fs::write(&path, file).unwrap();
    host.run_with(path.to_str().unwrap(), arguments)
}

fn killed_at(function: &str, nth: u32) -> String {
    format!("[[fault]]\ncall = \"{function}\"\nnth = {nth}\nkill = true\n")
}

fn was_killed(output: &Output) -> bool {
    output.status.signal() == Some(SIGABRT)
}

/// A change that is refused, since the key is not bound: an interrupted batch is undone before.
const CHANGE: [&str; 2] = ["delete", "ccs=9"];

/// Which certificates are bound, once another process has begun a change.
fn bound(host: &Host, profile: &str) -> BTreeSet<String> {
    run(host, profile, "", &CHANGE);
    let listed = run(host, profile, "", &["list", "--format", "json"]);
    assert!(listed.status.success(), "{listed:?}");
    let bindings: Vec<serde_json::Value> = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(bindings.len(), 3, "none is gone: {bindings:?}");
    let hash =
        |binding: &serde_json::Value| binding["certificate"]["hash"].as_str().map(Into::into);
    bindings.iter().filter_map(hash).collect()
}

/// Kills the process at each call of a rotation; then, where the next one undoes the interrupted
/// batch, kills that one too, at each of its own calls. Returns the numbers of calls.
fn killed_everywhere(profile: &str) -> (usize, usize) {
    let host = host(profile);
    let (mut kills, mut kills_of_recoveries) = (0, 0);
    for function in FUNCTIONS {
        for nth in 1.. {
            let rotate = || {
                run(
                    &host,
                    profile,
                    &killed_at(function, nth),
                    &["rotate", HASH, NEXT],
                )
            };
            let done = rotate();
            if !was_killed(&done) {
                assert!(done.status.success(), "{done:?}");
                reset(&host, profile);
                break;
            }
            kills += 1;
            let begun = host.folder.path().join("journal/undo.journal").exists();
            if begun {
                let listed = run(&host, profile, "", &["list"]);
                let warned =
                    String::from_utf8_lossy(&listed.stderr).contains("not rolled back yet");
                assert!(listed.status.success() && warned, "{listed:?}");
                let journal = host.folder.path().join("journal/undo.journal");
                assert!(journal.exists(), "reading changes nothing");
            }
            let now = bound(&host, profile);
            assert_eq!(now.len(), 1, "killed at call {nth} of {function}: {now:?}");
            assert!(!host.folder.path().join("journal/undo.journal").exists());
            reset(&host, profile);
            if begun {
                kills_of_recoveries += killed_in_recovery(&host, profile, &rotate);
            }
        }
    }
    (kills, kills_of_recoveries)
}

fn killed_in_recovery(host: &Host, profile: &str, rotate: &dyn Fn() -> Output) -> usize {
    let mut kills = 0;
    for function in ["set", "update", "delete"] {
        for nth in 1.. {
            assert!(was_killed(&rotate()));
            let recovery = run(host, profile, &killed_at(function, nth), &CHANGE);
            let now = bound(host, profile);
            let old = BTreeSet::from([HASH.to_owned()]);
            assert_eq!(now, old, "the recovery killed at call {nth} of {function}");
            reset(host, profile);
            if !was_killed(&recovery) {
                break;
            }
            kills += 1;
        }
    }
    kills
}

#[test]
fn by_updates() {
    let (kills, of_recoveries) = killed_everywhere("2022");
    assert!(
        kills >= 20 && of_recoveries >= 3,
        "{kills}, {of_recoveries}"
    );
}

#[test]
fn kill_without_update_function() {
    let (kills, of_recoveries) = killed_everywhere("10-1607");
    assert!(
        kills >= 20 && of_recoveries >= 9,
        "{kills}, {of_recoveries}"
    );
}
