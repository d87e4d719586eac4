//! How a store is opened.

use std::path::Path;

use certbind_core::Result;
use redb::StorageBackend;

use crate::medium::Medium;
use crate::open::{self, Verify};
use crate::store::RedbStore;

/// How a store is opened, for callers that want it otherwise than [`RedbStore::open`] does.
///
/// ```
/// use certbind_redb::Options;
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("bindings.redb");
/// let store = Options::new().cache_bytes(8 << 20).open(&path)?;
/// assert_eq!(store.revision(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) verify: Verify,
    pub(crate) cache: usize,
    pub(crate) recent: usize,
    pub(crate) resident: bool,
    pub(crate) log_after: Option<u32>,
    pub(crate) log_bytes: u64,
    pub(crate) without_log: bool,
}

impl Options {
    /// A whole file is verified at opening, 256 MiB of memory may keep pages, and 16,384 bindings are
    /// kept once they were read.
    #[must_use]
    pub fn new() -> Self {
        Self {
            verify: Verify::Whole,
            cache: 256 << 20,
            recent: 1 << 14,
            resident: false,
            log_after: Some(64),
            log_bytes: 1 << 20,
            without_log: false,
        }
    }

    /// Whether opening reads the whole file and verifies redb's check sums, which takes about a
    /// quarter of a second for a million bindings.
    ///
    /// Without it, opening takes some milliseconds whatever the size; but on a file that was
    /// damaged since it was closed, a binding may seem to be missing, and redb may end the process.
    /// What is read is right all the same: every value has a check sum of its own.
    #[must_use]
    pub fn verify(self, whole: bool) -> Self {
        let verify = if whole { Verify::Whole } else { Verify::Header };
        Self { verify, ..self }
    }

    /// How much memory, in bytes, may keep pages of the file. What is more than the file has is
    /// never used, and a million bindings have some 62 MB. Half of it, at most, keeps what a commit has
    /// not written yet; a batch that makes more pages is written twice.
    #[must_use]
    pub fn cache_bytes(self, bytes: usize) -> Self {
        Self {
            cache: bytes,
            ..self
        }
    }

    /// How many bindings are kept as they were read, some 250 bytes each beside their strings, so that
    /// a `get` that comes again does not decode them again: those that were read first since bindings
    /// were last written to the file, once there were a sixteenth as many `get`s. Of a store with more than about twice as many none are, and of one that is
    /// resident there is no need.
    #[must_use]
    pub fn recent(self, bindings: usize) -> Self {
        Self {
            recent: bindings,
            ..self
        }
    }

    /// Whether every binding is read at opening and kept in memory, some 250 bytes each beside its
    /// strings. Then `get` and scans decode nothing and never wait for the disk: what they read is
    /// replaced at each commit. Changes are as durable as without.
    #[must_use]
    pub fn resident(self, resident: bool) -> Self {
        Self { resident, ..self }
    }

    /// How many commits of bindings, in one opening, go straight to the file before a log beside it takes them,
    /// which makes each cheaper; `None` has no log. A store that is not closed leaves the log, and
    /// the next opening brings the file up to date. Where a log cannot be made, there is none.
    ///
    /// 64 unless said otherwise.
    #[must_use]
    pub fn log_after(self, commits: Option<u32>) -> Self {
        Self {
            log_after: commits,
            ..self
        }
    }

    /// How long a log is, in bytes. One that is full is emptied into the file, by one commit; a batch
    /// that has no room in it goes straight to the file.
    ///
    /// 1 MiB unless said otherwise; 4 KiB at least, and 1 GiB at most. What it has is
    /// kept in memory as well, some 300 bytes a binding beside its strings.
    #[must_use]
    pub fn log_bytes(self, bytes: u64) -> Self {
        Self {
            log_bytes: bytes.clamp(4096, 1 << 30),
            ..self
        }
    }

    /// Whether to open a store whose log is missing or damaged, giving up every batch since the log
    /// was last emptied, though they were acknowledged: their revisions are given to others. What was
    /// written to [other tables](certbind_core::Tables) since is in the file, and stays. A log that is
    /// whole is not given up.
    #[must_use]
    pub fn without_log(self, give_up: bool) -> Self {
        Self {
            without_log: give_up,
            ..self
        }
    }

    /// As [`RedbStore::open`].
    ///
    /// # Errors
    /// As [`RedbStore::open`].
    pub fn open(&self, path: impl AsRef<Path>) -> Result<RedbStore> {
        open::open(path.as_ref(), self)
    }

    /// As [`RedbStore::open_existing`].
    ///
    /// # Errors
    /// As [`RedbStore::open_existing`].
    pub fn open_existing(&self, path: impl AsRef<Path>) -> Result<RedbStore> {
        open::open_existing(path.as_ref(), self)
    }

    /// As [`RedbStore::open_read_only`].
    ///
    /// # Errors
    /// As [`RedbStore::open_read_only`].
    pub fn open_read_only(&self, path: impl AsRef<Path>) -> Result<RedbStore> {
        open::open_read_only(path.as_ref(), self)
    }

    /// Opens a store in something else than a file, for writing; `name` stands for the path in
    /// errors. What has no length becomes a new store: a crash while it does leaves something that
    /// is neither, where [`RedbStore::open`] leaves nothing.
    ///
    /// # Errors
    /// As [`RedbStore::open_existing`].
    pub fn open_backend(
        &self,
        storage: impl StorageBackend,
        name: impl AsRef<Path>,
    ) -> Result<RedbStore> {
        open::open_backend(Medium::new(storage, false), name.as_ref(), self)
    }

    /// The same with a place for a log: something of its own, which has no length while there is no
    /// log. The length 0 removes what is there, and what is made longer than nothing then is another
    /// thing: after a crash, either is left, and no parts of both. Its being there has to become
    /// durable with its first sync; whether it keeps locks does not matter.
    ///
    /// # Errors
    /// As [`RedbStore::open_existing`].
    pub fn open_backend_with_log(
        &self,
        storage: impl StorageBackend,
        log: impl StorageBackend,
        name: impl AsRef<Path>,
    ) -> Result<RedbStore> {
        let medium = Medium::new(storage, false).with_log(log);
        open::open_backend(medium, name.as_ref(), self)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}
