//! The book is complete: each page is in its table of contents, and each link leads to a file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The pages under a folder.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.append(&mut pages(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found
}

/// The files that a page links to or includes, without web addresses.
fn links(text: &str) -> Vec<String> {
    let after = |mark: &'static str, end: char| {
        let parts = text.split(mark).skip(1);
        parts.filter_map(move |rest| Some(rest.split_once(end)?.0.to_owned()))
    };
    let files = after("](", ')').chain(after("{{#include ", '}'));
    let files = files.map(|link| link.split('#').next().unwrap_or_default().to_owned());
    let is_file = |link: &String| !link.is_empty() && !link.contains([':', ' ', '\n', '"']);
    files.filter(is_file).collect()
}

#[test]
fn the_table_of_contents_has_every_page_once() {
    let docs = root().join("docs");
    let listed = links(&read(&docs.join("SUMMARY.md")));
    let once: BTreeSet<_> = listed.iter().map(|page| docs.join(page)).collect();
    assert_eq!(listed.len(), once.len(), "a page is listed twice");
    let pages = pages(&docs).into_iter();
    let pages: BTreeSet<_> = pages.filter(|page| !page.ends_with("SUMMARY.md")).collect();
    assert_eq!(once, pages);
}

#[test]
fn every_link_leads_to_a_file() {
    let mut pages = pages(&root().join("docs"));
    for page in [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CHANGELOG.md",
    ] {
        pages.push(root().join(page));
    }
    let mut checked = 0;
    for page in pages {
        let folder = page.parent().expect("a folder");
        for link in links(&read(&page)) {
            let there = folder.join(&link).exists();
            assert!(
                there,
                "{} links to {link}, which is not there",
                page.display()
            );
            checked += 1;
        }
    }
    assert!(checked > 100, "{checked} links");
}
