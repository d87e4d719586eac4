//! Incomplete listings and listings with other text: every command prints the same warnings as
//! `import`, and no command deletes most of a target because a listing lacks it.

use std::collections::BTreeSet;

use certbind::exit;
use serde_json::Value;

use crate::bench::{Bench, text};

const CASES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../crates/formats/tests/fixtures/cases"
);
const EXAMPLE: &str = include_str!("../../../examples/host-2022.txt");

/// Listings with a warning of each kind.
fn listings() -> Vec<(&'static str, String)> {
    let case = |name: &str| std::fs::read_to_string(format!("{CASES}/{name}.txt")).unwrap();
    let replaced = |from: &str, to: &str| {
        assert!(EXAMPLE.contains(from), "{from}");
        EXAMPLE.replacen(from, to, 1)
    };
    let usage = "    Usage Check                  : Enabled\r\n";
    vec![
        ("quoted.txt", case("04-quoted-2022")),
        ("trimmed.txt", case("06-quoted-2012r2-no-dsmapper")),
        ("stamped.txt", case("08-timestamps-token-binding")),
        ("remark.txt", case("09-annotated-ctl-store")),
        ("page.txt", case("15-html-br")),
        ("ansible.txt", case("17-ansible-json-in-text")),
        ("pager.txt", case("19-more-pager")),
        ("missing.txt", replaced(usage, "")),
        ("unknown.txt", replaced("Usage Check   ", "Usage Chuck   ")),
        (
            "orphan.txt",
            replaced(
                "SSL Certificate bindings:",
                "    Colour                       : blue\r\nSSL Certificate bindings:",
            ),
        ),
    ]
}

fn strings(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(into.insert(text.clone())),
        Value::Array(values) => values.iter().for_each(|value| strings(value, into)),
        Value::Object(fields) => fields.values().for_each(|value| strings(value, into)),
        _ => {}
    }
}

/// The warnings of `import` about a file, without the places.
fn reported_by_import(bench: &Bench, file: &str) -> Vec<String> {
    let import = ["--store", "memory:", "import", "--dry-run", file];
    let report = bench.json(&[&import[..], &["--format", "json"]].concat());
    let warnings = report["warnings"].as_array().unwrap();
    let texts = warnings.iter().map(|warning| warning.as_str().unwrap());
    let sentence = |text: &str| {
        let text = text.strip_prefix("line ").unwrap_or(text);
        let text = text.split_once(": ").map_or(text, |(_, rest)| rest);
        // A key has a colon and no space after it.
        let text = match text.split_once(": ") {
            Some((key, rest)) if key.contains('=') && !key.contains(' ') => rest,
            _ => text,
        };
        text.to_owned()
    };
    texts.map(sentence).collect()
}

#[test]
fn every_command_reports_the_warnings_of_import() {
    let bench = Bench::new();
    bench.add("redb:target", "0.0.0.0:9443", &[]);
    for (file, listing) in listings() {
        bench.write(file, listing);
        let expected = reported_by_import(&bench, file);
        assert!(!expected.is_empty(), "{file}");
        let diff = bench.command(&["diff", file, "redb:target"]);
        let plan = bench.command(&["plan", file, "redb:target", "--format", "json"]);
        let onto = bench.command(&["plan", "redb:target", file, "--format", "json"]);
        let audit = bench.command(&["audit", file, "--format", "json"]);
        for (command, mut run) in [
            ("diff", diff),
            ("plan from", plan),
            ("plan onto", onto),
            ("audit", audit),
        ] {
            let output = run.output().unwrap();
            let (out, mut said) = (text(&output.stdout), text(&output.stderr));
            // The warnings in the JSON output, or as a line of JSON on standard error.
            let lines: Vec<_> = said.lines().map(ToOwned::to_owned).collect();
            for text in lines.iter().chain([&out]) {
                if let Ok(json) = serde_json::from_str(text) {
                    let mut all = BTreeSet::new();
                    strings(&json, &mut all);
                    said.extend(all);
                }
            }
            for warning in &expected {
                assert!(
                    said.contains(warning),
                    "{command} {file}: {warning}: {said}"
                );
            }
        }
    }
}

#[test]
fn other_text_is_refused_by_every_command() {
    let bench = Bench::new();
    bench.add("redb:target", "0.0.0.0:9443", &[]);
    let urlacl = std::fs::read_to_string(format!("{CASES}/01-urlacl-listing.txt")).unwrap();
    bench.write("urlacl.txt", urlacl);
    bench.write(
        "missing.txt",
        "\r\nThe system cannot find the file specified.\r\n\r\n",
    );
    bench.write(
        "equals.txt",
        "\r\nIP:port = 0.0.0.0:443\r\nCertificate Hash = 11\r\n",
    );
    bench.write(
        "script.cmd",
        "@echo off\r\nnetsh http add sslcert ipport=0.0.0.0:443 certhash=11 appid={22}\r\n",
    );
    let held = bench.held("redb:target");
    for (file, said) in [
        ("urlacl.txt", "URL reservations"),
        ("missing.txt", "a key is not bound"),
        ("equals.txt", "equals.txt"),
        ("script.cmd", "certbind netsh -f"),
    ] {
        let import = ["--store", "redb:target", "import", file];
        let plan = ["plan", file, "redb:target", "--prune-all"];
        for (code, command) in [
            (exit::BROKEN_INPUT, &import[..]),
            (exit::BROKEN_INPUT, &plan),
            (exit::NOT_COMPARED, &["diff", file, "redb:target"]),
        ] {
            let complaint = bench.fails(code, command);
            assert!(complaint.contains(said), "{command:?}: {complaint}");
        }
        // An audit reports it as a finding, or fails: it never ends well.
        let audit = bench.command(&["audit", file]).output().unwrap();
        assert_ne!(audit.status.code(), Some(exit::DONE.into()), "{file}");
    }
    assert_eq!(bench.held("redb:target"), held);
}

/// A listing of a host without bindings is complete, and still does not delete all of a target.
#[test]
fn deleting_most_of_a_target_needs_prune_all() {
    let bench = Bench::new();
    bench.write(
        "none.txt",
        "\r\nSSL Certificate bindings:\r\n-------------------------\r\n\r\n",
    );
    for port in 1..=12 {
        bench.add("redb:target", &format!("0.0.0.0:{port}"), &[]);
    }
    for port in 1..=5 {
        bench.add("redb:five", &format!("0.0.0.0:{port}"), &[]);
    }
    for port in 1..=6 {
        bench.add("redb:six", &format!("0.0.0.0:{port}"), &[]);
    }
    let plan = |source, option| {
        let mut plan = bench.command(&["plan", source, "redb:target", option, "--format", "json"]);
        plan.output().unwrap()
    };
    for (source, deletes) in [("none.txt", 12), ("redb:five", 7)] {
        let refused = plan(source, "--prune");
        assert_eq!(refused.status.code(), Some(exit::USAGE.into()), "{source}");
        let said = text(&refused.stderr);
        assert!(said.contains("--prune-all"), "{said}");
        assert!(said.contains(&format!("{deletes} of")), "{said}");
        let planned = plan(source, "--prune-all");
        assert_eq!(planned.status.code(), Some(exit::DONE.into()), "{source}");
        let plan: Value = serde_json::from_str(&text(&planned.stdout)).unwrap();
        let steps = plan["steps"].as_array().unwrap();
        let removed = steps.iter().filter(|step| step["action"] == "delete");
        assert_eq!(removed.count(), deletes, "{source}");
    }
    // Half of them, and most of a few.
    assert_eq!(plan("redb:six", "--prune").status.code(), Some(0));
    bench.add("redb:three", "0.0.0.0:1", &[]);
    bench.add("redb:three", "0.0.0.0:2", &[]);
    bench.add("redb:three", "0.0.0.0:3", &[]);
    bench.add("redb:one", "0.0.0.0:1", &[]);
    bench.ok(&["plan", "redb:one", "redb:three", "--prune"]);
}
