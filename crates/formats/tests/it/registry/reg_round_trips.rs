//! Every registry export that is written restores its bindings.

use std::collections::HashSet;

use certbind_core::{Binding, ExtendedProperties, PropertyValue};
use certbind_formats::{ReadOptions, WriteError, json, read, reg};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::listings::{cases, export};

/// Any binding that a registry export can represent.
fn binding() -> impl Strategy<Value = Binding> {
    certbind_core::strategy::binding().prop_map(|binding| {
        let mut record = binding.record().clone();
        record.extended = ExtendedProperties::default();
        binding.with_record(record).unwrap()
    })
}

/// Bindings in the order of their keys.
pub(super) fn sorted(mut bindings: Vec<Binding>) -> Vec<Binding> {
    bindings.sort_by(|a, b| a.key().cmp(b.key()));
    bindings
}

fn each_key_once(mut bindings: Vec<Binding>) -> Vec<Binding> {
    let mut seen = HashSet::new();
    bindings.retain(|binding| seen.insert(binding.key().clone()));
    bindings
}

/// Asserts that these are the expected bindings, and prints the first difference.
#[track_caller]
pub(super) fn assert_same(found: Vec<Binding>, expected: &[Binding]) {
    let found = sorted(found);
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());
}

/// The text of a file as Windows writes it.
pub(super) fn text_of(file: &[u8]) -> String {
    let units = file[2..].as_chunks::<2>().0.iter();
    let units: Vec<_> = units.map(|unit| u16::from_le_bytes(*unit)).collect();
    String::from_utf16(&units).unwrap()
}

/// Bindings of every sort, the same each time, in the order of their keys.
pub(super) fn some_bindings(count: usize) -> Vec<Binding> {
    let mut runner = TestRunner::deterministic();
    let drawn = (0..count).map(|_| binding().new_tree(&mut runner).unwrap().current());
    sorted(each_key_once(drawn.collect()))
}

/// Whether no text of a binding has control characters in it.
pub(super) fn is_plain(binding: &Binding) -> bool {
    let record = binding.record();
    let store = record
        .certificate
        .as_ref()
        .and_then(|certificate| certificate.store_name.as_ref());
    let texts = [
        store.map(ToString::to_string),
        record.ctl_identifier.as_ref().map(ToString::to_string),
        record.ctl_store_name.as_ref().map(ToString::to_string),
    ];
    !texts
        .into_iter()
        .flatten()
        .any(|text| text.chars().any(char::is_control))
}

/// The file of bindings.
pub(super) fn written(bindings: Vec<Binding>) -> Vec<u8> {
    let mut file = Vec::new();
    reg::write(&mut file, &export(bindings)).unwrap();
    file
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn every_binding_comes_back(bindings in proptest::collection::vec(binding(), 0..8)) {
        let bindings = sorted(each_key_once(bindings));
        let file = written(bindings.clone());
        let reading = read(&file, &ReadOptions::default()).unwrap();
        if !bindings.is_empty() {
            prop_assert_eq!(&reading.warnings, &[]);
        }
        prop_assert_eq!(sorted(reading.export.bindings), bindings);
    }

    #[test]
    fn the_order_of_the_bindings_does_not_matter(
        bindings in proptest::collection::vec(binding(), 0..8),
    ) {
        let bindings = each_key_once(bindings);
        let backwards = bindings.iter().rev().cloned().collect();
        prop_assert_eq!(written(bindings), written(backwards));
    }

    #[test]
    fn a_text_saved_in_utf_8_is_the_same(bindings in proptest::collection::vec(binding(), 0..4)) {
        let bindings = sorted(each_key_once(bindings));
        let file = written(bindings.clone());
        let text = text_of(&file);
        for saved in [text.clone(), text.replace("\r\n", "\n"), format!("\u{feff}{text}")] {
            let reading = read(saved.as_bytes(), &ReadOptions::default()).unwrap();
            prop_assert_eq!(&sorted(reading.export.bindings), &bindings);
        }
    }

    #[test]
    fn duplicate_key_is_refused_by_name(
        bindings in proptest::collection::vec(binding(), 1..4),
        again in any::<proptest::sample::Index>(),
    ) {
        let mut bindings = each_key_once(bindings);
        let again = again.get(&bindings).clone();
        bindings.push(again.clone());
        let mut out = Vec::new();
        let error = reg::write(&mut out, &export(bindings)).unwrap_err();
        let WriteError::Inexpressible(refused) = error else {
            panic!("{error}")
        };
        prop_assert_eq!(refused.len(), 1);
        prop_assert_eq!(&refused[0].key, again.key());
        prop_assert!(out.is_empty());
    }
}

#[test]
fn extended_properties_are_refused_by_key() {
    let mut bindings = some_bindings(2);
    let mut record = bindings[1].record().clone();
    let window = PropertyValue::Http2Window {
        receive_window: 65_535,
    };
    record.extended = record.extended.with(window.into());
    bindings[1] = bindings[1].clone().with_record(record).unwrap();
    let mut out = Vec::new();
    let refused = reg::write(&mut out, &export(bindings.clone()));
    let Err(WriteError::Inexpressible(refused)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(refused.len(), 1);
    assert_eq!(&refused[0].key, bindings[1].key());
    assert_eq!(refused[0].field, "extended properties");
    assert!(out.is_empty());
}

#[test]
fn the_names_of_host_keys_never_change() {
    let bindings = r#"{
        "format": "certbind-export", "version": 1, "header": {},
        "bindings": [
            {
                "key": "hostnameport=www.contoso.com:443",
                "certificate": { "hash": "5226dc6c54559761cd471b86eb51c096252c90f2" },
                "app_id": "4dc3e181-e14b-4a21-b022-59fc669b0914"
            },
            {
                "key": "scopedccs=www.contoso.com:443",
                "certificate": null,
                "app_id": "4dc3e181-e14b-4a21-b022-59fc669b0914"
            }
        ]
    }"#;
    let export = json::read(bindings.as_bytes(), &ReadOptions::default())
        .unwrap()
        .export;
    let mut file = Vec::new();
    reg::write(&mut file, &export).unwrap();
    let text = text_of(&file);
    let names: Vec<_> = text.lines().filter(|line| line.contains("\\{")).collect();
    let parameters = r"[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\HTTP\Parameters";
    assert_eq!(
        names,
        [
            format!(
                r"{parameters}\SslScopedCcsBindingInfo\{{96a3bb0c-20d6-5e30-ae14-12d761d5f5de}}]"
            ),
            format!(r"{parameters}\SslSniBindingInfo\{{29043c2f-a1f6-55de-ae51-cf0ab18b175f}}]"),
        ]
    );
}
