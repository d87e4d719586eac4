//! `.github/labels.yml` defines every label that the issue templates and CONTRIBUTING.md name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).expect(path)
}

fn defined() -> BTreeSet<String> {
    let file = read(".github/labels.yml");
    let names = file
        .lines()
        .filter_map(|line| line.strip_prefix("- name: "));
    names
        .map(|name| name.trim_matches('"').to_owned())
        .collect()
}

#[test]
fn labels_of_issue_templates_are_defined() {
    let folder = root().join(".github/ISSUE_TEMPLATE");
    let mut used = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("templates") {
        let template = std::fs::read_to_string(entry.expect("an entry").path()).expect("text");
        let lists = template
            .lines()
            .filter_map(|line| line.strip_prefix("labels: ["));
        for list in lists {
            let labels = list.trim_end_matches(']').split(", ");
            used.extend(labels.map(|label| label.trim_matches('"').to_owned()));
        }
    }
    assert!(used.len() >= 4, "{used:?}");
    assert!(used.is_subset(&defined()), "{used:?}");
}

#[test]
fn labels_in_the_contributing_guide_are_defined() {
    let page = read("CONTRIBUTING.md");
    let (_, table) = page
        .split_once("| label | for |\n|---|---|\n")
        .expect("a table");
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.split('|').nth(1).expect("a cell"));
    let named: BTreeSet<_> = cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect();
    assert!(named.len() >= 7, "{named:?}");
    assert!(named.is_subset(&defined()), "{named:?}");
}
