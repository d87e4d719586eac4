//! Each defence in the table of `docs/security.md` names an existing test.

use std::path::Path;

/// The rows of the table: the cells of each.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let lines = page
        .lines()
        .skip_while(|line| !line.starts_with("| asset |"));
    let rows = lines.skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect()
}

/// The texts between backquotes.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_defence_names_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = std::fs::read_to_string(root.join("docs/security.md")).expect("the page");
    let rows = rows(&page);
    assert!(rows.len() > 20, "{} rows", rows.len());
    for row in rows {
        let [asset, _, _, test] = row[..] else {
            panic!("a row has four cells: {row:?}");
        };
        let paths = quoted(test);
        assert!(!paths.is_empty(), "{asset}: no test");
        for path in paths {
            assert!(has_tests(&root.join(path)), "{asset}: {path}");
        }
    }
}

/// Whether a file, or one in a folder, has tests. The page on fuzzing counts as its targets.
fn has_tests(path: &Path) -> bool {
    if path.is_dir() {
        let entries = path.read_dir().expect("a folder");
        return entries.flatten().any(|entry| has_tests(&entry.path()));
    }
    let text = std::fs::read_to_string(path).unwrap_or_default();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("rs") => ["#[test]", "proptest!", "suite!", "Target"]
            .iter()
            .any(|mark| text.contains(mark)),
        Some("md") => text.contains("fuzz"),
        _ => false,
    }
}
