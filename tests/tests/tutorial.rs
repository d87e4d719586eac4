//! The tutorial for authors of backends is followed: its listings are a package that passes the suite.

use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = include_str!("../../docs/backend.md");

fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the repository").to_owned()
}

/// A code block of the page, with the file that it is a part of where it shows one.
struct Listing {
    language: String,
    source: Option<String>,
    text: String,
}

/// The code blocks in the order of the page, with the files that mdBook includes.
fn listings() -> Vec<Listing> {
    let blocks = PAGE.split("\n```").skip(1).step_by(2);
    let listings = blocks.map(|block| {
        let (language, text) = block.split_once('\n').expect("a language");
        let language = language.to_owned();
        let include = text.trim().strip_prefix("{{#include ../");
        match include.and_then(|include| include.strip_suffix("}}")) {
            Some(include) => {
                let (file, anchor) = include.split_once(':').expect("a part of a file");
                Listing {
                    language,
                    source: Some(file.to_owned()),
                    text: part(file, anchor),
                }
            }
            None => Listing {
                language,
                source: None,
                text: format!("{text}\n"),
            },
        }
    });
    listings.collect()
}

/// The part of a file that `{{#include file:anchor}}` shows.
fn part(file: &str, anchor: &str) -> String {
    let source = fs::read_to_string(root().join(file)).expect(file);
    let start = format!("// ANCHOR: {anchor}\n");
    let (_, rest) = source.split_once(&start).expect(anchor);
    let end = format!("// ANCHOR_END: {anchor}\n");
    rest.split_once(&end).expect(anchor).0.to_owned()
}

/// The listings that are parts of a file, one after the other.
fn shown(listings: &[Listing], file: &str) -> String {
    let source = Some(format!("examples/sqlite/{file}"));
    let parts = listings.iter().filter(|listing| listing.source == source);
    let parts: Vec<_> = parts.map(|listing| listing.text.as_str()).collect();
    parts.join("\n")
}

/// The code on the page is the whole example, except its first comment.
#[test]
fn the_page_shows_the_whole_example() {
    let listings = listings();
    let mut lines = 0;
    for file in ["src/lib.rs", "tests/suite.rs", "src/main.rs"] {
        let source = fs::read_to_string(root().join("examples/sqlite").join(file)).expect(file);
        let code = source.lines().filter(|line| {
            !line.starts_with("//!") && !line.starts_with("// ANCHOR") && !line.is_empty()
        });
        let code: Vec<_> = code.collect();
        let shown = shown(&listings, file);
        let shown: Vec<_> = shown.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(shown, code, "{file}");
        if file != "src/main.rs" {
            lines += source.lines().count();
        }
    }
    // A store and its tests: a model has to be short.
    assert!((200..310).contains(&lines), "{lines} lines");
}

/// `cargo` in the folder of the new package, with the artifacts of this workspace.
fn cargo(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let test = std::env::current_exe().expect("the test has a path");
    let target = test.ancestors().nth(3).expect("the target directory");
    let output = certbind_test_support::cargo(env!("CARGO"))
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_NET_OFFLINE", "true")
        .output()
        .expect("cargo runs");
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[test]
fn the_tutorial_leads_to_a_package_that_passes_the_suite() {
    let listings = listings();
    let folder = tempfile::tempdir().expect("a folder");
    let console = listings
        .iter()
        .find(|listing| listing.language == "console");
    let commands: Vec<_> = console.expect("a command").text.lines().collect();
    assert_eq!(
        commands,
        ["$ cargo new --lib certbind-sqlite", "$ cd certbind-sqlite"]
    );
    let (done, said) = cargo(
        folder.path(),
        &["new", "--lib", "--vcs", "none", "certbind-sqlite"],
    );
    assert!(done, "{said}");
    let package = folder.path().join("certbind-sqlite");

    let dependencies = listings.iter().find(|listing| listing.language == "toml");
    let manifest = fs::read_to_string(package.join("Cargo.toml")).expect("a manifest");
    let manifest = manifest.replace("[dependencies]\n", "");
    let workspace = fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let (_, profiles) = workspace.split_once("[profile.dev]").expect("a profile");
    // Until the packages are published they are those of the repository. The profile is that of the
    // workspace, so that its artifacts fit.
    let patches = [
        ("certbind-core", "store-core"),
        ("certbind-conformance", "tests"),
    ];
    let patches =
        patches.map(|(name, path)| format!("{name} = {{ path = {:?} }}\n", root().join(path)));
    let manifest = format!(
        "{manifest}\n{}\n[patch.crates-io]\n{}\n[profile.dev]{profiles}",
        dependencies.expect("the dependencies").text,
        patches.concat(),
    );
    fs::write(package.join("Cargo.toml"), manifest).expect("the manifest is written");
    fs::copy(root().join("Cargo.lock"), package.join("Cargo.lock")).expect("the versions");
    fs::create_dir(package.join("tests")).expect("a folder");
    for file in ["src/lib.rs", "tests/suite.rs"] {
        fs::write(package.join(file), shown(&listings, file)).expect("a file is written");
    }

    let (done, said) = cargo(&package, &["test"]);
    assert!(done, "{said}");
    for expected in [
        "test sqlite::sequences_follow_the_model ... ok",
        "test sqlite::acknowledged_changes_survive_a_kill ... ok",
        "17 passed; 0 failed; 0 ignored",
    ] {
        assert!(
            said.contains(expected),
            "{expected:?} is missing in: {said}"
        );
    }
}

/// The requirements of the page match the versions that the example is tested with.
#[test]
fn the_dependencies_of_the_page_are_those_of_the_example() {
    let listings = listings();
    let workspace = fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let example =
        fs::read_to_string(root().join("examples/sqlite/Cargo.toml")).expect("a manifest");
    let blocks = listings.iter().filter(|listing| listing.language == "toml");
    let lines = blocks.flat_map(|listing| listing.text.lines());
    let mut named = Vec::new();
    for line in lines.filter(|line| line.contains(" = ")) {
        let (name, rest) = line.split_once(" = ").expect("a dependency");
        let version = rest.split('"').nth(1).expect("a version");
        let start = format!("{name} = ");
        let own = workspace.lines().find(|line| line.starts_with(&start));
        let own = own.unwrap_or_else(|| panic!("{name} is no dependency of ours"));
        assert!(
            own.split('"').any(|ours| ours.starts_with(version)),
            "{name}: the page has {version}, the workspace {own}"
        );
        assert!(
            example.contains(&format!("{name}.workspace = true")),
            "{name}"
        );
        named.push(name);
    }
    let expected = example.matches(".workspace = true\n").count() - 5;
    assert_eq!(named.len(), expected, "{named:?}");
}
