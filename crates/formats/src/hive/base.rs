//! The base block: the first 4096 bytes of a hive.

use super::bytes::u32_at;

pub(super) const SIGNATURE: &[u8] = b"regf";

/// The length of the block; the bins begin behind it.
pub(super) const LENGTH: usize = 4096;

/// What the base block says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base {
    /// Minor version of the format: 3 to 6.
    pub(super) minor: u32,
    /// The cell of the root key.
    pub(super) root: u32,
    /// The length of all bins.
    pub(super) bins: u32,
    /// Why the file may lack changes that the host had made, if it may.
    pub(super) pending: Option<&'static str>,
}

impl Base {
    /// Reads the block, or says what was found instead.
    pub(super) fn of(file: &[u8]) -> Result<Self, String> {
        let Some(block) = file.first_chunk::<LENGTH>() else {
            return Err(format!("a file of {} bytes", file.len()));
        };
        if !block.starts_with(SIGNATURE) {
            return Err("another kind of file".to_owned());
        }
        let field = |at| u32_at(block, at).unwrap_or_default();
        let (primary, secondary) = (field(4), field(8));
        let (major, minor) = (field(20), field(24));
        match field(28) {
            0 => {}
            1 | 2 | 6 => return Err("a transaction log; the hive is the file beside it".to_owned()),
            other => return Err(format!("a hive of type {other}")),
        }
        if major != 1 || !(3..=6).contains(&minor) {
            return Err(format!(
                "a hive of version {major}.{minor}, and 1.3 to 1.6 are read"
            ));
        }
        let pending = if field(508) != checksum(block) {
            Some(
                "the checksum of the hive's first block is wrong: the host was writing to it, or it \
                 is damaged; changes that it had logged (.LOG1, .LOG2) are not carried",
            )
        } else if primary != secondary {
            Some(
                "the hive is dirty: the host had begun to write changes into it and not ended; those \
                 that it had logged (.LOG1, .LOG2) are not carried",
            )
        } else {
            None
        };
        Ok(Self {
            minor,
            root: field(36),
            bins: field(40),
            pending,
        })
    }
}

/// The XOR of the words in front of it, which is never 0 or all ones.
fn checksum(block: &[u8]) -> u32 {
    let (words, _) = block[..508].as_chunks::<4>();
    let sum = words
        .iter()
        .fold(0, |sum, word| sum ^ u32::from_le_bytes(*word));
    match sum {
        0 => 1,
        u32::MAX => u32::MAX - 1,
        sum => sum,
    }
}
