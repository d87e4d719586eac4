//! An archive that is opened: folders and files in memory.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::path::Path;

use certbind_formats::archive::EntryContent;

use super::Entry;

/// An archive.
#[derive(Debug)]
pub(super) struct Archive {
    files: BTreeMap<Vec<String>, EntryContent>,
}

impl Archive {
    pub(super) fn of(entries: Vec<certbind_formats::archive::Entry>) -> Self {
        let entries = entries.into_iter();
        Self {
            files: entries.map(|entry| (entry.path, entry.content)).collect(),
        }
    }

    /// The bytes of all files.
    pub(super) fn size(&self) -> usize {
        let size = |content: &EntryContent| match content {
            EntryContent::File(bytes) => bytes.len(),
            EntryContent::Link => 0,
        };
        self.files.values().map(size).sum()
    }

    pub(super) fn is_folder(&self, path: &[String]) -> bool {
        path.is_empty() || self.below(path).next().is_some()
    }

    pub(super) fn file(&self, path: &[String]) -> io::Result<&[u8]> {
        match self.files.get(path) {
            Some(EntryContent::File(bytes)) => Ok(bytes),
            Some(EntryContent::Link) => Err(io::Error::other(
                "links and devices in an archive are not followed",
            )),
            None => {
                let what = match self.is_folder(path) {
                    true => "this is a folder of the archive",
                    false => "the archive has no such file",
                };
                Err(io::Error::new(io::ErrorKind::NotFound, what))
            }
        }
    }

    /// The entries of a folder, which is called `named`.
    pub(super) fn entries(&self, named: &Path, folder: &[String]) -> io::Result<Vec<Entry>> {
        if !self.is_folder(folder) {
            let what = "the archive has no such folder";
            return Err(io::Error::new(io::ErrorKind::NotFound, what));
        }
        let mut entries: BTreeMap<&str, Entry> = BTreeMap::new();
        for (path, content) in self.below(folder) {
            let name = path[folder.len()].as_str();
            let is_folder = path.len() > folder.len() + 1;
            entries.entry(name).or_insert_with(|| Entry {
                path: named.join(name),
                is_folder,
                is_link: !is_folder && matches!(content, EntryContent::Link),
            });
        }
        Ok(entries.into_values().collect())
    }

    /// The files below a folder.
    fn below<'a>(
        &'a self,
        folder: &'a [String],
    ) -> impl Iterator<Item = (&'a Vec<String>, &'a EntryContent)> {
        let from = (Bound::Excluded(folder), Bound::Unbounded);
        let files = self.files.range::<[String], _>(from);
        files.take_while(move |(path, _)| path.starts_with(folder))
    }
}
