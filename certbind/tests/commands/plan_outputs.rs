//! The JSON output of the commands that plan and make changes of many bindings follows its schema.

use std::fs;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use certbind::exit;
use serde_json::Value;

use super::outputs::{json, refused, run, schemas};
use super::{HASH, Host, IIS, NEXT};

#[test]
fn rotations() {
    let host = Host::new();
    host.add("0.0.0.0:443");
    host.add("[::]:443");
    let rotate = ["rotate", HASH, NEXT];
    let would = json(&host, "rotate", 0, &[&rotate[..], &["--dry-run"]].concat());
    assert_eq!(
        (&would["dry_run"], &would["revision"]),
        (&true.into(), &Value::Null)
    );
    json(
        &host,
        "plan-v1",
        0,
        &[&rotate[..], &["--export", "plan.json"]].concat(),
    );
    let export = host.file("web01.json");
    host.ok(&["export", "-o", export.to_str().unwrap()]);
    let hosts = [
        "rotate",
        "--from",
        HASH,
        "--to",
        NEXT,
        "web01.json",
        "--out",
        "renewal",
    ];
    let summary = json(&host, "rotate", 0, &hosts);
    assert_eq!(
        summary["hosts"]["web01"]["renewed"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let done = json(&host, "rotate", 0, &rotate);
    assert_eq!(done["renewed"].as_array().unwrap().len(), 2);
    let again = json(&host, "rotate", 0, &rotate);
    assert_eq!(again["renewed"], Value::Array(Vec::new()));
    refused(&host, exit::REFUSED, &["rotate", HASH, &"ab".repeat(20)]);

    let verify = |code, files: &[&str]| {
        json(
            &host,
            "verify",
            code,
            &[&["verify", "--plan", "renewal"], files].concat(),
        )
    };
    let not_yet = verify(exit::DIFFERENT, &["web01.json"]);
    assert_eq!(not_yet["hosts"]["web01"]["renewed"], 0);
    host.ok(&["export", "-o", export.to_str().unwrap()]);
    assert_eq!(verify(0, &["web01.json"])["ok"], true);
    fs::copy(&export, host.file("web02.json")).unwrap();
    let other = verify(exit::DIFFERENT, &["web02.json"]);
    assert_eq!(other["hosts"]["web01"]["problem"], "no new export");
    assert_eq!(other["hosts"]["web02"]["problem"], "not in the plan");
    refused(
        &host,
        exit::NOT_AUDITED,
        &["verify", "none.json", "--plan", "renewal"],
    );
}

#[test]
fn lost_options_are_healed() {
    let host = Host::new();
    host.add("0.0.0.0:443");
    host.ok(&["update", "0.0.0.0:443", "--disablehttp2", "enable"]);
    host.ok(&["export", "-o", host.file("before.json").to_str().unwrap()]);
    host.ok(&["update", "0.0.0.0:443", "--disablehttp2", "disable"]);
    host.add("10.0.0.1:8443");
    let heal = ["heal", "--before", "before.json", "redb:bindings.redb"];
    let would = json(&host, "heal", 0, &[&heal[..], &["--dry-run"]].concat());
    assert_eq!(
        (&would["applied"], &would["dry_run"]),
        (&false.into(), &true.into())
    );
    let done = json(&host, "heal", 0, &heal);
    assert_eq!(done["healed"][0]["key"], "ipport=0.0.0.0:443");
    assert_eq!(done["new"], serde_json::json!(["ipport=10.0.0.1:8443"]));
    assert_eq!(json(&host, "heal", 0, &heal)["applied"], false);
    refused(
        &host,
        exit::BROKEN_INPUT,
        &["heal", "--before", "none.json", "redb:bindings.redb"],
    );
}

/// A plan that is applied with a probe and a time to confirm it, and refused ones.
#[test]
fn plans_probes_and_confirmations() {
    let host = Host::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let key = silent.local_addr().unwrap().to_string();
    host.add("0.0.0.0:443");
    let plan = |name: &str| {
        json(
            &host,
            "plan-v1",
            0,
            &["plan", "redb:wanted", "redb:bindings.redb", "-o", name],
        )
    };
    for key in [&key, &closed.to_string(), "ccs=443"] {
        let add = ["--store", "redb:wanted", "add", key, "--app-id", IIS];
        let hash = ["--hash", HASH];
        let hash = if key == "ccs=443" { &[][..] } else { &hash[..] };
        assert!(run(&host, &[&add[..], hash].concat()).status.success());
    }
    plan("plan.json");
    let apply = ["apply", "plan.json", "redb:bindings.redb", "--yes"];
    let would = json(&host, "apply", 0, &[&apply[..], &["--dry-run"]].concat());
    assert_eq!(
        (&would["applied"], &would["undo"]),
        (&false.into(), &Value::Null)
    );
    refused(&host, exit::USAGE, &apply[..3]);
    // The listener shows no certificate.
    let confirmed = [&apply[..], &["--probe", "--confirm", "10m"]].concat();
    let rolled_back = json(&host, "apply", exit::REFUSED, &confirmed);
    assert_eq!(rolled_back["confirmed"], false);
    assert_eq!(rolled_back["probe"][0]["found"], "nothing");
    refused(&host, exit::REFUSED, &["confirm"]);
    let done = json(&host, "apply", 0, &apply);
    assert_eq!(done["created"].as_array().unwrap().len(), 3);
    assert_eq!(json(&host, "apply", 0, &apply)["applied"], false);
    let probed = json(&host, "probe", exit::FOUND, &["probe", "--timeout", "1"]);
    assert_eq!(probed.as_array().unwrap().len(), 4);
    let probed = json(&host, "probe", 0, &["probe", "ccs=443"]);
    assert_eq!(probed[0]["found"], "not_probed");

    host.ok(&["delete", "ccs=443"]);
    plan("second.json");
    let arguments = [
        "apply",
        "second.json",
        "redb:bindings.redb",
        "--yes",
        "--confirm",
        "10m",
        "--format",
        "json",
    ];
    let mut command = host.command(&arguments);
    let command = command.current_dir(host.0.path()).stdin(Stdio::null());
    let waiting = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let end = Instant::now() + Duration::from_secs(120);
    let confirm = ["confirm", "second.json", "--format", "json"];
    let confirmed = loop {
        let output = run(&host, &confirm);
        if output.status.success() {
            break schemas::value("confirm", 0, &output);
        }
        assert!(Instant::now() < end, "{output:?}");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(confirmed["plan"].as_str().unwrap().ends_with("second.json"));
    let kept = schemas::value("apply", 0, &waiting.wait_with_output().unwrap());
    assert_eq!(kept["confirmed"], true);
    host.ok(&["update", &key, "--hash", NEXT]);
    refused(&host, exit::REFUSED, &apply);
}
