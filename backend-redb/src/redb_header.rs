//! The part of redb's file header that this crate depends on, as redb 4.6 documents it in its
//! `header.rs`: a commit becomes current by one write into these bytes.

use twox_hash::XxHash3_128;

use crate::bytes::{u32_at, u64_at, u128_at};
use crate::errors::Cause;

/// The length of redb's super-header: 64 bytes, and two commit slots.
pub(crate) const HEADER_LEN: usize = 320;

/// The first bytes of a redb file.
pub(crate) const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";

const FLAGS: usize = 9;
/// Which commit slot is current.
const PRIMARY_SLOT: u8 = 1;
/// The last writer did not close the file.
const RECOVERY_REQUIRED: u8 = 2;

const PAGE_SIZE: usize = 12;
const REGION_HEADER_PAGES: usize = 16;
const REGION_DATA_PAGES: usize = 20;

const SLOTS: [usize; 2] = [64, 192];
const SLOT_LEN: usize = 128;
/// The checksum of a slot is its last field.
const SLOT_CHECKSUM: usize = SLOT_LEN - 16;
/// Whether the trees of tables and of system tables have roots, and the roots.
const HAS_ROOT: [usize; 2] = [1, 2];
const ROOT: [usize; 2] = [8, 40];
/// redb's file format, the first byte of a slot.
const SLOT_VERSION: u8 = 3;

/// Where pages are in the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    pub(crate) page_size: u64,
    /// Pages of a region before its data pages.
    header_pages: u64,
    /// Data pages of a region.
    data_pages: u64,
}

/// A page's number, and its checksum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RootPage {
    pub(crate) page: u64,
    pub(crate) checksum: u128,
}

impl RootPage {
    /// The reference at an offset.
    pub(crate) fn at(bytes: &[u8], at: usize) -> Option<Self> {
        Some(Self {
            page: u64_at(bytes, at)?,
            checksum: u128_at(bytes, at + 8)?,
        })
    }
}

impl Geometry {
    /// The offset and the length of a page. Its number has 20 bits each for the index in a region and
    /// for the region, and in the highest 5 bits the binary logarithm of its length in base pages.
    pub(crate) fn page(&self, number: u64) -> Option<(u64, u64)> {
        let order = u32::try_from(number >> 59).ok()?;
        let index = number & (0x000f_ffff >> order);
        let region = (number >> 20) & 0x000f_ffff;
        let len = self.page_size.checked_mul(1 << order)?;
        let region_len = (self.header_pages + self.data_pages).checked_mul(self.page_size)?;
        let start = region.checked_mul(region_len)?;
        let start = start.checked_add(self.page_size * (1 + self.header_pages))?;
        Some((start.checked_add(index.checked_mul(len)?)?, len))
    }
}

/// The geometry, and the roots of the two trees of tables in the current commit slot; `None` if the
/// file was not closed or the slot is damaged.
pub(crate) fn roots(header: &[u8; HEADER_LEN]) -> Option<(Geometry, [Option<RootPage>; 2])> {
    let slot = SLOTS[usize::from(header[FLAGS] & PRIMARY_SLOT != 0)];
    if needs_recovery(header) || !header.starts_with(MAGIC) || !is_slot(header, slot) {
        return None;
    }
    let number = |at| u32_at(header, at).map(u64::from);
    let geometry = Geometry {
        page_size: number(PAGE_SIZE)?,
        header_pages: number(REGION_HEADER_PAGES)?,
        data_pages: number(REGION_DATA_PAGES)?,
    };
    let root = |tree: usize| {
        let root = RootPage::at(header, slot + ROOT[tree])?;
        Some((header[slot + HAS_ROOT[tree]] != 0).then_some(root))
    };
    Some((geometry, [root(0)?, root(1)?]))
}

/// Checks that the header is at the expected place: the magic number, and the checksum of a commit
/// slot. A crash may have torn the other slot.
pub(crate) fn check(header: &[u8; HEADER_LEN]) -> Result<(), Cause> {
    match header.starts_with(MAGIC) && SLOTS.iter().any(|start| is_slot(header, *start)) {
        true => Ok(()),
        false => Err(Cause::HeaderLayout),
    }
}

/// Whether the last writer did not close the file.
pub(crate) fn needs_recovery(header: &[u8; HEADER_LEN]) -> bool {
    header[FLAGS] & RECOVERY_REQUIRED != 0
}

/// Whether the slot at `start` has the expected version and checksum.
fn is_slot(header: &[u8; HEADER_LEN], start: usize) -> bool {
    let slot = &header[start..][..SLOT_LEN];
    let (fields, checksum) = slot.split_at(SLOT_CHECKSUM);
    fields[0] == SLOT_VERSION && XxHash3_128::oneshot(fields).to_le_bytes() == checksum
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use redb::backends::InMemoryBackend;
    use redb::{Builder, StorageBackend};

    use super::*;

    /// A file in memory that several databases open, one after the other.
    #[derive(Debug)]
    pub(crate) struct Shared(pub(crate) Arc<InMemoryBackend>);

    impl StorageBackend for Shared {
        fn len(&self) -> std::io::Result<u64> {
            self.0.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
            self.0.read(offset, out)
        }

        fn set_len(&self, len: u64) -> std::io::Result<()> {
            self.0.set_len(len)
        }

        fn sync_data(&self) -> std::io::Result<()> {
            self.0.sync_data()
        }

        fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
            self.0.write(offset, data)
        }
    }

    /// The header of a closed database.
    fn header() -> [u8; HEADER_LEN] {
        let file = Arc::new(InMemoryBackend::new());
        let backend = Shared(Arc::clone(&file));
        drop(Builder::new().create_with_backend(backend).unwrap());
        let mut header = [0; HEADER_LEN];
        file.read(0, &mut header).unwrap();
        header
    }

    #[test]
    fn header_of_this_redb_is_where_it_is_expected() {
        assert!(check(&header()).is_ok());
        assert!(!needs_recovery(&header()));
    }

    #[test]
    fn header_elsewhere_is_refused() {
        for distance in [1, 8, 64] {
            let mut moved = header();
            moved.copy_within(64..HEADER_LEN - distance, 64 + distance);
            assert!(check(&moved).is_err(), "{distance}");
        }
        let mut newer = header();
        for slot in SLOTS {
            newer[slot] += 1;
        }
        assert!(check(&newer).is_err());
    }

    /// A crash may tear the current slot; then the other one counts.
    #[test]
    fn torn_slot_is_accepted() {
        let mut torn = header();
        torn[SLOTS[0] + 20] ^= 1;
        assert!(check(&torn).is_ok());
        torn[SLOTS[1] + 20] ^= 1;
        assert!(check(&torn).is_err());
    }
}
