//! The base block: the first 4096 bytes of a hive.

use super::bytes::{put_u32, u32_at, u64_at};

pub(super) const SIGNATURE: &[u8] = b"regf";

/// The length of the block; the bins begin after it.
pub(super) const LENGTH: usize = 4096;
/// The part of the block that the checksum covers, with the checksum. A log has a copy of it.
pub(super) const SECTOR: usize = 512;

const PRIMARY: usize = 4;
const SECONDARY: usize = 8;
const TIMESTAMP: usize = 12;
const TYPE: usize = 28;
const BINS: usize = 40;
const FLAGS: usize = 144;
const CHECKSUM: usize = 508;

/// The flag of hives of version 1.6 that have layered keys (Suhanov's specification).
const LAYERED_KEYS: u32 = 2;

/// The fields of the base block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base {
    /// Minor version of the format: 3 to 6.
    pub(super) minor: u32,
    /// The cell of the root key.
    pub(super) root: u32,
    /// The length of all bins.
    pub(super) bins: u32,
    /// The reason why the file may lack changes of the host, if any.
    pub(super) dirty: Option<Dirty>,
}

/// The reason why a hive is not up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dirty {
    /// The block's checksum is invalid.
    Checksum,
    /// The sequence numbers differ: a write had begun and not ended.
    Sequence,
}

impl Base {
    /// Reads the block. The error describes the bytes found instead.
    pub(super) fn of(file: &[u8]) -> Result<Self, String> {
        let Some(block) = file.first_chunk::<LENGTH>() else {
            return Err(format!("a file of {} bytes", file.len()));
        };
        if !block.starts_with(SIGNATURE) {
            return Err("another kind of file".to_owned());
        }
        let field = |at| u32_at(block, at).unwrap_or_default();
        let (major, minor) = (field(20), field(24));
        match field(TYPE) {
            0 => {}
            1 | 2 | 6 => {
                return Err("a transaction log; name the hive, and the log is read with it".into());
            }
            other => return Err(format!("a hive of type {other}")),
        }
        if major != 1 || !(3..=6).contains(&minor) {
            return Err(format!(
                "a hive of version {major}.{minor}, and 1.3 to 1.6 are read"
            ));
        }
        if minor == 6 && field(FLAGS) & LAYERED_KEYS != 0 {
            return Err(
                "a hive with layered keys, as containers have: it holds only the differences from \
                 the hive of their host; name that one"
                    .into(),
            );
        }
        Ok(Self {
            minor,
            root: field(36),
            bins: field(BINS),
            dirty: Dirty::of(block),
        })
    }
}

impl Dirty {
    fn of(block: &[u8]) -> Option<Self> {
        if !has_checksum(block) {
            Some(Self::Checksum)
        } else if u32_at(block, PRIMARY) != u32_at(block, SECONDARY) {
            Some(Self::Sequence)
        } else {
            None
        }
    }

    /// A warning for a hive whose logs are missing.
    pub(super) fn warning(self) -> String {
        let state = match self {
            Self::Checksum => {
                "the checksum of the hive's first block is wrong: the host was writing to it, or it is \
                 damaged"
            }
            Self::Sequence => "the hive is dirty: the host had not finished writing to it",
        };
        format!(
            "{state}. The changes of the last hour or more may be in its transaction logs (.LOG1, .LOG2) \
             alone: bindings that were added may be missing, and bindings that were changed or deleted \
             may be stale. Put the logs next to the hive"
        )
    }
}

/// The first sector of a hive or of a transaction log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sector<'a>(pub(super) &'a [u8; SECTOR]);

impl<'a> Sector<'a> {
    pub(super) fn of(file: &'a [u8]) -> Option<Self> {
        let sector = file.first_chunk::<SECTOR>()?;
        sector.starts_with(SIGNATURE).then_some(Self(sector))
    }

    pub(super) fn is_intact(self) -> bool {
        has_checksum(self.0)
    }

    pub(super) fn primary(self) -> u32 {
        self.field(PRIMARY)
    }

    pub(super) fn secondary(self) -> u32 {
        self.field(SECONDARY)
    }

    pub(super) fn timestamp(self) -> u64 {
        u64_at(self.0, TIMESTAMP).unwrap_or_default()
    }

    pub(super) fn file_type(self) -> u32 {
        self.field(TYPE)
    }

    pub(super) fn bins(self) -> u32 {
        self.field(BINS)
    }

    fn field(self, at: usize) -> u32 {
        u32_at(self.0, at).unwrap_or_default()
    }
}

/// Whether a file is a hive with a damaged base block.
pub(super) fn is_damaged(file: &[u8]) -> bool {
    file.len() >= LENGTH && Sector::of(file).is_some_and(|sector| !sector.is_intact())
}

/// Restores the first sector of a hive from that of a log.
pub(super) fn restore(file: &mut [u8], log: Sector<'_>) {
    if let Some(sector) = file.first_chunk_mut::<SECTOR>() {
        *sector = *log.0;
    }
    put_u32(file, TYPE, 0);
    let sum = checksum(file);
    put_u32(file, CHECKSUM, sum);
}

/// Writes the base block of a hive after its logs were replayed: both sequence numbers, the length of
/// its bins, and the checksum.
pub(super) fn settle(file: &mut [u8], sequence: u32, bins: u32) {
    put_u32(file, PRIMARY, sequence);
    put_u32(file, SECONDARY, sequence);
    put_u32(file, TYPE, 0);
    put_u32(file, BINS, bins);
    let sum = checksum(file);
    put_u32(file, CHECKSUM, sum);
}

fn has_checksum(block: &[u8]) -> bool {
    u32_at(block, CHECKSUM) == Some(checksum(block))
}

/// The XOR of the words before it, which is never 0 or all ones.
fn checksum(block: &[u8]) -> u32 {
    let (words, _) = block.get(..CHECKSUM).unwrap_or_default().as_chunks::<4>();
    let sum = words
        .iter()
        .fold(0, |sum, word| sum ^ u32::from_le_bytes(*word));
    match sum {
        0 => 1,
        u32::MAX => u32::MAX - 1,
        sum => sum,
    }
}
