//! `.config/nextest.toml` groups test programs that exist: a filter that matches none limits nothing.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The packages, and the test programs as `PACKAGE::TEST`.
fn programs() -> (BTreeSet<String>, BTreeSet<String>) {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let (mut packages, mut programs) = (BTreeSet::new(), BTreeSet::new());
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name");
        packages.insert(name.to_owned());
        for target in package["targets"].as_array().expect("targets") {
            if target["kind"][0] == "test" {
                let test = target["name"].as_str().expect("a name");
                programs.insert(format!("{name}::{test}"));
            }
        }
    }
    (packages, programs)
}

/// The predicates of all filters: `package(…)` or `binary_id(…)`, with their arguments.
fn predicates() -> Vec<(String, String)> {
    let file = root().join(".config/nextest.toml");
    let file = std::fs::read_to_string(file).expect("nextest.toml");
    let file: toml::Table = file.parse().expect("TOML");
    let overrides = file["profile"]["default"]["overrides"].as_array();
    let filters = overrides.expect("overrides").iter().map(|it| {
        let filter = it["filter"].as_str().expect("a filter");
        filter.split(" | ").map(str::to_owned).collect::<Vec<_>>()
    });
    let predicates = filters.flatten().map(|predicate| {
        let (name, rest) = predicate.split_once('(').expect("a predicate");
        let argument = rest.strip_suffix(')').expect("the end of a predicate");
        (name.to_owned(), argument.to_owned())
    });
    predicates.collect()
}

/// The names that an argument stands for: itself, or `/START(a|b)/` as `STARTa` and `STARTb`.
fn names(argument: &str) -> Vec<String> {
    let Some(pattern) = argument
        .strip_prefix('/')
        .and_then(|it| it.strip_suffix('/'))
    else {
        return vec![argument.to_owned()];
    };
    match pattern.split_once('(') {
        Some((start, alternatives)) => {
            let alternatives = alternatives.strip_suffix(')').expect("a group at the end");
            let each = alternatives.split('|');
            each.map(|end| format!("{start}{end}")).collect()
        }
        None => vec![pattern.to_owned()],
    }
}

#[test]
fn every_filter_matches_a_test_program() {
    let (packages, programs) = programs();
    let predicates = predicates();
    assert!(predicates.len() > 8, "{predicates:?}");
    for (predicate, argument) in predicates {
        for name in names(&argument) {
            // A pattern may be the start of a name.
            let found = match (predicate.as_str(), argument.starts_with('/')) {
                ("package", false) => packages.contains(&name),
                ("binary_id", false) => programs.contains(&name),
                ("binary_id", true) if name.contains("::") => programs.contains(&name),
                ("binary_id", true) => programs.iter().any(|it| it.starts_with(&name)),
                _ => panic!("{predicate}({argument}) is not read by this test"),
            };
            assert!(found, "{predicate}({argument}): no test program {name}");
        }
    }
}

/// Tests that start servers, browsers, virtual machines or kill stores.
#[test]
fn slow_test_programs_are_in_a_group_or_have_a_limit() {
    let listed: BTreeSet<_> = predicates()
        .iter()
        .flat_map(|(_, argument)| names(argument))
        .collect();
    for slow in [
        "certbind::ansible",
        "certbind::etcd",
        "certbind::httpsys",
        "certbind::migrate",
        "certbind::scripts",
        "certbind-audit::page",
        "certbind-certificates::writers",
        "certbind-httpapi::dotnet",
        "certbind-redb::crash",
    ] {
        assert!(listed.contains(slow), "{slow}");
    }
}
