//! The plan of a fleet: a file, applied host by host, and continued after a crash.

use std::process::{Command, Stdio};
use std::time::Duration;

use certbind_core::{Binding, BindingStore, CertHash, Record, Uuid};
use certbind_etcd::{EtcdStore, Fleet, HostName};
use certbind_etcd_server::Server;
use certbind_test_support::require;
use tempfile::TempDir;

use super::{NEW, OLD, certbind, done};

const HOSTS: usize = 150;

fn host(n: usize) -> HostName {
    HostName::new(&format!("web{n:03}")).unwrap()
}

/// A server whose hosts all bind the old certificate.
fn fleet() -> (Server, Fleet, String) {
    let server = Server::start();
    let fleet = EtcdStore::builder([server.endpoint()])
        .open_fleet()
        .unwrap();
    let hosts: Vec<_> = (0..HOSTS).map(host).collect();
    fleet.visit(&hosts, 8.try_into().unwrap(), |_, store| {
        for key in ["0.0.0.0:443", "[::]:443"] {
            store.insert(bound(key, OLD)).unwrap();
        }
    });
    let url = format!("etcd://{}/", server.endpoint());
    (server, fleet, url)
}

fn bound(key: &str, hash: &str) -> Binding {
    let hash: CertHash = hash.parse().unwrap();
    let record = Record::new(hash, Some("MY".parse().unwrap()), Uuid::nil());
    Binding::new(key.parse().unwrap(), record).unwrap()
}

/// How many hosts bind this certificate everywhere. None binds both.
fn having(fleet: &Fleet, hash: &str) -> usize {
    let has = |n: &usize| {
        let store = fleet.host(&host(*n));
        let [first, second] = ["0.0.0.0:443", "[::]:443"].map(|key| {
            let binding = store.get(&key.parse().unwrap()).unwrap().unwrap();
            binding.record().hash().unwrap().to_string()
        });
        assert_eq!(first, second, "web{n:03} is renewed whole or not");
        first == hash
    };
    (0..HOSTS).filter(has).count()
}

#[test]
fn killed_renewal_is_resumed_and_undone() {
    require!("etcd");
    let (_server, fleet, url) = fleet();
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (plan, undo) = (path("plan.json"), path("plan.undo.json"));
    let planned = done(
        "memory:",
        &["rotate", OLD, NEW, "--fleet", &url, "--export", &plan],
    );
    assert_eq!(planned, "Planned: 300 bindings of 150 hosts\n");
    assert_eq!(having(&fleet, OLD), HOSTS, "nothing is changed");
    let apply = ["apply", &plan, "--fleet", &url, "--yes"];
    let would = done("memory:", &["apply", &plan, "--fleet", &url, "--dry-run"]);
    assert!(
        would.contains("Would apply: 300 bindings of 150 hosts"),
        "{would}"
    );

    let mut watch = fleet.watch(fleet.revision().unwrap());
    let mut process = Command::new(env!("CARGO_BIN_EXE_certbind"))
        .args(apply)
        .args(["--jobs", "1"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    for _ in 0..5 {
        watch
            .next(Duration::from_secs(20))
            .unwrap()
            .expect("it begins");
    }
    process.kill().unwrap();
    process.wait().unwrap();
    let renewed = having(&fleet, NEW);
    assert!((5..HOSTS).contains(&renewed), "{renewed}");

    // At the same time another program changes a host that was not reached.
    let other = "5a".repeat(20);
    let last = fleet.host(&host(HOSTS - 1));
    for key in ["0.0.0.0:443", "[::]:443"] {
        last.put(bound(key, &other)).unwrap();
    }
    let resumed = certbind("memory:", &apply);
    let (said, printed) = [resumed.stdout, resumed.stderr]
        .map(|bytes| String::from_utf8(bytes).unwrap())
        .into();
    assert_eq!(resumed.status.code(), Some(1));
    assert!(
        printed.contains("web149: 2 keys changed since the plan was made"),
        "{printed}"
    );
    assert_eq!(
        printed.matches("web149").count(),
        1,
        "reported once: {printed}"
    );
    let rest = HOSTS - 1 - renewed;
    for summary in [
        format!("Applied: {} bindings of {rest} hosts\n", rest * 2),
        format!("Applied before: {renewed} hosts\n"),
        "Failed: 1 host\n".to_owned(),
    ] {
        assert!(said.contains(&summary), "{summary}: {said}");
    }
    assert_eq!(having(&fleet, NEW), HOSTS - 1);
    assert_eq!(having(&fleet, &other), 1, "it is left as somebody made it");

    let undone = certbind("memory:", &["apply", &undo, "--fleet", &url, "--yes"]);
    assert_eq!(
        undone.status.code(),
        Some(1),
        "what somebody made is not undone"
    );
    assert_eq!(having(&fleet, OLD), HOSTS - 1);
}

#[test]
fn incomplete_or_empty_fleet_plan_is_refused() {
    require!("etcd", "etcdctl");
    let server = Server::start();
    let url = format!("etcd://{}/", server.endpoint());
    let fleet = EtcdStore::builder([server.endpoint()])
        .open_fleet()
        .unwrap();
    for n in 0..2 {
        fleet
            .host(&host(n))
            .insert(bound("0.0.0.0:443", OLD))
            .unwrap();
    }
    let folder = TempDir::new().unwrap();
    let plan = folder.path().join("plan.json").display().to_string();
    let refused = |old: &str, new: &str, why: &str| {
        let arguments = ["rotate", old, new, "--fleet", &url, "--export", &plan];
        let output = certbind("memory:", &arguments);
        let printed = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{printed}");
        assert!(printed.contains(why), "{printed}");
        assert!(!std::path::Path::new(&plan).exists());
    };
    refused(NEW, &"ab".repeat(20), "no binding uses");
    // The row there has an unknown version.
    let _ = server.ctl(&["put", "/certbind/v1/web001/\u{3}11", "x"]);
    refused(
        OLD,
        NEW,
        "failed to read 1 host (see above); no plan was written",
    );
}
