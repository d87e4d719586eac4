//! The store at one revision: what reads come from.

use std::iter::Peekable;
use std::sync::Arc;

use certbind_core::codec::{KeyBytes, decode_at, decode_key};
use certbind_core::{Binding, BindingKey, Outcome, Scan};
use redb::{ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTableMetadata};

use crate::errors::{Cause, guarded, hex};
use crate::format::{self, META, RUNS};
use crate::index::Index;
use crate::options::Options;
use crate::recent::Recent;
use crate::runs;
use crate::scan::{Entries, byte_range};
use crate::tree::{Range, Tree};
use crate::unwritten::{Fate, Merged, Unwritten};

/// A commit that changes at least so many bindings, and more than there are, makes a new index:
/// that is faster than to change the one there is.
const MANY: usize = 1_000;

/// The committed bindings at one revision.
pub(crate) struct Snapshot {
    revision: u64,
    pages: Arc<Pages>,
    /// What the log has and the file has not.
    unwritten: Unwritten,
    /// What those two have, in memory, where the store is resident: what is read.
    memory: Option<Memory>,
}

/// The file as it was written last. It keeps the pages that it reads from being reused, so a store
/// holds only the newest, and a scan its own until it ends.
pub(crate) struct Pages {
    runs: ReadOnlyTable<&'static [u8], &'static [u8]>,
    is_empty: bool,
    recent: Arc<Recent>,
}

/// One index for all revisions, and the tree of one.
pub(crate) struct Memory {
    index: Arc<Index>,
    tree: Tree<Binding>,
    /// Whether the index has it beside what was there before.
    announced: bool,
}

impl Snapshot {
    /// What is committed now.
    pub(crate) fn take(database: &impl ReadableDatabase, options: &Options) -> Result<Self, Cause> {
        let transaction = database.begin_read()?;
        let revision = format::revision(&transaction.open_table(META)?)?;
        let pages = Pages::of(&transaction, options.recent)?;
        let memory = match options.resident {
            // Every binding is read now, and none later but to be changed.
            true => Some(Memory::of(
                pages.scan(&Scan::all())?.collect::<Result<_, _>>()?,
            )),
            false => None,
        };
        Ok(Self {
            revision,
            pages: Arc::new(pages),
            unwritten: Unwritten::default(),
            memory,
        })
    }

    /// What is in memory, where so many changes are best made by making it anew, which may be done
    /// before they are committed.
    pub(crate) fn remakes(&self, changes: usize) -> Option<&Memory> {
        let is_many = |memory: &&Memory| changes >= MANY.max(memory.index.len());
        self.memory.as_ref().filter(is_many)
    }

    /// The next one, once a commit changed this. It is published next. Where nothing is unwritten,
    /// the commit was one of the file.
    pub(crate) fn after(
        &self,
        database: &impl ReadableDatabase,
        revision: u64,
        outcomes: &[&Outcome],
        unwritten: Unwritten,
        remade: Option<Memory>,
    ) -> Result<Self, Cause> {
        let pages = match unwritten.is_empty() {
            true => Arc::new(Pages::of(
                &database.begin_read()?,
                self.pages.recent.most(),
            )?),
            false => Arc::clone(&self.pages),
        };
        let changed = |memory: &Memory| memory.after(revision, outcomes);
        Ok(Self {
            revision,
            pages,
            unwritten,
            memory: remade.or_else(|| self.memory.as_ref().map(changed)),
        })
    }

    /// The next one of a resident store whose file cannot be read any more. Nothing is changed in it.
    pub(crate) fn in_memory_after(&self, revision: u64, outcomes: &[&Outcome]) -> Option<Self> {
        let memory = self.memory.as_ref()?;
        Some(Self {
            revision,
            pages: Arc::clone(&self.pages),
            unwritten: self.unwritten.clone(),
            memory: Some(memory.after(revision, outcomes)),
        })
    }

    /// The same, once the file was written to without a change to bindings.
    pub(crate) fn with_new_pages(&self, database: &impl ReadableDatabase) -> Result<Self, Cause> {
        let pages = Pages {
            recent: Arc::clone(&self.pages.recent),
            ..Pages::of(&database.begin_read()?, 0)?
        };
        Ok(Self {
            revision: self.revision,
            pages: Arc::new(pages),
            unwritten: self.unwritten.clone(),
            memory: self.memory.as_ref().map(Memory::settled),
        })
    }

    /// Lets go of what was there before, once this is published.
    pub(crate) fn settle(&self, outcomes: &[&Outcome]) {
        if let Some(memory) = &self.memory
            && memory.announced
        {
            memory.index.settle(outcomes.iter().copied());
        }
    }

    pub(crate) fn is_resident(&self) -> bool {
        self.memory.is_some()
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn pages(&self) -> &Pages {
        &self.pages
    }

    pub(crate) fn unwritten(&self) -> &Unwritten {
        &self.unwritten
    }

    pub(crate) fn get(&self, key: &BindingKey) -> Result<Option<Binding>, Cause> {
        if let Some(memory) = &self.memory {
            return Ok(memory.index.get(key, self.revision));
        }
        match self.unwritten.get(key) {
            Some(fate) => Ok(fate.binding().cloned()),
            None => self.pages.get(key),
        }
    }

    /// The bindings that `scan` asks for, read as the iterator goes. It ends behind an error.
    pub(crate) fn scan(&self, scan: &Scan) -> Result<Found, Cause> {
        if let Some(memory) = &self.memory {
            return Ok(Found::Memory(memory.tree.scan(scan)));
        }
        let pages = self.pages.scan(scan)?;
        if let Some(mut since) = self.unwritten.scan(scan).map(Iterator::peekable)
            && since.peek().is_some()
        {
            return Ok(Found::Both(Box::new(Merged::new(pages, since))));
        }
        Ok(Found::Pages(pages))
    }
}

impl Pages {
    fn of(transaction: &ReadTransaction, recent: usize) -> Result<Self, Cause> {
        let runs = transaction.open_table(RUNS)?;
        let count = runs.len()?;
        Ok(Self {
            runs,
            is_empty: count == 0,
            recent: Arc::new(Recent::new(recent, count)),
        })
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>, Cause> {
        self.recent.get(key, || {
            guarded(|| {
                let bytes = KeyBytes::of(key);
                runs::get(&self.runs, &bytes, |value| decoded(key, &bytes, value))
            })
        })
    }

    /// The same, before the key is changed: nothing is changed in a run that is damaged. `whole` is
    /// the key of the run that was read last.
    pub(crate) fn get_to_change(
        &self,
        key: &BindingKey,
        whole: &mut Option<Vec<u8>>,
    ) -> Result<Option<Binding>, Cause> {
        if self.is_empty {
            return Ok(None);
        }
        guarded(|| {
            let bytes = KeyBytes::of(key);
            let read = |value: &[u8]| decoded(key, &bytes, value);
            runs::get_to_change(&self.runs, whole, &bytes, read)
        })
    }

    /// The greatest key. The run that has it is read as a whole.
    pub(crate) fn last_key(&self) -> Result<Option<Vec<u8>>, Cause> {
        guarded(|| runs::last_key(&self.runs))
    }

    fn scan(&self, scan: &Scan) -> Result<PagesFound, Cause> {
        let entries =
            byte_range(scan).map(|range| guarded(|| Entries::of(&self.runs, range).map(Box::new)));
        Ok(PagesFound(entries.transpose()?))
    }
}

impl Memory {
    /// Of these, which are in canonical order.
    fn of(bindings: Vec<Binding>) -> Self {
        Self {
            index: Arc::new(Index::of(&bindings)),
            tree: Tree::of_sorted(bindings),
            announced: false,
        }
    }

    /// What it becomes by a commit, made anew.
    pub(crate) fn remade(&self, outcomes: &[&Outcome]) -> Result<Self, Cause> {
        let before = self.tree.scan(&Scan::all()).map(Ok);
        let bindings = Merged::new(before, fates(outcomes)).collect::<Result<_, _>>()?;
        Ok(Self::of(bindings))
    }

    fn after(&self, revision: u64, outcomes: &[&Outcome]) -> Self {
        self.index.announce(revision, outcomes.iter().copied());
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
            announced: true,
        }
    }

    fn settled(&self) -> Self {
        Self {
            index: Arc::clone(&self.index),
            tree: self.tree.clone(),
            announced: false,
        }
    }
}

/// What became of each key in the end, in canonical order.
fn fates(outcomes: &[&Outcome]) -> impl Iterator<Item = Fate> {
    let mut outcomes = outcomes.to_vec();
    // The last that came to a key is the one that counts.
    outcomes.sort_by(|a, b| a.key.cmp(&b.key));
    let mut outcomes = outcomes.into_iter().peekable();
    std::iter::from_fn(move || {
        loop {
            let outcome = outcomes.next()?;
            if outcomes.peek().is_none_or(|next| next.key != outcome.key) {
                return Some(Fate::of(outcome));
            }
        }
    })
}

/// What a scan finds.
pub(crate) enum Found {
    Pages(PagesFound),
    Both(Box<Merged<PagesFound, Peekable<Range<Fate>>>>),
    Memory(Range<Binding>),
}

/// What a scan finds in the file.
pub(crate) struct PagesFound(Option<Box<Entries>>);

impl Iterator for Found {
    type Item = Result<Binding, Cause>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = match self {
            Self::Memory(range) => return range.next().map(Ok),
            Self::Pages(pages) => return pages.next(),
            Self::Both(both) => both.next(),
        };
        if let Some(Err(_)) = next {
            *self = Self::Pages(PagesFound(None));
        }
        next
    }
}

impl Iterator for PagesFound {
    type Item = Result<Binding, Cause>;

    fn next(&mut self) -> Option<Self::Item> {
        let entries = self.0.as_mut()?;
        let next = guarded(|| entries.next());
        if !matches!(next, Ok(Some(_))) {
            self.0 = None;
        }
        next.transpose()
    }
}

/// The binding that an entry of a run holds.
pub(crate) fn decoded_entry(key: &[u8], value: &[u8]) -> Result<Binding, Cause> {
    let found = decode_key(key).map_err(|error| Cause::Codec {
        record: format!("the key {}", hex(key)),
        error,
    })?;
    decoded(&found, key, value)
}

/// The binding that a value holds, of a key with these bytes.
pub(crate) fn decoded(key: &BindingKey, bytes: &[u8], value: &[u8]) -> Result<Binding, Cause> {
    decode_at(key.clone(), bytes, value).map_err(|error| Cause::Codec {
        record: format!("the record of {key}"),
        error,
    })
}
