//! tar archives.

use std::io::{self, Read};

use tar::{Archive, EntryType};

use super::budget::Budget;
use super::entry::{Entry, EntryContent, Names};
use super::error::ArchiveError;
use super::limits::Limits;

const BLOCK: u64 = 512;

/// The entries of an archive. Where it is compressed, its bytes count against the budget twice: as
/// the archive, and as its entries, both of which are in memory.
pub(super) fn entries(
    content: impl Read,
    limits: &Limits,
    budget: &Budget,
) -> Result<Vec<Entry>, ArchiveError> {
    let mut archive = Archive::new(Counted { content, count: 0 });
    let mut entries = Vec::new();
    let mut names = Names::default();
    let failed = |error| budget.error(error);
    for (index, entry) in archive.entries().map_err(failed)?.enumerate() {
        let mut entry = entry.map_err(failed)?;
        if index >= limits.max_entries {
            return Err(ArchiveError::TooManyEntries {
                limit: limits.max_entries,
            });
        }
        let kind = entry.header().entry_type();
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if is_pax_sparse(&mut entry).map_err(failed)? {
            let what = "this is a sparse file in pax form, which is not supported; make the archive \
                        without --sparse";
            return Err(ArchiveError::entry(&name, what));
        }
        let content = match kind {
            EntryType::Directory => continue,
            EntryType::XGlobalHeader => {
                check_global(&mut budget.reader(&mut entry)).map_err(failed)?;
                continue;
            }
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                let size = entry.size();
                let mut bytes = Vec::new();
                let read = budget.reader(&mut entry).read_to_end(&mut bytes);
                read.map_err(failed)?;
                if size != bytes.len() as u64 {
                    return Err(ArchiveError::Damaged(format!("it ends within {name}")));
                }
                EntryContent::File(bytes)
            }
            EntryType::Link
            | EntryType::Symlink
            | EntryType::Char
            | EntryType::Block
            | EntryType::Fifo => EntryContent::Link,
            other => {
                let what = format!(
                    "entries of type {:?} are not supported",
                    char::from(other.as_byte())
                );
                return Err(ArchiveError::entry(&name, what));
            }
        };
        let path = names.path(&name)?;
        entries.push(Entry { path, content });
    }
    let mut rest = archive.into_inner();
    if rest.count % BLOCK != 0 || rest.count == 0 {
        return Err(ArchiveError::Damaged("it ends within a block".to_owned()));
    }
    end(&mut rest).map_err(failed)?;
    Ok(entries)
}

/// Reads the end after the last entry: two blocks of zeros or more. The first of them has been
/// read, if it exists.
fn end(rest: &mut Counted<impl Read>) -> io::Result<()> {
    let at = rest.count;
    let mut buffer = [0; 1 << 14];
    let mut is_zero = true;
    loop {
        match rest.read(&mut buffer)? {
            0 => break,
            read => is_zero &= buffer[..read].iter().all(|byte| *byte == 0),
        }
    }
    let count = rest.count - at;
    match count {
        _ if !is_zero => Err(io::Error::other(ArchiveError::LeftOver { at, count })),
        count if count == 0 || count % BLOCK != 0 => Err(io::Error::other(ArchiveError::Damaged(
            "the blocks of zeros at its end are missing".to_owned(),
        ))),
        _ => Ok(()),
    }
}

/// GNU tar writes sparse files so with `--format=posix`: the entry has the parts alone, and tar 0.4 takes
/// them for the file.
fn is_pax_sparse(entry: &mut tar::Entry<'_, impl Read>) -> io::Result<bool> {
    let Some(extensions) = entry.pax_extensions()? else {
        return Ok(false);
    };
    for extension in extensions {
        if extension?.key_bytes().starts_with(b"GNU.sparse.") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A global header may change every later entry; git's contains a comment alone.
fn check_global(content: &mut impl Read) -> io::Result<()> {
    let mut bytes = Vec::new();
    content.read_to_end(&mut bytes)?;
    for extension in tar::PaxExtensions::new(&bytes) {
        let extension = extension?;
        if extension.key_bytes() != b"comment" {
            let key = String::from_utf8_lossy(extension.key_bytes());
            let what = format!("the archive has the global header {key}, which is not supported");
            return Err(io::Error::other(ArchiveError::Damaged(what)));
        }
    }
    Ok(())
}

/// A reader that counts.
struct Counted<R> {
    content: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(into)?;
        self.count += read as u64;
        Ok(read)
    }
}
