//! The binary format: every field of a binding, in chunks with checksums, read and written as a
//! stream. The [snapshot format] is specified byte by byte.
//!
//! [snapshot format]: https://github.com/certbind/certbind/blob/main/docs/formats/snapshot.md
//!
//! A [`Writer`] takes bindings in ascending order of their keys, as a store's scan returns them,
//! and a [`Reader`] returns them in that order. Both keep one chunk in memory, for any number of
//! bindings.
//!
//! A reader returns a binding as soon as its chunk was verified. Whether the file is **complete**
//! and consistent is known at its end: until the reader has returned `None`, do nothing with the
//! bindings that could not be undone. Where the file can be read twice, [`Reader::verified`]
//! verifies all of it before it returns the first binding.
//!
//! The checksums detect damage, not tampering: an attacker who alters a file can recompute them.
//!
//! ```
//! use certbind_formats::Header;
//! use certbind_formats::snapshot::{Reader, Writer};
//! use certbind_core::{BindingStore, MemoryStore, Scan};
//!
//! let store = MemoryStore::new();
//! let mut writer = Writer::new(Vec::new(), &Header::default(), None)?;
//! for binding in store.scan(&Scan::all())? {
//!     writer.push(&binding?)?;
//! }
//! let file = writer.finish()?;
//!
//! let bindings: Result<Vec<_>, _> = Reader::new(file.as_slice())?.collect();
//! assert!(bindings?.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod chunk;
mod error;
mod header_chunk;
mod reader;
mod record;
mod source;
mod writer;

use std::io::Write;

pub use error::{SnapshotError, SnapshotPosition};
pub use reader::{Reader, VerifiedSnapshot, verify};
pub use writer::Writer;

use crate::error::ReadError;
use crate::export::Export;
use crate::read_outcome::ReadOutcome;
use crate::write::{WriteError, check_whole};

/// The newest version that is read, and the one that is written: whether a later binding has
/// extended properties is not known at the beginning.
pub const VERSION: u32 = 2;

// Version 1 contains values of format 1, and version 2 those of both, so that an older release
// refuses a newer file at its beginning and not at the first unknown binding.
const _: () = assert!(
    certbind_core::codec::VALUE_FORMAT == 2,
    "a new format of values makes a new version of snapshots"
);

/// The start of every snapshot. As in a PNG file, the first byte is not text, and line ends of both
/// kinds and an end-of-file character detect a transfer in text mode.
const MAGIC: [u8; 12] = *b"\x89cbsnap\r\n\x1a\n\0";

/// Where the name ends in [`MAGIC`].
const NAME: usize = 7;

/// Whether bytes are meant to be a snapshot, a damaged one included.
pub(crate) fn is_meant(bytes: &[u8]) -> bool {
    let behind = bytes.get(NAME..MAGIC.len());
    bytes.starts_with(&MAGIC[..NAME]) || behind == Some(&MAGIC[NAME..])
}

/// Writes an export as a snapshot, its bindings in ascending order of their keys.
///
/// # Errors
/// [`WriteError::Unordered`], before anything is written, if a key occurs twice;
/// [`WriteError::NotWhole`] if parts of the store could not be read; otherwise as [`Writer`].
pub fn write(out: &mut impl Write, export: &Export) -> Result<(), WriteError> {
    check_whole(export)?;
    let mut bindings: Vec<_> = export.bindings.iter().collect();
    bindings.sort_by(|a, b| a.key().cmp(b.key()));
    if let Some(twice) = bindings
        .windows(2)
        .find(|pair| pair[0].key() == pair[1].key())
    {
        return Err(WriteError::Unordered {
            key: twice[1].key().clone(),
            last: twice[0].key().clone(),
        });
    }
    let mut writer = Writer::new(out, &export.header, export.layout.as_ref())?;
    for binding in bindings {
        writer.push(binding)?;
    }
    writer.finish().map(drop)
}

/// Reads a complete snapshot. Damage anywhere is an error for the whole file, also with
/// `keep_going`: damaged contents differ from the written ones.
///
/// # Errors
/// [`ReadError::Unrecognised`], [`ReadError::NewerVersion`], or [`ReadError::Malformed`] with the
/// place.
pub fn read(bytes: &[u8]) -> Result<ReadOutcome, ReadError> {
    let mut reader = Reader::new(bytes)?;
    let bindings = reader.by_ref().collect::<Result<_, _>>()?;
    Ok(ReadOutcome {
        lines: Vec::new(),
        export: Export {
            bindings,
            layout: reader.layout().cloned(),
            header: reader.header().clone(),
            ..Export::default()
        },
        warnings: reader.warnings().to_vec(),
        errors: Vec::new(),
        registry: std::collections::BTreeMap::new(),
        parameters: None,
        reservations: None,
        recovery: None,
        managed: None,
    })
}
