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

/// The lines of a page with their numbers, without code blocks.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut is_code = false;
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code && !line.starts_with("    ") {
            lines.push((number, line));
        }
    }
    lines
}

/// A text without the targets of its links.
fn without_targets(text: &str) -> String {
    let mut parts = text.split("](");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + "]" + part.split_once(')').map_or(part, |(_, rest)| rest)
    })
}

/// The pages of the book, and those for people who come to the repository.
fn readable_pages() -> Vec<PathBuf> {
    let mut pages = pages(&root().join("docs"));
    for page in [
        "README.md",
        "CONTRIBUTING.md",
        "CODE_OF_CONDUCT.md",
        "SECURITY.md",
        "packaging/README.md",
    ] {
        pages.push(root().join(page));
    }
    pages
}

/// Headings, pictures and words without a space, such as links, may be longer.
#[test]
fn pages_wrap_at_100_columns() {
    let mut long = String::new();
    for page in readable_pages() {
        for (number, line) in prose(&read(&page)) {
            let is_free = ["|", "#", "!["].iter().any(|start| line.starts_with(start));
            let width = line.chars().count();
            let text = line.trim_start_matches([' ', '-']);
            let is_link = without_targets(text).len() < text.len() || text.contains("]: http");
            let is_unbreakable = is_link || !text.contains(' ');
            if width > 100 && !is_free && !is_unbreakable {
                long += &format!("{}:{number}: {width} columns\n", page.display());
            }
        }
    }
    assert!(long.is_empty(), "{long}");
}

/// A cell of a table has a phrase or a sentence. Paragraphs belong into sections.
#[test]
fn no_table_cell_is_a_paragraph() {
    const MAX_CELL: usize = 210;
    let mut found = String::new();
    let mut cells = 0;
    for page in readable_pages() {
        for (number, line) in prose(&read(&page)) {
            if !line.starts_with('|') {
                continue;
            }
            for cell in line.replace("\\|", "/").split('|') {
                cells += 1;
                let cell = without_targets(cell.trim());
                let width = cell.chars().count();
                let sentences = cell.match_indices(". ").filter(|(at, _)| {
                    let next = cell[at + 2..].chars().next();
                    next.is_some_and(char::is_uppercase)
                });
                if width > MAX_CELL || sentences.count() > 1 {
                    found += &format!("{}:{number}: {cell}\n", page.display());
                }
            }
        }
    }
    assert!(cells > 1000, "{cells} cells");
    assert!(found.is_empty(), "{found}");
}

/// The README fits two screens, and the commands that set up the project are on the first one.
#[test]
fn the_readme_is_short_and_starts_with_the_setup() {
    let readme = read(&root().join("README.md"));
    let lines = readme.lines().count();
    assert!(lines < 150, "{lines} lines");
    let first_screen: Vec<_> = readme.lines().take(25).collect();
    let first_screen = first_screen.join("\n");
    for command in ["cargo xtask demo", "cargo xtask test --install"] {
        assert!(first_screen.contains(command), "{command}");
    }
}

#[test]
fn diagrams_have_a_text_alternative_and_a_dark_variant() {
    let mut diagrams = 0;
    for page in readable_pages() {
        let text = read(&page);
        for image in text.split("![").skip(1) {
            let (alternative, rest) = image.split_once("](").expect("an image");
            let (link, _) = rest.split_once(')').expect("the end of a link");
            assert!(alternative.len() > 20, "{}: {link}", page.display());
            let file = page.parent().expect("a folder").join(link);
            let picture = read(&file);
            if picture.contains("role=\"img\"") {
                assert!(picture.contains("<desc"), "{}", file.display());
                let dark = "@media (prefers-color-scheme: dark)";
                assert!(picture.contains(dark), "{}", file.display());
                diagrams += 1;
            }
        }
    }
    assert!(diagrams >= 3, "{diagrams} diagrams");
}
