//! Replacing a record, and refusing a batch.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod fake;

use certbind_core::{
    Batch, Binding, BindingKey, BindingStore, Certificate, Change, Kind, StoreError,
};
use certbind_httpapi_abi::win32::{self, ToWin32};
use fake::{Call, Fake, binding, open};

fn writes(fake: &Fake) -> Vec<Call> {
    let mut log = fake.take_log();
    log.retain(|call| call.writes());
    log
}

fn key(text: &str) -> BindingKey {
    text.parse().unwrap()
}

#[test]
fn record_is_replaced_by_one_call() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    store.insert(binding("0.0.0.0:443", 1)).unwrap();
    fake.take_log();
    let before = store.put(binding("0.0.0.0:443", 2)).unwrap();
    assert_eq!(before, Some(binding("0.0.0.0:443", 1)));
    assert_eq!(writes(&fake), [Call::Update]);
    assert_eq!(*fake.records(), [binding("0.0.0.0:443", 2)]);
}

#[test]
fn record_is_deleted_and_set_without_update() {
    for fake in [Fake::without_update(), Fake::with_an_empty_update()] {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&fake, folder.path());
        store.insert(binding("0.0.0.0:443", 1)).unwrap();
        fake.take_log();
        store.update(binding("0.0.0.0:443", 2)).unwrap();
        assert_eq!(writes(&fake), [Call::Delete, Call::Set]);
        assert_eq!(*fake.records(), [binding("0.0.0.0:443", 2)]);
    }
}

#[test]
fn another_spelling_of_the_host_name_takes_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    let plain = binding("hostnameport=www.contoso.com:443", 1);
    let capital = plain.clone().with_host_spelling("WWW.Contoso.com").unwrap();
    for wanted in [&capital, &plain] {
        store.put(wanted.clone()).unwrap();
        assert_eq!(store.get(wanted.key()).unwrap().as_ref(), Some(wanted));
    }
    store.put(capital.clone()).unwrap();
    assert_eq!(store.remove(plain.key()).unwrap(), capital);
}

#[test]
fn a_refused_set_puts_the_old_record_back() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::without_update();
    let store = open(&fake, folder.path());
    let old = binding("0.0.0.0:443", 1);
    store.insert(old.clone()).unwrap();
    let mut refuse = true;
    fake.hook(move |call, after, _| {
        let code = (call == Call::Set && after.is_none() && refuse).then_some(1312);
        refuse &= code.is_none();
        code
    });
    let error = store.update(binding("0.0.0.0:443", 2)).unwrap_err();
    let StoreError::CertificateUnavailable { certificate, .. } = error else {
        panic!("{error}");
    };
    let hash = Some([2; 20].into());
    assert_eq!(certificate.map(|Certificate { hash, .. }| hash), hash);
    assert_eq!(*fake.records(), [old]);
    assert!(!folder.path().join("journal/undo.journal").exists());
}

/// The next open restores the record.
#[test]
fn failed_restoration_is_reported_and_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::without_update();
    let store = open(&fake, folder.path());
    let old = binding("0.0.0.0:443", 1);
    store.insert(old.clone()).unwrap();
    fake.hook(|call, _, _| (call == Call::Set).then_some(1312));
    let error = store.update(binding("0.0.0.0:443", 2)).unwrap_err();
    let StoreError::NotRestored { key, before, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!((key, before.as_deref()), (old.key(), Some(&old)));
    assert_eq!(error.win32_code(), 1312);
    assert_eq!(*fake.records(), []);

    // Until then no other change is made, and opening returns the reason.
    let other = store.insert(binding("[::]:443", 1)).unwrap_err();
    assert!(matches!(other, StoreError::Unavailable { .. }), "{other}");
    drop(store);
    let refused = fake::pending(&open(&fake, folder.path()));
    assert!(
        refused.contains("ipport=0.0.0.0:443") && refused.contains("undo.journal"),
        "{refused}"
    );

    fake.unhook();
    let store = open(&fake, folder.path());
    assert_eq!(fake.records().first(), Some(&old));
    assert_eq!(store.recovery().restored, [old.key().clone()]);
    store.insert(binding("[::]:443", 1)).unwrap();
}

#[test]
fn refusal_at_any_call_is_undone() {
    let keys = [
        "0.0.0.0:443",
        "hostnameport=a.example:443",
        "ccs=443",
        "scopedccs=a.example:443",
    ];
    for make in [Fake::new, Fake::without_update, Fake::with_an_empty_update] {
        for at in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let fake = make();
            let before: Vec<Binding> = keys[..3].iter().map(|key| binding(key, 1)).collect();
            *fake.records() = before.clone();
            let store = open(&fake, folder.path());
            let mut n = 0;
            fake.hook(move |call, after, _| {
                if !call.writes() || after.is_some() {
                    return None;
                }
                n += 1;
                (n == at + 1).then_some(win32::ACCESS_DENIED)
            });
            let mut changes: Vec<_> = keys
                .iter()
                .map(|key| Change::put(binding(key, 2)))
                .collect();
            changes.push(Change::insert(binding("[::]:443", 2)));
            let result = store.apply(&Batch::new(changes).unwrap());
            fake.unhook();
            let Err(error) = result else {
                assert!(at >= 5, "{at} calls make no batch of five");
                break;
            };
            assert!(
                matches!(error, StoreError::AccessDenied { key: Some(_), .. }),
                "{error}"
            );
            assert_eq!(fake.sorted(), before, "refused at call {at}");
            store.insert(binding("[::]:444", 1)).unwrap();
            assert_eq!(store.recovery().restored, []);
        }
    }
}

#[test]
fn a_kind_that_this_windows_lacks_is_unsupported() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::of_kinds(&[Kind::IpPort]);
    let store = open(&fake, folder.path());
    assert_eq!(store.capabilities().kinds, [Kind::IpPort]);
    let sni = binding("hostnameport=a.example:443", 1);
    assert!(matches!(
        store.get(sni.key()),
        Err(StoreError::Unsupported { .. })
    ));
    let both = [binding("0.0.0.0:443", 1), sni].map(Change::insert);
    let error = store.apply(&Batch::new(both).unwrap()).unwrap_err();
    assert!(matches!(error, StoreError::Unsupported { .. }), "{error}");
    assert_eq!(*fake.records(), []);
    store.insert(binding("0.0.0.0:443", 1)).unwrap();
    assert_eq!(store.scan(&certbind_core::Scan::all()).unwrap().count(), 1);
}

/// It is initialized for configuration only.
#[test]
fn api_is_initialized_and_terminated_with_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    assert_eq!(fake.initialized(), [2]);
    drop(store);
    assert_eq!(fake.initialized(), []);
    fake.hook(|_, _, _| Some(win32::ACCESS_DENIED));
    drop(open(&fake, folder.path()));
    assert_eq!(fake.initialized(), []);
}

#[test]
fn both_forms_of_an_idn_find_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    let unicode = binding("hostnameport=bücher.example:443", 1);
    let unicode = unicode.with_host_spelling("bücher.example").unwrap();
    *fake.records() = vec![unicode.clone()];
    // HTTP.sys compares the names unchanged.
    let mut queries = 0;
    fake.hook(move |call, _, _| match call {
        Call::Exact { .. } => {
            queries += 1;
            (queries == 1).then_some(win32::FILE_NOT_FOUND)
        }
        _ => None,
    });
    assert_eq!(store.get(unicode.key()).unwrap(), Some(unicode));
    assert_eq!(
        store.get(&key("hostnameport=other.example:443")).unwrap(),
        None
    );
}

#[test]
fn an_api_that_stores_nothing_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    fake.store_nothing();
    let error = fake::try_open(&fake, folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::Unsupported { .. }), "{error}");
}
