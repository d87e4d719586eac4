//! A store refuses the operations that its capabilities exclude, and performs all others.

use std::num::NonZeroUsize;

use certbind_core::{
    Batch, Binding, BindingKey, BindingStore, Capabilities, Change, Kind, PropertyValue, Scan,
    SslFlags,
};

use crate::erased::{Fixtures, all_bindings, scan_all};
use crate::fixture::Fixture;
use crate::guarantee::{require, require_eq};
use crate::operation::{Operation, Response};
use crate::sample::{keys, numbered, plain};
use crate::watch;

/// Operations on kinds that the store lacks are refused, alone and in a batch; changes of a store
/// that cannot be written, batches beyond its limit and options that a plain CCS binding cannot
/// have too, and extended properties where they are not supported; operations within its limits
/// succeed; and refused operations change nothing.
///
/// # Panics
/// If a capability is not accurate.
pub fn capabilities_are_accurate<F: Fixture>() {
    watch::run::<F>("capabilities_are_accurate", || check(Fixtures::of::<F>()));
}

fn check(fixtures: Fixtures) {
    let fixture = fixtures.create();
    let store = fixture.open();
    let capabilities = store.capabilities();
    require!(
        Capabilities,
        !capabilities.kinds.is_empty() && capabilities.kinds.is_sorted_by(|a, b| a < b),
        "kinds stand once, in order: {:?}",
        capabilities.kinds
    );
    let before = all_bindings(&*store);
    for kind in Kind::ALL {
        match (capabilities.writable, capabilities.kinds.contains(&kind)) {
            (false, _) => refuses_changes(&*store, &numbered(kind, 7), &Response::ReadOnly),
            (true, true) => takes(&*store, kind),
            (true, false) => lacks(&*store, &capabilities, kind),
        }
    }
    if capabilities.writable {
        let nothing = store.apply(&Batch::default()).expect("an empty batch");
        require!(
            Capabilities,
            nothing.outcomes().is_empty(),
            "an empty batch does nothing"
        );
        if !capabilities.ccs_options && capabilities.kinds.contains(&Kind::Ccs) {
            lacks_ccs_options(&*store);
        }
        if !capabilities.extended_properties {
            lacks_extended_properties(&*store, &capabilities);
        }
        // A limit that no test can reach needs none.
        if let Some(most) = capabilities.max_batch.filter(|most| most.get() < 10_000) {
            has_a_limit(&*store, &capabilities, most);
        }
    }
    require_eq!(
        Capabilities,
        all_bindings(&*store),
        before,
        "nothing is left of it"
    );
}

fn takes(store: &dyn BindingStore, kind: Kind) {
    let key = numbered(kind, 7);
    let response = Operation::Insert(plain(&key)).perform(store);
    require_eq!(
        Capabilities,
        response,
        Response::Done,
        "{kind} is a kind that the store has"
    );
    let response = Operation::Remove(key.clone()).perform(store);
    require_eq!(
        Capabilities,
        response,
        Response::Held(Some(plain(&key))),
        "remove {key}"
    );
}

fn lacks(store: &dyn BindingStore, capabilities: &Capabilities, kind: Kind) {
    let key = numbered(kind, 7);
    let response = Operation::Get(key.clone()).perform(store);
    require_eq!(
        Capabilities,
        response,
        Response::Unsupported,
        "get of {kind}, which it lacks"
    );
    refuses_changes(store, &key, &Response::Unsupported);
    let scanned = scan_all(store, &Scan::all().of_kind(kind));
    require_eq!(
        Capabilities,
        scanned,
        Vec::new(),
        "a scan passes over {kind}, which it lacks"
    );

    let most = capabilities.max_batch.map_or(3, usize::from);
    if most >= 3 {
        let has = |n| Change::put(plain(&numbered(capabilities.kinds[0], n)));
        let batch = Batch::new([has(1), Change::put(plain(&key)), has(2)]);
        let response = Operation::Apply(batch.expect("each key once")).perform(store);
        require_eq!(
            Capabilities,
            response,
            Response::Unsupported,
            "{kind} in the midst of a batch"
        );
    }
}

/// Refuses every change of a key that is not bound.
fn refuses_changes(store: &dyn BindingStore, key: &BindingKey, with: &Response) {
    let binding = plain(key);
    for operation in [
        Operation::Insert(binding.clone()),
        Operation::Update(binding.clone()),
        Operation::Put(binding.clone()),
        Operation::Remove(key.clone()),
        Operation::CompareAndSwap {
            key: key.clone(),
            expected: None,
            new: Some(binding.clone()),
        },
        Operation::Apply(Change::put(binding.clone()).into()),
        Operation::load(vec![Change::put(binding)]),
    ] {
        let response = operation.perform(store);
        require_eq!(Capabilities, response, *with, "refuse {operation}");
    }
}

fn lacks_ccs_options(store: &dyn BindingStore) {
    let plain = plain(&numbered(Kind::Ccs, 8));
    let mut record = plain.record().clone();
    record.flags = SslFlags::DISABLE_HTTP2;
    let binding: Binding = plain.with_record(record).expect("the same kind");
    let refused = store.insert(binding).is_err();
    require!(
        Capabilities,
        refused,
        "options of a plain CCS binding are refused"
    );
}

/// Refuses them for every key, bound or not, and with any other changes in the batch.
fn lacks_extended_properties(store: &dyn BindingStore, capabilities: &Capabilities) {
    for kind in capabilities.kinds.iter().copied() {
        let plain = plain(&numbered(kind, 9));
        let mut record = plain.record().clone();
        let window = PropertyValue::Http2Window {
            receive_window: 65_535,
        };
        record.extended = record.extended.with(window.into());
        let binding = plain.clone().with_record(record).expect("the same kind");
        refuses_to_bind(store, &binding);
        let response = Operation::Insert(plain.clone()).perform(store);
        require_eq!(
            Capabilities,
            response,
            Response::Done,
            "{kind} without extended properties"
        );
        refuses_to_bind(store, &binding);
        let response = Operation::Remove(plain.key().clone()).perform(store);
        require_eq!(
            Capabilities,
            response,
            Response::Held(Some(plain)),
            "remove {kind}"
        );
    }
}

fn refuses_to_bind(store: &dyn BindingStore, binding: &Binding) {
    let held = store.get(binding.key()).expect("get");
    let other = plain(&numbered(binding.key().kind(), 10));
    let batch = Batch::new([Change::put(other), Change::put(binding.clone())]);
    for operation in [
        Operation::Put(binding.clone()),
        Operation::CompareAndSwap {
            key: binding.key().clone(),
            expected: held,
            new: Some(binding.clone()),
        },
        Operation::Apply(batch.expect("each key once")),
    ] {
        let response = operation.perform(store);
        require_eq!(
            Capabilities,
            response,
            Response::Unsupported,
            "extended properties: {operation}"
        );
    }
}

fn has_a_limit(store: &dyn BindingStore, capabilities: &Capabilities, most: NonZeroUsize) {
    let keys = keys(capabilities, most.get() + 1);
    let batch = |keys: &[BindingKey], change: fn(&BindingKey) -> Change| {
        Operation::Apply(Batch::new(keys.iter().map(change)).expect("each key once"))
    };
    let insert = |key: &BindingKey| Change::insert(plain(key));
    let response = batch(&keys, insert).perform(store);
    require_eq!(
        Capabilities,
        response,
        Response::Unsupported,
        "more than {most} changes"
    );
    let within = &keys[..most.get()];
    let response = batch(within, insert).perform(store);
    require!(
        Capabilities,
        !response.is_error(),
        "{most} changes: {response}"
    );
    let response = batch(within, |key| Change::remove(key.clone())).perform(store);
    require!(
        Capabilities,
        !response.is_error(),
        "{most} changes: {response}"
    );
}
