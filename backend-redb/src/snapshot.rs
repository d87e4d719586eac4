//! The store at one revision: what reads come from.

use std::iter::Peekable;
use std::sync::Arc;

use redb::{ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTableMetadata};
use store_core::codec::{KeyBytes, decode_at, decode_key};
use store_core::{Binding, BindingKey, Outcome, Scan};

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
    /// What the log has and the file has not.
    unwritten: Unwritten,
    source: Source,
}

enum Source {
    /// The file, behind what is not written to it.
    Pages(Arc<Pages>),
    /// Memory: one index for all revisions, and the tree of this one.
    Memory {
        index: Arc<Index>,
        tree: Tree<Binding>,
        /// Whether the index has it beside what was there before.
        announced: bool,
    },
}

/// The file as it was written last. It keeps the pages that it reads from being reused, so a store
/// holds only the newest, and a scan its own until it ends.
struct Pages {
    runs: ReadOnlyTable<&'static [u8], &'static [u8]>,
    recent: Recent,
}

impl Snapshot {
    /// What is committed now.
    pub(crate) fn take(database: &impl ReadableDatabase, options: &Options) -> Result<Self, Cause> {
        let transaction = database.begin_read()?;
        let revision = format::revision(&transaction.open_table(META)?)?;
        let pages = Pages::of(&transaction, options.recent)?;
        let source = match options.resident {
            false => Source::Pages(Arc::new(pages)),
            // Every binding is read now, and none later.
            true => Source::in_memory(pages.scan(&Scan::all())?.collect::<Result<_, _>>()?),
        };
        Ok(Self {
            revision,
            unwritten: Unwritten::default(),
            source,
        })
    }

    /// Whether it is made anew where so many bindings change.
    pub(crate) fn is_remade_by(&self, changes: usize) -> bool {
        let Source::Memory { index, .. } = &self.source else {
            return false;
        };
        changes >= MANY.max(index.len())
    }

    /// The next one in memory, made anew. It may be made before these are committed.
    pub(crate) fn remade(
        &self,
        revision: u64,
        outcomes: &[&Outcome],
        unwritten: &Unwritten,
    ) -> Result<Self, Cause> {
        let before = match &self.source {
            Source::Memory { tree, .. } => Some(tree.scan(&Scan::all())),
            Source::Pages(_) => None,
        };
        let before = before.into_iter().flatten().map(Ok);
        let bindings = Merged::new(before, fates(outcomes)).collect::<Result<_, _>>()?;
        Ok(Self {
            revision,
            unwritten: unwritten.clone(),
            source: Source::in_memory(bindings),
        })
    }

    /// The next one, once a commit changed this. It is published next. Where nothing is unwritten,
    /// the commit was one of the file.
    pub(crate) fn after(
        &self,
        database: &impl ReadableDatabase,
        revision: u64,
        outcomes: &[&Outcome],
        unwritten: Unwritten,
    ) -> Result<Self, Cause> {
        let source = match &self.source {
            Source::Memory { index, tree, .. } => {
                index.announce(revision, outcomes.iter().copied());
                let mut tree = tree.clone();
                for outcome in outcomes {
                    match &outcome.after {
                        Some(binding) => tree.put(binding.clone()),
                        None => tree.remove(&outcome.key),
                    }
                }
                Source::Memory {
                    index: Arc::clone(index),
                    tree,
                    announced: true,
                }
            }
            Source::Pages(pages) if unwritten.is_empty() => {
                let pages = Pages::of(&database.begin_read()?, pages.recent.most())?;
                Source::Pages(Arc::new(pages))
            }
            Source::Pages(pages) => Source::Pages(Arc::clone(pages)),
        };
        Ok(Self {
            revision,
            unwritten,
            source,
        })
    }

    /// Lets go of what was there before, once this is published.
    pub(crate) fn settle(&self, outcomes: &[&Outcome]) {
        if let Source::Memory {
            index,
            announced: true,
            ..
        } = &self.source
        {
            index.settle(outcomes.iter().copied());
        }
    }

    pub(crate) fn is_resident(&self) -> bool {
        matches!(self.source, Source::Memory { .. })
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn unwritten(&self) -> &Unwritten {
        &self.unwritten
    }

    pub(crate) fn get(&self, key: &BindingKey) -> Result<Option<Binding>, Cause> {
        match &self.source {
            Source::Memory { index, .. } => Ok(index.get(key, self.revision)),
            Source::Pages(pages) => match self.unwritten.get(key) {
                Some(fate) => Ok(fate.binding().cloned()),
                None => pages.get(key),
            },
        }
    }

    /// The same, of a key of which nothing is unwritten, before it is changed: nothing is changed in
    /// a run that is damaged. `whole` is the key of the run that was read last.
    pub(crate) fn get_to_change(
        &self,
        key: &BindingKey,
        whole: &mut Option<Vec<u8>>,
    ) -> Result<Option<Binding>, Cause> {
        match &self.source {
            Source::Memory { index, .. } => Ok(index.get(key, self.revision)),
            Source::Pages(pages) => {
                let bytes = KeyBytes::of(key);
                let read = |value: &[u8]| decoded(key, &bytes, value);
                runs::get_to_change(&pages.runs, whole, &bytes, read)
            }
        }
    }

    /// The bindings that `scan` asks for, read as the iterator goes. It ends behind an error.
    pub(crate) fn scan(&self, scan: &Scan) -> Result<Found, Cause> {
        let pages = match &self.source {
            Source::Memory { tree, .. } => return Ok(Found::Memory(tree.scan(scan))),
            Source::Pages(pages) => pages.scan(scan)?,
        };
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
        let recent = Recent::new(recent, runs.len()?);
        Ok(Self { runs, recent })
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>, Cause> {
        self.recent.get(key, || {
            guarded(|| {
                let bytes = KeyBytes::of(key);
                runs::get(&self.runs, &bytes, |value| decoded(key, &bytes, value))
            })
        })
    }

    fn scan(&self, scan: &Scan) -> Result<PagesFound, Cause> {
        let entries =
            byte_range(scan).map(|range| guarded(|| Entries::of(&self.runs, range).map(Box::new)));
        Ok(PagesFound(entries.transpose()?))
    }
}

impl Source {
    /// Of these, which are in canonical order.
    fn in_memory(bindings: Vec<Binding>) -> Self {
        Self::Memory {
            index: Arc::new(Index::of(&bindings)),
            tree: Tree::of_sorted(bindings),
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
