//! The messages that the book quotes are on the page of messages.
//!
//! Tests run the commands of the book and compare their output, so the quoted messages are those of
//! the program, and the page is compared with them independently of how it is collected.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The texts of the page between their placeholders.
fn entries() -> Vec<Vec<String>> {
    let page = read(&root().join("docs/reference/errors.md"));
    let mut entries: Vec<String> = Vec::new();
    let mut is_list = false;
    for line in page.lines() {
        if line.starts_with("```") {
            is_list = !is_list;
        } else if is_list {
            let (kind, text) = line.split_at(9);
            match entries.last_mut().filter(|_| kind.trim().is_empty()) {
                Some(entry) => *entry += &format!(" {text}"),
                None => entries.push(text.to_owned()),
            }
        }
    }
    entries.iter().map(|entry| parts(entry)).collect()
}

fn parts(entry: &str) -> Vec<String> {
    let texts = entry
        .split('{')
        .enumerate()
        .map(|(index, part)| match part.split_once('}') {
            Some((_, text)) if index > 0 => text,
            _ => part,
        });
    texts
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Whether a line has the texts of an entry in their order. Single words fit too many lines.
fn fits(line: &str, parts: &[String]) -> bool {
    let mut rest = line;
    for part in parts {
        let Some((_, after)) = rest.split_once(part.as_str()) else {
            return false;
        };
        rest = after;
    }
    parts
        .iter()
        .flat_map(|part| part.split_whitespace())
        .count()
        > 2
}

/// The messages in the blocks of the book and the README.
fn quoted() -> Vec<String> {
    let mut pages = vec![root().join("README.md")];
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    let mut quoted = Vec::new();
    for page in pages {
        for line in read(&page).lines() {
            let message = ["error: ", "warning: ", "note: "]
                .iter()
                .find_map(|kind| line.strip_prefix(kind));
            quoted.extend(message.map(str::to_owned));
        }
    }
    quoted
}

#[test]
fn every_quoted_message_is_listed() {
    let (entries, quoted) = (entries(), quoted());
    assert!(quoted.len() > 15, "{} messages", quoted.len());
    // clap's own.
    let is_foreign = |line: &&String| line.starts_with("unrecognized subcommand");
    let missing: Vec<_> = quoted
        .iter()
        .filter(|line| !is_foreign(line) && !entries.iter().any(|parts| fits(line, parts)))
        .collect();
    assert!(missing.is_empty(), "not listed: {missing:#?}");
}

/// The kinds of errors are one language: no dialect, and the grammar of counts is right.
#[test]
fn messages_are_plain_technical_english() {
    const AVOIDED: [&str; 10] = [
        " behind ",
        "beside",
        "blank",
        "made of it",
        "anew",
        "passed over",
        "told",
        "is none",
        "what is behind",
        " is no ",
    ];
    let mut found = Vec::new();
    let entries = entries();
    for parts in &entries {
        let text = format!(" {} ", parts.join("…"));
        // "There is no store" and "is no longer bound" are plain.
        let text = text.replace("there is no ", "").replace("is no longer", "");
        if let Some(word) = AVOIDED.iter().find(|word| text.contains(**word)) {
            found.push(format!("{word:?} in{text}"));
        }
    }
    assert!(entries.len() > 900, "{} messages", entries.len());
    assert!(found.is_empty(), "{found:#?}");
}
