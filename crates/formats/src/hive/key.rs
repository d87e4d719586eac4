//! Keys.

use std::borrow::Cow;

use encoding_rs::mem::decode_latin1;
use jiff::Timestamp;

use super::bytes::{u16_at, u32_at};
use super::cell_error::{CellError, in_file};
use super::cells::Cells;
use super::children::Children;

/// A key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'a> {
    offset: u32,
    /// The contents of its cell.
    node: &'a [u8],
    /// The name as it is stored.
    name: &'a [u8],
}

/// The entries under a key, and the errors of others.
#[derive(Debug)]
pub(super) struct Under<T> {
    pub(super) whole: Vec<T>,
    pub(super) broken: Vec<CellError>,
}

impl<T> Under<T> {
    pub(super) fn nothing() -> Self {
        Self {
            whole: Vec::new(),
            broken: Vec::new(),
        }
    }
}

/// The ticks of a FILETIME in a second.
const TICKS: u64 = 10_000_000;

/// 1 January 1970 in seconds from 1 January 1601, the start of a FILETIME.
const UNIX_EPOCH: i64 = 11_644_473_600;

/// The byte of a key with its role among the layers of a registry, from version 1.6 (Suhanov's
/// specification).
const LAYER: usize = 13;
/// The bits of that role: 1 is a tombstone; 2 and 3 hide the keys of the layers above.
const SEMANTICS: u8 = 3;

/// A bit of a key's flags: the name is stored in one byte a character.
const NARROW_NAME: u16 = 0x20;

impl<'a> Key<'a> {
    /// The key in a cell.
    pub(super) fn at(cells: &mut Cells<'a>, offset: u32) -> Result<Self, CellError> {
        let node = cells.take(offset)?;
        if !node.starts_with(b"nk") {
            return Err(CellError::new(offset, "this is not a key"));
        }
        let name = u16_at(node, 72).and_then(|length| node.get(76..76 + usize::from(length)));
        let name = name.ok_or(CellError::new(offset, "this key goes beyond its cell"))?;
        let semantics = node.get(LAYER).copied().unwrap_or_default() & SEMANTICS;
        if cells.has_layers && semantics != 0 {
            let what =
                "this key deletes or replaces a key of another hive, as in a hive of a container";
            return Err(CellError::new(offset, what));
        }
        Ok(Self { offset, node, name })
    }

    /// The offset of its cell in the file.
    pub(super) fn offset(&self) -> u64 {
        in_file(self.offset)
    }

    /// Its name.
    pub(super) fn name(&self) -> Cow<'a, str> {
        let is_narrow = self.field16(2) & NARROW_NAME != 0;
        name(self.name, is_narrow)
    }

    /// The time of the last write. 0, as some tools write it, means unknown.
    pub(super) fn last_written(&self) -> Option<Timestamp> {
        let ticks = u64::from(self.field32(8)) << 32 | u64::from(self.field32(4));
        if ticks == 0 {
            return None;
        }
        let seconds = i64::try_from(ticks / TICKS).ok()? - UNIX_EPOCH;
        let nanoseconds = i32::try_from(ticks % TICKS * 100).ok()?;
        Timestamp::new(seconds, nanoseconds).ok()
    }

    /// The keys under it. They can be taken once.
    pub(super) fn children(&self, cells: &mut Cells<'a>) -> Children<'a> {
        match self.field32(20) {
            0 => Children::none(),
            count => Children::of(self.offset, count, self.field32(28), cells),
        }
    }

    /// The number of its values, the cell of the list of them, and its own.
    pub(super) fn values_list(&self) -> (u32, u32, u32) {
        (self.field32(36), self.field32(40), self.offset)
    }

    fn field16(&self, at: usize) -> u16 {
        u16_at(self.node, at).unwrap_or_default()
    }

    fn field32(&self, at: usize) -> u32 {
        u32_at(self.node, at).unwrap_or_default()
    }
}

/// A name that is stored in one byte a character, or in UTF-16.
pub(super) fn name(stored: &[u8], is_narrow: bool) -> Cow<'_, str> {
    if is_narrow {
        return decode_latin1(stored);
    }
    let (units, _) = stored.as_chunks::<2>();
    let units: Vec<_> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
    Cow::Owned(String::from_utf16_lossy(&units))
}
