//! SARIF logs, given to the programs of their consumers: Microsoft's SARIF Multitool and sarif-tools.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use certbind_test_support::skip;
use serde_json::Value;

use super::{CERTIFICATES, Folder, LISTING, text};
use certbind::exit;

const MULTITOOL: &str =
    "sarif-multitool/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool";
const SARIF_TOOLS: &str = "sarif-tools/bin/sarif";

/// A program that `cargo xtask test --install` puts into the target folder. Without it the test is
/// skipped.
fn installed(program: &str) -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let path = target.join(program);
    if path.is_file() && cfg!(target_arch = "x86_64") {
        return Some(path);
    }
    skip(&format!(
        "needs {}, where `cargo xtask test --install` puts it",
        path.display()
    ));
    None
}

fn run(folder: &Folder, program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder.path(""))
        // Debian need not have ICU.
        .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
        .output()
        .unwrap();
    let (printed, complaint) = (text(&output.stdout), text(&output.stderr));
    assert!(
        output.status.success(),
        "{arguments:?}: {printed}{complaint}"
    );
    printed
}

fn log(folder: &Folder, name: &str) -> Value {
    let bytes = std::fs::read(folder.path(name)).unwrap();
    // The multitool begins its files with a byte order mark.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    serde_json::from_slice(bytes).unwrap()
}

fn results(log: &Value) -> Vec<&Value> {
    let runs = log["runs"].as_array().unwrap().iter();
    runs.flat_map(|run| run["results"].as_array().unwrap())
        .collect()
}

/// Audits `web01.txt` of this folder, from within it.
fn audit_in(folder: &Folder, name: &str, more: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_certbind"))
        .args(["audit", "web01.txt", "--now", "2026-06-01", "-o", "a.sarif"])
        .args(more)
        .current_dir(folder.path(name))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// Two customers with a host of the same name, the same bindings and the same relative path.
fn customers() -> Folder {
    let folder = Folder::new();
    for name in ["north", "south"] {
        folder.write(&format!("{name}/web01.txt"), LISTING);
    }
    folder
}

fn fingerprints(log: &Value) -> BTreeSet<String> {
    let results = results(log).into_iter();
    let all = results.map(|it| {
        it["partialFingerprints"]["place/v1"]
            .as_str()
            .unwrap()
            .to_owned()
    });
    all.collect()
}

#[test]
fn merged_logs_keep_the_results_of_hosts_apart() {
    let Some(multitool) = installed(MULTITOOL) else {
        return;
    };
    let folder = customers();
    for more in [&[][..], &["--automation-id", "NAME"]] {
        for name in ["north", "south"] {
            let more: Vec<_> = more
                .iter()
                .map(|it| if *it == "NAME" { name } else { it })
                .collect();
            audit_in(&folder, name, &more);
        }
        let arguments = [
            "merge",
            "north/a.sarif",
            "south/a.sarif",
            "--output-directory",
            "merged",
            "--output-file",
            "m.sarif",
            "--log",
            "ForceOverwrite",
        ];
        run(&folder, &multitool, &arguments);
        let merged = log(&folder, "merged/m.sarif");
        let all = results(&merged);
        let of_one = results(&log(&folder, "north/a.sarif")).len();
        assert_eq!(all.len(), 2 * of_one, "{merged}");
        for name in ["north", "south"] {
            let folder = folder.path(name);
            let end = format!("{}/", folder.file_name().unwrap().to_string_lossy());
            let is_of = |it: &&&Value| {
                let properties = &it["properties"];
                let directory = properties["workingDirectory"].as_str().unwrap();
                // A finding about all hosts names none.
                let is_host = matches!(properties["host"].as_str(), None | Some("web01"));
                is_host && directory.ends_with(&end)
            };
            assert_eq!(all.iter().filter(is_of).count(), of_one, "{merged}");
        }
        // Only a name that people give keeps two hosts of one name apart over time.
        let names = fingerprints(&merged).len();
        let names_of_one = fingerprints(&log(&folder, "north/a.sarif")).len();
        let factor = if more.is_empty() { 1 } else { 2 };
        assert_eq!(names, factor * names_of_one, "{merged}");
    }
    let id = &log(&folder, "south/a.sarif")["runs"][0]["automationDetails"]["id"];
    assert_eq!(id, "south/");
}

/// The multitool matches results of two audits by their fingerprints. The export was moved, and
/// its lines were.
#[test]
fn results_match_a_baseline_after_a_move() {
    let Some(multitool) = installed(MULTITOOL) else {
        return;
    };
    let folder = customers();
    folder.write("moved/web01.txt", &format!("\r\n\r\n{LISTING}"));
    audit_in(&folder, "north", &["--automation-id", "customer"]);
    audit_in(&folder, "moved", &["--automation-id", "customer"]);
    let (before, now) = (log(&folder, "north/a.sarif"), log(&folder, "moved/a.sarif"));
    assert_eq!(fingerprints(&before), fingerprints(&now));
    let arguments = [
        "match-results-forward",
        "moved/a.sarif",
        "--previous",
        "north/a.sarif",
        "--output-file-path",
        "matched.sarif",
        "--log",
        "ForceOverwrite",
    ];
    run(&folder, &multitool, &arguments);
    let matched = log(&folder, "matched.sarif");
    let states: BTreeSet<_> = results(&matched)
        .into_iter()
        .map(|it| it["baselineState"].as_str().unwrap().to_owned())
        .collect();
    assert!(
        !states.contains("new") && !states.contains("absent"),
        "{states:?}"
    );
}

/// By the rules of SARIF and of GitHub's code scanning.
#[test]
fn consumers_accept_and_count_the_results() {
    let (Some(multitool), Some(sarif_tools)) = (installed(MULTITOOL), installed(SARIF_TOOLS))
    else {
        return;
    };
    let folder = Folder::new();
    let usage = "Usage Check                  : Enabled";
    folder.write(
        "exports/web 01.txt",
        &LISTING.replacen(usage, "Usage Check : Perhaps", 1),
    );
    folder.write("exports/web02.txt", LISTING);
    folder.write("exports/web03.txt", "");
    let arguments = [
        "exports",
        "--certificates",
        CERTIFICATES,
        "-o",
        "a.sarif",
        "-o",
        "a.json",
    ];
    folder.printed(exit::NOT_AUDITED, &arguments);
    let written = log(&folder, "a.sarif");
    let arguments = [
        "validate",
        "a.sarif",
        "--output",
        "v.sarif",
        "--rule-kind",
        "Sarif;Ghas",
        "--log",
        "ForceOverwrite",
    ];
    run(&folder, &multitool, &arguments);
    let validated = log(&folder, "v.sarif");
    let complaints: BTreeSet<_> = results(&validated)
        .into_iter()
        .map(|it| it["ruleId"].as_str().unwrap().to_owned())
        .collect();
    // A result about a whole file has no line.
    assert_eq!(
        complaints,
        BTreeSet::from(["SARIF2017".to_owned()]),
        "{validated}"
    );
    let without_line = |it: &&Value| it["locations"][0]["physicalLocation"]["region"].is_null();
    let of_files = results(&written).into_iter().filter(without_line).count();
    assert_eq!(results(&validated).len(), of_files);

    run(
        &folder,
        &sarif_tools,
        &["summary", "a.sarif", "-o", "summary.txt"],
    );
    let summary = std::fs::read_to_string(folder.path("summary.txt")).unwrap();
    let report = log(&folder, "a.json");
    for severity in ["error", "warning", "note"] {
        let line = format!("{severity}: {}", report["counts"][severity]);
        assert!(
            summary.lines().any(|it| it.trim() == line),
            "{line}: {summary}"
        );
    }
    // The file of a certificate can be found from the working directory.
    let places = results(&written).into_iter().map(|it| {
        let place = &it["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        place.as_str().unwrap().to_owned()
    });
    let certificates: Vec<_> = places.filter(|it| it.ends_with(".pem")).collect();
    assert!(!certificates.is_empty());
    for place in certificates {
        let path = place.strip_prefix("file://").unwrap();
        assert!(Path::new(path).is_file(), "{place}");
    }
}
