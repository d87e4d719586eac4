//! The values of a key.

use std::borrow::Cow;

use super::bytes::{u16_at, u32_at};
use super::cell_error::CellError;
use super::cells::Cells;
use super::key::{Key, Under, name};
use crate::registry::Data;

/// A value.
#[derive(Debug)]
pub(super) struct Value<'a> {
    offset: u32,
    pub(super) name: Cow<'a, str>,
    /// The contents of its cell.
    head: &'a [u8],
}

/// A bit of a value's flags: the name is stored in one byte a character.
const NARROW_NAME: u16 = 1;
/// A bit of a value's flags, from version 1.6: the value is a tombstone (Suhanov's specification).
const TOMBSTONE: u16 = 2;
/// A bit of a value's length: the data are stored in place of their cell's offset.
const INLINE: u32 = 1 << 31;
/// The most data in one cell; more are in segments, of this length each. From version 1.4.
const SEGMENT: usize = 16344;

/// The values of a key. They can be taken once.
pub(super) fn values<'a>(key: &Key<'a>, cells: &mut Cells<'a>) -> Under<Value<'a>> {
    let mut under = Under::nothing();
    let (count, list, own) = key.values_list();
    if count == 0 {
        return under;
    }
    let cell = match cells.take(list) {
        Ok(cell) => cell,
        Err(fault) => {
            under.broken.push(fault);
            return under;
        }
    };
    let Some(offsets) = (count as usize)
        .checked_mul(4)
        .and_then(|length| cell.get(..length))
    else {
        let what = "the list of this key's values is shorter than their number";
        under.broken.push(CellError::new(own, what));
        return under;
    };
    let (offsets, _) = offsets.as_chunks::<4>();
    under.whole.reserve(offsets.len());
    for offset in offsets {
        match Value::at(cells, u32::from_le_bytes(*offset)) {
            Ok(value) => under.whole.push(value),
            Err(fault) => under.broken.push(fault),
        }
    }
    under
}

impl<'a> Value<'a> {
    fn at(cells: &mut Cells<'a>, offset: u32) -> Result<Self, CellError> {
        let head = cells.take(offset)?;
        if !head.starts_with(b"vk") {
            return Err(CellError::new(offset, "this is not a value"));
        }
        let stored = u16_at(head, 2).and_then(|length| head.get(20..20 + usize::from(length)));
        let stored = stored.ok_or(CellError::new(offset, "this value goes beyond its cell"))?;
        let flags = u16_at(head, 16).unwrap_or_default();
        if cells.has_layers && flags & TOMBSTONE != 0 {
            let what = "this value deletes a value of another hive, as in a hive of a container";
            return Err(CellError::new(offset, what));
        }
        let is_narrow = flags & NARROW_NAME != 0;
        Ok(Self {
            offset,
            name: name(stored, is_narrow),
            head,
        })
    }

    /// The type of its data.
    pub(super) fn kind(&self) -> u32 {
        self.field(12)
    }

    /// Its data. They can be taken once.
    pub(super) fn data(&self, cells: &mut Cells<'a>, minor: u32) -> Result<Data<'a>, CellError> {
        let size = self.field(4);
        let length = (size & !INLINE) as usize;
        let kind = self.kind();
        let data = |bytes: &'a [u8]| Data {
            kind,
            bytes: Cow::Borrowed(bytes),
        };
        if size & INLINE != 0 {
            let inline = self
                .head
                .get(8..8 + length.min(5))
                .filter(|inline| inline.len() <= 4);
            let inline = inline.ok_or(CellError::new(
                self.offset,
                "a value stored in its key has more than 4 bytes",
            ))?;
            return Ok(data(inline));
        }
        if length == 0 {
            return Ok(data(&[]));
        }
        let offset = self.field(8);
        let cell = cells.take(offset)?;
        if minor > 3 && length > SEGMENT && cell.starts_with(b"db") {
            let bytes = segments(cells, offset, cell, length)?;
            let bytes = Cow::Owned(bytes);
            return Ok(Data { kind, bytes });
        }
        let bytes = cell.get(..length);
        bytes.map(data).ok_or(CellError::new(
            offset,
            "the data of a value go beyond their cell",
        ))
    }

    fn field(&self, at: usize) -> u32 {
        u32_at(self.head, at).unwrap_or_default()
    }
}

/// Data in segments.
fn segments(
    cells: &mut Cells<'_>,
    offset: u32,
    head: &[u8],
    length: usize,
) -> Result<Vec<u8>, CellError> {
    let count = u16_at(head, 2).map_or(0, usize::from);
    let list = u32_at(head, 4).ok_or(CellError::new(offset, "this list goes beyond its cell"))?;
    let offsets = cells.take(list)?.get(..4 * count);
    let offsets = offsets.ok_or(CellError::new(list, "this list goes beyond its cell"))?;
    let mut bytes = Vec::new();
    for offset in offsets.as_chunks::<4>().0 {
        let offset = u32::from_le_bytes(*offset);
        let segment = cells.take(offset)?;
        let wanted = (length - bytes.len()).min(SEGMENT);
        let segment = segment.get(..wanted);
        bytes.extend(segment.ok_or(CellError::new(offset, "this segment is too short"))?);
    }
    if bytes.len() < length {
        return Err(CellError::new(
            list,
            "the segments of a value's data are too few",
        ));
    }
    Ok(bytes)
}
