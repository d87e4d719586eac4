//! Large stores and large batches: faults that begin at a page, a statement or a buffer.

use certbind_core::{
    Batch, Binding, BindingKey, BindingStore, Capabilities, Change, Scan, StoreError,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::cases;
use crate::erased::{Fixtures, all_bindings, scan_all};
use crate::fixture::Fixture;
use crate::guarantee::{require, require_eq};
use crate::model::Model;
use crate::operation::Operation;
use crate::order::Rank;
use crate::sample::{keys, marked};
use crate::watch;

/// Sizes at which pages, statements and buffers of common backends end.
const BOUNDARIES: [usize; 24] = [
    15, 16, 17, 32, 40, 63, 64, 65, 100, 101, 127, 128, 129, 255, 256, 257, 500, 512, 999, 1000,
    1001, 1024, 1025, 4096,
];

/// Stores of up to 10,000 keys and batches of up to 5,000 changes behave like the model: batches
/// and bulk loads are applied as a whole, or change nothing if their last change fails. The sizes
/// are limited by the capabilities `tested_keys` and `max_batch`, and by [`Fixture::MAX_KEYS`]; the
/// largest is always tried.
///
/// # Panics
/// If a store behaves differently.
pub fn large_batches_follow_the_model<F: Fixture>() {
    watch::run::<F>("large_batches_follow_the_model", || {
        let fixtures = Fixtures::of::<F>();
        let capabilities = fixtures.capabilities();
        if !capabilities.writable {
            return;
        }
        let most = fixtures.max_batch(&capabilities);
        largest(fixtures, &capabilities, most);
        // Shrinking a size of thousands takes long; the boundaries are small enough.
        let config = cases::config(fixtures, "large-batches", 4);
        cases::check(config, &sizes(most), |sizes| {
            with_sizes(fixtures, &capabilities, &sizes);
            Ok(())
        });
    });
}

fn largest(fixtures: Fixtures, capabilities: &Capabilities, most: usize) {
    // As many keys as are allowed, half of them by one batch.
    with_sizes(
        fixtures,
        capabilities,
        &[fixtures.max_keys(capabilities).saturating_sub(most), most],
    );
}

/// Sizes of batches: drawn evenly on a logarithmic scale, and the boundaries.
fn sizes(most: usize) -> impl Strategy<Value = Vec<usize>> {
    let boundaries: Vec<_> = BOUNDARIES
        .into_iter()
        .filter(|size| *size <= most)
        .collect();
    let drawn = (0.0..1.0_f64).prop_map(move |exponent| {
        // Up to 1,024 here; the largest is tested separately.
        let most = most.min(1024);
        let size = f64::from(u32::try_from(most).unwrap_or(u32::MAX)).powf(exponent);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "1 to 1,024"
        )]
        let size = size as usize;
        size.max(1)
    });
    let size = match boundaries.is_empty() {
        true => drawn.boxed(),
        false => prop_oneof![drawn, select(boundaries)].boxed(),
    };
    vec(size, 1..3)
}

/// Fills a store by batches of these sizes, and tries each way to change and to fail with the last.
fn with_sizes(fixtures: Fixtures, capabilities: &Capabilities, sizes: &[usize]) {
    let fixture = fixtures.create();
    let store = fixture.open();
    let most = fixtures.max_batch(capabilities);
    let mut all = keys(capabilities, sizes.iter().sum());
    all.sort_by_cached_key(Rank::of);
    let mut run = Run {
        store,
        model: Model::new(capabilities),
        sample: all.iter().step_by(all.len() / 25 + 1).cloned().collect(),
    };
    run.compare("of an empty store");
    let mut rest = &all[..];
    for size in sizes {
        let (new, later) = rest.split_at(*size);
        rest = later;
        for batch in new.chunks(most) {
            run.apply(
                batch
                    .iter()
                    .map(|key| Change::insert(marked(key, 1)))
                    .collect(),
            );
        }
    }
    let size = sizes.last().copied().unwrap_or(1).min(most);
    let last = &all[all.len() - size..];
    run.compare("after the inserts");

    let put = |mark| last.iter().map(move |key| Change::put(marked(key, mark)));
    // The last change fails: it is an insert of a key that is bound.
    let failing = |mark| {
        let mut changes: Vec<_> = put(mark).collect();
        let key = &last[size - 1];
        changes[size - 1] = Change::insert(marked(key, mark));
        changes
    };
    run.apply(failing(2));
    run.compare("after a batch whose last change fails");
    run.load(failing(3));
    run.compare("after a bulk load whose last change fails");
    run.broken_load(put(4).collect());
    run.compare("after a bulk load whose source ends with an error");
    run.load(put(5).collect());
    run.compare("after a bulk load");
    run.apply(put(6).collect());
    run.compare("after a batch of updates");
    run.read(size);
    if capabilities.durable {
        drop(run.store);
        run.store = fixture.open();
        run.compare("after the store was reopened");
    }
    let gone = last.iter().map(|key| Change::remove(key.clone()));
    run.apply(gone.collect());
    run.compare("after a batch of removals");
}

struct Run {
    store: Box<dyn BindingStore>,
    model: Model,
    /// Keys that are read again and again, so that a cache has them.
    sample: Vec<BindingKey>,
}

impl Run {
    fn perform(&mut self, operation: &Operation, size: usize, what: &str) {
        let (found, expected) = (
            operation.perform(&*self.store),
            self.model.perform(operation),
        );
        require_eq!(Atomic, found, expected, "{what} of {size} changes");
    }

    fn apply(&mut self, changes: Vec<Change>) {
        let size = changes.len();
        let batch = Batch::new(changes).expect("each key once");
        self.perform(&Operation::Apply(batch), size, "a batch");
    }

    fn load(&mut self, changes: Vec<Change>) {
        let size = changes.len();
        self.perform(&Operation::load(changes), size, "a bulk load");
    }

    /// A bulk load whose source ends with an error.
    fn broken_load(&mut self, changes: Vec<Change>) {
        let size = changes.len();
        let source = changes.into_iter().map(Ok);
        let mut source = source.chain([Err(StoreError::ReadOnly)]);
        let result = self.store.bulk_load(&mut source);
        require!(
            Errors,
            matches!(result, Err(StoreError::ReadOnly)),
            "a bulk load of {size} changes whose source ends with the error ReadOnly: expected that \
             error, found {result:?}"
        );
    }

    /// Checks that the store has the contents of the model.
    fn compare(&self, after: &str) {
        for key in &self.sample {
            let (found, expected) = (self.store.get(key).expect("get"), self.model.get(key));
            require_eq!(Linearizable, found, expected.cloned(), "get {after}");
        }
        let found = all_bindings(&*self.store);
        require_eq!(
            Atomic,
            found,
            self.model.all_bindings(),
            "the content {after}"
        );
    }

    /// Reads by key, by ranges and by pages.
    fn read(&self, page: usize) {
        let all = self.model.all_bindings();
        for binding in all.iter().step_by(all.len() / 50 + 1) {
            let found = self.store.get(binding.key()).expect("get");
            require_eq!(
                Linearizable,
                found,
                Some(binding.clone()),
                "get in a large store"
            );
        }
        let (low, high) = (all.len() / 3, all.len() * 2 / 3);
        let range = Scan::range(all[low].key()..all[high].key());
        let found = scan_all(&*self.store, &range);
        require_eq!(
            Scans,
            found,
            all[low..high].to_vec(),
            "a range of a large store"
        );
        self.pages(&all, page);
    }

    /// Each page starts after the last key of the one before.
    fn pages(&self, all: &[Binding], page: usize) {
        let mut found: Vec<Binding> = Vec::new();
        loop {
            let scan = match found.last() {
                Some(last) => Scan::all().after(last.key().clone()),
                None => Scan::all(),
            };
            let bindings = self.store.scan(&scan).expect("a scan starts");
            let before = found.len();
            for binding in bindings.take(page.max(all.len() / 8)) {
                found.push(binding.expect("a scan continues"));
            }
            if found.len() == before || found.len() > all.len() {
                break;
            }
        }
        require_eq!(Scans, found, all.to_vec(), "a scan by pages of {page}");
    }
}
