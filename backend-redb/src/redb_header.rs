//! The part of redb's file header that this crate depends on, as redb 4.6 documents it in its
//! `header.rs`: a commit becomes current by one write into these bytes.

use twox_hash::XxHash3_128;

use crate::errors::Cause;

/// The length of redb's super-header: 64 bytes, and two commit slots.
pub(crate) const HEADER_LEN: usize = 320;

/// The first bytes of a redb file.
pub(crate) const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";

const FLAGS: usize = 9;
/// The last writer did not close the file.
const RECOVERY_REQUIRED: u8 = 2;

const SLOTS: [usize; 2] = [64, 192];
const SLOT_LEN: usize = 128;
/// The checksum of a slot is its last field.
const SLOT_CHECKSUM: usize = SLOT_LEN - 16;
/// redb's file format, the first byte of a slot.
const SLOT_VERSION: u8 = 3;

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
mod tests {
    use redb::backends::InMemoryBackend;
    use redb::{Builder, StorageBackend};

    use super::*;

    /// The header of a closed database.
    fn header() -> [u8; HEADER_LEN] {
        let file = std::sync::Arc::new(InMemoryBackend::new());
        #[derive(Debug)]
        struct Shared(std::sync::Arc<InMemoryBackend>);
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
        let backend = Shared(std::sync::Arc::clone(&file));
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
        for distance in [1, 8, 64, 128] {
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
