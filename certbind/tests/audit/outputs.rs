//! The files that an audit writes.

use std::process::Command;

use certbind_test_support::require;
use serde_json::Value;

use super::{Folder, LISTING};
use certbind::exit;

#[test]
fn several_outputs_have_the_formats_of_their_extensions() {
    let folder = Folder::new();
    folder.write("web-01.txt", LISTING);
    let outputs = [
        "-o", "a.html", "-o", "a.sarif", "-o", "a.json", "-o", "a.txt", "-o", "a.csv",
    ];
    let told = folder.told(exit::DONE, &[&["web-01.txt"][..], &outputs].concat());
    assert_eq!(told, "");
    let read = |name: &str| std::fs::read_to_string(folder.path(name)).unwrap();
    assert!(read("a.html").starts_with("<!DOCTYPE html>"));
    let json = |name: &str| serde_json::from_str::<Value>(&read(name)).unwrap();
    assert_eq!(json("a.sarif")["version"], "2.1.0");
    assert_eq!(json("a.json")["format"], "certbind-audit");
    assert!(read("a.txt").ends_with("in 6 bindings\n"));
    assert!(read("a.csv").starts_with("\"row\",\"host\""));
    // One file has the format that is named.
    folder.told(
        exit::DONE,
        &["web-01.txt", "--format", "sarif", "-o", "b.json"],
    );
    assert_eq!(json("b.json")["version"], "2.1.0");
}

/// Read by Python's csv module: a row for each binding and finding, and no formula.
#[test]
fn csv_has_every_binding_and_finding() {
    require!("python3");
    let folder = Folder::new();
    folder.write("=cmd.txt", &LISTING.replace("WebHosting", "a \"b\", c"));
    let report = folder.json(exit::DONE, &["=cmd.txt"]);
    folder.told(exit::DONE, &["=cmd.txt", "-o", "a.csv"]);
    let script = "import csv, json, sys\n\
        rows = list(csv.DictReader(open('a.csv', newline='', encoding='utf-8')))\n\
        json.dump(rows, sys.stdout)";
    let output = Command::new("python3")
        .args(["-c", script])
        .current_dir(folder.path(""))
        .output()
        .unwrap();
    assert!(output.status.success());
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let of = |kind: &str| {
        rows.iter()
            .filter(|row| row["row"] == kind)
            .collect::<Vec<_>>()
    };
    assert_eq!(of("binding").len(), 6);
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(of("finding").len(), findings.len());
    for (row, finding) in of("finding").into_iter().zip(findings) {
        assert_eq!(row["rule"], finding["rule"]);
        assert_eq!(row["sentence"], finding["sentence"]);
        let line = finding["line"].as_u64().map(|line| line.to_string());
        assert_eq!(row["line"], line.unwrap_or_default());
    }
    for row in &rows {
        // What is about all hosts names none.
        let is_host = row["host"] == "'=cmd" || (row["host"] == "" && row["row"] == "finding");
        assert!(is_host, "{row}");
        assert_eq!(row.as_object().unwrap().len(), 11, "{row}");
    }
}
