//! The documents name tests, headings, examples and versions that exist.

use std::path::{Path, PathBuf};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

fn read(file: &str) -> String {
    let source = std::fs::read_to_string(docs().join(file));
    source.unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Whether the source has a test of this name that is run: separately, or by every backend as one
/// of the suite.
fn has_test(source: &str, name: &str) -> bool {
    if source.contains(&format!("pub fn {name}<F: Fixture>(")) {
        // A check of the suite: `suite!` has to list it or call it.
        let suite = read("../tests/src/lib.rs");
        let listed = format!("\n            {name}\n");
        return suite.contains(&listed) || suite.contains(&format!("$crate::{name}::<$fixture>("));
    }
    let Some(at) = source.find(&format!("fn {name}(")) else {
        return false;
    };
    let lines = source[..at].trim_end().lines().rev();
    let mut above = lines.take_while(|line| line.trim_start().starts_with(['#', '/']));
    above.clone().any(|line| line.trim() == "#[test]") && !above.any(|line| line.contains("ignore"))
}

/// Whether a page has the heading that a link names.
fn has_heading(page: &str, named: &str) -> bool {
    let mut headings = page.lines().filter(|line| line.starts_with('#'));
    headings.any(|line| {
        line.trim_start_matches(['#', ' '])
            .to_lowercase()
            .replace(' ', "-")
            == named
    })
}

#[test]
fn tests_named_in_reliability_exist() {
    let page = read("reliability.md");
    let mut named = 0;
    // [`name`](../file)
    for link in page.split("[`").skip(1) {
        let (name, rest) = link.split_once("`](").expect("a link of a test");
        let (file, _) = rest.split_once(')').expect("the end of a link");
        assert!(has_test(&read(file), name), "{file} has no test {name}");
        named += 1;
    }
    assert!(named > 30, "{named} tests are named");
}

/// The page names tests in parentheses: (`name`).
#[test]
fn tests_named_in_foreign_changes_exist() {
    let page = read("foreign-changes.md");
    let folder = docs().join("../backend-httpsys/tests");
    let files = std::fs::read_dir(folder).expect("the tests").flatten();
    let files = files.filter(|entry| entry.path().is_file());
    let sources: Vec<_> = files
        .map(|entry| std::fs::read_to_string(entry.path()).expect("a source"))
        .collect();
    let mut named = 0;
    for rest in page.split("(`").skip(1) {
        let (name, _) = rest.split_once('`').expect("the end of a name");
        if name.starts_with("CERTBIND_") {
            continue;
        }
        assert!(
            sources.iter().any(|source| has_test(source, name)),
            "backend-httpsys has no test {name}"
        );
        named += 1;
    }
    assert!(named > 15, "{named} tests are named");
}

#[test]
fn links_of_reliability_resolve() {
    let page = read("reliability.md");
    for link in page.split("](").skip(1) {
        let (link, _) = link.split_once(')').expect("the end of a link");
        let (file, heading) = link.split_once('#').unwrap_or((link, ""));
        assert!(docs().join(file).is_file(), "{file} is not there");
        assert!(
            heading.is_empty() || has_heading(&read(file), heading),
            "{link} is not there"
        );
    }
}

#[test]
fn a_function_is_no_test_unless_it_is_run_as_one() {
    let source = "#[test]\nfn run() {}\n\nfn helper() {}\n\n#[test]\n#[ignore = \"\"]\nfn idle() {}\n\
        proptest! {\n    #[test]\n    /// A property.\n    fn property(a in 0..9) {}\n}";
    let found = ["run", "helper", "idle", "property", "missing"].map(|name| has_test(source, name));
    assert_eq!(found, [true, false, false, true, false]);
}
