//! Batches are atomic, return the previous bindings, and can be undone.

#![allow(clippy::unwrap_used)]

use certbind_core::*;
use proptest::prelude::*;

fn binding(key: &str, hash: u8) -> Binding {
    let record = Record::new(CertHash::new([hash; 20]), None, Uuid::nil());
    Binding::new(key.parse().unwrap(), record).unwrap()
}

fn everything(store: &dyn BindingStore) -> Vec<Binding> {
    store
        .scan(&Scan::all())
        .unwrap()
        .collect::<Result<_>>()
        .unwrap()
}

#[test]
fn one_failed_precondition_fails_the_batch() {
    let store = MemoryStore::new();
    store.insert(binding("0.0.0.0:443", 1)).unwrap();
    let before = everything(&store);
    let batch = Batch::new([
        Change::put(binding("0.0.0.0:80", 2)),
        Change::insert(binding("0.0.0.0:443", 3)),
        Change::put(binding("0.0.0.0:81", 2)),
    ]);
    match store.apply(&batch.unwrap()) {
        Err(StoreError::AlreadyExists { key, found }) => {
            assert_eq!(key.to_string(), "ipport=0.0.0.0:443");
            assert_eq!(found.as_deref(), Some(&binding("0.0.0.0:443", 1)));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(everything(&store), before);
}

fn variant(error: &StoreError) -> &'static str {
    match error {
        StoreError::AlreadyExists { .. } => "AlreadyExists",
        StoreError::NotFound { .. } => "NotFound",
        StoreError::Conflict { .. } => "Conflict",
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_precondition_holds_exactly_when_it_should() {
    let held = binding("0.0.0.0:443", 1);
    let other = binding("0.0.0.0:443", 2);
    let exactly = |binding: &Binding| Precondition::Exactly(Box::new(binding.clone()));
    for (expect, when_bound, when_unbound) in [
        (Precondition::Any, None, None),
        (Precondition::Absent, Some("AlreadyExists"), None),
        (Precondition::Present, None, Some("NotFound")),
        (exactly(&held), None, Some("Conflict")),
        (exactly(&other), Some("Conflict"), Some("Conflict")),
    ] {
        for (bound, refusal) in [(true, when_bound), (false, when_unbound)] {
            let store = MemoryStore::new();
            if bound {
                store.insert(held.clone()).unwrap();
            }
            let change = Change::new(held.key().clone(), expect.clone(), None).unwrap();
            let result = store.apply(&change.into());
            assert_eq!(
                result.err().map(|e| variant(&e)),
                refusal,
                "{expect:?}, bound: {bound}"
            );
            assert_eq!(
                everything(&store).len(),
                usize::from(bound && refusal.is_some())
            );
        }
    }
}

#[test]
fn batch_has_each_key_once() {
    let twice = [
        Change::put(binding("0.0.0.0:443", 1)),
        Change::put(binding("0.0.0.0:443", 2)),
    ];
    let error = Batch::new(twice).unwrap_err();
    assert!(error.to_string().contains("ipport=0.0.0.0:443"), "{error}");
    let key: BindingKey = "0.0.0.0:80".parse().unwrap();
    assert!(
        Change::new(
            key.clone(),
            Precondition::Any,
            Some(binding("0.0.0.0:443", 1))
        )
        .is_err()
    );
    let expect = Precondition::Exactly(Box::new(binding("0.0.0.0:443", 1)));
    assert!(Change::new(key, expect, None).is_err());
}

#[test]
fn rotation_changes_the_certificate_only() {
    let store = MemoryStore::new();
    let mut odd = binding("[::]:443", 1).record().clone();
    odd.flags = SslFlags::from_bits_retain(0xdead_beef);
    odd.check_mode = CertCheckMode::from_bits_retain(0x8000_0001);
    odd.revocation_freshness_time = 60;
    odd.ctl_store_name = Some(StoreName::new("adfstrusteddevices").unwrap());
    let odd = Binding::new("[::]:443".parse().unwrap(), odd).unwrap();
    let spelled = binding("hostnameport=a.example:443", 1)
        .with_host_spelling("A.example")
        .unwrap();
    let unrelated = binding("0.0.0.0:80", 9);
    let central = Binding::new("ccs=443".parse().unwrap(), Record::central(Uuid::nil())).unwrap();
    for binding in [&odd, &spelled, &unrelated, &central] {
        store.insert(binding.clone()).unwrap();
    }

    let applied = store
        .rotate(&CertHash::new([1; 20]), &CertHash::new([2; 20]))
        .unwrap();

    let renewed = |binding: &Binding| {
        let mut record = binding.record().clone();
        record.certificate.as_mut().unwrap().hash = CertHash::new([2; 20]);
        binding.clone().with_record(record).unwrap()
    };
    assert_eq!(
        everything(&store),
        [unrelated, renewed(&odd), renewed(&spelled), central]
    );
    assert_eq!(applied.outcomes().len(), 2);
}

#[test]
fn scan_shows_the_state_at_its_start() {
    let store = MemoryStore::new();
    store.insert(binding("0.0.0.0:1", 1)).unwrap();
    store.insert(binding("0.0.0.0:3", 1)).unwrap();
    let mut scan = store.scan(&Scan::all()).unwrap();
    assert_eq!(scan.next().unwrap().unwrap(), binding("0.0.0.0:1", 1));
    store.insert(binding("0.0.0.0:2", 1)).unwrap();
    store.remove(&"0.0.0.0:3".parse().unwrap()).unwrap();
    assert_eq!(scan.next().unwrap().unwrap(), binding("0.0.0.0:3", 1));
    assert!(scan.next().is_none());
}

#[test]
fn a_cursor_never_takes_a_scan_back() {
    let at = |port: u16| format!("0.0.0.0:{port}").parse::<BindingKey>().unwrap();
    let scan = Scan::range(at(5)..).after(at(2));
    assert!(!scan.contains(&at(4)) && scan.contains(&at(5)));
    let scan = Scan::range(at(5)..).after(at(5));
    assert!(!scan.contains(&at(5)) && scan.contains(&at(6)));
}

proptest! {
    #[test]
    fn a_batch_and_its_inverse_leave_no_trace(
        held in prop::collection::vec(strategy::binding_of(strategy::few_keys(&Kind::ALL)), 0..12),
        batch in strategy::batch_of(strategy::few_keys(&Kind::ALL), 8),
    ) {
        let store = MemoryStore::new();
        for binding in held {
            store.put(binding)?;
        }
        let before = everything(&store);
        match store.apply(&batch) {
            Ok(applied) => {
                for outcome in applied.outcomes() {
                    prop_assert_eq!(&store.get(&outcome.key)?, &outcome.after);
                }
                store.apply(&applied.inverse())?;
            }
            Err(_) => prop_assert_eq!(&everything(&store), &before),
        }
        prop_assert_eq!(everything(&store), before);
    }

    #[test]
    fn scan_is_ordered(
        held in prop::collection::vec(strategy::binding_of(strategy::few_keys(&Kind::ALL)), 0..20),
        scan in strategy::scan_of(strategy::few_keys(&Kind::ALL)),
    ) {
        let store = MemoryStore::new();
        for binding in held {
            store.put(binding)?;
        }
        let mut expected = everything(&store);
        prop_assert!(expected.is_sorted_by_key(|binding| binding.key().clone()));
        expected.retain(|binding| scan.contains(binding.key()));
        let found: Vec<_> = store.scan(&scan)?.collect::<Result<_>>()?;
        prop_assert!(!scan.is_empty() || found.is_empty());
        prop_assert_eq!(found, expected);
    }
}
