//! The JSON output of the commands over a fleet follows its schemas.

use std::io::BufReader;
use std::process::{Command, Stdio};

use certbind::exit;
use certbind_test_support::require;
use serde_json::Value;
use tempfile::TempDir;

use super::{APP, NEW, OLD, add, certbind, done, fleet};

#[path = "../common/schemas.rs"]
mod schemas;

const KEYS: &[&str] = &["0.0.0.0:443", "[::]:443"];

fn json(schema: &str, code: u8, arguments: &[&str]) -> Value {
    let output = certbind("memory:", &[arguments, &["--format", "json"]].concat());
    schemas::value(schema, code, &output)
}

#[test]
fn outputs_of_a_fleet_follow_the_schemas() {
    require!("etcd", "etcdctl");
    let (server, url) = fleet(&[("web01", KEYS), ("web02", KEYS), ("web03", &[])]);
    done(&format!("{url}web03"), &["add", "ccs=443", "--app-id", APP]);
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let listed = json("list", 0, &["list", "--fleet", &url]);
    assert_eq!(listed["web01"].as_array().unwrap().len(), 2);
    json(
        "list",
        exit::NO_MATCH,
        &["list", "--fleet", &url, "--port", "9"],
    );
    done(
        "memory:",
        &["export", "--fleet", &url, "-o", &path("before")],
    );

    let rotate = ["rotate", OLD, NEW, "--fleet", &url];
    let rotated =
        |schema, code, options: &[&str]| json(schema, code, &[&rotate[..], options].concat());
    assert_eq!(rotated("rotate", 0, &["--dry-run"])["dry_run"], true);
    let plan = path("plan.json");
    let planned = rotated("fleet-plan", 0, &["--export", &plan]);
    assert_eq!(planned["hosts"].as_object().unwrap().len(), 2);
    let apply = ["apply", &plan, "--fleet", &url];
    let would = json("apply", 0, &[&apply[..], &["--dry-run"]].concat());
    assert_eq!(would["applied"], serde_json::json!(["web01", "web02"]));
    assert!(json("apply", 0, &[&apply[..], &["--yes"]].concat())["undo"].is_string());
    let again = json("apply", 0, &[&apply[..], &["--yes"]].concat());
    assert_eq!(again["applied_before"].as_array().unwrap().len(), 2);
    rotated("rotate", 0, &[]);
    rotated("rotate", 0, &["--export", &plan]);
    let different = ["diff", &path("before"), "--fleet", &url];
    let different = json("diff", exit::DIFFERENT, &different);
    assert_eq!(different["web01"]["changed"].as_array().unwrap().len(), 2);
    // On web03 only connections with a server name are answered.
    let explain = ["explain", "10.0.0.5:443", "--fleet", &url];
    json("explain", exit::UNANSWERED, &explain);

    let _ = server.ctl(&["put", "/certbind/v1/web02/\u{3}11", "x"]);
    let partly = ["rotate", NEW, OLD, "--fleet", &url];
    let partly = json("rotate", exit::REFUSED, &partly);
    assert_eq!(
        (
            &partly["failed"],
            partly["renewed"].as_object().unwrap().len()
        ),
        (&1.into(), 1)
    );
    json("list", exit::REFUSED, &["list", "--fleet", &url]);
}

#[test]
fn rounds_of_sync_follow_the_schema() {
    require!("etcd");
    let (_server, url) = fleet(&[("web01", KEYS)]);
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (record, store) = (format!("{url}web01"), format!("redb:{}", path("host.redb")));
    let state = path("state.json");
    let sync = ["sync", "--from", &record, "--to", &store, "--state", &state];
    let round = |code, options: &[&str]| json("sync", code, &[&sync[..], options].concat());
    let would = round(0, &["--dry-run"]);
    assert_eq!(would["created"].as_array().unwrap().len(), 2);
    round(0, &[]);
    add(&store, "10.0.0.1:443");
    done(&store, &["delete", "[::]:443"]);
    done(&record, &["update", "0.0.0.0:443", "--hash", NEW]);
    let local = round(exit::NOT_IN_SYNC, &[]);
    assert_eq!(local["replaced"], serde_json::json!(["ipport=0.0.0.0:443"]));
    assert_eq!(local["local_changes"].as_array().unwrap().len(), 2);
    assert_eq!(round(0, &["--enforce"])["enforced"], true);

    done(&record, &["add", "ccs=443", "--app-id", APP]);
    let mut watch = Command::new(env!("CARGO_BIN_EXE_certbind"));
    let watch = watch.args(sync).args(["--watch", "--format", "json"]);
    let mut watch = watch.stdout(Stdio::piped()).spawn().unwrap();
    let mut rounds =
        serde_json::Deserializer::from_reader(BufReader::new(watch.stdout.take().unwrap()))
            .into_iter::<Value>();
    let first = rounds.next().unwrap().unwrap();
    done(&record, &["delete", "ccs=443"]);
    let second = rounds.next().unwrap().unwrap();
    watch.kill().unwrap();
    watch.wait().unwrap();
    for (round, field) in [(&first, "created"), (&second, "deleted")] {
        schemas::validate("sync", round);
        assert_eq!(round[field], serde_json::json!(["ccs=443"]));
    }

    let unknown = format!("{url}web09");
    let output = certbind(
        "memory:",
        &[
            "sync", "--from", &unknown, "--to", &store, "--format", "json",
        ],
    );
    assert_eq!(output.status.code(), Some(exit::UNKNOWN_HOST.into()));
    let messages = schemas::messages(&output);
    assert_eq!(messages[0]["error"]["exit_code"], exit::UNKNOWN_HOST);
}
