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
    let printed = folder.printed(exit::DONE, &[&["web-01.txt"][..], &outputs].concat());
    assert_eq!(printed, "");
    let read = |name: &str| std::fs::read_to_string(folder.path(name)).unwrap();
    assert!(read("a.html").starts_with("<!DOCTYPE html>"));
    let json = |name: &str| serde_json::from_str::<Value>(&read(name)).unwrap();
    assert_eq!(json("a.sarif")["version"], "2.1.0");
    assert_eq!(json("a.json")["format"], "certbind-audit");
    assert!(read("a.txt").ends_with("in 6 bindings\n"));
    assert!(read("a.csv").starts_with("\"row\",\"host\""));
    // One file has the format that is named.
    folder.printed(
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
    folder.printed(exit::DONE, &["=cmd.txt", "-o", "a.csv"]);
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
        // A finding about all hosts names none.
        let is_host = row["host"] == "'=cmd" || (row["host"] == "" && row["row"] == "finding");
        assert!(is_host, "{row}");
        assert_eq!(row.as_object().unwrap().len(), 17, "{row}");
    }
}

/// The subject of a finding may contain any character.
const HOSTILE: &str = "a|b <i>*x*_[y](z)`q`# & \\";

/// Read by a CommonMark parser with GitHub's tables: data is text, and each rule has a row.
#[test]
fn markdown_has_a_summary_and_no_markup_of_data() {
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
    let folder = Folder::new();
    // Records that cannot be read are named as the export names them.
    let listing = LISTING.replacen("0.0.0.0:443", &format!("{HOSTILE}:443"), 1);
    folder.write("web-01.txt", &listing);
    folder.printed(exit::FOUND, &["web-01.txt", "-o", "a.md", "-o", "a.json"]);
    let read = |name: &str| std::fs::read_to_string(folder.path(name)).unwrap();
    let report: Value = serde_json::from_str(&read("a.json")).unwrap();
    let markdown = read("a.md");
    let (mut rows, mut items, mut tasks) = (Vec::new(), Vec::new(), Vec::new());
    let mut line = String::new();
    let mut has_table = false;
    for event in Parser::new_ext(&markdown, Options::ENABLE_TABLES | Options::ENABLE_GFM) {
        match event {
            Event::Start(Tag::TableRow | Tag::Item) => line.clear(),
            Event::End(TagEnd::TableRow) => rows.push(line.clone()),
            // Before the table are the tasks, after it the findings.
            Event::End(TagEnd::Table) => has_table = true,
            Event::End(TagEnd::Item) if has_table => items.push(line.clone()),
            Event::Code(command) => tasks.push(command.to_string()),
            Event::Start(Tag::Strong) if !has_table => {}
            Event::End(TagEnd::TableCell) => line.push('\t'),
            Event::Text(text) => line.push_str(&text),
            Event::Start(
                Tag::Table(_)
                | Tag::TableHead
                | Tag::TableCell
                | Tag::List(_)
                | Tag::Paragraph
                | Tag::Heading { .. },
            )
            | Event::End(_)
            | Event::SoftBreak => {}
            other => panic!("{other:?} in {markdown}"),
        }
    }
    let expected = super::rules(&report);
    let found = rows.iter().map(|row| row.split('\t').nth(1).unwrap());
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert!(
        rows.iter()
            .any(|row| row.ends_with(" in 1 binding on 1 host\t")),
        "{rows:?}"
    );
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(items.len(), findings.len());
    for (item, finding) in items.iter().zip(findings) {
        assert!(
            item.ends_with(finding["sentence"].as_str().unwrap()),
            "{item}"
        );
    }
    assert!(
        items.iter().any(|item| item.contains(HOSTILE)),
        "{markdown}"
    );
    assert!(markdown.contains("in 5 bindings.\n"), "{markdown}");
    let command = "certbind update ipport=0.0.0.0:8443 --store-name=MY";
    assert!(tasks.iter().any(|it| it == command), "{tasks:?}");
}

/// Both end with the same counts, and no report for people has more findings of a rule than this.
#[test]
fn reports_for_people_are_bounded() {
    let folder = Folder::new();
    let bindings = (1..=300).map(|port| {
        format!(
            r#"{{ "key": "ipport=10.0.0.1:{port}", "app_id": "4dc3e181-e14b-4a21-b022-59fc669b0914",
                "certificate": {{ "hash": "{}" }} }}"#,
            "ab".repeat(20)
        )
    });
    let bindings = bindings.collect::<Vec<_>>().join(",");
    let export = format!(
        r#"{{ "format": "certbind-export", "version": 1, "header": {{}}, "bindings": [{bindings}] }}"#
    );
    folder.write("web-01.json", &export);
    let report = folder.json(exit::DONE, &["web-01.json"]);
    let all = report["findings"].as_array().unwrap();
    let nameless = all.iter().filter(|it| it["rule"] == "CB005").count();
    assert_eq!(nameless, 300);
    let text = folder.printed(exit::DONE, &["web-01.json"]);
    let markdown = folder.printed(exit::DONE, &["web-01.json", "--format", "markdown"]);
    for report in [&text, &markdown] {
        assert!(report.contains("and 260 more"), "{report}");
        assert!(
            report.contains("300 findings in 300 bindings on 1 host"),
            "{report}"
        );
        let (of_rule, _) = report.split_once("and 260 more").unwrap();
        let is_finding = |line: &&str| line.contains("ipport=") && line.contains("it has no");
        let lines = of_rule.lines().filter(is_finding);
        assert_eq!(lines.count(), 40, "{report}");
    }
    let counts = text.lines().last().unwrap();
    assert!(
        counts.ends_with("in 300 bindings") && markdown.contains(counts),
        "{counts}"
    );
}

/// A sample of the Prometheus text format: its name, its labels and its value.
type Sample = (String, Vec<(String, String)>, f64);

/// Parses the text format 0.0.4 strictly by its grammar.
fn exposition(text: &str) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut typed: Vec<String> = Vec::new();
    let is_name = |name: &str| {
        let mut chars = name.chars();
        chars
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            assert!(is_name(help.split(' ').next().unwrap()));
            continue;
        }
        if let Some(of) = line.strip_prefix("# TYPE ") {
            let name = of.strip_suffix(" gauge").unwrap();
            // All samples of a metric are one group.
            assert!(!typed.iter().any(|it| it == name), "{name}");
            typed.push(name.to_owned());
            continue;
        }
        let end = line.find(['{', ' ']).unwrap();
        let (name, mut rest) = line.split_at(end);
        assert!(
            is_name(name) && typed.last().is_some_and(|it| it == name),
            "{line}"
        );
        let mut labels = Vec::new();
        if let Some(inner) = rest.strip_prefix('{') {
            rest = inner;
            loop {
                let (label, value) = rest.split_once("=\"").unwrap();
                assert!(is_name(label), "{line}");
                let mut text = String::new();
                let mut chars = value.char_indices();
                let end = loop {
                    match chars.next().unwrap() {
                        (at, '"') => break at,
                        (_, '\\') => text.push(match chars.next().unwrap().1 {
                            'n' => '\n',
                            c @ ('"' | '\\') => c,
                            other => panic!("\\{other} in {line}"),
                        }),
                        (_, c) => text.push(c),
                    }
                };
                labels.push((label.to_owned(), text));
                rest = &value[end + 1..];
                match rest.strip_prefix(',') {
                    Some(more) => rest = more,
                    None => break,
                }
            }
            rest = rest.strip_prefix('}').unwrap();
        }
        let value = rest.strip_prefix(' ').unwrap().parse().unwrap();
        assert!(
            !samples.iter().any(|(n, l, _)| n == name && *l == labels),
            "{line}"
        );
        samples.push((name.to_owned(), labels, value));
    }
    samples
}

#[test]
fn prometheus_file_has_ends_of_validity_and_findings() {
    let folder = Folder::new();
    let www = std::fs::read(format!("{}/www.pem", super::CERTIFICATES)).unwrap();
    let www = &certbind_certificates::of_file(&www)[0];
    let hash = www.hash().to_string();
    // Windows has no such file names.
    let name = if cfg!(windows) { "web 01" } else { "we\"b\\01" };
    let host = &format!("{name}.txt");
    folder.write(
        host,
        &LISTING.replace("61d34f532da121bbab64723c4871e72c92f03735", &hash),
    );
    folder.write("empty.txt", "");
    let arguments = [host, "empty.txt", "--certificates", super::CERTIFICATES];
    let outputs = ["-o", "a.prom", "-o", "a.json"];
    folder.printed(exit::NOT_AUDITED, &[&arguments[..], &outputs].concat());
    let read = |name: &str| std::fs::read_to_string(folder.path(name)).unwrap();
    let report: Value = serde_json::from_str(&read("a.json")).unwrap();
    let samples = exposition(&read("a.prom"));
    let of = |name: &str| samples.iter().filter(|it| it.0 == name).collect::<Vec<_>>();
    let [(_, labels, end)] = &of("certbind_certificate_not_after_seconds")[..] else {
        panic!("{samples:?}");
    };
    let label = |name: &str| &labels.iter().find(|it| it.0 == name).unwrap().1;
    assert_eq!((label("host").as_str(), label("hash")), (name, &hash));
    assert_eq!(label("subject"), www.subject());
    #[expect(clippy::cast_precision_loss)]
    let expected = www.validity().not_after.as_second() as f64;
    assert!((end - expected).abs() < 0.5);
    let found: f64 = of("certbind_findings").iter().map(|it| it.2).sum();
    #[expect(clippy::cast_precision_loss)]
    let expected = report["findings"].as_array().unwrap().len() as f64;
    assert!((found - expected).abs() < 0.5, "{found}");
    let assessed = of("certbind_host_assessed");
    let assessed: Vec<_> = assessed
        .iter()
        .map(|it| (it.1[0].1.as_str(), it.2 > 0.5))
        .collect();
    assert_eq!(assessed, [(name, true), ("empty", false)]);
}

/// The line of the monitoring plugin interface: text, a bar, and `label=value;warn;crit;min` each.
#[test]
fn check_is_one_line_with_the_codes_of_monitoring() {
    let folder = Folder::new();
    folder.write("web-01.txt", LISTING);
    folder.write("empty.txt", "");
    let clean = r#"{ "format": "certbind-export", "version": 1, "header": {}, "bindings": [] }"#;
    folder.write("clean.json", clean);
    let usage = "Usage Check                  : Enabled";
    let broken = LISTING.replacen(usage, &usage.replace("Enabled", "Per|haps"), 1);
    folder.write("broken.txt", &broken);
    for (arguments, state, code) in [
        (&["clean.json"][..], "OK", 0),
        (&["web-01.txt"], "WARNING", 1),
        (&["broken.txt"], "CRITICAL", 2),
        (&["broken.txt", "empty.txt"], "CRITICAL", 2),
        (&["web-01.txt", "empty.txt"], "UNKNOWN", 3),
        (&["none-*.txt"], "UNKNOWN", 3),
    ] {
        let printed = folder.printed(code, &[arguments, &["--format", "check"]].concat());
        assert!(
            printed.starts_with(&format!("CERTBIND {state} - ")),
            "{printed}"
        );
        assert_eq!(printed.matches('\n').count(), 1, "{printed}");
        let Some((_, data)) = printed.trim_end().split_once('|') else {
            assert_eq!(arguments, ["none-*.txt"], "{printed}");
            continue;
        };
        let mut labels = Vec::new();
        for item in data.split(' ') {
            let (label, values) = item.split_once('=').unwrap();
            let values: Vec<_> = values.split(';').collect();
            let [value, "", "", "0"] = values[..] else {
                panic!("{printed}");
            };
            labels.push((label, value.parse::<u32>().unwrap()));
        }
        let expected = ["errors", "warnings", "notes", "waived", "bindings"];
        assert_eq!(labels.iter().map(|it| it.0).collect::<Vec<_>>(), expected);
        if arguments == ["web-01.txt"] {
            assert_eq!(labels[1..3], [("warnings", 3), ("notes", 9)], "{printed}");
        }
    }
}
