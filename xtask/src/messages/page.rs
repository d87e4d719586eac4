//! The sections of the page, from `docs/reference/errors.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;

use super::Message;
use crate::generated::failure;
use crate::process::Failure;

pub(crate) const FILE: &str = "docs/reference/errors.toml";

/// The maximum number of characters in a line.
const WIDTH: usize = 100;

/// The column in which messages begin, after their kind.
const INDENT: usize = 9;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sections {
    section: Vec<Section>,
    /// Files and folders whose texts are no messages unless their place makes them so, and the
    /// texts that they have.
    other: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    title: String,
    about: String,
    /// Files and folders. The longest that fits a source decides.
    sources: Vec<String>,
}

impl Sections {
    pub(crate) fn read(root: &Path) -> Result<Self, Failure> {
        let path = root.join(FILE);
        let text = std::fs::read_to_string(&path).map_err(|error| failure(&path, error))?;
        toml::from_str(&text).map_err(|error| failure(&path, error))
    }

    pub(crate) fn len(&self) -> usize {
        self.section.len()
    }

    /// The section of a source.
    pub(crate) fn section(&self, path: &str) -> Option<usize> {
        let sources = (0..).zip(&self.section).flat_map(|(index, section)| {
            let fitting = section
                .sources
                .iter()
                .filter(|source| path.starts_with(&**source));
            fitting.map(move |source| (source.len(), index))
        });
        sources.max().map(|(_, index)| index)
    }

    pub(crate) fn others(&self) -> impl Iterator<Item = &str> {
        self.other.keys().map(String::as_str)
    }

    /// The entry of [`Sections::others`] that a source belongs to.
    pub(crate) fn other(&self, path: &str) -> Option<&str> {
        self.others().find(|other| path.starts_with(other))
    }

    /// The text of all sections.
    pub(crate) fn page(&self, messages: &[Vec<Message>]) -> String {
        let mut page = String::new();
        for (section, messages) in self.section.iter().zip(messages) {
            let Section { title, about, .. } = section;
            let about = crate::markdown::wrapped(about, "");
            let _ = write!(page, "## {title}\n\n{about}\n```text\n");
            let mut printed = BTreeSet::new();
            for message in messages.iter().filter(|message| printed.insert(*message)) {
                page.push_str(&entry(message));
            }
            page.push_str("```\n\n");
        }
        page.truncate(page.trim_end().len());
        page + "\n"
    }
}

/// A message after its kind, with its further lines below it.
fn entry(message: &Message) -> String {
    let mut entry = format!("{:INDENT$}", message.kind.name());
    let mut width = INDENT;
    for (index, word) in message.text.split_whitespace().enumerate() {
        let length = word.chars().count();
        if index > 0 && width + 1 + length > WIDTH {
            let _ = write!(entry, "\n{:INDENT$}", "");
            width = INDENT;
        } else if index > 0 {
            entry.push(' ');
            width += 1;
        }
        entry.push_str(word);
        width += length;
    }
    entry + "\n"
}
