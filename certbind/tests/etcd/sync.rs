//! A host that follows its record in etcd. The host is a simulated one.

use std::fs::File;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};

use certbind_etcd_server::Server;
use certbind_test_support::require;
use tempfile::TempDir;

use super::common::library;
use super::{APP, NEW, OLD, add, done};

const SOON: Duration = Duration::from_secs(30);

struct Host {
    server: Server,
    record: String,
    folder: TempDir,
    library: PathBuf,
}

impl Host {
    /// A host without bindings, whose record has these keys.
    fn new(keys: &[&str]) -> Self {
        let server = Server::start();
        let host = Self {
            record: format!("etcd://{}/web01", server.endpoint()),
            server,
            folder: TempDir::new().unwrap(),
            library: library(),
        };
        for key in keys {
            add(&host.record, key);
        }
        host
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn command(&self, faults: &str, arguments: &[&str]) -> Command {
        let configuration = self.path("simulator.toml");
        let file = format!(
            "store = \"redb:{}\"\nshared = true\n{faults}",
            self.path("records.redb")
        );
        std::fs::write(&configuration, file).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_certbind"));
        command
            .args(arguments)
            .env("CERTBIND_STORE", self.store())
            .env("CERTBIND_HTTPAPI", configuration)
            .env("CERTBIND_JOURNAL", self.path("journal"));
        command
    }

    fn store(&self) -> String {
        format!("httpsys:{}", self.library.display())
    }

    /// A command on the host itself.
    fn local(&self, arguments: &[&str]) -> String {
        let output = self.command("", arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn sync_command(&self, faults: &str, options: &[&str]) -> Command {
        let (store, state) = (self.store(), self.path("state.json"));
        let sync = [
            "sync",
            "--from",
            &self.record,
            "--to",
            &store,
            "--state",
            &state,
        ];
        self.command(faults, &[&sync[..], options].concat())
    }

    fn sync_with(&self, faults: &str, options: &[&str]) -> Output {
        self.sync_command(faults, options).output().unwrap()
    }

    /// Its output and exit code.
    fn sync(&self, options: &[&str]) -> (String, Option<i32>) {
        let output = self.sync_with("", options);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // A run after a killed one reports the bindings that its recovery restored.
        let is_recovery = |line: &str| line.contains("before an interrupted batch");
        assert!(
            output.stdout.is_empty() || said.lines().all(is_recovery),
            "{said}"
        );
        let printed = String::from_utf8(output.stdout).unwrap();
        (printed + &said, output.status.code())
    }

    fn is_equal(&self) -> bool {
        let diff = ["diff", &self.record, &self.store()].map(str::to_owned);
        let diff = diff.each_ref().map(String::as_str);
        self.command("", &diff).output().unwrap().status.success()
    }
}

fn until(what: &str, is: impl Fn() -> bool) {
    let since = Instant::now();
    while !is() {
        assert!(since.elapsed() < SOON, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_host_is_made_equal_to_its_record_and_follows_it() {
    require!("etcd");
    let host = Host::new(&[
        "0.0.0.0:443",
        "[::]:443",
        "hostnameport=www.contoso.com:443",
    ]);
    let (printed, code) = host.sync(&["--dry-run"]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(
        printed.contains("Would change 3 bindings in httpsys:"),
        "{printed}"
    );
    assert_eq!(host.local(&["list"]), "No bindings.\n");

    let (printed, code) = host.sync(&[]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(
        printed.contains("3 to create") && host.is_equal(),
        "{printed}"
    );
    done(&host.record, &["rotate", OLD, NEW]);
    done(&host.record, &["delete", "[::]:443"]);
    add(&host.record, "10.0.0.5:443");
    let (printed, code) = host.sync(&["--once"]);
    assert!(
        printed.contains("1 to create, 2 to replace, 1 to delete") && host.is_equal(),
        "{printed}"
    );
    assert_eq!(code, Some(0));
    let (printed, _) = host.sync(&[]);
    assert!(printed.contains("No change: httpsys:"), "{printed}");
}

/// Without `--enforce` they are reported.
#[test]
fn local_changes_are_reverted_only_with_enforce() {
    require!("etcd");
    let host = Host::new(&["0.0.0.0:443", "[::]:443", "10.0.0.5:443"]);
    // It existed before.
    host.local(&["add", "ccs=443", "--app-id", APP]);
    let (printed, code) = host.sync(&[]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(
        printed.contains("Local changes of 1 binding, kept; --enforce"),
        "{printed}"
    );
    host.local(&["update", "0.0.0.0:443", "--hash", NEW]);
    host.local(&["delete", "[::]:443"]);
    // The fleet changes at the same time.
    done(&host.record, &["update", "10.0.0.5:443", "--hash", NEW]);

    for _ in 0..2 {
        let (printed, code) = host.sync(&["--format", "json"]);
        assert_eq!(code, Some(1), "{printed}");
        let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
        let changes = printed["local_changes"].as_array().unwrap();
        let keys: Vec<_> = changes.iter().map(|change| &change["key"]).collect();
        assert_eq!(keys, ["ipport=0.0.0.0:443", "ipport=[::]:443", "ccs=443"]);
        assert_eq!(changes[0]["local"]["certificate"]["hash"], NEW);
        assert_eq!(changes[1]["local"], serde_json::Value::Null);
    }
    assert!(
        host.local(&["show", "10.0.0.5:443"]).contains(NEW),
        "the fleet's change is taken"
    );
    assert!(
        host.local(&["show", "0.0.0.0:443"]).contains(NEW),
        "the local one stays"
    );

    let (printed, code) = host.sync(&["--enforce", "--dry-run"]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(!host.is_equal());
    let (printed, code) = host.sync(&["--enforce"]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(
        printed.contains("Local changes of 3 bindings, reverted"),
        "{printed}"
    );
    assert!(host.is_equal());
    assert_eq!(host.sync(&[]).1, Some(0));
}

#[test]
fn killed_sync_is_not_a_local_change() {
    require!("etcd");
    let host = Host::new(&["0.0.0.0:443", "[::]:443"]);
    assert_eq!(host.sync(&[]).1, Some(0));
    let mut kills = 0;
    // The last of the queries are those that read the written bindings back.
    for function in ["update", "query-exact"] {
        for nth in 1.. {
            done(&host.record, &["rotate", OLD, NEW]);
            let fault = format!("[[fault]]\ncall = \"{function}\"\nnth = {nth}\nkill = true\n");
            let killed = host.sync_with(&fault, &[]);
            // The fleet has changed before the next run.
            done(&host.record, &["rotate", NEW, OLD]);
            let (printed, code) = host.sync(&[]);
            assert_eq!(
                code,
                Some(0),
                "killed at call {nth} of {function}: {printed}"
            );
            assert!(host.is_equal());
            if killed.status.signal().is_none() {
                break;
            }
            kills += 1;
        }
    }
    assert!(kills >= 6, "{kills}");
}

#[test]
fn host_without_a_record_is_unchanged() {
    require!("etcd");
    let mut host = Host::new(&[]);
    host.local(&["add", "ccs=443", "--app-id", APP]);
    let (printed, code) = host.sync(&["--enforce"]);
    assert_eq!(code, Some(certbind::exit::UNKNOWN_HOST.into()));
    assert!(printed.contains("no binding store at etcd://"), "{printed}");
    assert!(
        printed.contains("etcd has no record of this host"),
        "{printed}"
    );
    host.server.kill();
    host.record.push_str("?timeout=0.3&patience=0.5");
    let (printed, code) = host.sync(&["--enforce"]);
    assert_eq!(code, Some(certbind::exit::UNREACHABLE.into()), "{printed}");
    assert!(host.local(&["list"]).contains("ccs=443"));
}

#[test]
fn a_state_of_another_host_is_refused() {
    require!("etcd");
    let host = Host::new(&["0.0.0.0:443"]);
    assert_eq!(host.sync(&[]).1, Some(0));
    let (file, state) = (
        format!("redb:{}", host.path("other.redb")),
        host.path("state.json"),
    );
    let sync = [
        "sync",
        "--from",
        &host.record,
        "--to",
        &file,
        "--state",
        &state,
    ];
    let other = host.command("", &sync).output().unwrap();
    assert_eq!(other.status.code(), Some(certbind::exit::NOT_SYNCED.into()));
    let said = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(said.contains("choose another file with --state"), "{said}");
    assert!(!host.folder.path().join("other.redb").exists());
}

/// Ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn watch_survives_an_etcd_restart() {
    require!("etcd");
    let mut host = Host::new(&["0.0.0.0:443"]);
    host.record.push_str("?timeout=0.5&patience=1");
    let (out, err) = (host.path("out"), host.path("err"));
    let mut command = host.sync_command("", &["--watch", "--interval", "1"]);
    command
        .stdout(File::create(&out).unwrap())
        .stderr(File::create(&err).unwrap());
    let agent = Running(command.spawn().unwrap());
    let said = |path: &str| {
        let mut said = String::new();
        File::open(path).unwrap().read_to_string(&mut said).unwrap();
        said
    };
    until("the first binding", || host.is_equal());
    add(&host.record, "[::]:443");
    until("what was added", || host.is_equal());

    host.server.kill();
    until("etcd is reported as gone", || !said(&err).is_empty());
    // In the meantime another program changes the host.
    host.local(&["update", "0.0.0.0:443", "--hash", NEW]);
    host.server.restart();
    add(&host.record, "10.0.0.5:443");
    // The round with the addition reports the local change, and so does an earlier one that found
    // only that.
    until("the round of what was added after the restart", || {
        let printed = said(&out);
        let round = printed.split_once("+ ipport=10.0.0.5:443");
        round.is_some_and(|(_, round)| {
            round.contains("matches the host record, except for the local changes above")
        })
    });
    let printed = said(&out);
    assert!(printed.contains("Local changes of 1 binding"), "{printed}");
    // Each round reads the record by as many calls as this dry run, so that this is two rounds at least.
    let calls = || host.server.finished_calls("Range");
    let before = calls();
    host.sync(&["--dry-run"]);
    let round = calls() - before;
    assert!(round > 0, "a round reads the record");
    let enough = calls() + 3 * round;
    until("further rounds", || calls() >= enough);
    assert_eq!(said(&out), printed, "rounds without changes print nothing");
    assert!(host.local(&["list"]).contains("10.0.0.5:443"));
    assert!(
        host.local(&["show", "0.0.0.0:443"]).contains(NEW),
        "it is left"
    );
    drop(agent);

    host.record.truncate(host.record.find('?').unwrap());
    assert_eq!(host.sync(&["--enforce"]).1, Some(0));
    assert!(host.is_equal());
}

#[test]
fn watch_ends_with_its_reader() {
    require!("etcd");
    let host = Host::new(&["0.0.0.0:443"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = host.sync_command("", &["--watch"]);
    let mut agent = Running(command.stdout(writer).spawn().unwrap());
    let since = Instant::now();
    let ended = loop {
        match agent.0.try_wait().unwrap() {
            Some(status) => break status,
            None => assert!(since.elapsed() < SOON),
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(ended.code(), Some(certbind::exit::DONE.into()));
    assert!(host.is_equal());
}
