//! The settings of a store, as a builder collects them.

use certbind_core::history::HistoryOptions;

/// How much of a file is verified before it is trusted ([`RedbBuilder::verification`]).
///
/// [`RedbBuilder::verification`]: crate::RedbBuilder::verification
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verification {
    /// Opening reads the whole file and verifies the checksum of every page: about a quarter of a
    /// second for a million bindings.
    #[default]
    WholeFile,
    /// Opening for reading takes some milliseconds for any size, and each page is verified when it
    /// is read: damage is detected before any data of a damaged page is returned.
    ///
    /// A file that was not closed, and one that is opened for writing, is verified as a whole.
    PagesAsRead,
    /// Opening verifies the header alone, which takes some milliseconds for any size.
    ///
    /// If the file was damaged since it was closed, a binding may seem to be missing, and redb may
    /// end the process. Every returned binding is correct nevertheless: each has its own checksum.
    HeaderOnly,
}

/// Where `get` and scans read from ([`RedbBuilder::read_mode`]).
///
/// [`RedbBuilder::read_mode`]: crate::RedbBuilder::read_mode
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadMode {
    /// From the pages of the file, through a cache of pages and a cache of rows.
    #[default]
    FromFile,
    /// From memory. Opening reads every binding, which takes some 250 bytes each in addition to its
    /// strings. Reads then decode nothing and never wait for the disk.
    InMemory,
}

/// The behaviour of opening if the WAL is missing or damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DamagedWal {
    Refuse,
    Discard,
}

/// Everything that a [`RedbBuilder`](crate::RedbBuilder) can set.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) verification: Verification,
    /// Bytes of memory for pages.
    pub(crate) cache_size: usize,
    pub(crate) row_cache_entries: usize,
    pub(crate) read_mode: ReadMode,
    /// Commits that go to the file before a WAL is created; `None` for no WAL.
    pub(crate) wal_after_commits: Option<u32>,
    /// Bytes.
    pub(crate) wal_size: u64,
    pub(crate) damaged_wal: DamagedWal,
    /// `None` for no history of this opening's commits.
    pub(crate) history: Option<HistoryOptions>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            verification: Verification::default(),
            cache_size: 256 << 20,
            row_cache_entries: 1 << 14,
            read_mode: ReadMode::default(),
            wal_after_commits: Some(64),
            wal_size: 1 << 20,
            damaged_wal: DamagedWal::Refuse,
            history: None,
        }
    }
}
