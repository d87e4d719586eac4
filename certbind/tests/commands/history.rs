//! `log`, `undo`, `restore`, and earlier states in `show` and `diff`.

use certbind::exit;
use serde_json::Value;

use super::{HASH, Host, IIS, NEXT};

/// Bound at revision 1, renewed at 2, another one bound at 3, the first deleted at 4.
fn changed_host() -> Host {
    let host = Host::new();
    let bind = |key: &str| host.ok(&["add", key, "--hash", HASH, "--app-id", IIS]);
    bind("0.0.0.0:443");
    let renewal = [
        "rotate",
        "--from",
        HASH,
        "--to",
        NEXT,
        "--message",
        "ticket 4711",
    ];
    host.ok(&renewal);
    bind("hostnameport=shop.contoso.com:443");
    host.ok(&["delete", "0.0.0.0:443"]);
    host
}

fn log(host: &Host, more: &[&str]) -> Vec<Value> {
    let json = host.ok(&[&["log", "--format", "json"], more].concat());
    serde_json::from_str(&json).unwrap()
}

fn listed(host: &Host) -> Value {
    serde_json::from_str(&host.ok(&["list", "--format", "json"])).unwrap()
}

#[test]
fn log_shows_author_change_and_reason() {
    let host = changed_host();
    let commits = log(&host, &[]);
    let revisions: Vec<_> = commits
        .iter()
        .map(|it| it["revision"].as_u64().unwrap())
        .collect();
    assert_eq!(revisions, [4, 3, 2, 1]);
    assert_eq!(commits[2]["message"], "ticket 4711");
    let command = commits[2]["command"].as_str().unwrap();
    assert_eq!(
        command,
        format!("certbind rotate --from {HASH} --to {NEXT}")
    );
    assert!(
        commits[0]["user"]
            .as_str()
            .is_some_and(|user| !user.is_empty())
    );
    let field = &commits[2]["changes"]["changed"][0]["fields"][0];
    assert_eq!(
        (&field["before"], &field["after"]),
        (&HASH.into(), &NEXT.into())
    );
    assert_eq!(
        commits[0]["changes"]["removed"][0]["key"],
        "ipport=0.0.0.0:443"
    );

    assert_eq!(log(&host, &["hostnameport=shop.contoso.com:443"]).len(), 1);
    assert_eq!(log(&host, &["--limit", "2"]).len(), 2);
    assert_eq!(
        host.ok(&["log", "[::]:1"]),
        "No commit in the history changed ipport=[::]:1.\n"
    );
    let text = host.ok(&["log", "0.0.0.0:443"]);
    assert!(
        text.contains("    ticket 4711\n  ~ ipport=0.0.0.0:443\n"),
        "{text}"
    );
}

#[test]
fn show_and_diff_see_earlier_states() {
    let host = changed_host();
    let show = |at: &str| host.run(&["show", "0.0.0.0:443", "--at", at]);
    for (at, hash) in [("1", HASH), ("2", NEXT), ("3", NEXT)] {
        let shown = String::from_utf8(show(at).stdout).unwrap();
        assert!(shown.contains(hash), "{at}: {shown}");
    }
    for (at, printed) in [
        ("4", "not bound at revision 4"),
        ("5", "at revision 4"),
        ("2000-01-01", "at revision 0"),
    ] {
        let refused = show(at);
        assert_eq!(refused.status.code(), Some(exit::REFUSED.into()));
        let error = String::from_utf8(refused.stderr).unwrap();
        assert!(error.contains(printed), "{error}");
    }
    let diff = |arguments: &[&str]| {
        let output = host.run(&[&["diff", "--format", "json"], arguments].concat());
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        let count = |name: &str| json[name].as_array().unwrap().len();
        (
            output.status.code(),
            [count("added"), count("removed"), count("changed")],
        )
    };
    assert_eq!(diff(&["--at", "1"]), (Some(1), [1, 1, 0]));
    assert_eq!(diff(&["--at", "1", "--at", "2"]), (Some(1), [0, 0, 1]));
    assert_eq!(diff(&["--at", "4"]), (Some(0), [0, 0, 0]));
    let tomorrow = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24);
    assert_eq!(diff(&["--at", &tomorrow.to_string()]), (Some(0), [0, 0, 0]));
}

#[test]
fn undo_is_a_commit_and_refuses_later_changes() {
    let host = changed_host();
    let refused = host.run(&["undo", "2"]);
    assert_eq!(refused.status.code(), Some(exit::REFUSED.into()));
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(
        error.contains("ipport=0.0.0.0:443 changed after revision 2"),
        "{error}"
    );
    let before = listed(&host);
    let shown = host.ok(&["undo", "2", "--force", "--dry-run"]);
    assert!(shown.contains("+ ipport=0.0.0.0:443"), "{shown}");
    assert_eq!(listed(&host), before);

    host.ok(&["undo", "--message", "a mistake"]);
    let text = host.ok(&["show", "0.0.0.0:443"]);
    assert!(text.contains(NEXT), "{text}");
    // Now nothing has changed since revision 2.
    host.ok(&["undo", "2"]);
    assert!(host.ok(&["show", "0.0.0.0:443"]).contains(HASH));
    let again = host.ok(&["undo", "2", "--force"]);
    assert!(again.contains("Already so"), "{again}");
    let commits = log(&host, &[]);
    assert_eq!(
        (commits.len(), &commits[1]["message"]),
        (6, &"a mistake".into())
    );
}

#[test]
fn restore_brings_all_bindings_back() {
    let host = changed_host();
    let now = listed(&host);
    host.ok(&["restore", "--at", "2"]);
    let text = host.ok(&["list"]);
    assert!(text.contains(NEXT) && !text.contains("shop"), "{text}");
    host.ok(&["undo"]);
    assert_eq!(listed(&host), now);
    host.ok(&["restore", "--at", "0"]);
    assert_eq!(listed(&host).as_array().map(Vec::len), Some(0));
}

#[test]
fn changes_without_history_are_reported_and_never_undone() {
    let host = changed_host();
    host.ok(&[
        "--history",
        "off",
        "delete",
        "hostnameport=shop.contoso.com:443",
    ]);
    let commits = log(&host, &[]);
    assert_eq!(commits[0]["without_history"]["newest"], 5);
    assert_eq!(commits[1]["changes"], Value::Null);
    for arguments in [
        &["undo"][..],
        &["restore", "--at", "3"],
        &["undo", "4", "--force"],
    ] {
        let refused = host.run(arguments);
        assert_eq!(
            refused.status.code(),
            Some(exit::REFUSED.into()),
            "{arguments:?}"
        );
        let error = String::from_utf8(refused.stderr).unwrap();
        assert!(
            error.contains("revision 5 is not in the history"),
            "{error}"
        );
    }
    host.ok(&[
        "--history",
        "commits=1",
        "add",
        "[::]:443",
        "--hash",
        HASH,
        "--app-id",
        IIS,
    ]);
    assert_eq!(log(&host, &[])[0]["revision"], 6);
    assert_eq!(log(&host, &[]).len(), 1);
}

#[test]
fn other_stores_keep_no_history() {
    let host = Host::new();
    let refused = host.run(&["log", "--store", "memory:"]);
    assert_eq!(refused.status.code(), Some(exit::REFUSED.into()));
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(error.contains("has no history"), "{error}");
    assert!(
        error.contains("certbind record memory: --into FILE"),
        "{error}"
    );
    let wrong = host.run(&["log", "--history", "forever"]);
    assert_eq!(wrong.status.code(), Some(exit::USAGE.into()));
}
