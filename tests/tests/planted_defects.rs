//! The suite is itself tested: each defect here is planted in a store that is otherwise right, and
//! the check that is meant for it has to find it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use conformance::Subject;
use store_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, CertHash, Change,
    Expect, IpPort, MemoryStore, Record, Result, Scan, SslFlags, StoreError, StoreName,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
    None,
    LosesOneDelete,
    LeavesHalfOfAFailedBatch,
    IgnoresAbsent,
    IgnoresExactly,
    FoldsUnknownFlags,
    OrdersPortsAsText,
    TakesNoStoreNameForMy,
    ForgetsWhenReopened,
    AnswersFromBeforeTheLastWrite,
    RepeatsABindingInAScan,
    IncludesTheCursor,
    EndsARangeTooEarly,
    DropsTheHostSpelling,
    LowersStoreNames,
    ChecksThenActs,
    ShowsHalfABatch,
    FailsAfterChanging,
    ForgetsWhatWasThere,
    UpdatesWhatIsNotBound,
    SwapsTheTimes,
    SwallowsErrors,
    ScansLive,
    ForgetsWhatItFound,
    RotatesOptionsAway,
    FoldsScopes,
    LosesTheEndOfABatch,
    ClaimsAKindItLacks,
}

/// A store with a defect, over one without.
struct Planted {
    inner: Arc<MemoryStore>,
    defect: Defect,
    calls: AtomicU64,
    before: Mutex<Vec<Binding>>,
}

impl Planted {
    fn every(&self, n: u64) -> bool {
        self.calls.fetch_add(1, Ordering::SeqCst) % n == n - 1
    }

    fn all(&self) -> Vec<Binding> {
        let scan = self.inner.scan(&Scan::all()).expect("scan");
        scan.collect::<Result<_>>().expect("scan")
    }

    /// The binding as the defective store keeps it.
    fn bent(&self, binding: &Binding) -> Binding {
        let mut record = binding.record().clone();
        let name = record
            .certificate
            .as_mut()
            .map(|certificate| &mut certificate.store_name);
        match (self.defect, name) {
            (Defect::FoldsUnknownFlags, _) => {
                record.flags = SslFlags::from_bits_retain(record.flags.bits() & 0xffff);
            }
            (Defect::TakesNoStoreNameForMy, Some(name @ None)) => {
                *name = Some(StoreName::new("MY").expect("a name"));
            }
            (Defect::LowersStoreNames, Some(Some(name))) => {
                *name = StoreName::new(&name.as_str().to_lowercase()).expect("a name");
            }
            (Defect::SwapsTheTimes, _) => std::mem::swap(
                &mut record.revocation_freshness_time,
                &mut record.url_retrieval_timeout,
            ),
            _ => {}
        }
        let key = self.folded(binding.key());
        let bent = Binding::new(key, record).expect("the same kind");
        match binding.host_spelling() {
            Some(host) if self.defect != Defect::DropsTheHostSpelling => {
                bent.with_host_spelling(host).expect("the same host")
            }
            _ => bent,
        }
    }

    fn folded(&self, key: &BindingKey) -> BindingKey {
        match key {
            BindingKey::IpPort(endpoint) if self.defect == Defect::FoldsScopes => {
                let addr = std::net::SocketAddr::new(endpoint.ip(), endpoint.port().get());
                BindingKey::IpPort(IpPort::new(addr).expect("a port"))
            }
            _ => key.clone(),
        }
    }

    fn expectation(&self, expect: &Expect) -> Expect {
        match (self.defect, expect) {
            (Defect::IgnoresAbsent, Expect::Absent) => Expect::Any,
            (Defect::IgnoresExactly, Expect::Exactly(_)) => Expect::Present,
            (_, Expect::Exactly(binding)) => Expect::Exactly(Box::new(self.bent(binding))),
            (_, expect) => expect.clone(),
        }
    }

    fn put_back(&self, bindings: &[Binding]) {
        let now = self.all().into_iter().map(|binding| binding.key().clone());
        let gone = now.filter(|key| !bindings.iter().any(|binding| binding.key() == key));
        let mut changes: Vec<_> = gone.map(Change::remove).collect();
        changes.extend(bindings.iter().cloned().map(Change::put));
        self.inner
            .apply(&Batch::new(changes).expect("each key once"))
            .expect("apply");
    }
}

impl BindingStore for Planted {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = self.inner.capabilities();
        capabilities.durable = true;
        capabilities
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        if self.defect == Defect::AnswersFromBeforeTheLastWrite {
            let before = self.before.lock().expect("no panic");
            return Ok(before.iter().find(|binding| binding.key() == key).cloned());
        }
        self.inner.get(&self.folded(key))
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        use std::ops::Bound;
        let (start, end) = scan.bounds();
        let scan = match (self.defect, start, end) {
            (Defect::IncludesTheCursor, Bound::Excluded(key), end) => with_kind(
                Scan::range((Bound::Included(key.clone()), end.cloned())),
                scan,
            ),
            (Defect::EndsARangeTooEarly, start, Bound::Included(key)) => with_kind(
                Scan::range((start.cloned(), Bound::Excluded(key.clone()))),
                scan,
            ),
            _ => scan.clone(),
        };
        if self.defect == Defect::ScansLive {
            let mut last = None;
            return Ok(Bindings::new(std::iter::from_fn(move || {
                thread::sleep(Duration::from_micros(20));
                let rest = match &last {
                    Some(key) => scan.clone().after(BindingKey::clone(key)),
                    None => scan.clone(),
                };
                let next = self.inner.scan(&rest).expect("scan").next();
                if let Some(Ok(binding)) = &next {
                    last = Some(binding.key().clone());
                }
                next
            })));
        }
        let mut found: Vec<_> = self.inner.scan(&scan)?.collect::<Result<_>>()?;
        match self.defect {
            Defect::OrdersPortsAsText => found.sort_by_key(|binding| binding.key().to_string()),
            Defect::RepeatsABindingInAScan if found.len() > 2 => found.insert(1, found[0].clone()),
            _ => {}
        }
        Ok(Bindings::new(found.into_iter().map(Ok)))
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        let all = self.all();
        *self.before.lock().expect("no panic") = all.clone();
        let mut changes: Vec<_> = batch
            .changes()
            .iter()
            .map(|change| {
                let key = self.folded(change.key());
                let becomes = change.becomes().map(|binding| self.bent(binding));
                Change::new(key, self.expectation(change.expect()), becomes).expect("one key")
            })
            .collect();
        match self.defect {
            Defect::LosesOneDelete
                if changes.len() == 1 && changes[0].becomes().is_none() && self.every(2) =>
            {
                return batch.check(|key| self.inner.get(key));
            }
            Defect::LeavesHalfOfAFailedBatch => {
                let whole = Batch::new(changes.clone())?;
                if let Err(error) = whole.check(|key| self.inner.get(key)) {
                    for change in changes {
                        if self.inner.apply(&change.into()).is_err() {
                            break;
                        }
                    }
                    return Err(error);
                }
            }
            Defect::ChecksThenActs => {
                let checked = Batch::new(changes.clone())?.check(|key| self.inner.get(key))?;
                thread::sleep(Duration::from_micros(200));
                let blind = batch.changes().iter().map(|change| {
                    Change::new(change.key().clone(), Expect::Any, change.becomes().cloned())
                });
                self.inner
                    .apply(&Batch::new(blind.collect::<Result<Vec<_>>>()?)?)?;
                return Ok(checked);
            }
            Defect::ShowsHalfABatch => {
                let checked = Batch::new(changes.clone())?.check(|key| self.inner.get(key))?;
                for change in changes {
                    self.inner.apply(&change.into())?;
                    thread::sleep(Duration::from_micros(20));
                }
                return Ok(checked);
            }
            Defect::FailsAfterChanging if self.every(5) => {
                self.inner.apply(&Batch::new(changes)?)?;
                return Err(StoreError::Unavailable {
                    reason: "planted".into(),
                });
            }
            Defect::LosesTheEndOfABatch if changes.len() > 3 => {
                let checked = Batch::new(changes.clone())?.check(|key| self.inner.get(key))?;
                changes.pop();
                self.inner.apply(&Batch::new(changes)?)?;
                return Ok(checked);
            }
            Defect::ClaimsAKindItLacks => {
                if let Some(change) = changes
                    .iter()
                    .find(|c| c.key().kind() == store_core::Kind::ScopedCcs)
                {
                    return Err(StoreError::unsupported_kind(change.key().kind()));
                }
            }
            _ => {}
        }
        match (self.defect, self.inner.apply(&Batch::new(changes)?)) {
            (Defect::ForgetsWhatWasThere, Ok(applied)) => {
                // The same changes, as they look on an empty store.
                let empty = MemoryStore::new();
                let puts = applied.outcomes().iter().map(|outcome| {
                    Change::new(outcome.key.clone(), Expect::Any, outcome.after.clone())
                });
                empty.apply(&Batch::new(puts.collect::<Result<Vec<_>>>()?)?)
            }
            (Defect::SwallowsErrors, Err(StoreError::AlreadyExists { .. })) => {
                Ok(Applied::default())
            }
            (Defect::ForgetsWhatItFound, Err(StoreError::Conflict { key, expected, .. })) => {
                Err(StoreError::Conflict {
                    key,
                    expected,
                    found: None,
                })
            }
            (_, result) => result,
        }
    }

    fn update(&self, binding: Binding) -> Result<Binding> {
        if self.defect == Defect::UpdatesWhatIsNotBound {
            return Ok(self.put(binding.clone())?.unwrap_or(binding));
        }
        let key = binding.key().clone();
        let applied = self.apply(&Change::update(binding).into())?;
        let before = applied
            .outcomes()
            .first()
            .and_then(|outcome| outcome.before.clone());
        before.ok_or(StoreError::NotFound { key })
    }

    fn rotate(&self, old: &CertHash, new: &CertHash) -> Result<Applied> {
        let batch = self.rotation(old, new)?;
        if self.defect != Defect::RotatesOptionsAway {
            return self.apply(&batch);
        }
        let changes = batch.changes().iter().map(|change| {
            let renewed = change.becomes().expect("a rotation binds");
            let bare = Record {
                flags: SslFlags::empty(),
                ..renewed.record().clone()
            };
            let becomes = renewed.clone().with_record(bare)?;
            Change::new(change.key().clone(), change.expect().clone(), Some(becomes))
        });
        self.apply(&Batch::new(changes.collect::<Result<Vec<_>>>()?)?)
    }
}

fn with_kind(scan: Scan, asked: &Scan) -> Scan {
    match asked.kind() {
        Some(kind) => scan.of_kind(kind),
        None => scan,
    }
}

/// A place with a planted store. What is durable is kept by the place.
struct Place<const DEFECT: usize>(Arc<MemoryStore>);

const DEFECTS: [Defect; 28] = [
    Defect::None,
    Defect::LosesOneDelete,
    Defect::LeavesHalfOfAFailedBatch,
    Defect::IgnoresAbsent,
    Defect::IgnoresExactly,
    Defect::FoldsUnknownFlags,
    Defect::OrdersPortsAsText,
    Defect::TakesNoStoreNameForMy,
    Defect::ForgetsWhenReopened,
    Defect::AnswersFromBeforeTheLastWrite,
    Defect::RepeatsABindingInAScan,
    Defect::IncludesTheCursor,
    Defect::EndsARangeTooEarly,
    Defect::DropsTheHostSpelling,
    Defect::LowersStoreNames,
    Defect::ChecksThenActs,
    Defect::ShowsHalfABatch,
    Defect::FailsAfterChanging,
    Defect::ForgetsWhatWasThere,
    Defect::UpdatesWhatIsNotBound,
    Defect::SwapsTheTimes,
    Defect::SwallowsErrors,
    Defect::ScansLive,
    Defect::ForgetsWhatItFound,
    Defect::RotatesOptionsAway,
    Defect::FoldsScopes,
    Defect::LosesTheEndOfABatch,
    Defect::ClaimsAKindItLacks,
];

impl<const DEFECT: usize> Subject for Place<DEFECT> {
    type Store = Planted;

    const KEEPS_FAILURES: bool = false;

    fn new() -> Self {
        Self(Arc::default())
    }

    fn open(&self) -> Planted {
        let defect = DEFECTS[DEFECT];
        let planted = Planted {
            inner: Arc::clone(&self.0),
            defect,
            calls: AtomicU64::new(0),
            before: Mutex::default(),
        };
        if defect == Defect::ForgetsWhenReopened {
            planted.put_back(&[]);
        }
        planted
    }
}

macro_rules! found {
    ($($test:ident: $defect:ident by $check:ident;)*) => {$(
        #[test]
        fn $test() {
            const DEFECT: usize = Defect::$defect as usize;
            assert_eq!(DEFECTS[DEFECT], Defect::$defect);
            let result = catch_unwind(AssertUnwindSafe(conformance::$check::<Place<DEFECT>>));
            assert!(result.is_err(), "{:?} was not found", Defect::$defect);
        }
    )*};
}

found! {
    a_lost_delete: LosesOneDelete by sequences_follow_the_model;
    half_of_a_failed_batch: LeavesHalfOfAFailedBatch by sequences_follow_the_model;
    an_ignored_absent: IgnoresAbsent by sequences_follow_the_model;
    an_ignored_absent_among_threads: IgnoresAbsent by keys_are_unique;
    an_ignored_exactly: IgnoresExactly by sequences_follow_the_model;
    an_ignored_exactly_among_threads: IgnoresExactly by operations_are_linearizable;
    folded_flags: FoldsUnknownFlags by every_field_is_kept;
    ports_ordered_as_text: OrdersPortsAsText by scans;
    an_invented_store_name: TakesNoStoreNameForMy by every_field_is_kept;
    a_store_that_forgets: ForgetsWhenReopened by sequences_follow_the_model;
    a_store_that_forgets_its_fields: ForgetsWhenReopened by every_field_is_kept;
    a_stale_get: AnswersFromBeforeTheLastWrite by sequences_follow_the_model;
    a_stale_get_among_threads: AnswersFromBeforeTheLastWrite by operations_are_linearizable;
    a_repeated_binding: RepeatsABindingInAScan by scans;
    an_included_cursor: IncludesTheCursor by scans;
    a_range_that_ends_too_early: EndsARangeTooEarly by scans;
    a_dropped_spelling: DropsTheHostSpelling by every_field_is_kept;
    lowered_store_names: LowersStoreNames by every_field_is_kept;
    a_check_apart_from_its_act: ChecksThenActs by keys_are_unique;
    a_check_apart_from_its_act_in_histories: ChecksThenActs by operations_are_linearizable;
    half_a_batch_in_sight: ShowsHalfABatch by batches_are_atomic;
    an_error_after_a_change: FailsAfterChanging by sequences_follow_the_model;
    a_forgotten_before: ForgetsWhatWasThere by sequences_follow_the_model;
    an_update_that_inserts: UpdatesWhatIsNotBound by sequences_follow_the_model;
    swapped_times: SwapsTheTimes by every_field_is_kept;
    a_swallowed_error: SwallowsErrors by sequences_follow_the_model;
    a_scan_of_many_instants: ScansLive by scans;
    a_scan_of_many_instants_among_threads: ScansLive by batches_are_atomic;
    a_conflict_that_does_not_say_what_it_found: ForgetsWhatItFound by sequences_follow_the_model;
    a_rotation_that_loses_options: RotatesOptionsAway by sequences_follow_the_model;
    folded_scopes: FoldsScopes by every_field_is_kept;
    a_lost_end_of_a_batch: LosesTheEndOfABatch by sequences_follow_the_model;
    a_kind_that_is_not_there: ClaimsAKindItLacks by capabilities_are_honest;
}

conformance::suite!(without_a_defect, Place<{ Defect::None as usize }>);
