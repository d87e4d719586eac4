//! The limits of unpacking.

/// Limits for unpacking archives, so that a small file cannot exhaust memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes in all. Default: 1 GiB.
    pub max_bytes: u64,
    /// How many times as large as the file the content may be. Default: 200. Hives of mostly empty
    /// cells shrink to a thirtieth, listings of like bindings to a hundredth.
    pub max_ratio: u64,
    /// This many bytes may be unpacked at any ratio. Default: 64 MiB.
    pub free_bytes: u64,
    /// The most entries of an archive, folders included. Default: 100,000.
    pub max_entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 1 << 30,
            max_ratio: 200,
            free_bytes: 64 << 20,
            max_entries: 100_000,
        }
    }
}

impl Limits {
    /// The bytes that a file of a length may be unpacked to.
    pub(super) fn allowance(&self, length: usize) -> u64 {
        let by_ratio = (length as u64).saturating_mul(self.max_ratio);
        by_ratio.max(self.free_bytes).min(self.max_bytes)
    }
}
