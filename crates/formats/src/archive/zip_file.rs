//! zip archives.

use std::io::{Cursor, Read};

use zip::{CompressionMethod, ZipArchive};

use super::budget::Budget;
use super::entry::{Entry, EntryContent, Names};
use super::error::ArchiveError;
use super::limits::Limits;

/// The record at the end of an archive, without its comment (APPNOTE.TXT 4.3.16).
const END: usize = 22;
/// The pointer to the zip64 record, before it (4.3.15).
const LOCATOR: usize = 20;

/// The entries of an archive.
pub(super) fn entries(
    bytes: &[u8],
    limits: &Limits,
    budget: &Budget,
) -> Result<Vec<Entry>, ArchiveError> {
    let directory = Directory::of(bytes)?;
    if directory.entries > limits.max_entries as u64 {
        return Err(ArchiveError::TooManyEntries {
            limit: limits.max_entries,
        });
    }
    let damaged = |error: zip::result::ZipError| ArchiveError::Damaged(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    if archive.offset() != 0
        || archive.central_directory_start() != directory.start
        || archive.len() as u64 != directory.entries
    {
        // The crate lists the last of two entries of one name alone.
        return Err(ArchiveError::Damaged(
            "its directory does not list each entry once".to_owned(),
        ));
    }
    archive.validate_header_consistency().map_err(damaged)?;
    let mut entries = Vec::new();
    let mut names = Names::default();
    let mut places = Vec::new();
    for index in 0..archive.len() {
        let raw = archive.by_index_raw(index).map_err(damaged)?;
        let name = raw.name().map_err(damaged)?.into_owned();
        if raw.encrypted() {
            let what = "this entry is encrypted; unpack the archive, and name the files";
            return Err(ArchiveError::entry(&name, what));
        }
        let method = raw.compression();
        if !matches!(
            method,
            CompressionMethod::Stored | CompressionMethod::Deflated
        ) {
            let what = format!(
                "this entry is compressed with {method}, which is not supported; unpack the archive, and \
                 name the files"
            );
            return Err(ArchiveError::entry(&name, what));
        }
        let start = raw.data_start().unwrap_or_default();
        places.push(Place {
            header: raw.header_start(),
            end: start.saturating_add(raw.compressed_size()),
            has_descriptor: raw.flags().is_using_data_descriptor(),
        });
        // Some tools on Windows write the names of folders with a backslash at the end.
        if raw.is_dir() || name.ends_with('\\') {
            continue;
        }
        let is_link = raw.is_symlink();
        drop(raw);
        let content = if is_link {
            EntryContent::Link
        } else {
            let mut file = archive.by_index(index).map_err(damaged)?;
            let size = file.size();
            let mut bytes = Vec::new();
            let read = budget.reader(&mut file).read_to_end(&mut bytes);
            read.map_err(|error| match budget.error(error) {
                ArchiveError::Damaged(what) => ArchiveError::entry(&name, what),
                error => error,
            })?;
            if bytes.len() as u64 != size {
                return Err(ArchiveError::entry(&name, "it is not as long as listed"));
            }
            EntryContent::File(bytes)
        };
        let path = names.path(&name)?;
        entries.push(Entry { path, content });
    }
    check(places, directory.start)?;
    Ok(entries)
}

/// Where an entry is.
struct Place {
    header: u64,
    end: u64,
    has_descriptor: bool,
}

/// Checks that entries follow one another from the start of the file to the directory. A file that
/// the directory does not list was appended or left over, and other tools read it.
fn check(mut places: Vec<Place>, directory: u64) -> Result<(), ArchiveError> {
    places.sort_by_key(|place| place.header);
    let mut at = 0;
    let mut has_descriptor = false;
    let ends = places.into_iter().map(Some).chain([None]);
    for place in ends {
        let next = place.as_ref().map_or(directory, |place| place.header);
        let gap = next.checked_sub(at);
        // A data descriptor has a CRC-32 and two lengths of 4 or 8 bytes, with or without a signature.
        let is_filled = match gap {
            Some(0) => !has_descriptor,
            Some(12 | 16 | 20 | 24) => has_descriptor,
            _ => false,
        };
        if !is_filled {
            return Err(ArchiveError::LeftOver {
                at,
                count: gap.unwrap_or_default(),
            });
        }
        if let Some(place) = place {
            (at, has_descriptor) = (place.end, place.has_descriptor);
        }
    }
    Ok(())
}

/// The fields of the end of central directory record.
struct Directory {
    start: u64,
    entries: u64,
}

impl Directory {
    /// Reads the record at the end of the file, followed by its comment alone. The directory ends
    /// directly before it.
    fn of(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let damaged = |what: &str| ArchiveError::Damaged(what.to_owned());
        let first = bytes.len().saturating_sub(END + usize::from(u16::MAX));
        let is_end = |at: &usize| {
            bytes[*at..].starts_with(b"PK\x05\x06")
                && number(bytes, at + 20, 2) == Some((bytes.len() - at - END) as u64)
        };
        let last = bytes.len().checked_sub(END);
        let end = last.and_then(|last| (first..=last).rev().find(is_end));
        let end = end.ok_or_else(|| damaged("the end of a zip archive is missing"))?;
        let field = |at: usize, length| number(bytes, at, length).unwrap_or_default();
        if field(end + 4, 2) != field(end + 6, 2) || field(end + 8, 2) != field(end + 10, 2) {
            return Err(damaged("it is one of several volumes"));
        }
        let locator = end
            .checked_sub(LOCATOR)
            .filter(|at| bytes[*at..].starts_with(b"PK\x06\x07"));
        let (record, entries, size, start) = match locator {
            None => (
                end as u64,
                field(end + 10, 2),
                field(end + 12, 4),
                field(end + 16, 4),
            ),
            Some(locator) => {
                let record = field(locator + 8, 8);
                let at = usize::try_from(record).unwrap_or(usize::MAX);
                let is_record = bytes
                    .get(at..)
                    .is_some_and(|it| it.starts_with(b"PK\x06\x06"));
                let length = field(at.saturating_add(4), 8);
                if !is_record
                    || record.checked_add(length.saturating_add(12)) != Some(locator as u64)
                {
                    return Err(damaged("its zip64 record is not where it should be"));
                }
                (
                    record,
                    field(at + 32, 8),
                    field(at + 40, 8),
                    field(at + 48, 8),
                )
            }
        };
        match start.checked_add(size) {
            Some(found) if found == record => Ok(Self { start, entries }),
            Some(found) if found < record => Err(ArchiveError::LeftOver {
                at: found,
                count: record - found,
            }),
            _ => Err(damaged("its directory goes beyond the file")),
        }
    }
}

/// A number in little-endian bytes.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(length)?)?;
    let number = bytes.iter().rev();
    Some(number.fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
