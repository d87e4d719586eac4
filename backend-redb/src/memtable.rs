//! The memtable: changes that are in the WAL and not yet in the file.

use std::iter::Peekable;

use certbind_core::{Binding, BindingKey, Outcome, Scan};
use redb::Table;

use crate::block_writer;
use crate::changes::{CHUNK, Chunk};
use crate::errors::Cause;
use crate::tree::{Keyed, Range, Tree};

/// The last change of each key since the last checkpoint; `None` if there is none.
#[derive(Clone, Default)]
pub(crate) struct Memtable(Option<Tree<Entry>>);

/// The last change of a key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Entry {
    Put(Binding),
    Tombstone(BindingKey),
}

impl Memtable {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn insert_all(&mut self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            self.0.get_or_insert_default().put(Entry::of(outcome));
        }
    }

    pub(crate) fn get(&self, key: &BindingKey) -> Option<&Entry> {
        self.0.as_ref()?.get(key)
    }

    pub(crate) fn scan(&self, scan: &Scan) -> Option<Range<Entry>> {
        self.0.as_ref().map(|tree| tree.scan(scan))
    }

    /// Writes all entries into blocks of the file. Each block was verified before its first change
    /// entered the memtable, so damage found here is new.
    pub(crate) fn write(
        &self,
        blocks: &mut Table<'_, &'static [u8], &'static [u8]>,
    ) -> Result<(), Cause> {
        let Some(entries) = self.scan(&Scan::all()) else {
            return Ok(());
        };
        let mut entries = entries.peekable();
        let mut chunks = std::iter::from_fn(|| {
            entries.peek()?;
            let mut chunk = Chunk::with_capacity(CHUNK);
            for entry in entries.by_ref().take(CHUNK) {
                chunk.encode_one(entry.key(), entry.binding());
            }
            Some(chunk)
        });
        block_writer::write(blocks, &mut chunks)
    }
}

impl Entry {
    pub(crate) fn of(outcome: &Outcome) -> Self {
        match &outcome.after {
            Some(binding) => Self::Put(binding.clone()),
            None => Self::Tombstone(outcome.key.clone()),
        }
    }

    pub(crate) fn binding(&self) -> Option<&Binding> {
        match self {
            Self::Put(binding) => Some(binding),
            Self::Tombstone(_) => None,
        }
    }
}

impl Keyed for Entry {
    fn key(&self) -> &BindingKey {
        match self {
            Self::Put(binding) => binding.key(),
            Self::Tombstone(key) => key,
        }
    }
}

/// File entries merged with memtable entries, which replace them: both in canonical order, each key
/// once.
pub(crate) struct Merged<B: Iterator, S: Iterator> {
    before: Peekable<B>,
    since: Peekable<S>,
}

impl<B, S> Merged<B, S>
where
    B: Iterator<Item = Result<Binding, Cause>>,
    S: Iterator<Item = Entry>,
{
    pub(crate) fn new(before: B, since: S) -> Self {
        Self {
            before: before.peekable(),
            since: since.peekable(),
        }
    }
}

impl<B, S> Iterator for Merged<B, S>
where
    B: Iterator<Item = Result<Binding, Cause>>,
    S: Iterator<Item = Entry>,
{
    type Item = Result<Binding, Cause>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(entry) = self.since.peek() else {
                return self.before.next();
            };
            match self.before.peek() {
                Some(Ok(binding)) if binding.key() > entry.key() => {}
                Some(Ok(binding)) if binding.key() == entry.key() => drop(self.before.next()),
                None => {}
                Some(_) => return self.before.next(),
            }
            if let Some(Entry::Put(binding)) = self.since.next() {
                return Some(Ok(binding));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use certbind_core::{Record, Uuid};
    use proptest::collection::btree_map;
    use proptest::prelude::*;

    use super::*;
    use crate::shared_error::Stopped;

    fn binding(n: u16, mark: u8) -> Binding {
        let record = Record::central(Uuid::from_u128(mark.into()));
        Binding::new(format!("ccs={}", n + 1).parse().unwrap(), record).unwrap()
    }

    fn entry(n: u16, mark: Option<u8>) -> Entry {
        match mark {
            Some(mark) => Entry::Put(binding(n, mark)),
            None => Entry::Tombstone(binding(n, 0).key().clone()),
        }
    }

    proptest! {
        #[test]
        fn memtable_entries_replace_file_entries(
            before in btree_map(0..40_u16, any::<u8>(), 0..30),
            since in btree_map(0..40_u16, any::<Option<u8>>(), 0..30),
        ) {
            let mut model: BTreeMap<_, _> = before.clone();
            for (n, mark) in &since {
                match mark {
                    Some(mark) => model.insert(*n, *mark),
                    None => model.remove(n),
                };
            }
            let expected: Vec<_> = model.into_iter().map(|(n, mark)| binding(n, mark)).collect();
            let before = before.into_iter().map(|(n, mark)| Ok(binding(n, mark)));
            let since = since.into_iter().map(|(n, mark)| entry(n, mark));
            let merged: Result<Vec<_>, _> = Merged::new(before, since).collect();
            prop_assert_eq!(merged.unwrap(), expected);
        }
    }

    #[test]
    fn read_error_has_its_position_in_the_scan() {
        let before = [Ok(binding(1, 0)), Err(Cause::Failed(Stopped::because("")))];
        let since = [0, 2, 9].map(|n| entry(n, Some(1)));
        let merged: Vec<_> = Merged::new(before.into_iter(), since.into_iter())
            .map(Result::ok)
            .collect();
        let [zero, one] = [binding(0, 1), binding(1, 0)];
        assert_eq!(merged[..3], [Some(zero), Some(one), None]);
    }
}
