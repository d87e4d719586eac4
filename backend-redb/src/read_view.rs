//! The read view: the store at one revision, which all reads use.

use std::iter::Peekable;
use std::sync::Arc;

use certbind_core::codec::{KeyBytes, scan_range};
use certbind_core::{Binding, BindingKey, Outcome, Scan};
use redb::{ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTableMetadata};

use crate::block_table;
use crate::decode::decode_row;
use crate::errors::{Cause, catch_panic};
use crate::format::{self, BLOCKS, META};
use crate::index::Index;
use crate::memtable::{Entry, Memtable, Merged};
use crate::row_cache::RowCache;
use crate::scan::Entries;
use crate::settings::{ReadMode, Settings};
use crate::tree::{Range, Tree};

/// A commit of at least this many changes, and of more than the number of bindings, rebuilds the
/// in-memory index, which is faster than changing it.
const MANY: usize = 1_000;

/// The committed bindings of one revision.
pub(crate) struct ReadView {
    revision: u64,
    pages: Arc<Pages>,
    /// Changes that are in the WAL and not in the file.
    memtable: Memtable,
    /// Both of these in memory; reads of an in-memory store use it alone.
    memory: Option<Memory>,
}

/// The file as of its last write. redb does not reuse pages that it can read, so a store keeps only
/// the newest, and each scan its own until it ends.
pub(crate) struct Pages {
    blocks: ReadOnlyTable<&'static [u8], &'static [u8]>,
    is_empty: bool,
    row_cache: Arc<RowCache>,
}

/// The index, which all revisions share, and the tree of this revision.
pub(crate) struct Memory {
    index: Arc<Index>,
    tree: Tree<Binding>,
    /// Whether the index contains this revision as staged.
    staged: bool,
}

impl ReadView {
    /// The last commit.
    pub(crate) fn open(
        database: &impl ReadableDatabase,
        settings: &Settings,
    ) -> Result<Self, Cause> {
        let transaction = database.begin_read()?;
        let revision = format::revision(&transaction.open_table(META)?)?;
        let pages = Pages::of(&transaction, settings.row_cache_entries)?;
        let memory = match settings.read_mode {
            // Every binding is read now; later reads are for changes alone.
            ReadMode::InMemory => Some(Memory::of(
                pages.scan(&Scan::all())?.collect::<Result<_, _>>()?,
            )),
            ReadMode::FromFile => None,
        };
        Ok(Self {
            revision,
            pages: Arc::new(pages),
            memtable: Memtable::default(),
            memory,
        })
    }

    /// The in-memory state, if this number of changes is applied best by rebuilding it, which may
    /// happen before they are committed.
    pub(crate) fn rebuilds(&self, changes: usize) -> Option<&Memory> {
        let is_many = |memory: &&Memory| changes >= MANY.max(memory.index.len());
        self.memory.as_ref().filter(is_many)
    }

    /// The view after a commit, which is published next. An empty memtable means that the commit
    /// went to the file.
    pub(crate) fn next(
        &self,
        database: &impl ReadableDatabase,
        revision: u64,
        outcomes: &[&Outcome],
        memtable: Memtable,
        rebuilt: Option<Memory>,
    ) -> Result<Self, Cause> {
        let pages = match memtable.is_empty() {
            true => Arc::new(Pages::of(
                &database.begin_read()?,
                self.pages.row_cache.capacity(),
            )?),
            false => Arc::clone(&self.pages),
        };
        let changed = |memory: &Memory| memory.next(revision, outcomes);
        Ok(Self {
            revision,
            pages,
            memtable,
            memory: rebuilt.or_else(|| self.memory.as_ref().map(changed)),
        })
    }

    /// The next view of an in-memory store whose file can no longer be read.
    pub(crate) fn next_in_memory(&self, revision: u64, outcomes: &[&Outcome]) -> Option<Self> {
        let memory = self.memory.as_ref()?;
        Some(Self {
            revision,
            pages: Arc::clone(&self.pages),
            memtable: self.memtable.clone(),
            memory: Some(memory.next(revision, outcomes)),
        })
    }

    /// The same view, after other tables of the file were written.
    pub(crate) fn with_new_pages(&self, database: &impl ReadableDatabase) -> Result<Self, Cause> {
        let pages = Pages {
            row_cache: Arc::clone(&self.pages.row_cache),
            ..Pages::of(&database.begin_read()?, 0)?
        };
        Ok(Self {
            revision: self.revision,
            pages: Arc::new(pages),
            memtable: self.memtable.clone(),
            memory: self.memory.as_ref().map(Memory::finalized),
        })
    }

    /// Drops the previous bindings from the index, once this view is published.
    pub(crate) fn finalize(&self, outcomes: &[&Outcome]) {
        if let Some(memory) = &self.memory
            && memory.staged
        {
            memory.index.finalize(outcomes.iter().copied());
        }
    }

    pub(crate) fn is_in_memory(&self) -> bool {
        self.memory.is_some()
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn pages(&self) -> &Pages {
        &self.pages
    }

    pub(crate) fn memtable(&self) -> &Memtable {
        &self.memtable
    }

    pub(crate) fn get(&self, key: &BindingKey) -> Result<Option<Binding>, Cause> {
        if let Some(memory) = &self.memory {
            return Ok(memory.index.get(key, self.revision));
        }
        match self.memtable.get(key) {
            Some(entry) => Ok(entry.binding().cloned()),
            None => self.pages.get(key),
        }
    }

    /// The bindings of a scan, read as the iterator advances. It ends after an error.
    pub(crate) fn scan(&self, scan: &Scan) -> Result<ScanIter, Cause> {
        if let Some(memory) = &self.memory {
            return Ok(ScanIter::Memory(memory.tree.scan(scan)));
        }
        let pages = self.pages.scan(scan)?;
        if let Some(mut since) = self.memtable.scan(scan).map(Iterator::peekable)
            && since.peek().is_some()
        {
            return Ok(ScanIter::Merged(Box::new(Merged::new(pages, since))));
        }
        Ok(ScanIter::Pages(pages))
    }
}

impl Pages {
    fn of(transaction: &ReadTransaction, row_cache: usize) -> Result<Self, Cause> {
        let blocks = transaction.open_table(BLOCKS)?;
        let count = blocks.len()?;
        Ok(Self {
            blocks,
            is_empty: count == 0,
            row_cache: Arc::new(RowCache::new(row_cache, count)),
        })
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>, Cause> {
        self.row_cache.get(key, || {
            catch_panic(|| {
                let bytes = KeyBytes::of(key);
                block_table::get(&self.blocks, &bytes, |value| decode_row(key, &bytes, value))
            })
        })
    }

    /// As `get`, for a key that is changed next: the whole block is verified. `whole` is the key of
    /// the block that was verified last.
    pub(crate) fn get_for_update(
        &self,
        key: &BindingKey,
        whole: &mut Option<Vec<u8>>,
    ) -> Result<Option<Binding>, Cause> {
        if self.is_empty {
            return Ok(None);
        }
        catch_panic(|| {
            let bytes = KeyBytes::of(key);
            let read = |value: &[u8]| decode_row(key, &bytes, value);
            block_table::get_for_update(&self.blocks, whole, &bytes, read)
        })
    }

    /// The greatest key. Its block is verified as a whole.
    pub(crate) fn last_key(&self) -> Result<Option<Vec<u8>>, Cause> {
        catch_panic(|| block_table::last_key(&self.blocks))
    }

    fn scan(&self, scan: &Scan) -> Result<PageScan, Cause> {
        let entries = scan_range(scan)
            .map(|range| catch_panic(|| Entries::of(&self.blocks, range).map(Box::new)));
        Ok(PageScan(entries.transpose()?))
    }
}

impl Memory {
    /// Builds the state from bindings in canonical order.
    fn of(bindings: Vec<Binding>) -> Self {
        Self {
            index: Arc::new(Index::of(&bindings)),
            tree: Tree::of_sorted(bindings),
            staged: false,
        }
    }

    /// The state after a commit, rebuilt.
    pub(crate) fn rebuilt(&self, outcomes: &[&Outcome]) -> Result<Self, Cause> {
        let before = self.tree.scan(&Scan::all()).map(Ok);
        let bindings = Merged::new(before, entries(outcomes)).collect::<Result<_, _>>()?;
        Ok(Self::of(bindings))
    }

    fn next(&self, revision: u64, outcomes: &[&Outcome]) -> Self {
        self.index.stage(revision, outcomes.iter().copied());
        let mut tree = self.tree.clone();
        for outcome in outcomes {
            match &outcome.after {
                Some(binding) => tree.put(binding.clone()),
                None => tree.remove(&outcome.key),
            }
        }
        Self {
            index: Arc::clone(&self.index),
            tree,
            staged: true,
        }
    }

    fn finalized(&self) -> Self {
        Self {
            index: Arc::clone(&self.index),
            tree: self.tree.clone(),
            staged: false,
        }
    }
}

/// The last outcome of each key, in canonical order.
fn entries(outcomes: &[&Outcome]) -> impl Iterator<Item = Entry> {
    let mut outcomes = outcomes.to_vec();
    // The sort is stable, so the last outcome of a key stays last.
    outcomes.sort_by(|a, b| a.key.cmp(&b.key));
    let mut outcomes = outcomes.into_iter().peekable();
    std::iter::from_fn(move || {
        loop {
            let outcome = outcomes.next()?;
            if outcomes.peek().is_none_or(|next| next.key != outcome.key) {
                return Some(Entry::of(outcome));
            }
        }
    })
}

/// The result of a scan.
pub(crate) enum ScanIter {
    Pages(PageScan),
    Merged(Box<Merged<PageScan, Peekable<Range<Entry>>>>),
    Memory(Range<Binding>),
}

/// The result of a scan of the file.
pub(crate) struct PageScan(Option<Box<Entries>>);

impl Iterator for ScanIter {
    type Item = Result<Binding, Cause>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = match self {
            Self::Memory(range) => return range.next().map(Ok),
            Self::Pages(pages) => return pages.next(),
            Self::Merged(both) => both.next(),
        };
        if let Some(Err(_)) = next {
            *self = Self::Pages(PageScan(None));
        }
        next
    }
}

impl Iterator for PageScan {
    type Item = Result<Binding, Cause>;

    fn next(&mut self) -> Option<Self::Item> {
        let entries = self.0.as_mut()?;
        let next = catch_panic(|| entries.next());
        if !matches!(next, Ok(Some(_))) {
            self.0 = None;
        }
        next.transpose()
    }
}
