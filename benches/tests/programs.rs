//! The benchmark programs work. Their speed is not tested.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use std::path::Path;
use std::process::Command;

use certbind_test_support::{cargo, packages, require};

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {complaint}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_engine_runs_its_workloads() {
    let folder = tempfile::tempdir().unwrap();
    let written = folder.path().join("RESULTS.md");
    let [space, out] = [folder.path(), &written].map(|path| path.to_str().unwrap());
    let compare = env!("CARGO_BIN_EXE_compare");
    let arguments = ["--quick", "--rounds", "1", "--folder", space, "--out", out];
    let printed = said(compare, &arguments);
    assert_eq!(std::fs::read_to_string(&written).unwrap(), printed);
    let figures = printed
        .split("## ")
        .find(|part| part.starts_with("Figures"));
    let rows: Vec<_> = figures.unwrap().lines().skip(4).collect();
    let rows: Vec<Vec<_>> = rows
        .iter()
        .filter(|row| !row.is_empty())
        .map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), 12, "{printed}");
    let lacking = |engine: usize| rows.iter().filter(|row| row[engine] == "–").count();
    // certbind in four ways, redb, one of its snapshots, SQLite, LMDB, a snapshot, fjall, JSON, the map.
    let lacking: Vec<_> = (1..=12).map(lacking).collect();
    assert_eq!(lacking, [0, 0, 0, 0, 0, 6, 0, 0, 6, 0, 0, 9], "{printed}");
}

#[test]
fn every_operation_that_is_counted_can_be_done() {
    let counts = env!("CARGO_BIN_EXE_counts");
    let kept = include_str!("../counts.txt").lines();
    let kept: Vec<_> = kept.map(|line| line.split(' ').next().unwrap()).collect();
    let operations = said(counts, &[]);
    let operations = operations
        .lines()
        .map(|line| line.split(' ').next().unwrap());
    assert_eq!(operations.clone().collect::<Vec<_>>(), kept);
    for operation in operations {
        said(counts, &[operation, "10"]);
    }
}

/// Every load is met by both servers, and a large host starts.
#[test]
fn serve_is_compared_with_nginx() {
    require!("nginx");
    let built = cargo(env!("CARGO"))
        .args(["build", "--quiet", "--bin", "certbind"])
        .args(packages(&["certbind"]))
        .status();
    assert!(built.unwrap().success());
    let serve = env!("CARGO_BIN_EXE_serve");
    let certbind = Path::new(serve).with_file_name("certbind");
    let told = said(serve, &["--quick", "--program", certbind.to_str().unwrap()]);
    let rows: Vec<Vec<_>> = told
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(1)
        .map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), 7, "{told}");
    for row in rows {
        let rates = row[1..3].iter().map(|rate| rate.parse::<f64>().unwrap());
        assert!(rates.into_iter().all(|rate| rate > 0.0), "{row:?}");
    }
    assert!(told.contains("A host with 200 bindings and 20 certificates: ready after "));
}
