//! Extended properties of a key, as a C program sets, queries and deletes them, and as the store that
//! writes through keeps them.

#![allow(clippy::unwrap_used)]
#![allow(unsafe_code, reason = "calls a C interface")]

mod caller;

use std::sync::Arc;

use caller::{Caller, Function, binding, simulator};
use certbind_core::{
    Binding, BindingKey, BindingStore, ExtendedProperties, Kind, MemoryStore, Property,
    PropertyType, PropertyValue, Scan, SslFlags, strategy,
};
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::client::{
    PropertyQuery, Request, read_property, with_delete_property, with_query_property,
    with_set_property,
};
use certbind_httpapi_abi::{property_id, property_kind_of};
use certbind_httpsys::HttpSysStore;
use certbind_simulator::{Call, Privilege, Profile, Simulator};

const KEYS: [&str; 4] = [
    "0.0.0.0:443",
    "hostnameport=a.example:443",
    "ccs=443",
    "scopedccs=a.example:443",
];

fn window(receive_window: u32) -> Property {
    PropertyValue::Http2Window { receive_window }.into()
}

fn performance() -> Property {
    let setting = certbind_core::PerformanceSetting::new(2, &[1, 2, 3]).unwrap();
    PropertyValue::Performance(setting).into()
}

fn change(caller: &Caller<'_>, function: Function, key: &BindingKey, property: &Property) -> u32 {
    // SAFETY: the request is complete.
    let call = |request: Request| unsafe {
        caller.change(function, request.id, request.pointer, request.length)
    };
    match function {
        Function::Delete => with_delete_property(key, None, property.property_type(), call),
        Function::Set | Function::Update => with_set_property(key, None, property, call),
    }
}

/// The answer of a query, with a buffer of the size that it requests.
fn ask(caller: &Caller<'_>, query: PropertyQuery<'_>) -> Result<(BindingKey, Property), u32> {
    with_query_property(query, |request| {
        let mut needed = caller::UNTOUCHED;
        let mut call = |output: &mut [u64]| {
            let room = u32::try_from(size_of_val(output)).unwrap();
            // SAFETY: the request is complete, and the output is as long as stated.
            let code = unsafe {
                HttpApi::query(
                    caller.api,
                    caller.handle,
                    request.id,
                    request.pointer,
                    request.length,
                    output.as_mut_ptr().cast(),
                    room,
                    &raw mut needed,
                    caller.overlapped,
                )
            };
            (code, needed)
        };
        let (code, needed) = call(&mut []);
        if code != 122 {
            return Err(code);
        }
        let mut buffer = vec![0_u64; needed.div_ceil(8) as usize];
        assert_eq!(call(&mut buffer), (0, needed));
        // SAFETY: the same memory, as bytes.
        let bytes =
            unsafe { std::slice::from_raw_parts(buffer.as_ptr().cast::<u8>(), needed as usize) };
        let kind = property_kind_of(request.id).unwrap();
        Ok(read_property(kind, bytes).unwrap())
    })
}

fn exact(caller: &Caller<'_>, key: &BindingKey, property: PropertyType) -> Result<Property, u32> {
    let host_spelling = None;
    let found = ask(
        caller,
        PropertyQuery::Exact {
            key,
            host_spelling,
            property,
        },
    )?;
    assert_eq!(found.0, *key);
    Ok(found.1)
}

#[test]
fn properties_use_the_id_of_their_kind() {
    let simulator = simulator();
    let caller = Caller::new(&simulator);
    for key in KEYS {
        let bound = binding(key);
        let key = bound.key();
        let kind = key.kind();
        assert_eq!(change(&caller, Function::Set, key, &window(1)), 2, "{key}");
        assert_eq!(exact(&caller, key, PropertyType::Http2Window), Err(2));
        assert_eq!(caller.asks(Function::Set, &bound), 0);

        let default = window(1_048_576);
        assert_eq!(exact(&caller, key, PropertyType::Http2Window), Ok(default));
        assert_eq!(exact(&caller, key, PropertyType::Performance), Err(2));
        assert_eq!(change(&caller, Function::Set, key, &window(1)), 0, "{key}");
        assert_eq!(change(&caller, Function::Set, key, &window(2)), 0, "{key}");
        assert_eq!(change(&caller, Function::Update, key, &performance()), 0);
        assert_eq!(
            exact(&caller, key, PropertyType::Http2Window),
            Ok(window(2))
        );
        assert_eq!(
            exact(&caller, key, PropertyType::Performance),
            Ok(performance())
        );

        let next = |property, token| PropertyQuery::Next {
            kind,
            token,
            property,
        };
        let at = |property, token| ask(&caller, next(property, token));
        assert_eq!(
            at(PropertyType::Http2Window, 0),
            Ok((key.clone(), window(2)))
        );
        assert_eq!(at(PropertyType::Http2Window, 1), Err(259));
        assert_eq!(at(PropertyType::ErrorHeaders, 0), Err(259));

        assert_eq!(
            change(&caller, Function::Delete, key, &window(0)),
            0,
            "{key}"
        );
        assert_eq!(
            change(&caller, Function::Delete, key, &window(0)),
            2,
            "{key}"
        );
        assert_eq!(at(PropertyType::Http2Window, 0), Err(259));
        let kept = simulator.get(key).unwrap().unwrap();
        let expected = ExtendedProperties::new([performance()]).unwrap();
        assert_eq!(kept.record().extended, expected);
    }
}

#[test]
fn update_keeps_properties_and_deletion_removes_them() {
    let simulator = simulator();
    let caller = Caller::new(&simulator);
    let bound = binding("0.0.0.0:443");
    let key = bound.key();
    assert_eq!(caller.asks(Function::Set, &bound), 0);
    assert_eq!(change(&caller, Function::Set, key, &window(7)), 0);
    let mut record = bound.record().clone();
    record.flags = SslFlags::REJECT;
    let other = bound.clone().with_record(record).unwrap();
    assert_eq!(caller.asks(Function::Update, &other), 0);
    let kept = simulator.get(key).unwrap().unwrap();
    assert_eq!(kept.record().flags, SslFlags::REJECT);
    assert_eq!(
        exact(&caller, key, PropertyType::Http2Window),
        Ok(window(7))
    );
    assert_eq!(caller.asks(Function::Delete, &bound), 0);
    assert_eq!(caller.asks(Function::Set, &bound), 0);
    assert!(
        simulator
            .get(key)
            .unwrap()
            .unwrap()
            .record()
            .extended
            .is_empty()
    );
}

#[test]
fn a_windows_without_them_answers_87() {
    for profile in Profile::ALL {
        let simulator = simulator().profile(profile);
        let caller = Caller::new(&simulator);
        let bound = binding("0.0.0.0:443");
        assert_eq!(caller.asks(Function::Set, &bound), 0);
        let has = profile >= Profile::Server2019;
        let code = change(&caller, Function::Set, bound.key(), &window(7));
        assert_eq!(code, if has { 0 } else { 87 }, "{profile}");
        let found = exact(&caller, bound.key(), PropertyType::Http2Window);
        let expected = if has { Ok(window(7)) } else { Err(87) };
        assert_eq!(found, expected, "{profile}");
    }
}

#[test]
fn a_standard_user_reads_them_and_changes_none() {
    let simulator = simulator().privilege(Privilege::StandardUser);
    let caller = Caller::new(&simulator);
    let bound = extended("0.0.0.0:443", [window(7)]);
    simulator.insert(bound.clone()).unwrap();
    for function in [Function::Set, Function::Update, Function::Delete] {
        assert_eq!(change(&caller, function, bound.key(), &window(8)), 5);
    }
    let found = exact(&caller, bound.key(), PropertyType::Http2Window);
    assert_eq!(found, Ok(window(7)));
}

#[test]
fn property_calls_are_counted() {
    let simulator = simulator();
    let caller = Caller::new(&simulator);
    let bound = binding("ccs=443");
    assert_eq!(caller.asks(Function::Set, &bound), 0);
    simulator.fail(Call::Update, 1, 1450);
    assert_eq!(
        change(&caller, Function::Update, bound.key(), &window(7)),
        1450
    );
    assert_eq!(
        change(&caller, Function::Update, bound.key(), &window(7)),
        0
    );
    simulator.fail(Call::QueryNext, 1, 1450);
    let query = PropertyQuery::Next {
        kind: Kind::Ccs,
        token: 0,
        property: PropertyType::Http2Window,
    };
    assert_eq!(ask(&caller, query), Err(1450));
}

#[test]
fn short_or_unknown_structure_is_refused() {
    let simulator = simulator();
    let caller = Caller::new(&simulator);
    let bound = binding("ccs=443");
    assert_eq!(caller.asks(Function::Set, &bound), 0);
    with_set_property(bound.key(), None, &window(7), |request| {
        // SAFETY: at least the stated number of bytes is valid.
        let code = unsafe {
            caller.change(
                Function::Set,
                request.id,
                request.pointer,
                request.length - 1,
            )
        };
        assert_eq!(code, 122);
        assert_eq!(request.id, property_id(Kind::Ccs));
        // SAFETY: the request is complete.
        let mut bytes = unsafe {
            std::slice::from_raw_parts(request.pointer.cast::<u8>(), request.length as usize)
        }
        .to_vec();
        bytes[128] = 6;
        let pointer = bytes.as_ptr().cast();
        // SAFETY: no pointer is in it.
        let code = unsafe { caller.change(Function::Set, request.id, pointer, request.length) };
        assert_eq!(code, 87);
    });
}

fn extended<const N: usize>(key: &str, properties: [Property; N]) -> Binding {
    let bound = binding(key);
    let mut record = bound.record().clone();
    record.extended = ExtendedProperties::new(properties).unwrap();
    bound.with_record(record).unwrap()
}

/// A store over a simulator, which fails at calls of the test's choosing.
fn store() -> (
    Arc<Simulator>,
    HttpSysStore<Arc<Simulator>>,
    tempfile::TempDir,
) {
    let simulator = Arc::new(Simulator::new(Arc::new(MemoryStore::new())));
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let store = HttpSysStore::builder(Arc::clone(&simulator))
        .journal(journal)
        .open()
        .unwrap();
    (simulator, store, folder)
}

#[test]
fn changes_made_outside_show_in_every_enumeration() {
    let memory = Arc::new(MemoryStore::new());
    let kept: Arc<dyn BindingStore> = Arc::<MemoryStore>::clone(&memory);
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let store = HttpSysStore::builder(Simulator::new(kept))
        .journal(journal)
        .open()
        .unwrap();
    let scanned = || -> Vec<Binding> {
        store
            .scan(&Scan::all())
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    };
    for number in 1..4 {
        let bound = extended("0.0.0.0:443", [window(number), performance()]);
        memory.put(bound.clone()).unwrap();
        assert_eq!(scanned(), [bound]);
    }
}

#[test]
fn refusal_at_any_call_is_undone() {
    let first = extended("0.0.0.0:443", [window(1), performance()]);
    let second = extended("0.0.0.0:443", [window(2)]);
    let plain = binding("0.0.0.0:443");
    let all = [None, Some(&first), Some(&second), Some(&plain)];
    let mut refused = 0;
    for before in all {
        for after in all {
            for function in [Call::Set, Call::Update, Call::Delete] {
                for nth in 1..4 {
                    let (simulator, store, _folder) = store();
                    if let Some(before) = before {
                        simulator.put(before.clone()).unwrap();
                    }
                    // A refusal: transient codes are retried.
                    simulator.fail(function, nth, 1312);
                    let key = plain.key();
                    let done = store.compare_and_swap(key, before.cloned(), after.cloned());
                    refused += u32::from(done.is_err());
                    let expected = if done.is_ok() { after } else { before };
                    assert_eq!(
                        simulator.get(key).unwrap().as_ref(),
                        expected,
                        "{function:?} {nth}, from {before:?} to {after:?}: {done:?}"
                    );
                }
            }
        }
    }
    // Inserts and deletions; a refused update is done by deletion and set, a refused property again.
    assert!(refused >= 6, "{refused}");
}

#[test]
fn interruption_at_any_call_is_undone() {
    let first = extended("0.0.0.0:443", [window(1), performance()]);
    let second = extended("0.0.0.0:443", [window(2)]);
    let mut record = second.record().clone();
    record.flags = SslFlags::REJECT;
    let second = second.with_record(record).unwrap();
    let plain = binding("0.0.0.0:443");
    let mut undone = 0;
    for before in [None, Some(&first), Some(&plain)] {
        for function in [Call::Set, Call::Update, Call::Delete] {
            for nth in 1..4 {
                let (simulator, store, folder) = store();
                if let Some(before) = before {
                    simulator.put(before.clone()).unwrap();
                }
                simulator.before(function, nth, || panic!("the process ends here"));
                let change = || store.put(second.clone()).map(drop);
                let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(change));
                drop(store);
                let journal = folder.path().join("journal");
                let store = HttpSysStore::builder(Arc::clone(&simulator))
                    .journal(journal)
                    .open()
                    .unwrap();
                undone += store.recovery().restored.len();
                assert_eq!(store.recovery().conflicts, []);
                let expected = if done.is_ok() { Some(&second) } else { before };
                let found = simulator.get(plain.key()).unwrap();
                assert_eq!(
                    found.as_ref(),
                    expected,
                    "{function:?} {nth}, from {before:?}"
                );
            }
        }
    }
    assert_eq!(undone, 4);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 32, failure_persistence: None, ..Default::default() })]

    #[test]
    fn store_and_simulator_agree(
        bindings in proptest::collection::vec(strategy::binding_of(strategy::few_keys(&[Kind::Sni, Kind::ScopedCcs])), 1..6),
    ) {
        let (simulator, store, _folder) = store();
        for binding in bindings {
            store.put(binding.clone()).unwrap();
            assert_eq!(simulator.get(binding.key()).unwrap().as_ref(), Some(&binding));
            assert_eq!(store.get(binding.key()).unwrap().as_ref(), Some(&binding));
        }
    }
}
