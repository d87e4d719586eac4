//! How a store of a generated history is opened.

use std::ops::Range;

use certbind_core::history::HistoryOptions;
use certbind_redb::{ReadMode, RedbBuilder, RedbStore};
use proptest::prelude::*;

use super::{READ_MODES, with_wal};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening {
    /// Which of the [`IMAGES`](super::IMAGES) is opened.
    pub(crate) image: usize,
    pub(crate) read_mode: ReadMode,
    /// Without a cache pages are read from the disk, and written before a bulk load has finished.
    pub(crate) cached: bool,
    /// Whether the store keeps its history.
    pub(crate) kept: bool,
    /// How many commits go to the file before there is a log.
    pub(crate) wal_after_commits: Option<u32>,
}

/// Any way to open one of these images.
pub(crate) fn opening(images: Range<usize>) -> impl Strategy<Value = Opening> {
    let wal_after_commits = prop_oneof![1 => Just(None), 3 => (0..4_u32).prop_map(Some)];
    (
        images,
        prop::sample::select(&READ_MODES[..]),
        (any::<bool>(), any::<bool>()),
        wal_after_commits,
    )
        .prop_map(
            |(image, read_mode, (cached, kept), wal_after_commits)| Opening {
                image,
                read_mode,
                cached,
                kept,
                wal_after_commits,
            },
        )
}

impl Opening {
    pub(crate) fn builder(self) -> RedbBuilder {
        let builder = match self.wal_after_commits {
            Some(after) => with_wal(after),
            None => RedbStore::builder().wal_after_commits(None),
        };
        let builder = match self.cached {
            true => builder,
            false => builder.cache_size(0).row_cache_entries(0),
        };
        builder
            .history(self.kept.then(HistoryOptions::default))
            .read_mode(self.read_mode)
    }
}
