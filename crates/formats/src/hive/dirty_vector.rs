//! Transaction logs before Windows 8.1: a bitmap of the hive's sectors, and those that it has.

use super::base::{SECTOR, Sector};

const SIGNATURE: &[u8] = b"DIRT";

/// The sectors of a log.
#[derive(Debug)]
pub(super) struct DirtyVector<'a> {
    bitmap: &'a [u8],
    sectors: &'a [u8],
}

impl<'a> DirtyVector<'a> {
    /// Reads a log. The error is the reason why it cannot be used.
    pub(super) fn of(log: &'a [u8], header: Sector<'_>) -> Result<Self, String> {
        if header.primary() != header.secondary() {
            let (primary, secondary) = (header.primary(), header.secondary());
            return Err(format!(
                "the host had not finished writing the log: its sequence numbers are {primary} and \
                 {secondary}"
            ));
        }
        let rest = log.get(SECTOR..).unwrap_or_default();
        let Some(vector) = rest.strip_prefix(SIGNATURE) else {
            return Err("it has no list of changed sectors".to_owned());
        };
        // A bit for each sector.
        let length = header.bins() as usize / SECTOR / 8;
        let cut = || "it is truncated".to_owned();
        let bitmap = vector.get(..length).ok_or_else(cut)?;
        let start = (SIGNATURE.len() + length).next_multiple_of(SECTOR);
        let sectors = rest.get(start..).ok_or_else(cut)?;
        let found = Self { bitmap, sectors };
        if sectors.len() < found.count() * SECTOR {
            return Err(cut());
        }
        Ok(found)
    }

    /// The number of sectors.
    pub(super) fn count(&self) -> usize {
        let ones = self.bitmap.iter().map(|byte| byte.count_ones() as usize);
        ones.sum()
    }

    /// The sectors: where each is written, counted from the first bin's start, and its bytes.
    pub(super) fn sectors(&self) -> impl Iterator<Item = (usize, &'a [u8])> {
        let bitmap = self.bitmap;
        let bits = (0..bitmap.len() * 8).filter(|bit| bitmap[bit / 8] & (1 << (bit % 8)) != 0);
        bits.map(|bit| bit * SECTOR)
            .zip(self.sectors.chunks_exact(SECTOR))
    }
}
