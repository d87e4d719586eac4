//! Exports, audits and comparisons of all hosts of a fleet.

use std::process::Command;

use certbind_etcd_server::Server;
use certbind_test_support::require;
use tempfile::TempDir;

use super::{APP, NEW, OLD, certbind, done, fleet, refused};

const KEYS: &[&str] = &["0.0.0.0:443", "[::]:443"];

/// Its output and exit code.
fn ended(arguments: &[&str]) -> (String, String, Option<i32>) {
    let output = certbind("memory:", arguments);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        text(output.stdout),
        text(output.stderr),
        output.status.code(),
    )
}

/// There is one file for each host, and `diff` compares the fleet with them.
#[test]
fn fleet_export_equals_the_fleet() {
    require!("etcd");
    let (_server, url) = fleet(&[("web01", KEYS), ("web02", KEYS), ("web03", KEYS)]);
    let folder = TempDir::new().unwrap();
    let before = folder.path().join("before").display().to_string();
    let printed = done("memory:", &["export", "--fleet", &url, "-o", &before]);
    assert!(printed.contains("Exported 3 hosts"), "{printed}");
    let exported = format!("{before}/web02.json");
    assert!(
        std::fs::read_to_string(&exported)
            .unwrap()
            .contains(r#""host": "web02""#)
    );
    assert!(
        done("memory:", &["diff", &exported, &format!("{url}web02")])
            .contains("The same: 2 bindings")
    );

    // The same URL without a slash at its end.
    let fleet = url.trim_end_matches('/');
    let diff = ["diff", &before, "--fleet", fleet];
    let (same, _, code) = ended(&diff);
    assert_eq!(
        (same.as_str(), code),
        ("0 hosts differ, 3 hosts the same\n", Some(0))
    );

    done(&format!("{url}web02"), &["rotate", OLD, NEW]);
    done(&format!("{url}web04"), &["add", "ccs=443", "--app-id", APP]);
    std::fs::rename(
        format!("{before}/web03.json"),
        format!("{before}/gone.json"),
    )
    .unwrap();
    let (differ, _, code) = ended(&diff);
    assert_eq!(code, Some(1));
    for printed in [
        "web02:\n~ ipport=0.0.0.0:443\n",
        "web03:\n+ ipport",
        "web04:\n+ ccs=443",
        "gone:\n- ipport",
        "4 hosts differ, 1 host the same",
    ] {
        assert!(differ.contains(printed), "{printed}: {differ}");
    }
    assert!(!differ.contains("web01"), "{differ}");
    let (json, _, _) = ended(&[&diff[..], &["--format", "json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["web01"]["same"], 2);
    assert_eq!(json["web02"]["changed"].as_array().unwrap().len(), 2);
}

/// A host whose file Windows would take for a device is refused alone. Etcd's names cannot leave the folder.
#[test]
fn fleet_export_names_no_device() {
    require!("etcd");
    let hosts = ["aux.txt", "com1", "con", "console", "web01."];
    let (server, url) = fleet(&hosts.map(|host| (host, KEYS)));
    for key in ["/certbind/v1/.hosts/../../up", "/certbind/v1/.hosts/a\\b"] {
        let _ = server.ctl(&["put", key, "x"]);
    }
    let folder = TempDir::new().unwrap();
    let before = folder.path().join("before");
    let (printed, said, code) = ended(&["export", "--fleet", &url, "-o", before.to_str().unwrap()]);
    assert_eq!(code, Some(1), "{said}");
    assert!(printed.contains("Exported 1 host "), "{printed}");
    for host in ["aux.txt", "com1", "con", "web01."] {
        let problem = format!("no file can be named after {host}:");
        assert!(said.contains(&problem), "{problem} {said}");
    }
    assert_eq!(said.matches("skipped").count(), 2, "{said}");
    let names = |folder: &std::path::Path| -> Vec<_> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    };
    assert_eq!(names(&before), ["console.json"]);
    assert_eq!(names(folder.path()), ["before"]);
}

/// Hosts without a match are left out; one that cannot be read is no host without a match.
#[test]
fn fleet_is_searched_for_a_certificate() {
    require!("etcd", "etcdctl");
    let (server, url) = fleet(&[("web01", KEYS), ("web02", KEYS)]);
    done(&format!("{url}web02"), &["rotate", OLD, NEW]);
    let search = |hash| ended(&["list", "--fleet", &url, "--cert", hash]);
    let (listed, _, code) = search(NEW);
    assert_eq!(code, Some(0), "{listed}");
    assert!(listed.starts_with("web02: 2 bindings\n"), "{listed}");
    assert!(listed.ends_with("2 bindings of 2 hosts\n"), "{listed}");
    let unbound = "00112233445566778899aabbccddeeff00112233";
    let none = "0 bindings of 2 hosts\n".to_owned();
    assert_eq!(search(unbound), (none, String::new(), Some(1)));
    let _ = server.ctl(&["put", "/certbind/v1/web02/\u{3}11", "x"]);
    let (_, printed, code) = search(unbound);
    assert_eq!(code, Some(2));
    assert!(printed.contains("web02: "), "{printed}");
}

#[test]
fn a_fleet_is_audited_against_its_exports() {
    require!("etcd", "etcdctl");
    let (server, url) = fleet(&[("web01", KEYS), ("web02", KEYS)]);
    let folder = TempDir::new().unwrap();
    let before = folder.path().display().to_string();
    done("memory:", &["export", "--fleet", &url, "-o", &before]);
    done(&format!("{url}web02"), &["delete", "[::]:443"]);
    let audit = [
        "audit",
        "--fleet",
        &url,
        "--baseline",
        &before,
        "--format",
        "json",
        "--fail-on",
        "never",
    ];
    let (report, printed, code) = ended(&audit);
    assert_eq!(code, Some(0), "{printed}");
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let hosts = report["hosts"].as_array().unwrap();
    assert_eq!(hosts.len(), 2);
    let findings = report["findings"].as_array().unwrap();
    let gone = |host: &str| {
        findings
            .iter()
            .any(|finding| finding.to_string().contains(host) && finding["rule"] == "CB202")
    };
    assert!(gone("web02") && !gone("web01"), "{report:#}");

    // A host that cannot be read hides no other, and is no host without findings.
    let _ = server.ctl(&["put", "/certbind/v1/web02/\u{3}11", "x"]);
    let (report, printed, code) = ended(&audit);
    assert_eq!(code, Some(2));
    assert!(printed.contains("web02: "), "{printed}");
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["hosts"].as_array().unwrap().len(), 2);
    assert!(report["hosts"][1]["not_assessed"].is_string(), "{report:#}");
    assert_eq!(report["findings"][0]["rule"], "CB027");
    let (_, _, code) = ended(&["diff", &before, "--fleet", &url]);
    assert_eq!(code, Some(2), "what cannot be read is not gone");
    let (printed, _, code) = ended(&["export", "--fleet", &url, "-o", &before]);
    assert!(printed.contains("Exported 1 host to"), "{printed}");
    assert_eq!(code, Some(1));
}

#[test]
fn fleet_diff_needs_one_export_per_host() {
    require!("etcd");
    let (_server, url) = fleet(&[("web01", KEYS)]);
    let folder = TempDir::new().unwrap();
    let path = folder.path().display().to_string();
    for name in ["web01.json", "web01.txt"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    let said = refused("memory:", &["diff", &path, "--fleet", &url]);
    assert!(said.contains("are exports of the same host"), "{said}");
    let said = refused("memory:", &["diff", "memory:", "--fleet", &url]);
    assert!(said.contains("is not a folder with an export"), "{said}");
    let said = refused("memory:", &["export", "--fleet", &url]);
    assert!(said.contains("choose a folder with -o"), "{said}");
    assert!(refused("memory:", &["diff", &path]).contains("<B>"));
}

#[test]
fn odd_keys_of_a_fleet_are_skipped_with_a_warning() {
    require!("etcd");
    let server = Server::start();
    let url = format!("etcd://{}/", server.endpoint());
    let add = ["add", "0.0.0.0:443", "--hash", OLD, "--app-id", APP];
    done(&format!("{url}web01"), &add);
    let _ = server.ctl(&["put", "/certbind/v1/.hosts/WEB\u{1b}[2J", "x"]);
    let output = Command::new(env!("CARGO_BIN_EXE_certbind"))
        .args(["list", "--fleet", &url])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("skipped") && !said.contains('\u{1b}'),
        "{said}"
    );
    assert!(String::from_utf8_lossy(&output.stdout).contains("web01"));
    assert!(output.status.success(), "{said}");
    // One among the bindings of a host hides that host alone, and is an error.
    done(&format!("{url}web02"), &add);
    let _ = server.ctl(&["put", "/certbind/v1/web02/odd\u{1b}[2J", "x"]);
    let output = certbind("memory:", &["list", "--fleet", &url]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("web02:") && !said.contains('\u{1b}'),
        "{said}"
    );
    assert!(String::from_utf8_lossy(&output.stdout).contains("web01: 1 binding"));
    assert!(!output.status.success(), "{said}");
}

/// Each host of a fleet is explained; the exit code is 1 if nothing answers on one of them.
#[test]
fn fleets_are_explained() {
    require!("etcd");
    let server = Server::start();
    let url = format!("etcd://{}/", server.endpoint());
    let add = |key| ["add", key, "--hash", OLD, "--app-id", APP];
    done(&format!("{url}web01"), &add("0.0.0.0:443"));
    done(&format!("{url}web02"), &add("[::]:443"));
    let explain = |endpoint| {
        let arguments = ["explain", endpoint, "--fleet", &url, "--format", "json"];
        let output = certbind("memory:", &arguments);
        let json = String::from_utf8(output.stdout).unwrap();
        (json, output.status.code())
    };
    let (json, code) = explain("[2001:db8::5]:443");
    assert_eq!(code, Some(0), "{json}");
    assert!(
        json.contains("\"web01\"") && json.contains("any_ipv4"),
        "{json}"
    );
    assert!(
        json.contains("\"web02\"") && json.contains("any_ipv6"),
        "{json}"
    );
    let (json, code) = explain("10.0.0.5:443");
    assert_eq!(code, Some(1), "{json}");
    assert!(json.contains("\"reset\""), "{json}");
}
