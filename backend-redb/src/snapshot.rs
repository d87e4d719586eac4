//! The store at one revision: what reads come from.

use std::sync::Arc;

use redb::{ReadOnlyTable, ReadableDatabase};
use store_core::codec::{decode_binding, decode_key, encode_key};
use store_core::{Binding, BindingKey, Outcome, Scan};

use crate::errors::{Cause, guarded};
use crate::format::{self, BINDINGS, META};
use crate::index::Index;
use crate::scan::byte_range;
use crate::tree::{Range, Tree};

/// The committed bindings at one revision.
pub(crate) struct Snapshot {
    revision: u64,
    source: Source,
}

enum Source {
    /// The file. It keeps the pages that it reads from being reused, so a store holds only the
    /// newest, and a scan its own until it ends.
    Pages(ReadOnlyTable<&'static [u8], &'static [u8]>),
    /// Memory: one index for all revisions, and the tree of this one.
    Memory { index: Arc<Index>, tree: Tree },
}

impl Snapshot {
    /// What is committed now, to be read from the file.
    pub(crate) fn take(database: &impl ReadableDatabase) -> Result<Self, Cause> {
        let transaction = database.begin_read()?;
        Ok(Self {
            revision: format::revision(&transaction.open_table(META)?)?,
            source: Source::Pages(transaction.open_table(BINDINGS)?),
        })
    }

    /// The same in memory: every binding is read now, and none later.
    pub(crate) fn resident(self) -> Result<Self, Cause> {
        let bindings = self.scan(&Scan::all())?.collect::<Result<Vec<_>, _>>()?;
        let index = Arc::new(Index::of(bindings.iter()));
        let tree = Tree::of_sorted(bindings);
        Ok(Self {
            source: Source::Memory { index, tree },
            ..self
        })
    }

    /// The next one, once a transaction is committed that changed this. It is published next.
    pub(crate) fn after(
        &self,
        database: &impl ReadableDatabase,
        revision: u64,
        outcomes: &[&Outcome],
    ) -> Result<Self, Cause> {
        let Source::Memory { index, tree } = &self.source else {
            return Self::take(database);
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
            source: Source::Memory { index, tree },
        })
    }

    /// Lets go of what was there before, once this is published.
    pub(crate) fn settle(&self, outcomes: &[&Outcome]) {
        if let Source::Memory { index, .. } = &self.source {
            index.settle(outcomes.iter().copied());
        }
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn get(&self, key: &BindingKey) -> Result<Option<Binding>, Cause> {
        match &self.source {
            Source::Memory { index, .. } => Ok(index.get(key, self.revision)),
            Source::Pages(bindings) => guarded(|| {
                let value = bindings.get(encode_key(key).as_slice())?;
                value
                    .map(|value| decoded(key.clone(), value.value()))
                    .transpose()
            }),
        }
    }

    /// The bindings that `scan` asks for, read as the iterator goes. It ends behind an error.
    pub(crate) fn scan(&self, scan: &Scan) -> Result<Found, Cause> {
        match &self.source {
            Source::Memory { tree, .. } => Ok(Found::Memory(tree.scan(scan))),
            Source::Pages(bindings) => {
                let Some((start, end)) = byte_range(scan) else {
                    return Ok(Found::Pages(None));
                };
                let range = (
                    start.as_ref().map(Vec::as_slice),
                    end.as_ref().map(Vec::as_slice),
                );
                let entries = guarded(|| Ok(bindings.range::<&[u8]>(range)?))?;
                Ok(Found::Pages(Some(entries)))
            }
        }
    }
}

/// What a scan finds.
pub(crate) enum Found {
    Pages(Option<redb::Range<'static, &'static [u8], &'static [u8]>>),
    Memory(Range),
}

impl Iterator for Found {
    type Item = Result<Binding, Cause>;

    fn next(&mut self) -> Option<Self::Item> {
        let entries = match self {
            Self::Memory(range) => return range.next().map(Ok),
            Self::Pages(entries) => entries,
        };
        let next = guarded(|| match entries.as_mut().and_then(Iterator::next) {
            Some(entry) => {
                let (key, value) = entry?;
                decoded_entry(key.value(), value.value()).map(Some)
            }
            None => Ok(None),
        });
        if !matches!(next, Ok(Some(_))) {
            *entries = None;
        }
        next.transpose()
    }
}

/// The binding that an entry of the table holds.
pub(crate) fn decoded_entry(key: &[u8], value: &[u8]) -> Result<Binding, Cause> {
    let decoded_key = decode_key(key).map_err(|error| Cause::Codec {
        record: format!("the key {}", hex(key)),
        error,
    })?;
    decoded(decoded_key, value)
}

/// The binding of `key` that a value holds.
pub(crate) fn decoded(key: BindingKey, value: &[u8]) -> Result<Binding, Cause> {
    // The text for an error is made only if there is one; the key is moved before that is known.
    decode_binding(key.clone(), value).map_err(|error| Cause::Codec {
        record: format!("the record of {key}"),
        error,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .take(40)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
