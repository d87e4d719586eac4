//! `docs/reliability.md`, generated from one file per kind of test in `docs/reliability/`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;

use crate::generated::{Page, failure, files, placed};
use crate::process::{Failure, root};

const FOLDER: &str = "docs/reliability";

/// The guarantees in the order of the page, and their headings.
const GUARANTEES: [(&str, &str); 12] = [
    ("unique-keys", "Unique keys"),
    ("atomic-batches", "Atomic batches"),
    ("durability", "Durability"),
    ("linearizability", "Linearizability"),
    ("scans", "Ordered, stable scans"),
    ("round-trip", "Round trip"),
    ("errors", "Errors change nothing"),
    ("opening", "Opening a store"),
    ("bulk-loads", "Bulk loads"),
    ("group-commit", "Group commit"),
    ("etcd", "etcd"),
    ("fleets", "Fleets and `sync`"),
];

/// A fault, and the tests that inject it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Evidence {
    /// One of [`GUARANTEES`].
    guarantee: String,
    fault: String,
    /// `FILE::FUNCTION`, by the path from the root.
    tests: Vec<String>,
    /// How often each check runs it.
    every_check: String,
    /// How often it was run by hand with more cases, and at which commit.
    by_hand: Option<String>,
}

/// Writes the page, or with `--check` fails if it is not up to date.
pub(crate) fn run(is_check: bool) -> Result<(), Failure> {
    let evidence = evidence(&root())?;
    let template = format!("{FOLDER}/page.in");
    let text = placed(&template, &[("{{evidence}}\n", tables(&evidence))])?;
    let pages = [Page::new("docs/reliability.md", text)];
    crate::generated::run(&pages, "reliability", is_check)
}

/// The files by their names.
fn evidence(root: &Path) -> Result<BTreeMap<String, Evidence>, Failure> {
    let evidence: BTreeMap<String, Evidence> = files(&root.join(FOLDER))?;
    for (name, of) in &evidence {
        let path = root.join(FOLDER).join(format!("{name}.toml"));
        if !GUARANTEES.iter().any(|(name, _)| *name == of.guarantee) {
            return Err(failure(&path, format!("no guarantee {:?}", of.guarantee)));
        }
        for test in &of.tests {
            let parts = test.split_once("::");
            let (file, function) =
                parts.ok_or_else(|| failure(&path, "expected FILE::FUNCTION"))?;
            let source = root.join(file);
            let source =
                std::fs::read_to_string(&source).map_err(|error| failure(&source, error))?;
            if !source.contains(&format!("fn {function}")) {
                return Err(failure(&path, format!("{file} has no test {function}")));
            }
        }
    }
    Ok(evidence)
}

/// A section with a table for each guarantee.
fn tables(evidence: &BTreeMap<String, Evidence>) -> String {
    let mut text = String::new();
    for (guarantee, heading) in GUARANTEES {
        let _ = write!(
            text,
            "### {heading}\n\n| fault or check | in every check | by hand | tests |\n|---|---|---|---|\n"
        );
        for of in evidence.values().filter(|of| of.guarantee == guarantee) {
            let by_hand = of.by_hand.as_deref().unwrap_or_default();
            let tests: Vec<_> = of.tests.iter().filter_map(|test| link(test)).collect();
            let tests = tests.join(", ");
            let _ = writeln!(
                text,
                "| {} | {} | {by_hand} | {tests} |",
                of.fault, of.every_check
            );
        }
        text.push('\n');
    }
    text.pop();
    text
}

fn link(test: &str) -> Option<String> {
    let (file, function) = test.split_once("::")?;
    Some(format!("[`{function}`](../{file})"))
}
