//! `audit`, by the program.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

mod fixes;
mod outputs;
mod progress;
mod sarif;
mod since;
mod sites;
mod targets;

use certbind::exit;
use serde_json::Value;
use tempfile::TempDir;

const LISTING: &str = include_str!("../../../examples/host-2022.txt");
const NOW: &[&str] = &["--now", "2026-06-01"];
const CERTIFICATES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../crates/audit/tests/fixtures"
);

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn audit(&self, arguments: &[&str]) -> Output {
        let mut audit = Command::new(env!("CARGO_BIN_EXE_certbind"));
        audit
            .current_dir(self.0.path())
            .env_remove("CERTBIND_STORE");
        audit
            .arg("audit")
            .args(arguments)
            .args(NOW)
            .output()
            .unwrap()
    }

    /// An audit with these bytes on standard input.
    fn piped(&self, input: &[u8], arguments: &[&str]) -> Output {
        let mut audit = Command::new(env!("CARGO_BIN_EXE_certbind"));
        audit.current_dir(self.0.path()).arg("audit");
        audit.args(arguments).args(NOW);
        audit.env_remove("CERTBIND_STORE");
        let piped = self.path(".stdin");
        std::fs::write(&piped, input).unwrap();
        audit.stdin(std::fs::File::open(piped).unwrap());
        audit.output().unwrap()
    }

    /// The output of a run that exits with this code.
    #[track_caller]
    fn printed(&self, code: u8, arguments: &[&str]) -> String {
        let output = self.audit(arguments);
        let complaint = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code.into()), "{complaint}");
        text(&output.stdout)
    }

    #[track_caller]
    fn json(&self, code: u8, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--format", "json"]].concat();
        serde_json::from_str(&self.printed(code, &arguments)).unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn rules(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap();
    let mut rules: Vec<_> = findings
        .iter()
        .map(|it| it["rule"].as_str().unwrap())
        .collect();
    rules.dedup();
    rules
}

#[test]
fn a_listing_is_audited_for_people() {
    let folder = Folder::new();
    folder.write("web-01.txt", LISTING);
    let printed = folder.printed(exit::DONE, &["web-01.txt"]);
    assert!(
        printed.starts_with("warning CB005: A record has no certificate store name\n"),
        "{printed}"
    );
    assert!(
        printed.contains("  ipport=0.0.0.0:8443 (line 39): it has no certificate store name"),
        "{printed}"
    );
    assert!(
        printed.ends_with("3 warnings, 9 notes in 6 bindings\n"),
        "{printed}"
    );
}

#[test]
fn a_clean_audit_is_one_line() {
    let folder = Folder::new();
    let empty = r#"{ "format": "certbind-export", "version": 1, "header": {}, "bindings": [] }"#;
    folder.write("empty.json", empty);
    let printed = folder.printed(exit::DONE, &["empty.json"]);
    assert_eq!(printed, "Nothing found in 0 bindings\n");
}

#[test]
fn failure_threshold_is_configurable() {
    let folder = Folder::new();
    folder.write("web-01.txt", LISTING);
    for (fail_on, code) in [
        ("error", exit::DONE),
        ("warning", exit::FOUND),
        ("note", exit::FOUND),
        ("never", exit::DONE),
    ] {
        folder.printed(code, &["web-01.txt", "--fail-on", fail_on]);
    }
}

#[test]
fn a_broken_record_is_a_finding_that_fails() {
    let folder = Folder::new();
    let usage = "Usage Check                  : Enabled";
    let broken = LISTING.replacen(usage, &usage.replace("Enabled", "Perhaps"), 1);
    folder.write("web-01.txt", &broken);
    let report = folder.json(exit::FOUND, &["web-01.txt"]);
    assert_eq!(report["findings"][0]["rule"], "CB023");
    assert_eq!(report["hosts"][0]["bindings"], 5);
}

#[test]
fn unauditable_input_exits_with_2() {
    let folder = Folder::new();
    folder.write("web-01.txt", LISTING);
    folder.write("bad.toml", "[severities]\nCB999 = \"off\"\n");
    for (arguments, said) in [
        (
            &["web-01.txt", "--config", "bad.toml"][..],
            "no rule has the id \"CB999\"",
        ),
        (&["web-01.txt", "--certificates", "nowhere"], "nowhere"),
        (&["web-01.txt", "--baseline", "none.txt"], "none.txt"),
        (&["-", "-"], "once"),
        (
            &["web-01.txt", "--now", "yesterday"],
            "2026-12-31T12:00:00Z",
        ),
        (&[], "TARGET"),
    ] {
        let output = folder.audit(arguments);
        assert_eq!(
            output.status.code(),
            Some(exit::NOT_AUDITED.into()),
            "{arguments:?}"
        );
        let complaint = text(&output.stderr);
        assert!(complaint.contains(said), "{arguments:?}: {complaint}");
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
    }
}

#[test]
fn certificates_are_looked_at() {
    let folder = Folder::new();
    let www = std::fs::read(Path::new(CERTIFICATES).join("www.pem")).unwrap();
    let hash = certbind_certificates::of_file(&www)[0].hash().to_string();
    folder.write(
        "web-01.txt",
        &LISTING.replace("61d34f532da121bbab64723c4871e72c92f03735", &hash),
    );
    folder.write("passwords.txt", "wrong\nsecret\n");
    let certificates = ["web-01.txt", "--certificates", CERTIFICATES];
    let report = folder.json(exit::FOUND, &certificates);
    let found = rules(&report);
    for rule in ["CB107", "CB108", "CB109", "CB111"] {
        assert!(found.contains(&rule), "{rule}: {found:?}");
    }
    // With the password, one file fewer is unread.
    let unread = |report: &Value| {
        let findings = report["findings"].as_array().unwrap();
        findings
            .iter()
            .filter(|it| it["subject"]["file"] == "locked.pfx")
            .count()
    };
    assert_eq!(unread(&report), 1);
    let report = folder.json(
        exit::FOUND,
        &[&certificates[..], &["--passwords", "passwords.txt"]].concat(),
    );
    assert_eq!(unread(&report), 0);
    let late = Command::new(env!("CARGO_BIN_EXE_certbind"))
        .args([
            "audit",
            "web-01.txt",
            "--certificates",
            CERTIFICATES,
            "--now",
            "2027-02-01T00:00:00Z",
        ])
        .current_dir(folder.0.path())
        .output()
        .unwrap();
    assert_eq!(late.status.code(), Some(exit::FOUND.into()));
    assert!(text(&late.stdout).starts_with("error CB101: The certificate has expired\n"));
}

#[test]
fn each_host_of_a_fleet_has_its_baseline() {
    let folder = Folder::new();
    let other = "ab".repeat(20);
    let moved = LISTING.replace("61d34f532da121bbab64723c4871e72c92f03735", &other);
    folder.write("web-01.txt", LISTING);
    folder.write("web-02.txt", &moved);
    folder.write("before/web-02.txt", LISTING);
    let fleet = ["web-01.txt", "web-02.txt"];
    let report = folder.json(exit::DONE, &fleet);
    assert_eq!(report["hosts"][1]["name"], "web-02");
    assert!(
        rules(&report).contains(&"CB110"),
        "a name of two certificates"
    );
    let printed = folder.printed(exit::DONE, &fleet);
    assert!(
        printed.contains("  web-02  ipport=0.0.0.0:8443 (line 39): "),
        "{printed}"
    );
    assert!(
        printed.ends_with("in 12 bindings of 2 hosts\n"),
        "{printed}"
    );
    let report = folder.json(
        exit::DONE,
        &[&fleet[..], &["--baseline", "before"]].concat(),
    );
    let changed: Vec<_> = report["findings"].as_array().unwrap().iter().collect();
    let changed = changed.iter().filter(|it| it["rule"] == "CB203");
    assert!(changed.clone().count() == 5 && changed.clone().all(|it| it["host"] == "web-02"));
}

#[test]
fn waivers_and_severities_come_from_the_configuration() {
    let folder = Folder::new();
    folder.write("web-01.txt", LISTING);
    let configuration = r#"
[severities]
CB012 = "off"
CB009 = "error"

[[waivers]]
rule = "CB005"
key = "ipport=0.0.0.0:8443"
reason = "It goes away."
until = 2026-12-31
"#;
    folder.write("certbind-audit.toml", configuration);
    let decided = ["web-01.txt", "--config", "certbind-audit.toml"];
    let report = folder.json(exit::FOUND, &decided);
    let found = rules(&report);
    assert!(
        !found.contains(&"CB012") && !found.contains(&"CB005"),
        "{found:?}"
    );
    assert_eq!(found[0], "CB009");
    assert_eq!(report["waived"][0]["reason"], "It goes away.");
    assert!(folder.printed(exit::FOUND, &decided).contains("1 waived"));
}

#[test]
fn a_store_is_audited_and_not_changed() {
    let folder = Folder::new();
    folder.write("web-01.txt", LISTING);
    let import = Command::new(env!("CARGO_BIN_EXE_certbind"))
        .args(["--store", "redb:a.redb", "import", "web-01.txt"])
        .current_dir(folder.0.path())
        .output()
        .unwrap();
    assert!(import.status.success());
    let before = std::fs::read(folder.path("a.redb")).unwrap();
    let of_file = folder.json(exit::DONE, &["web-01.txt"]);
    for target in ["redb:a.redb", "a.redb"] {
        let report = folder.json(exit::DONE, &[target]);
        assert_eq!(rules(&report), rules(&of_file));
        assert_eq!(report["hosts"][0]["source"], "redb:a.redb");
    }
    assert_eq!(before, std::fs::read(folder.path("a.redb")).unwrap());
}

/// Findings name the line where the format has lines.
#[test]
fn every_format_is_audited_alike() {
    let folder = Folder::new();
    folder.write("web-01.txt", LISTING);
    let certbind = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_certbind"))
            .args(["--store", "redb:a.redb"])
            .args(arguments)
            .current_dir(folder.0.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    };
    certbind(&["import", "web-01.txt"]);
    let expected = folder.json(exit::DONE, &["web-01.txt"]);
    for (format, has_lines) in [("json", true), ("snapshot", false), ("reg", true)] {
        let file = format!("web-01.{format}");
        certbind(&["export", "--format", format, "-o", &file]);
        let report = folder.json(exit::DONE, &[&file]);
        assert_eq!(rules(&report), rules(&expected), "{format}");
        let line = report["findings"][0]["line"].as_u64();
        assert_eq!(line.is_some(), has_lines, "{format}");
        if let Some(line) = line.filter(|_| format == "reg") {
            let bytes = std::fs::read(folder.path(&file)).unwrap();
            let units = bytes[2..]
                .chunks(2)
                .map(|it| u16::from_le_bytes([it[0], it[1]]));
            let reg = String::from_utf16(&units.collect::<Vec<_>>()).unwrap();
            let at = reg.lines().nth(usize::try_from(line).unwrap() - 1).unwrap();
            assert!(at.starts_with('[') && at.ends_with("0.0.0.0:8443]"), "{at}");
        }
    }
    let hive = "/../crates/formats/tests/fixtures/registry/hivex.hive";
    let hive = format!("{}{hive}", env!("CARGO_MANIFEST_DIR"));
    let report = folder.json(exit::DONE, &[&hive, "--fail-on", "never"]);
    assert_eq!(report["hosts"][0]["bindings"], 6);
}

#[test]
fn names_from_an_export_reach_no_terminal_raw() {
    let folder = Folder::new();
    let hostile = LISTING.replace("WebHosting", "\u{1b}[31mowned");
    folder.write("web-01.txt", &hostile);
    folder.write("\u{1b}[2J.txt", &hostile);
    for format in ["text", "json", "sarif", "html", "csv"] {
        let printed = folder.printed(
            exit::DONE,
            &["web-01.txt", "\u{1b}[2J.txt", "--format", format],
        );
        assert!(!printed.contains('\u{1b}'), "{format}: {printed:?}");
    }
}

#[test]
fn a_report_is_written_to_a_file_whole() {
    let folder = Folder::new();
    folder.write("web-01.txt", LISTING);
    let printed = folder.printed(
        exit::DONE,
        &["web-01.txt", "--format", "sarif", "-o", "report.sarif"],
    );
    assert_eq!(printed, "");
    let log = std::fs::read_to_string(folder.path("report.sarif")).unwrap();
    let log: Value = serde_json::from_str(&log).unwrap();
    assert_eq!(log["version"], "2.1.0");
}
