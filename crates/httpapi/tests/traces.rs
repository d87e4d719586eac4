//! Calls of programs are recorded, and forwarded to another library.

#![cfg(target_os = "linux")]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use certbind_core::MemoryStore;
use certbind_simulator::{Profile, Simulator};
use certbind_test_support::require;
use certbind_trace::{Argument, Entry, Function, ReplayOutcome};
use common::library;
use tempfile::TempDir;

const TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");

fn compiled(arguments: &[&str], source: &str, to: &Path) {
    let output = Command::new("gcc")
        .args(["-Wall", "-Wextra", "-Werror"])
        .args(arguments)
        .arg("-o")
        .arg(to)
        .arg(format!("{TESTS}/c/{source}"))
        .arg("-Wl,--no-as-needed")
        .args((!arguments.contains(&"-shared")).then(library))
        .output()
        .expect("gcc runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// The client that checks everything, linked with the library.
fn client(folder: &TempDir) -> Command {
    let client = folder.path().join("client");
    compiled(&[], "client.c", &client);
    let mut client = Command::new(client);
    client.env("LD_LIBRARY_PATH", library().parent().expect("a folder"));
    client
}

fn passes(command: &mut Command) {
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, "every check has passed\n", "{complaint}");
}

fn entries(trace: &Path) -> Vec<(usize, Entry)> {
    certbind_trace::read(&std::fs::read(trace).expect("a trace")).expect("entries")
}

/// The entries without the parts that differ from run to run.
fn what(entries: Vec<(usize, Entry)>) -> Vec<Entry> {
    let same = |(_, entry): (usize, Entry)| Entry {
        time: "2026-01-01T00:00:00Z".parse().expect("a time"),
        micros: 0,
        process: 0,
        ..entry
    };
    entries.into_iter().map(same).collect()
}

#[test]
fn service_calls_replay_to_the_same_answers() {
    require!("gcc");
    let folder = TempDir::new().expect("a temporary directory");
    let trace = folder.path().join("trace.jsonl");
    let program = folder.path().join("service");
    compiled(&[], "service.c", &program);
    passes(
        Command::new(program)
            .env("LD_LIBRARY_PATH", library().parent().expect("a folder"))
            .env("CERTBIND_TRACE", &trace),
    );
    let entries = entries(&trace);
    let shown: Vec<_> = entries
        .iter()
        .map(|(_, entry)| format!("{} {}", entry.call.name(), entry.argument))
        .collect();
    for line in [
        "HttpSetServiceConfiguration urlacl http://+:8080/App/ D:(A;;GX;;;WD)",
        "HttpQueryServiceConfiguration urlacl index 1",
        "HttpQueryServiceConfiguration iplisten",
        "HttpDeleteServiceConfiguration iplisten fe80::1%3",
        "HttpSetServiceConfiguration timeout headerwaittimeout 64 s",
        "HttpQueryServiceConfiguration cacheparam maxcacheresponsesize",
        "HttpSetServiceConfiguration setting sslthrottle 3",
    ] {
        assert!(
            shown.iter().any(|found| found == line),
            "{line}: {shown:#?}"
        );
    }
    let api = Simulator::new(Arc::new(MemoryStore::new()));
    // Of a call whose arguments are none the trace has nothing to make again.
    let left = entries.iter().zip(certbind_trace::replay(&api, &entries));
    let left: Vec<_> = left
        .filter(|(_, replayed)| *replayed != ReplayOutcome::Same)
        .collect();
    for ((_, entry), replayed) in &left {
        assert_eq!(*replayed, ReplayOutcome::Left, "{entry:?}");
        assert_eq!(entry.result, 87, "{entry:?}");
        assert!(
            matches!(entry.argument, Argument::Undecoded(_)),
            "{entry:?}"
        );
    }
    assert!((1..8).contains(&left.len()), "{left:#?}");
    // On a Windows without settings the answers differ.
    let old = Simulator::new(Arc::new(MemoryStore::new())).profile(Profile::Windows7);
    let replayed: Vec<_> = certbind_trace::replay(&old, &entries).collect();
    let differs =
        |replayed: &&ReplayOutcome| matches!(replayed, ReplayOutcome::Differs { result: 87, .. });
    assert_eq!(replayed.iter().filter(differs).count(), 2);
}

fn second_copy(folder: &TempDir) -> PathBuf {
    let copy = folder.path().join("second").join("libhttpapi.so");
    std::fs::create_dir(copy.parent().expect("a folder")).expect("it is made");
    std::fs::copy(library(), &copy).expect("it is copied");
    copy
}

#[test]
fn recorded_calls_replay_to_the_same_answers() {
    require!("gcc");
    let folder = TempDir::new().expect("a temporary directory");
    let trace = folder.path().join("trace.jsonl");
    passes(client(&folder).env("CERTBIND_TRACE", &trace));
    let entries = entries(&trace);
    let count = |function| entries.iter().filter(|(_, e)| e.call == function).count();
    assert!(count(Function::Set) > 3 && count(Function::Query) > 10);
    assert!(entries.iter().any(|(_, entry)| entry.found.is_some()));
    let first = &entries[0].1;
    assert_eq!(first.call, Function::Initialize);
    let (major, minor, flags) = (1, 0, 2);
    let version = Argument::Version {
        major,
        minor,
        flags,
    };
    assert_eq!(first.argument, version);

    let fresh = || Simulator::new(Arc::new(MemoryStore::new()));
    let simulator = fresh();
    let answers: Vec<_> = certbind_trace::replay(&simulator, &entries).collect();
    let differs = |answer: &ReplayOutcome| matches!(answer, ReplayOutcome::Differs { .. });
    assert!(!answers.iter().any(differs), "{answers:?}");
    let same = answers
        .iter()
        .filter(|answer| **answer == ReplayOutcome::Same);
    assert!(same.count() > entries.len() / 2);

    // The answers also differ where another binding exists.
    let simulator = fresh();
    let again = certbind_trace::replay(&simulator, &entries[..entries.len() / 2]).count();
    assert!(
        again > 0 && certbind_trace::replay(&simulator, &entries).any(|answer| differs(&answer))
    );
}

#[test]
fn forwarded_calls_are_recorded_once() {
    require!("gcc");
    let folder = TempDir::new().expect("a temporary directory");
    let (direct, passed) = (folder.path().join("direct"), folder.path().join("passed"));
    passes(client(&folder).env("CERTBIND_TRACE", &direct));
    let store = folder.path().join("bindings.redb");
    passes(
        client(&folder)
            .env("CERTBIND_TRACE", &passed)
            .env("CERTBIND_PASS", second_copy(&folder))
            .env("CERTBIND_HTTPAPI", format!("redb:{}", store.display())),
    );
    assert!(store.exists(), "the second copy has simulated");
    let (direct, passed) = (what(entries(&direct)), what(entries(&passed)));
    assert_eq!(direct.len(), passed.len(), "each call once");
    for (direct, passed) in direct.into_iter().zip(passed) {
        assert_eq!(direct, passed);
    }
}

#[test]
fn unsimulated_functions_are_forwarded() {
    require!("gcc", "python3");
    let folder = TempDir::new().expect("a temporary directory");
    let real = folder.path().join("libreal.so");
    compiled(&["-shared", "-fPIC"], "real.c", &real);
    let trace = folder.path().join("trace.jsonl");
    passes(
        Command::new("python3")
            .arg(format!("{TESTS}/python/passed.py"))
            .arg(library())
            .env("CERTBIND_PASS", real)
            .env("CERTBIND_TRACE", &trace),
    );
    let entries = entries(&trace);
    assert_eq!(entries[0].1.call.name(), "HttpCreateServerSession");
    assert_eq!(entries[0].1.result, 5 * 9 + 6 * 3 + 7);
}

#[test]
fn failed_forwarding_is_never_simulated() {
    require!("gcc");
    let folder = TempDir::new().expect("a temporary directory");
    for path in ["/nowhere/httpapi.dll", "httpapi.dll"] {
        let output = client(&folder).env("CERTBIND_PASS", path).output();
        let output = output.expect("it runs");
        assert!(!output.status.success());
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(complaint.contains("CERTBIND_PASS"), "{complaint}");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("got 21"), "{said}");
    }
}
