//! Moving a host's bindings to another through the HTTP Server API, by the drop-in library.

use std::path::PathBuf;
use std::process::{Command, Output};

use certbind::exit;

use crate::bench::{Bench, NEW, exited, text};
use crate::common::library;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/host-2022.txt");
const OLD: &str = "61d34f532da121bbab64723c4871e72c92f03735";

/// A host with the drop-in library, whose records outlive each run.
struct Host {
    bench: Bench,
    library: PathBuf,
}

impl Host {
    fn new() -> Self {
        Self {
            bench: Bench::new(),
            library: library(),
        }
    }

    fn url(&self) -> String {
        format!("httpsys:{}", self.library.display())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bench.command(arguments);
        let records = self.bench.file("records.redb");
        command.env("CERTBIND_HTTPAPI", format!("redb:{}", records.display()));
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn ok(&self, arguments: &[&str]) -> String {
        exited(exit::DONE, arguments, &self.run(arguments))
    }

    fn held(&self) -> String {
        self.ok(&["--store", &self.url(), "list", "--format", "json"])
    }
}

/// It is planned, applied, verified and undone.
#[test]
fn transcript_migrates_through_the_c_interface() {
    let host = Host::new();
    let url = host.url();
    let own = [
        "--store",
        &url,
        "add",
        "ccs=8443",
        "--app-id",
        crate::bench::IIS,
    ];
    host.ok(&own);
    let before = host.held();
    let rule = format!("{OLD}={NEW}");
    let mapping = ["--map-address", "[::]=10.0.1.7", "--map-certificate", &rule];
    let plan = [&["plan", EXAMPLE, &url, "-o", "plan.json"], &mapping[..]].concat();
    let reported = host.ok(&plan);
    assert!(
        reported.contains("6 to create, 0 to replace, 0 to delete; 0 unchanged, 1 left"),
        "{reported}"
    );

    // A library to load is named by the user, not by a file.
    let refused = host.run(&["apply", "plan.json", "--yes"]);
    assert_eq!(refused.status.code(), Some(exit::USAGE.into()));
    host.ok(&["apply", "plan.json", &url, "--yes"]);

    // The target has the mapped bindings of the source: the same plan has no changes left.
    let verify = [&["plan", EXAMPLE, &url], &mapping[..]].concat();
    let reported = host.ok(&verify);
    assert!(
        reported.contains("Nothing to change; 6 unchanged, 1 left alone"),
        "{reported}"
    );
    let printed = host.ok(&["--store", &url, "netsh", "http", "show", "sslcert"]);
    assert!(
        printed.contains("10.0.1.7:443") && !printed.contains(OLD),
        "{printed}"
    );

    host.ok(&["apply", "plan.undo.json", &url, "--yes"]);
    assert_eq!(host.held(), before);
}

/// After mapping both are equal.
#[test]
fn hive_migrates_to_another_host() {
    let host = Host::new();
    let url = host.url();
    let hive = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/formats/tests/fixtures/registry/hivex.hive"
    );
    let new = "0123456789abcdef0123456789abcdef01234567";
    let rule = format!("{OLD}={new}");
    let plan = [
        "plan",
        hive,
        &url,
        "-o",
        "plan.json",
        "--map-certificate",
        &rule,
    ];
    let reported = host.ok(&plan);
    assert!(reported.contains("6 to create"), "{reported}");
    host.ok(&["apply", "plan.json", &url, "--yes"]);
    let differ = host.run(&["diff", hive, &url]);
    assert_eq!(differ.status.code(), Some(exit::DIFFERENT.into()));

    // The mapping by other means.
    host.ok(&["--store", "redb:a", "import", hive]);
    host.ok(&["--store", "redb:a", "rotate", OLD, new]);
    assert_eq!(host.ok(&["diff", "redb:a", &url]), "The same: 6 bindings\n");
}

#[test]
fn bindings_move_between_backends_unchanged() {
    let host = Host::new();
    let url = host.url();
    host.ok(&["--store", "redb:a", "import", EXAMPLE]);
    for (from, to) in [
        ("redb:a", url.as_str()),
        (url.as_str(), "redb:b"),
        ("redb:b", "redb:c"),
    ] {
        host.ok(&["plan", from, to, "-o", "plan.json"]);
        host.ok(&["apply", "plan.json", to, "--yes"]);
        std::fs::remove_file(host.bench.file("plan.undo.json")).unwrap();
        assert_eq!(host.ok(&["diff", from, to]), "The same: 6 bindings\n");
    }
}

/// No undo file is left either.
#[test]
fn api_refusal_changes_nothing() {
    let host = Host::new();
    let url = host.url();
    host.ok(&["--store", "redb:a", "import", EXAMPLE]);
    let options = ["--app-id", crate::bench::IIS, "--disablehttp2", "enable"];
    host.ok(&[&["--store", "redb:a", "add", "ccs=443"], &options[..]].concat());
    let reported = host.ok(&["plan", "redb:a", &url, "-o", "plan.json"]);
    assert!(
        reported.contains("accepts no options on ccs keys"),
        "{reported}"
    );
    let output = host.run(&["apply", "plan.json", &url, "--yes"]);
    assert_eq!(output.status.code(), Some(exit::REFUSED.into()));
    assert!(text(&output.stderr).contains("ccs=443"));
    assert_eq!(host.held(), "[]\n");
    assert!(!host.bench.file("plan.undo.json").exists());
}
