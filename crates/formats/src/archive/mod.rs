//! Compressed files and archives, the usual containers of evidence: `.gz`, `.xz`, `.zip`, `.tar`,
//! `.tar.gz`, `.tar.xz`.
//!
//! They are read completely or refused, and in memory: nothing is written to the disk. [`Limits`]
//! bound the unpacked size. Joined gzip members (RFC 1952, section 2.2) and xz streams are one
//! content. Refused are encrypted entries, sparse entries in pax headers, volumes, two entries of
//! one name, archives that were joined or have bytes that belong to no entry, and damage.
//!
//! ```
//! use std::io::Write;
//! use certbind_formats::archive::{Limits, Opened, open};
//!
//! let mut file = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
//! file.write_all(b"IP:port")?;
//! let opened = open(&file.finish()?, &Limits::default())?;
//! assert_eq!(opened, Opened::File(b"IP:port".to_vec()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod budget;
mod compressed;
mod entry;
mod error;
mod kind;
mod limits;
mod tar_file;
mod zip_file;

use std::io::Read;

use budget::Budget;

pub use entry::{Entry, EntryContent};
pub use error::ArchiveError;
pub use kind::Kind;
pub use limits::Limits;

/// The result of unpacking a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// One file: compressed, or of none of these formats.
    File(Vec<u8>),
    /// The entries of an archive, in its order. Folders are not listed.
    Entries(Vec<Entry>),
}

/// Unpacks a file.
///
/// # Errors
/// [`ArchiveError`]: the format is not supported, the file is incomplete, or it exceeds the limits.
pub fn open(bytes: &[u8], limits: &Limits) -> Result<Opened, ArchiveError> {
    let budget = Budget::new(limits, bytes.len());
    match Kind::of(bytes) {
        Kind::Plain => Ok(Opened::File(bytes.to_vec())),
        Kind::Unsupported(format) => Err(ArchiveError::Unsupported { format }),
        Kind::Zip => Ok(Opened::Entries(zip_file::entries(bytes, limits, &budget)?)),
        Kind::Tar => Ok(Opened::Entries(tar_file::entries(bytes, limits, &budget)?)),
        Kind::Gzip | Kind::Xz => {
            let mut content = budget.reader(compressed::reader(bytes)?);
            let start = kind::start(&mut content).map_err(|error| budget.error(error))?;
            match Kind::of(&start) {
                Kind::Plain => {
                    let mut bytes = start;
                    let rest = content.read_to_end(&mut bytes);
                    rest.map_err(|error| budget.error(error))?;
                    Ok(Opened::File(bytes))
                }
                Kind::Tar => {
                    let content = start.as_slice().chain(content);
                    Ok(Opened::Entries(tar_file::entries(
                        content, limits, &budget,
                    )?))
                }
                other => Err(ArchiveError::Nested {
                    format: other.name(),
                }),
            }
        }
    }
}

/// Whether a file contains other files, determined by its start: that of the uncompressed content
/// where it is compressed.
///
/// # Errors
/// [`ArchiveError`], if the start cannot be unpacked.
pub fn is_archive(start: &[u8]) -> Result<bool, ArchiveError> {
    match Kind::of(start) {
        Kind::Zip | Kind::Tar => Ok(true),
        Kind::Gzip | Kind::Xz => {
            let content = compressed::reader(start)?;
            let mut unpacked = Vec::new();
            // The start may be cut off: the bytes before that point are enough.
            let _ = content.take(kind::START as u64).read_to_end(&mut unpacked);
            Ok(Kind::of(&unpacked) == Kind::Tar)
        }
        Kind::Plain | Kind::Unsupported(_) => Ok(false),
    }
}
