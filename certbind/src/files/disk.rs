//! Files and folders on the disk.

use std::io::{self, Read};
use std::path::Path;

use certbind_formats::archive::{self, Kind};

use super::Entry;
use crate::read_file;

/// The first bytes of a file, by which its format is detected.
pub(super) fn start(path: &Path) -> io::Result<Vec<u8>> {
    const PLAIN: u64 = 512;
    // An xz file is unpacked in parts of up to 64 KiB.
    const COMPRESSED: u64 = 128 << 10;
    let mut file = read_file::open(path)?;
    let mut start = Vec::new();
    file.by_ref().take(PLAIN).read_to_end(&mut start)?;
    if matches!(Kind::of(&start), Kind::Gzip | Kind::Xz) {
        file.take(COMPRESSED).read_to_end(&mut start)?;
    }
    Ok(start)
}

/// Whether a file is an archive. An unreadable file is none: reading it gives the error.
pub(super) fn is_archive(path: &Path) -> bool {
    start(path).is_ok_and(|start| archive::is_archive(&start).unwrap_or_default())
}

pub(super) fn entries(folder: &Path) -> io::Result<Vec<Entry>> {
    let entries = std::fs::read_dir(folder)?.map(|entry| {
        let entry = entry?;
        let kind = entry.file_type()?;
        let path = entry.path();
        Ok(Entry {
            is_folder: kind.is_dir() || (kind.is_symlink() && path.is_dir()),
            is_link: kind.is_symlink(),
            path,
        })
    });
    entries.collect()
}
