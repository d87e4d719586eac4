//! The entries of an archive.

use std::collections::HashSet;

use super::error::ArchiveError;

/// A file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The names of the folders that it is in, and its own; at least one.
    pub path: Vec<String>,
    /// Its content.
    pub content: EntryContent,
}

/// The content of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryContent {
    /// The bytes of a file.
    File(Vec<u8>),
    /// A link or a device, which is not followed.
    Link,
}

/// The names of entries, each once.
#[derive(Debug, Default)]
pub(super) struct Names {
    seen: HashSet<Vec<String>>,
}

impl Names {
    /// The path of an entry's name. Tools on Windows write backslashes, and some begin at the root.
    pub(super) fn path(&mut self, name: &str) -> Result<Vec<String>, ArchiveError> {
        let parts = name.split(['/', '\\']);
        let parts = parts.filter(|part| !part.is_empty() && *part != ".");
        let path: Vec<_> = parts.map(str::to_owned).collect();
        if path.is_empty() || path.iter().any(|part| part == ".." || part.contains('\0')) {
            return Err(ArchiveError::entry(name, "not a file name"));
        }
        if !self.seen.insert(path.clone()) {
            let what = "the archive has two entries of this name; unpack it, and name the file";
            return Err(ArchiveError::entry(name, what));
        }
        Ok(path)
    }
}
