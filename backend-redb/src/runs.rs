//! The table of runs: which run a binding stands in, and how changes are written into runs.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Bound;

use certbind_core::codec::CodecError;
use redb::{AccessGuard, CursorMut, ReadableTable, Table};

use crate::changes::{Change, Changes, Chunk};
use crate::errors::Cause;
use crate::run::{Builder, Entries, Entry, common, entry_len, find, splice};

/// The most bytes of a run with its key, but for a single binding that is longer: two fill a page of
/// 4 KiB with what redb notes beside them.
const MOST: usize = 2_020;
/// A run that a removal leaves with fewer bytes is joined with the next.
const FEW: usize = MOST / 4;

type Bytes = Vec<u8>;
type Runs<'a> = Table<'a, &'static [u8], &'static [u8]>;
type Found<'a> = (
    AccessGuard<'a, &'static [u8]>,
    AccessGuard<'a, &'static [u8]>,
);

/// What `read` makes of the value of a key, if there is one.
pub(crate) fn get<T>(
    runs: &impl ReadableTable<&'static [u8], &'static [u8]>,
    key: &[u8],
    read: impl FnOnce(&[u8]) -> Result<T, Cause>,
) -> Result<Option<T>, Cause> {
    match home(runs, key)? {
        Some((run_key, run)) => value(run_key.value(), run.value(), key, read),
        None => Ok(None),
    }
}

/// The same, before [`write`]: the run is read as a whole, since nothing is written to one that is
/// damaged. `whole` is the key of the run that was read last.
pub(crate) fn get_to_change<T>(
    runs: &impl ReadableTable<&'static [u8], &'static [u8]>,
    whole: &mut Option<Bytes>,
    key: &[u8],
    read: impl FnOnce(&[u8]) -> Result<T, Cause>,
) -> Result<Option<T>, Cause> {
    let Some((run_key, run)) = home(runs, key)? else {
        return Ok(None);
    };
    let (run_key, run) = (run_key.value(), run.value());
    if whole.as_deref() != Some(run_key) {
        let mut entries = Entries::of(run_key);
        let damage = |error| Cause::run(run_key, error);
        while entries.next(run).map_err(damage)?.is_some() {}
        *whole = Some(run_key.to_vec());
    }
    value(run_key, run, key, read)
}

fn value<T>(
    run_key: &[u8],
    run: &[u8],
    key: &[u8],
    read: impl FnOnce(&[u8]) -> Result<T, Cause>,
) -> Result<Option<T>, Cause> {
    let value = find(run_key, run, key).map_err(|error| Cause::run(run_key, error))?;
    value.map(read).transpose()
}

/// The greatest key there is. The run that has it is read as a whole.
pub(crate) fn last_key(
    runs: &impl ReadableTable<&'static [u8], &'static [u8]>,
) -> Result<Option<Bytes>, Cause> {
    let Some((run_key, run)) = runs.last()? else {
        return Ok(None);
    };
    let mut entries = Entries::of(run_key.value());
    let mut last = None;
    while let Some((key, _)) = entries
        .next(run.value())
        .map_err(|error| Cause::run(run_key.value(), error))?
    {
        last = Some(key.to_vec());
    }
    Ok(last)
}

/// The run that has a key, if any has.
pub(crate) fn home<'a>(
    runs: &'a impl ReadableTable<&'static [u8], &'static [u8]>,
    key: &[u8],
) -> Result<Option<Found<'a>>, Cause> {
    Ok(runs.upper_bound(Bound::Included(key))?.peek_prev()?)
}

/// Writes changes, which come in the order of their keys, each key once. The runs that have the keys
/// are whole ([`get_to_change`]); one besides that is not is left alone.
pub(crate) fn write(
    runs: &mut Runs<'_>,
    changes: &mut dyn Iterator<Item = Chunk>,
) -> Result<(), Cause> {
    let mut changes = Changes::new(changes);
    if let Some(change) = changes.peek_alone()
        && write_in_place(runs, change)?
    {
        changes.next_before(None);
    }
    while let Some((key, _)) = changes.peek() {
        let mut rewriting = Rewriting::default();
        let mut end;
        if let Some((key, run)) = home(runs, key)? {
            rewriting.take_in(key.value(), run.value())?;
            end = key_behind(runs, key.value())?;
        } else {
            // What comes before every run goes into the first.
            end = runs.first()?.map(|(key, _)| key.value().to_vec());
            rewriting.take_in_next(runs, &mut end)?;
        }
        while let Some(before) = &end {
            while let Some(change) = changes.next_before(Some(before)) {
                rewriting.change(runs, change)?;
            }
            rewriting.pass_old(runs)?;
            if !rewriting.is_small() || !rewriting.take_in_next(runs, &mut end)? {
                break;
            }
        }
        if end.is_some() {
            rewriting.finish(runs)?;
            rewriting.remove_stale(runs)?;
            continue;
        }
        // There is no run behind them: all that is left is written in order at the end.
        rewriting.remove_stale(runs)?;
        let mut at_end = runs.upper_bound_mut(Bound::<&[u8]>::Unbounded)?;
        while let Some(change) = changes.next_before(None) {
            rewriting.change(&mut at_end, change)?;
        }
        rewriting.pass_old(&mut at_end)?;
        rewriting.finish(&mut at_end)?;
        at_end.close()?;
    }
    Ok(())
}

/// Where runs are written to.
trait Sink {
    fn put(&mut self, run: Entry<'_>) -> Result<(), Cause>;
}

impl Sink for Runs<'_> {
    fn put(&mut self, (key, run): Entry<'_>) -> Result<(), Cause> {
        self.insert(key, run)?;
        Ok(())
    }
}

/// A place that every run which is put there stands behind: several times as fast as the table.
impl Sink for CursorMut<'_, &'static [u8], &'static [u8]> {
    fn put(&mut self, (key, run): Entry<'_>) -> Result<(), Cause> {
        Ok(self.insert_before(key, run)?)
    }
}

/// Writes a change where that leaves runs and their keys as they are, as nearly all do.
fn write_in_place(runs: &mut Runs<'_>, (key, value): Change<'_>) -> Result<bool, Cause> {
    let (run_key, run) = match home(runs, key)? {
        Some((run_key, run)) if value.is_some() || run_key.value() != key => {
            let spliced = splice(run_key.value(), run.value(), key, value);
            let damage = |error| Cause::run(run_key.value(), error);
            (run_key.value().to_vec(), spliced.map_err(damage)?)
        }
        _ => return Ok(false),
    };
    let is_one = (FEW..=MOST).contains(&(run_key.len() + run.len()));
    if is_one {
        runs.insert(run_key.as_slice(), run.as_slice())?;
    }
    Ok(is_one)
}

fn entries(key: &[u8], run: &[u8]) -> Result<Vec<(Bytes, Bytes)>, CodecError> {
    let mut entries = Entries::of(key);
    let mut found = Vec::new();
    while let Some((key, value)) = entries.next(run)? {
        found.push((key.to_vec(), value.to_vec()));
    }
    Ok(found)
}

/// The key of the first run behind one.
fn key_behind(
    runs: &impl ReadableTable<&'static [u8], &'static [u8]>,
    key: &[u8],
) -> Result<Option<Bytes>, Cause> {
    let behind = (Bound::Excluded(key), Bound::Unbounded);
    let next = runs.range::<&[u8]>(behind)?.next().transpose()?;
    Ok(next.map(|(key, _)| key.value().to_vec()))
}

/// Neighbouring runs that are written anew.
#[derive(Default)]
struct Rewriting {
    /// The keys that they stand under now.
    stale: BTreeSet<Bytes>,
    /// What they hold and no change has passed yet.
    old: VecDeque<(Bytes, Bytes)>,
    /// What they will hold and is not written yet.
    new: Pending,
    builder: Builder,
}

/// Bindings in one piece of memory.
#[derive(Default)]
struct Pending {
    /// Keys, each with its value behind it.
    bytes: Bytes,
    bindings: VecDeque<Lengths>,
    /// Their length in one run.
    len: usize,
}

struct Lengths {
    key: usize,
    value: usize,
    /// What its key has in common with the key before.
    shared: usize,
    /// Its length in a run, behind the one before.
    len: usize,
}

impl Pending {
    fn push(&mut self, (key, value): Entry<'_>) {
        // The first begins a run, and shares nothing there.
        let shared = match self.bindings.back() {
            Some(last) => {
                let start = self.bytes.len() - last.value - last.key;
                common(&self.bytes[start..][..last.key], key)
            }
            None => 0,
        };
        let lengths = Lengths {
            key: key.len(),
            value: value.len(),
            shared,
            len: entry_len(shared, key.len() - shared, value.len()),
        };
        self.len += lengths.len;
        self.bindings.push_back(lengths);
        self.bytes.extend(key);
        self.bytes.extend(value);
    }

    /// Takes what comes first into a run, and leaves the rest when it is long enough.
    fn take(&mut self, run: &mut Builder, enough: usize) {
        let mut start = 0;
        while let Some(next) = self.bindings.front() {
            let is_full = run.len() >= enough || run.len() + next.len > MOST;
            if is_full && !run.is_empty() {
                break;
            }
            let (key, behind) = self.bytes[start..].split_at(next.key);
            run.push(next.shared, key, &behind[..next.value]);
            start += next.key + next.value;
            self.len -= next.len;
            self.bindings.pop_front();
        }
        self.bytes.drain(..start);
    }
}

impl Rewriting {
    /// One more run, which stands behind the others.
    fn take_in(&mut self, key: &[u8], run: &[u8]) -> Result<(), Cause> {
        let entries = entries(key, run).map_err(|error| Cause::run(key, error))?;
        self.old.extend(entries);
        self.stale.insert(key.to_vec());
        Ok(())
    }

    /// The run at `end`, which moves behind it. Not if there is none, or it is damaged.
    fn take_in_next(&mut self, runs: &Runs<'_>, end: &mut Option<Bytes>) -> Result<bool, Cause> {
        let Some(key) = end else {
            return Ok(false);
        };
        let Some(run) = runs.get(key.as_slice())? else {
            return Ok(false);
        };
        let is_whole = self.take_in(key, run.value()).is_ok();
        if is_whole {
            *end = key_behind(runs, key)?;
        }
        Ok(is_whole)
    }

    fn change(&mut self, runs: &mut impl Sink, (key, value): Change<'_>) -> Result<(), Cause> {
        while let Some((old, value)) = self.old.pop_front() {
            if *old >= *key {
                if *old != *key {
                    self.old.push_front((old, value));
                }
                break;
            }
            self.push(runs, (&old, &value))?;
        }
        match value {
            Some(value) => self.push(runs, (key, value)),
            None => Ok(()),
        }
    }

    /// Keeps what is left of the old.
    fn pass_old(&mut self, runs: &mut impl Sink) -> Result<(), Cause> {
        while let Some((key, value)) = self.old.pop_front() {
            self.push(runs, (&key, &value))?;
        }
        Ok(())
    }

    /// Writes a run when there is more than enough for several, so that memory is bounded.
    fn push(&mut self, runs: &mut impl Sink, binding: Entry<'_>) -> Result<(), Cause> {
        self.new.push(binding);
        if self.new.len > 3 * MOST {
            self.write_run(runs, MOST)?;
        }
        Ok(())
    }

    /// Whether little is left, but not nothing.
    fn is_small(&self) -> bool {
        self.new.len > 0 && self.new.len < FEW
    }

    /// Writes all that is left.
    fn finish(&mut self, runs: &mut impl Sink) -> Result<(), Cause> {
        while !self.new.bindings.is_empty() {
            // The last two are alike, so that both have room.
            let enough = match self.new.len {
                ..=MOST => MOST,
                len => MOST.min(len / 2),
            };
            self.write_run(runs, enough)?;
        }
        Ok(())
    }

    fn remove_stale(&mut self, runs: &mut Runs<'_>) -> Result<(), Cause> {
        for key in std::mem::take(&mut self.stale) {
            runs.remove(key.as_slice())?;
        }
        Ok(())
    }

    /// Writes a run of what comes first.
    fn write_run(&mut self, runs: &mut impl Sink, enough: usize) -> Result<(), Cause> {
        self.builder.clear();
        self.new.take(&mut self.builder, enough);
        let run = self.builder.run();
        runs.put(run)?;
        self.stale.remove(run.0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use redb::backends::InMemoryBackend;
    use redb::{Builder, TableDefinition};

    use super::*;

    const RUNS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("runs");

    fn keys() -> impl Strategy<Value = Bytes> {
        (0..2_000_u16).prop_map(|n| match n % 3 {
            0 => n.to_be_bytes().to_vec(),
            1 => [&[7; 30][..], &n.to_be_bytes()].concat(),
            _ => [&[8; 240][..], &n.to_be_bytes(), &[9; 9]].concat(),
        })
    }

    fn values() -> impl Strategy<Value = Bytes> {
        let length = prop_oneof![20 => 30..90_usize, 1 => 900..6_000_usize, 1 => Just(0)];
        (any::<u8>(), length).prop_map(|(byte, length)| vec![byte; length])
    }

    fn changes() -> impl Strategy<Value = BTreeMap<Bytes, Option<Bytes>>> {
        let value = || prop::option::weighted(0.6, values());
        prop_oneof![
            4 => btree_map(keys(), value(), 1..4),
            2 => btree_map(keys(), value(), 1..200),
            1 => btree_map(keys(), values().prop_map(Some), 100..900),
            1 => btree_map(keys(), Just(None), 100..1_500),
        ]
    }

    fn write_all(runs: &mut Runs<'_>, changes: impl IntoIterator<Item = (Bytes, Option<Bytes>)>) {
        let changes: Vec<_> = changes.into_iter().collect();
        let mut chunks = changes.chunks(7).map(|some| {
            let some = some.iter();
            let borrowed = some.map(|(key, value)| (key.as_slice(), value.as_deref()));
            borrowed.collect::<Chunk>()
        });
        write(runs, &mut chunks).unwrap();
    }

    /// What the runs hold. Each is in order, behind the one before, and no longer than it may be.
    fn read(runs: &Runs<'_>) -> BTreeMap<Bytes, Bytes> {
        let mut found: BTreeMap<Bytes, Bytes> = BTreeMap::new();
        for entry in runs.range::<&[u8]>(..).unwrap() {
            let (run_key, run) = entry.unwrap();
            let mut entries = Entries::of(run_key.value());
            let mut count = 0;
            while let Some((key, value)) = entries.next(run.value()).unwrap() {
                assert!(found.last_key_value().is_none_or(|(last, _)| **last < *key));
                found.insert(key.to_vec(), value.to_vec());
                count += 1;
            }
            assert!(count == 1 || run_key.value().len() + run.value().len() <= MOST);
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn runs_hold_what_was_written(
            steps in vec(changes(), 1..20),
            sought in vec(keys(), 30),
        ) {
            let database = Builder::new().create_with_backend(InMemoryBackend::new()).unwrap();
            let transaction = database.begin_write().unwrap();
            let mut runs = transaction.open_table(RUNS).unwrap();
            let mut model = BTreeMap::new();
            for changes in steps {
                for (key, value) in &changes {
                    match value {
                        Some(value) => model.insert(key.clone(), value.clone()),
                        None => model.remove(key),
                    };
                }
                write_all(&mut runs, changes);
                prop_assert_eq!(&read(&runs), &model);
                for key in &sought {
                    let found = get(&runs, key, |value| Ok(value.to_vec())).unwrap();
                    prop_assert_eq!(found.as_ref(), model.get(key));
                }
            }
        }
    }

    #[test]
    fn runs_are_full_when_written_in_order_and_never_stay_small_for_long() {
        let database = Builder::new()
            .create_with_backend(InMemoryBackend::new())
            .unwrap();
        let transaction = database.begin_write().unwrap();
        let mut runs = transaction.open_table(RUNS).unwrap();
        let key = |n: u32| n.to_be_bytes().to_vec();
        write_all(&mut runs, (0..100_000).map(|n| (key(n), Some(vec![7; 50]))));
        let lengths = |runs: &Runs<'_>| -> Vec<usize> {
            let lengths = runs.range::<&[u8]>(..).unwrap().map(|entry| {
                let (key, run) = entry.unwrap();
                key.value().len() + run.value().len()
            });
            lengths.collect()
        };
        let full = lengths(&runs);
        assert!(
            full[..full.len() - 2]
                .iter()
                .all(|length| *length > MOST - 60)
        );
        // All but every hundredth, one at a time.
        for n in (0..100_000).filter(|n| n % 100 != 0) {
            write_all(&mut runs, [(key(n), None)]);
        }
        let left = lengths(&runs);
        assert!(
            left[..left.len() - 1].iter().all(|length| *length >= FEW),
            "{left:?}"
        );
        write_all(&mut runs, (0..100_000).map(|n| (key(n), None)));
        assert_eq!(lengths(&runs), []);
    }
}
