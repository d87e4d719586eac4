//! The documents name tests, headings, examples and versions that exist.

use std::path::{Path, PathBuf};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

fn read(file: &str) -> String {
    let source = std::fs::read_to_string(docs().join(file));
    source.unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Whether the source has a test of this name that is run: by itself, or by every backend as one of
/// the suite.
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

/// The parts of a file that `{{#include file:part}}` of mdBook shows.
fn has_anchor(source: &str, name: &str) -> bool {
    let start = source.find(&format!("// ANCHOR: {name}\n"));
    let end = source.find(&format!("// ANCHOR_END: {name}\n"));
    matches!((start, end), (Some(start), Some(end)) if start < end)
}

#[test]
fn tutorial_shows_the_tested_example() {
    let page = read("backend.md");
    let example = read("../examples/sqlite.rs");
    let mut shown = 0;
    for include in page.split("{{#include ").skip(1) {
        let (include, _) = include.split_once("}}").expect("its end");
        let (file, anchor) = include.split_once(':').expect("a part of a file");
        assert_eq!(file, "../examples/sqlite.rs");
        assert!(has_anchor(&example, anchor), "{file} has no part {anchor}");
        shown += 1;
    }
    let anchors = example.matches("// ANCHOR: ").count();
    assert_eq!(shown, anchors, "the page shows each part once");
    let manifest = read("../tests/Cargo.toml");
    assert!(manifest.contains("path = \"../examples/sqlite.rs\""));
    assert!(example.lines().count() < 300, "a model has to be short");
}

#[test]
fn tutorial_dependencies_match_the_example() {
    let page = read("backend.md");
    let (_, block) = page.split_once("```toml\n").expect("a manifest");
    let (block, _) = block.split_once("```").expect("its end");
    let workspace = read("../Cargo.toml");
    let mut named = 0;
    for line in block.lines().filter(|line| line.contains(" = ")) {
        let (name, rest) = line.split_once(" = ").expect("a dependency");
        let version = rest.split('"').nth(1).expect("a version");
        let own = workspace
            .lines()
            .find(|line| line.starts_with(&format!("{name} = ")));
        let own = own.unwrap_or_else(|| panic!("{name} is no dependency of ours"));
        let versions: Vec<_> = own.split('"').collect();
        assert!(
            versions.iter().any(|ours| ours.starts_with(version)),
            "{name}: the page has {version}, the workspace {own}"
        );
        named += 1;
    }
    assert_eq!(named, 4, "{block}");
}
