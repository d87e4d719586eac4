//! The effects, output and exit codes of the commands, over a store in a file.

#![allow(clippy::unwrap_used)]

mod archives;
mod certificate_files;
mod contract;
mod endless;
mod exit_codes;
mod explaining;
mod exports;
mod formatting;
mod helping;
mod history;
mod hives;
mod listing;
mod logs;
#[cfg(unix)]
mod measurements;
mod mistakes;
mod outputs;
mod permissions;
mod plan_outputs;
mod previews;
mod probing;
mod properties;
mod recording;
#[cfg(target_os = "linux")]
mod secrets_in_memory;
#[cfg(unix)]
#[path = "../common/served.rs"]
mod served;
#[cfg(unix)]
mod serving;
mod times;
mod traces;
mod tracing;
mod unread;

use std::path::PathBuf;
use std::process::{Command, Output};

use certbind::exit;
use tempfile::TempDir;

const HASH: &str = "5226dc6c54559761cd471b86eb51c096252c90f2";
const NEXT: &str = "8d90a17d2851f802b0a5619bf695b03544b8f5cb";
const IIS: &str = "4dc3e181-e14b-4a21-b022-59fc669b0914";

/// A store of the test's own.
struct Host(TempDir);

impl Host {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_certbind"));
        command
            .args(arguments)
            .env(
                "CERTBIND_STORE",
                format!("redb:{}", self.file("bindings.redb").display()),
            )
            .env("XDG_DATA_HOME", self.0.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that has to succeed, and returns its output.
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(
            output.status.code(),
            Some(i32::from(exit::DONE)),
            "{arguments:?}: {out}{err}"
        );
        out
    }

    /// Runs a command that has to fail with this code, and gives its one line of complaint.
    fn fails(&self, code: u8, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(
            output.status.code(),
            Some(i32::from(code)),
            "{arguments:?}: {out}{err}"
        );
        assert_eq!(out, "", "{arguments:?}: a failure prints to standard error");
        err
    }

    fn add(&self, key: &str) {
        self.ok(&[
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

    /// A listing of so many bindings, every third of them with [`HASH`].
    fn listing(&self, bindings: u16) -> PathBuf {
        let mut text = "\nSSL Certificate bindings:\n-------------------------\n\n".to_owned();
        for port in 1..=bindings {
            let other = "00112233445566778899aabbccddeeff00112233";
            let hash = if port % 3 == 0 { HASH } else { other };
            text.push_str(&format!(
                "    IP:port                      : 10.0.0.1:{port}\n    \
                 Certificate Hash             : {hash}\n    \
                 Application ID               : {{{IIS}}}\n    \
                 Certificate Store Name       : WebHosting\n    \
                 Verify Client Certificate Revocation : Disabled\n\n"
            ));
        }
        let file = self.file("listing.txt");
        std::fs::write(&file, text).unwrap();
        file
    }

    fn json(&self, arguments: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.ok(arguments)).unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_command_leaves_the_store_s_file_and_no_log() {
    let host = Host::new();
    host.add("0.0.0.0:443");
    host.ok(&["update", "0.0.0.0:443", "--hash", NEXT]);
    host.ok(&["import", host.listing(300).to_str().unwrap()]);
    host.ok(&["delete", "0.0.0.0:443"]);
    let entries = std::fs::read_dir(host.0.path()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    assert_eq!(names, ["bindings.redb", "listing.txt"]);
}

#[test]
fn a_binding_is_added_shown_changed_and_deleted() {
    let host = Host::new();
    host.add("0.0.0.0:443");
    let shown = host.ok(&["show", "ipport=0.0.0.0:443"]);
    assert!(
        shown.contains(HASH) && shown.contains("IIS") && shown.contains("MY"),
        "{shown}"
    );

    host.ok(&[
        "update",
        "0.0.0.0:443",
        "--hash",
        NEXT,
        "--disablehttp2",
        "enable",
    ]);
    let binding = host.json(&["show", "0.0.0.0:443", "--format", "json"]);
    assert_eq!(binding["certificate"]["hash"], NEXT);
    assert_eq!(binding["certificate"]["store_name"], "MY");
    assert_eq!(binding["app_id"], IIS);
    assert_eq!(binding["flags"], serde_json::json!(["disable_http2"]));

    host.ok(&["delete", "0.0.0.0:443"]);
    assert_eq!(
        host.json(&["list", "--format", "json"]),
        serde_json::json!([])
    );
}

#[test]
fn update_changes_only_the_given_fields() {
    let host = Host::new();
    let everything = [
        "--store-name",
        "WebHosting",
        "--verifyclientcertrevocation",
        "disable",
        "--verifyrevocationwithcachedclientcertonly",
        "enable",
        "--usagecheck",
        "disable",
        "--revocationfreshnesstime",
        "60",
        "--urlretrievaltimeout",
        "5000",
        "--sslctlidentifier",
        "list",
        "--sslctlstorename",
        "CA",
        "--dsmapperusage",
        "enable",
        "--clientcertnegotiation",
        "enable",
        "--reject",
        "enable",
        "--disablequic",
        "enable",
    ];
    let add = [
        &["add", "0.0.0.0:443", "--hash", HASH, "--app-id", IIS][..],
        &everything,
    ]
    .concat();
    host.ok(&add);
    let show = ["show", "0.0.0.0:443", "--format", "json"];
    let mut before = host.json(&show);
    assert_eq!(before["revocation_freshness_time"], 60);
    assert_eq!(
        before["check_mode"],
        serde_json::json!([
            "no_revocation",
            "cached_revocation",
            "use_revocation_freshness",
            "no_usage_check"
        ])
    );
    host.ok(&["update", "0.0.0.0:443", "--reject", "disable"]);
    before["flags"]
        .as_array_mut()
        .unwrap()
        .retain(|flag| flag != "reject");
    assert_eq!(host.json(&show), before);
    host.ok(&[
        "update",
        "0.0.0.0:443",
        "--store-name",
        "",
        "--sslctlidentifier",
        "",
    ]);
    before["certificate"]["store_name"] = serde_json::Value::Null;
    before["ctl_identifier"] = serde_json::Value::Null;
    assert_eq!(host.json(&show), before);
}

#[test]
fn a_refusal_says_why_and_changes_nothing() {
    let host = Host::new();
    host.add("0.0.0.0:443");
    let before = host.json(&["list", "--format", "json"]);
    let add = |key| ["add", key, "--hash", NEXT, "--app-id", IIS];
    let said = host.fails(exit::REFUSED, &add("0.0.0.0:443"));
    assert!(
        said.contains("already bound") && said.contains(HASH),
        "{said}"
    );
    let said = host.fails(exit::REFUSED, &["delete", "0.0.0.0:80"]);
    assert!(said.contains("ipport=0.0.0.0:80 is not bound"), "{said}");
    let said = host.fails(exit::REFUSED, &["update", "[::]:443", "--hash", NEXT]);
    assert!(said.contains("ipport=[::]:443 is not bound"), "{said}");
    let said = host.fails(exit::REFUSED, &["rotate", NEXT, &"ab".repeat(20)]);
    assert!(said.contains("no binding uses"), "{said}");
    let said = host.fails(exit::USAGE, &add("ccs=443"));
    assert!(said.contains("central"), "{said}");
    let said = host.fails(exit::USAGE, &["add", "0.0.0.0:80", "--app-id", IIS]);
    assert!(said.contains("--hash or --cert"), "{said}");
    for arguments in [
        &["add", "0.0.0.0:80", "--hash", "12", "--app-id", IIS][..],
        &[
            "add",
            "www.contoso.com:443",
            "--hash",
            HASH,
            "--app-id",
            IIS,
        ],
        &["add", "0.0.0.0:80", "--hash", HASH, "--app-id", "nobody"],
        &[
            "add",
            "0.0.0.0:80",
            "--hash",
            HASH,
            "--cert",
            "x.pem",
            "--app-id",
            IIS,
        ],
        &["rotate", HASH],
        &["frobnicate"],
        &[],
    ] {
        host.fails(exit::USAGE, arguments);
    }
    assert_eq!(host.json(&["list", "--format", "json"]), before);
}

#[test]
fn reading_a_missing_store_creates_none() {
    let host = Host::new();
    for arguments in [
        &["list"][..],
        &["show", "0.0.0.0:443"],
        &["check"],
        &["export"],
        &["delete", "0.0.0.0:443"],
        &["rotate", HASH, NEXT],
    ] {
        let said = host.fails(exit::REFUSED, arguments);
        assert!(said.contains("no binding store at"), "{said}");
    }
    assert!(!host.file("bindings.redb").exists());
}

#[cfg(unix)]
#[test]
fn unreachable_store_is_not_an_empty_one() {
    let host = Host::new();
    let store = host.file("bindings.redb");
    std::os::unix::fs::symlink(&store, &store).unwrap();
    let said = host.fails(exit::REFUSED, &["list"]);
    assert!(said.contains("symbolic link"), "{said}");
}

#[test]
fn rotate_replaces_one_hash_in_one_revision() {
    let host = Host::new();
    let file = host.listing(1000);
    host.ok(&["import", file.to_str().unwrap()]);
    let mut before = host.json(&["list", "--format", "json"]);
    let first = host.json(&["rotate", HASH, NEXT, "--dry-run", "--format", "json"]);
    assert_eq!(first["renewed"].as_array().unwrap().len(), 333);
    assert_eq!(host.json(&["list", "--format", "json"]), before);
    let revision = |host: &Host| {
        let checked = host.json(&["check", "--format", "json"]);
        checked["revision"].as_u64().unwrap()
    };
    let old_revision = revision(&host);
    host.ok(&["rotate", HASH, NEXT]);
    for binding in before.as_array_mut().unwrap() {
        if binding["certificate"]["hash"] == HASH {
            binding["certificate"]["hash"] = NEXT.into();
        }
    }
    assert_eq!(host.json(&["list", "--format", "json"]), before);
    assert_eq!(revision(&host), old_revision + 1);
}

#[test]
fn change_without_effect_is_reported() {
    let host = Host::new();
    host.add("0.0.0.0:443");
    let revision = |host: &Host| host.json(&["check", "--format", "json"])["revision"].clone();
    let before = revision(&host);
    let said = host.fails(exit::USAGE, &["update", "0.0.0.0:443"]);
    assert!(said.contains("no field to update"), "{said}");
    host.ok(&[
        "update",
        "0.0.0.0:443",
        "--hash",
        HASH,
        "--reject",
        "disable",
    ]);
    let said = host.fails(exit::USAGE, &["rotate", HASH, HASH]);
    assert!(said.contains("same"), "{said}");
    assert_eq!(revision(&host), before);
}

#[test]
fn control_characters_are_escaped_in_output() {
    let host = Host::new();
    let hostile = "MY\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}x";
    host.ok(&[
        "add",
        "0.0.0.0:443",
        "--hash",
        HASH,
        "--app-id",
        IIS,
        "--store-name",
        hostile,
    ]);
    for arguments in [
        &["list"][..],
        &["show", "0.0.0.0:443"],
        &["list", "--format", "json"],
        &["show", "0.0.0.0:443", "--format", "json"],
    ] {
        let out = host.ok(arguments);
        assert!(
            !out.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']),
            "{arguments:?}: {out:?}"
        );
        assert!(out.contains("owned"), "{arguments:?}");
    }
    let listed = host.json(&["list", "--format", "json"]);
    assert_eq!(listed[0]["certificate"]["store_name"], hostile);
    let said = host.fails(
        exit::REFUSED,
        &["--store", "redb:/nowhere/\u{1b}[31m", "list"],
    );
    assert!(!said.contains('\u{1b}'), "{said:?}");
    // Arguments that are no values of their option, which a script may have taken from an export.
    for arguments in [
        &["show", hostile][..],
        &["list", "--format", hostile],
        &["list", "--stroe", hostile],
        &["--store", hostile, "list"],
        &["delete", "0.0.0.0:443", hostile],
        &[hostile],
    ] {
        let said = host.fails(exit::USAGE, arguments);
        assert!(
            !said.contains(['\u{7}', '\u{9b}', '\u{202e}']),
            "{arguments:?}: {said:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_line_of_a_check_is_never_the_name_of_a_store() {
    let host = Host::new();
    let store = format!("redb:{}\nfaked: whole", host.file("store").display());
    let store = ["--store", &store];
    let add = ["add", "ccs=443", "--app-id", IIS];
    host.ok(&[&store[..], &add].concat());
    let printed = host.ok(&[&store[..], &["check"]].concat());
    assert_eq!(printed.lines().count(), 1, "{printed}");
}

#[test]
fn the_default_store_is_a_file_in_the_data_directory() {
    let host = Host::new();
    let output = Command::new(env!("CARGO_BIN_EXE_certbind"))
        .args(["add", "0.0.0.0:443", "--hash", HASH, "--app-id", IIS])
        .env_remove("CERTBIND_STORE")
        .env("XDG_DATA_HOME", host.0.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(host.file("certbind/bindings.redb").exists());
}
