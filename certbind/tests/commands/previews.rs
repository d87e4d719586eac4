//! `--dry-run` of the commands that change one binding, and `delete --ignore-not-found`.

use std::process::Output;

use certbind::exit;
use serde_json::{Value, json};

use super::{HASH, Host, IIS, NEXT, text};

/// The JSON of a dry run, and that of the command itself after it. The store is as before in between.
fn both(host: &Host, command: &[&str]) -> [Value; 2] {
    let store = || std::fs::read(host.file("bindings.redb")).ok();
    let before = store();
    let preview = host.json(&[command, &["--dry-run", "--format", "json"]].concat());
    assert!(store() == before, "{command:?} wrote to the store");
    [
        preview,
        host.json(&[command, &["--format", "json"]].concat()),
    ]
}

#[test]
fn dry_runs_report_the_change_that_the_command_makes() {
    let host = Host::new();
    let new = ["--hash", HASH, "--app-id", IIS];
    for command in [
        &[&["set", "0.0.0.0:443"], &new[..], &["--reject", "enable"]].concat()[..],
        &["set", "0.0.0.0:443", "--hash", NEXT],
        &["update", "0.0.0.0:443", "--store-name", "MY"],
        &[&["add", "[::]:443"], &new[..]].concat(),
        &["delete", "[::]:443"],
        &["delete", "0.0.0.0:443", "--ignore-not-found"],
    ] {
        let [preview, made] = both(&host, command);
        assert_eq!(preview, made);
        assert_eq!(preview["changed"], true, "{command:?}");
    }
    for command in [
        &["delete", "0.0.0.0:443", "--ignore-not-found"][..],
        &[&["add", "0.0.0.0:444"], &new[..]].concat(),
        &[&["add", "0.0.0.0:444"], &new[..]].concat(),
        &[&["set", "0.0.0.0:444"], &new[..]].concat(),
    ] {
        let [preview, made] = both(&host, command);
        let created = made["before"] == Value::Null && made["after"] != Value::Null;
        assert_eq!(made["changed"], created, "{command:?}");
        assert_eq!(preview, made, "{command:?}");
    }
}

#[test]
fn dry_runs_print_the_changes() {
    let host = Host::new();
    let set = ["set", "0.0.0.0:443", "--hash", HASH, "--app-id", IIS];
    let dry = |command: &[&str]| host.ok(&[command, &["--dry-run"]].concat());
    let bound = format!("ipport=0.0.0.0:443 to {HASH}\n");
    assert_eq!(dry(&set), format!("Would bind {bound}"));
    assert_eq!(host.ok(&set), format!("Bound {bound}"));
    assert_eq!(
        dry(&["update", "0.0.0.0:443", "--hash", NEXT]),
        format!("Would update ipport=0.0.0.0:443, bound to {NEXT} then\n")
    );
    assert_eq!(
        dry(&["delete", "0.0.0.0:443"]),
        format!("Would delete ipport=0.0.0.0:443, bound to {HASH} now\n")
    );
    let unbound = ["delete", "[::]:443", "--ignore-not-found"];
    assert_eq!(host.ok(&unbound), "ipport=[::]:443 is not bound\n");
}

#[test]
fn dry_runs_refuse_the_same_as_the_command() {
    let host = Host::new();
    let folder = host.file("missing/bindings.redb");
    let elsewhere = format!("redb:{}", folder.display());
    let set = ["set", "0.0.0.0:443", "--hash", HASH, "--app-id", IIS];
    host.ok(&set);
    for command in [
        &[&set[..], &["--store", &elsewhere]].concat()[..],
        &["set", "[::]:443", "--hash", HASH],
        &["update", "[::]:443", "--hash", HASH],
        &["add", "0.0.0.0:443", "--hash", NEXT, "--app-id", IIS],
        &["delete", "[::]:443"],
        &["delete", "[::]:443", "--store", &elsewhere],
        &["set", "ccs=443", "--hash", HASH, "--app-id", IIS],
    ] {
        let refused = host.run(&[command, &["--dry-run"]].concat());
        let said = host.run(command);
        assert_ne!(said.status.code(), Some(i32::from(exit::DONE)));
        assert_eq!(refused.status.code(), said.status.code(), "{command:?}");
        let error = |output: &Output| text(&output.stderr).lines().last().unwrap().to_owned();
        assert_eq!(error(&refused), error(&said), "{command:?}");
    }
    let shown = host.json(&["list", "--format", "json"]);
    assert_eq!(shown[0]["certificate"]["hash"], json!(HASH));
}
