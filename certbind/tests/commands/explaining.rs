//! `explain`: the answers, as text and as JSON by its schema, and the exit codes. The choice itself is
//! tested in certbind-resolve.

use std::path::{Path, PathBuf};

use certbind::exit;
use serde_json::Value;

use super::{HASH, Host, IIS, NEXT};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The JSON of a command, which follows the schema, and its exit code.
fn json(host: &Host, arguments: &[&str]) -> (Value, i32) {
    let schema = std::fs::read(root().join("docs/explain.schema.json")).unwrap();
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let arguments = [arguments, &["--format", "json"]].concat();
    let output = host.run(&arguments);
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(&json)
        .map(|e| e.to_string())
        .collect();
    assert!(errors.is_empty(), "{arguments:?}: {errors:?}\n{json}");
    (json, output.status.code().unwrap())
}

fn bind(host: &Host, key: &str, hash: &str) {
    host.ok(&["add", key, "--hash", hash, "--app-id", IIS]);
}

/// The text names the winner, the reason of each loser, and the source that disagrees.
#[test]
fn a_hidden_host_name_is_explained() {
    let host = Host::new();
    bind(&host, "10.0.0.5:443", HASH);
    bind(&host, "hostnameport=www.contoso.com:443", NEXT);
    bind(&host, "hostnameport=mail.contoso.com:443", NEXT);
    bind(&host, "[::]:443", NEXT);
    let asked = ["explain", "10.0.0.5:443", "--sni", "WWW.contoso.com"];
    let text = host.ok(&asked);
    for line in [
        "answered by  ipport=10.0.0.5:443 (exact address)",
        "hostnameport=www.contoso.com:443: matches, but comes after exact address",
        "hostnameport=mail.contoso.com:443: is for another host name",
        "ipport=[::]:443: is for IPv6 connections only",
        "disputed     hostnameport=www.contoso.com:443 answers according to the documentation of Jexus",
        "evidence     disputed",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let (printed, code) = json(&host, &asked);
    assert_eq!(code, i32::from(exit::DONE));
    assert_eq!(printed["winner"]["key"], "ipport=10.0.0.5:443");
    assert_eq!(printed["losers"].as_array().unwrap().len(), 3);
    assert_eq!(
        printed["alternatives"][0]["key"],
        "hostnameport=www.contoso.com:443"
    );
    assert_eq!(printed["client"]["sees"], "certificate");
}

/// Other servers have a site for each host name of the port alone.
#[test]
fn answers_of_other_servers_are_shown_if_asked() {
    let host = Host::new();
    bind(&host, "hostnameport=*.contoso.com:443", HASH);
    bind(&host, "hostnameport=www.contoso.com:444", HASH);
    let asked = ["explain", "10.0.0.5:443", "--sni", "a.www.contoso.com"];
    let (printed, code) = json(&host, &asked);
    assert_eq!(code, i32::from(exit::UNANSWERED));
    assert_eq!(printed.get("other_servers"), None);
    let asked = [&asked[..], &["--other-servers"]].concat();
    let (printed, code) = json(&host, &asked);
    assert_eq!(code, i32::from(exit::UNANSWERED));
    let others = printed["other_servers"].as_array().unwrap();
    assert_eq!(others.len(), certbind_resolve::OTHER_SERVERS.len());
    let of = |server: &str| others.iter().find(|it| it["server"] == server).unwrap();
    assert_eq!(of("nginx")["site"], "*.contoso.com");
    assert_eq!(of("HAProxy")["answer"], "default");
    assert_eq!(of("HAProxy with strict-sni")["alert"], 112);
    let output = host.run(&asked);
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        "  elsewhere    the certificate of *.contoso.com: nginx; nginx with ssl_reject_handshake",
        "               the certificate of the default site: HAProxy; Node.js; openssl s_server",
        "               TLS alert 112: HAProxy with strict-sni",
        "               not known: Caddy; Python; Java 17",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let asked = ["explain", "10.0.0.5:443", "--other-servers"];
    host.fails(exit::USAGE, &asked);
}

/// A connection that nothing answers is reset, and has an exit code of its own.
#[test]
fn unanswered_connections_are_reset() {
    let host = Host::new();
    bind(&host, "[::]:443", HASH);
    bind(&host, "hostnameport=www.contoso.com:443", HASH);
    let (printed, code) = json(&host, &["explain", "10.0.0.5:443"]);
    assert_eq!(code, i32::from(exit::UNANSWERED));
    assert_eq!(printed["winner"], Value::Null);
    assert_eq!(printed["client"]["sees"], "reset");
    assert_eq!(printed["losers"][0]["outcome"], "no_name");
    let (printed, code) = json(&host, &["explain", "*:443", "--family", "6"]);
    assert_eq!(code, i32::from(exit::DONE));
    assert_eq!(printed["winner"]["step"], "any_ipv6");
    assert_eq!(printed["connection"]["address"], Value::Null);
    for wrong in [
        &["explain", "10.0.0.5"][..],
        &["explain", "10.0.0.5:0"],
        &["explain", "10.0.0.5:443", "--family", "6"],
        &["explain", "10.0.0.5:443", "--from", "/nowhere"],
        &["explain", "--sni", "a"],
        &["explain", "--changes", "/nowhere"],
    ] {
        host.fails(exit::NOT_EXPLAINED, wrong);
    }
}

/// With certificates, the client's view includes the client's objections.
#[test]
fn certificates_are_judged_for_the_client() {
    let host = Host::new();
    let folder = root().join("crates/certificates/tests/fixtures");
    let folder = folder.display().to_string();
    let hash = "7b10b7f823d29c77c3a049c1576819127feba2d6";
    bind(&host, "0.0.0.0:443", hash);
    bind(&host, "0.0.0.0:8443", HASH);
    let ask = |name: &str, now: &str| {
        let arguments = ["explain", "10.0.0.5:443", "--sni", name, "--now", now];
        let (printed, _) = json(
            &host,
            &[&arguments[..], &["--certificates", &folder]].concat(),
        );
        assert_eq!(printed["client"]["certificate"]["hash"], hash);
        let problems = printed["client"]["problems"].as_array().unwrap().clone();
        let kinds = problems
            .iter()
            .map(|it| it["kind"].as_str().unwrap().to_owned());
        kinds.collect::<Vec<_>>()
    };
    assert_eq!(ask("WWW.contoso.com", "2027-01-01"), [""; 0]);
    assert_eq!(ask("mail.contoso.com", "2027-01-01"), ["name_not_covered"]);
    assert_eq!(ask("contoso.com", "2036-12-31"), ["expired"]);
    assert_eq!(
        ask("a.contoso.com", "2026-01-01"),
        ["name_not_covered", "not_yet_valid"]
    );
    let unknown = host.ok(&["explain", "10.0.0.5:8443", "--certificates", &folder]);
    assert!(unknown.contains("not in the folder"), "{unknown}");
}

/// The central store's files are named, and a name or subject reaches a terminal escaped.
#[test]
fn central_store_files_are_named() {
    let host = Host::new();
    host.ok(&["add", "ccs=443", "--app-id", IIS]);
    let (printed, _) = json(
        &host,
        &["explain", "10.0.0.5:443", "--sni", "WWW.contoso.com"],
    );
    assert_eq!(
        printed["client"]["files"],
        serde_json::json!(["www.contoso.com.pfx", "_.contoso.com.pfx"])
    );
    let text = host.ok(&["explain", "10.0.0.5:443", "--sni", "\u{1b}[2J"]);
    assert!(!text.contains('\u{1b}'), "{text:?}");
}

/// `--all` has a row for each connection that the port distinguishes, and one for addresses whose
/// names are all answered alike.
#[test]
fn a_port_is_shown_whole() {
    let host = Host::new();
    bind(&host, "10.0.0.5:443", HASH);
    bind(&host, "0.0.0.0:443", HASH);
    bind(&host, "hostnameport=*.contoso.com:443", NEXT);
    let (printed, code) = json(&host, &["explain", "--all", "443"]);
    assert_eq!(code, i32::from(exit::DONE));
    let rows = printed["connections"].as_array().unwrap().iter();
    let rows: Vec<_> = rows
        .map(|row| {
            let by = row["answered_by"]["key"].as_str().unwrap();
            (
                row["address"].as_str().unwrap(),
                row["sni"]["case"].as_str().unwrap(),
                by,
            )
        })
        .collect();
    let [any_v4, any_v6] = ["any other IPv4 address", "any other IPv6 address"];
    let wildcard = "hostnameport=*.contoso.com:443";
    let fallback = "ipport=0.0.0.0:443";
    assert_eq!(
        rows,
        [
            ("10.0.0.5", "any_or_none", "ipport=10.0.0.5:443"),
            (any_v4, "none", fallback),
            (any_v4, "wildcard", wildcard),
            (any_v4, "other", fallback),
            (any_v6, "none", fallback),
            (any_v6, "wildcard", wildcard),
            (any_v6, "other", fallback),
        ]
    );
    let (_, code) = json(&host, &["explain", "--all", "444"]);
    assert_eq!(code, i32::from(exit::UNANSWERED));
}

/// `--changes` has the connections that get another certificate, refuses a plan that was made for
/// another state, and fails if a connection loses its answer.
#[test]
fn plans_are_explained_before_they_are_applied() {
    let host = Host::new();
    bind(&host, "0.0.0.0:443", HASH);
    bind(&host, "hostnameport=www.contoso.com:443", OTHER);
    bind(&host, "0.0.0.0:8443", OTHER);
    let plan = host.file("plan.json").display().to_string();
    host.ok(&["rotate", HASH, NEXT, "--export", &plan]);
    let (printed, code) = json(&host, &["explain", "--changes", &plan]);
    assert_eq!(code, i32::from(exit::DONE));
    let changed = printed["changed"].as_array().unwrap();
    assert_eq!(
        changed.len(),
        4,
        "no name and other names, on IPv4 and IPv6: {printed}"
    );
    for row in changed {
        assert_eq!(row["before"]["certificate"], HASH);
        assert_eq!(row["after"]["certificate"], NEXT);
        assert_ne!(row["sni"]["case"], "name", "{row}");
    }
    // A plan that deletes the answering binding.
    let empty = host.file("empty.json").display().to_string();
    host.ok(&["export", "--format", "json", "-o", &empty]);
    let text = std::fs::read_to_string(&empty).unwrap();
    let mut export: Value = serde_json::from_str(&text).unwrap();
    export["bindings"]
        .as_array_mut()
        .unwrap()
        .retain(|it| it["key"] != "ipport=0.0.0.0:8443");
    std::fs::write(&empty, export.to_string()).unwrap();
    let store = format!("redb:{}", host.file("bindings.redb").display());
    let prune = host.file("prune.json").display().to_string();
    host.ok(&["plan", &empty, &store, "--prune", "-o", &prune]);
    let (printed, code) = json(&host, &["explain", "--changes", &prune]);
    assert_eq!(code, i32::from(exit::UNANSWERED), "{printed}");
    assert_eq!(printed["changed"][0]["after"], Value::Null);

    host.ok(&["delete", "0.0.0.0:443"]);
    let error = host.fails(exit::NOT_EXPLAINED, &["explain", "--changes", &plan]);
    assert!(error.contains("make the plan again"), "{error}");
}

const OTHER: &str = "61d34f532da121bbab64723c4871e72c92f03735";

/// An export of another host is explained like a store.
#[test]
fn exports_are_explained() {
    let host = Host::new();
    let export = root().join("examples/host-2022.txt").display().to_string();
    let (printed, _) = json(&host, &["explain", "[2001:db8::1]:443", "--from", &export]);
    assert_eq!(printed["winner"]["key"], "ipport=[::]:443");
}

/// `show` of an unbound key names the binding that answers such a connection.
#[test]
fn showing_an_unbound_key_names_the_one_that_answers() {
    let host = Host::new();
    bind(&host, "0.0.0.0:443", HASH);
    bind(&host, "hostnameport=*.contoso.com:443", HASH);
    host.ok(&["add", "ccs=8443", "--app-id", IIS]);
    for (key, answers) in [
        ("10.0.0.5:443", "ipport=0.0.0.0:443 (0.0.0.0) answers"),
        ("[::]:443", "ipport=0.0.0.0:443 (0.0.0.0) answers"),
        (
            "hostnameport=www.contoso.com:443",
            "hostnameport=*.contoso.com:443 (wildcard host name) answers",
        ),
        (
            "scopedccs=a.example:8443",
            "ccs=8443 (central store) answers",
        ),
        ("10.0.0.5:8443", "nothing answers"),
        ("ccs=444", "nothing answers"),
    ] {
        let error = host.fails(exit::REFUSED, &["show", key]);
        assert!(
            error.contains("is not bound") && error.contains(answers),
            "{error}"
        );
    }
}
