//! The store at one revision: what reads come from.

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

/// A commit that changes at least so many bindings, and more than there are, makes a new index:
/// that is faster than to change the one there is.
const MANY: usize = 1_000;

/// The committed bindings at one revision.
pub(crate) struct Snapshot {
    revision: u64,
    source: Source,
}

enum Source {
    /// The file. It keeps the pages that it reads from being reused, so a store holds only the
    /// newest, and a scan its own until it ends.
    Pages {
        runs: ReadOnlyTable<&'static [u8], &'static [u8]>,
        recent: Box<Recent>,
    },
    /// Memory: one index for all revisions, and the tree of this one.
    Memory {
        index: Arc<Index>,
        tree: Tree,
        /// Whether the index has it beside what was there before.
        announced: bool,
    },
}

impl Snapshot {
    /// What is committed now.
    pub(crate) fn take(database: &impl ReadableDatabase, options: &Options) -> Result<Self, Cause> {
        let transaction = database.begin_read()?;
        let revision = format::revision(&transaction.open_table(META)?)?;
        let pages = Self::pages(&transaction, revision, options.recent)?;
        if !options.resident {
            return Ok(pages);
        }
        // Every binding is read now, and none later.
        let bindings = pages.scan(&Scan::all())?.collect::<Result<Vec<_>, _>>()?;
        let source = Source::in_memory(bindings);
        Ok(Self { revision, source })
    }

    /// The file's pages, whose own note of the revision may be behind: a log counts meanwhile.
    fn pages(transaction: &ReadTransaction, revision: u64, recent: usize) -> Result<Self, Cause> {
        let runs = transaction.open_table(RUNS)?;
        let recent = Box::new(Recent::new(recent, runs.len()?));
        let source = Source::Pages { runs, recent };
        Ok(Self { revision, source })
    }

    /// Whether it is made anew where so many bindings change.
    pub(crate) fn is_remade_by(&self, changes: usize) -> bool {
        let Source::Memory { index, .. } = &self.source else {
            return false;
        };
        changes >= MANY.max(index.len())
    }

    /// The next one in memory, made anew. It may be made before these are committed.
    pub(crate) fn remade(&self, revision: u64, outcomes: &[&Outcome]) -> Self {
        let before = match &self.source {
            Source::Memory { tree, .. } => Some(tree.scan(&Scan::all())),
            Source::Pages { .. } => None,
        };
        Self {
            revision,
            source: Source::in_memory(merged(before.into_iter().flatten(), outcomes)),
        }
    }

    /// The next one, once a transaction is committed that changed this. It is published next.
    pub(crate) fn after(
        &self,
        database: &impl ReadableDatabase,
        revision: u64,
        outcomes: &[&Outcome],
    ) -> Result<Self, Cause> {
        let (index, tree) = match &self.source {
            Source::Memory { index, tree, .. } => (index, tree),
            Source::Pages { recent, .. } => {
                return Self::pages(&database.begin_read()?, revision, recent.most());
            }
        };
        index.announce(revision, outcomes.iter().copied());
        let mut tree = tree.clone();
        for outcome in outcomes {
            match &outcome.after {
                Some(binding) => tree.put(binding.clone()),
                None => tree.remove(&outcome.key),
            }
        }
        let index = Arc::clone(index);
        Ok(Self {
            revision,
            source: Source::Memory {
                index,
                tree,
                announced: true,
            },
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

    pub(crate) fn get(&self, key: &BindingKey) -> Result<Option<Binding>, Cause> {
        match &self.source {
            Source::Memory { index, .. } => Ok(index.get(key, self.revision)),
            Source::Pages { runs, recent } => recent.get(key, || {
                guarded(|| {
                    let bytes = KeyBytes::of(key);
                    runs::get(runs, &bytes, |value| decoded(key, &bytes, value))
                })
            }),
        }
    }

    /// The bindings that `scan` asks for, read as the iterator goes. It ends behind an error.
    pub(crate) fn scan(&self, scan: &Scan) -> Result<Found, Cause> {
        match &self.source {
            Source::Memory { tree, .. } => Ok(Found::Memory(tree.scan(scan))),
            Source::Pages { runs, .. } => {
                let range = byte_range(scan);
                let entries = range.map(|range| guarded(|| Entries::of(runs, range).map(Box::new)));
                Ok(Found::Pages(entries.transpose()?))
            }
        }
    }
}

impl Source {
    /// Of these, which are in canonical order.
    fn in_memory(bindings: Vec<Binding>) -> Self {
        Self::Memory {
            index: Arc::new(Index::of(bindings.iter())),
            tree: Tree::of_sorted(bindings),
            announced: false,
        }
    }
}

/// What there was, in canonical order, with what became of it.
fn merged(before: impl Iterator<Item = Binding>, outcomes: &[&Outcome]) -> Vec<Binding> {
    let mut outcomes = outcomes.to_vec();
    // The last that came to a key is the one that counts.
    outcomes.sort_by(|a, b| a.key.cmp(&b.key));
    let mut outcomes = outcomes.into_iter().peekable();
    let mut before = before.peekable();
    let mut bindings = Vec::new();
    while let Some(outcome) = outcomes.next() {
        if outcomes.peek().is_some_and(|next| next.key == outcome.key) {
            continue;
        }
        while let Some(binding) = before.next_if(|binding| *binding.key() < outcome.key) {
            bindings.push(binding);
        }
        before.next_if(|binding| *binding.key() == outcome.key);
        bindings.extend(outcome.after.clone());
    }
    bindings.extend(before);
    bindings
}

/// What a scan finds.
pub(crate) enum Found {
    Pages(Option<Box<Entries>>),
    Memory(Range),
}

impl Iterator for Found {
    type Item = Result<Binding, Cause>;

    fn next(&mut self) -> Option<Self::Item> {
        let entries = match self {
            Self::Memory(range) => return range.next().map(Ok),
            Self::Pages(entries) => entries,
        };
        let next = guarded(|| match entries {
            Some(entries) => entries.next(),
            None => Ok(None),
        });
        if !matches!(next, Ok(Some(_))) {
            *entries = None;
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
