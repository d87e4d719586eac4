//! The command line over the HTTP Server API: the drop-in library, named by its path, with its
//! records in a file that outlives each run.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod doctor;
mod killed;
mod parallel;
mod private;
mod progress;
mod recording;
#[path = "../common/schemas.rs"]
mod schemas;
#[path = "../common/served.rs"]
mod served;
mod serving;
mod unreadable;
mod variant_pairs;
mod variants;

use std::path::PathBuf;
use std::process::{Command, Output};

use common::library;
use tempfile::TempDir;

const HASH: &str = "5226dc6c54559761cd471b86eb51c096252c90f2";
const NEXT: &str = "8d90a17d2851f802b0a5619bf695b03544b8f5cb";
const IIS: &str = "4dc3e181-e14b-4a21-b022-59fc669b0914";

struct Host {
    folder: TempDir,
    library: PathBuf,
}

impl Host {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            library: library(),
        }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let records = self.folder.path().join("records.redb");
        self.run_with(&format!("redb:{}", records.display()), arguments)
    }

    /// Runs it on a host with this configuration.
    fn run_with(&self, configuration: &str, arguments: &[&str]) -> Output {
        self.command_with(configuration, arguments)
            .output()
            .unwrap()
    }

    fn command_with(&self, configuration: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_certbind"));
        command
            .args(arguments)
            .env(
                "CERTBIND_STORE",
                format!("httpsys:{}", self.library.display()),
            )
            .env("CERTBIND_HTTPAPI", configuration)
            .env("CERTBIND_JOURNAL", self.folder.path().join("journal"));
        command
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let (out, err) = (output.stdout, output.stderr);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&err)
        );
        String::from_utf8(out).unwrap()
    }
}

#[test]
fn api_session_adds_rotates_shows_and_deletes() {
    let host = Host::new();
    for key in ["0.0.0.0:443", "hostnameport=WWW.contoso.com:443"] {
        host.ok(&[
            "add",
            key,
            "--hash",
            HASH,
            "--app-id",
            IIS,
            "--store-name",
            "MY",
        ]);
    }
    host.ok(&["add", "ccs=443", "--app-id", IIS]);
    host.ok(&["add", "scopedccs=a.example:443", "--app-id", IIS]);
    assert!(
        host.ok(&["rotate", HASH, NEXT])
            .contains("Renewed 2 bindings")
    );
    let printed = host.ok(&["netsh", "http", "show", "sslcert"]);
    assert_eq!(printed.matches(NEXT).count(), 2, "{printed}");
    host.ok(&["delete", "ccs=443"]);
    let listed = host.ok(&["list"]);
    assert_eq!(listed.lines().count(), 4, "{listed}");
    assert!(!host.folder.path().join("journal/undo.journal").exists());
}

#[test]
fn api_refusal_exits_with_1() {
    let host = Host::new();
    let options = ["--app-id", IIS, "--disablehttp2", "enable"];
    let output = host.run(&[&["add", "ccs=443"][..], &options].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("ccs=443"));
}

#[test]
fn missing_library_is_named() {
    let output = Command::new(env!("CARGO_BIN_EXE_certbind"))
        .args(["--store", "httpsys:/nowhere/libhttpapi.so", "list"])
        .env("CERTBIND_JOURNAL", TempDir::new().unwrap().path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nowhere/libhttpapi.so"));
}
