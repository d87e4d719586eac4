//! `diagnose` on every plausible Windows: it finds the configured answer of the simulator, reading
//! changes nothing, and the write probe restores the host.

use std::sync::Arc;
use std::time::Duration;

use certbind_core::{
    Binding, BindingStore, CertHash, PerformanceSetting, Property, PropertyValue, Record, Uuid,
};
use certbind_httpapi_abi::service::{ServiceRecord, UrlReservation};
use certbind_httpsys::{Diagnosis, WriteProbe, diagnose};
use certbind_simulator::{Call, CertificateState, Windows};

use crate::host::Host;
use crate::{Answer, answers};

/// A host on which every question that reading can answer has an answer.
fn host(variant: &[Answer]) -> Host {
    let host = Host::new(variant);
    let missing = CertHash::new(*b"certbind doctor hash");
    host.simulator
        .certificate(missing, CertificateState::Absent);
    let store = host.open().ok();
    let bind = |key: &str, spelling: Option<&str>, window: Option<u32>| {
        let key: certbind_core::BindingKey = key.parse().expect("a key");
        let mut record = match key.kind().names_certificate() {
            true => Record::new([1; 20].into(), None, Uuid::from_u128(1)),
            false => Record::central(Uuid::from_u128(1)),
        };
        if let Some(receive_window) = window {
            let window = Property::from(PropertyValue::Http2Window { receive_window });
            record.extended = record.extended.with(window);
            let setting = PerformanceSetting::new(1, &[1]).expect("a short setting");
            let setting = PropertyValue::Performance(setting);
            record.extended = record.extended.with(setting.into());
        }
        let binding = Binding::new(key, record).expect("a record of the kind");
        let binding = match spelling {
            Some(spelling) => binding.with_host_spelling(spelling).expect("its name"),
            None => binding,
        };
        // In the form that this Windows stores, or else unchanged.
        let stored = store.as_ref().map(|store| store.put(binding.clone()));
        if !matches!(stored, Some(Ok(_))) {
            host.put(binding);
        }
    };
    bind("10.0.0.1:443", None, Some(70_000));
    bind("10.0.0.2:443", None, None);
    bind("10.0.0.3:443", None, None);
    bind("0.0.0.0:443", None, None);
    bind("[fe80::1]:443", None, None);
    bind(
        "hostnameport=www.a.example:443",
        Some("WWW.a.example"),
        None,
    );
    bind("hostnameport=b.example:443", None, None);
    bind("scopedccs=c.example:443", None, None);
    drop(store);
    for port in [8000, 8001] {
        let record = ServiceRecord::Reservation(UrlReservation {
            url: format!("http://+:{port}/").parse().expect("a URL"),
            sddl: "D:(A;;GX;;;WD)".parse().expect("a descriptor"),
        });
        let _ = host.simulator.service().set(&record);
    }
    host
}

fn probe() -> WriteProbe {
    WriteProbe {
        certificate: CertHash::new([7; 20]),
        store_name: None,
        port: 49_151,
    }
}

fn diagnosis(host: &Host, writes: Option<&WriteProbe>) -> Diagnosis {
    diagnose(Arc::clone(&host.simulator), writes, Duration::ZERO)
}

#[test]
fn reading_changes_nothing() {
    for answer in answers() {
        let host = host(&[answer]);
        let before = host.truth();
        let changes = || [Call::Set, Call::Update, Call::Delete].map(|of| host.simulator.calls(of));
        let made = changes();
        let found = diagnosis(&host, None);
        assert_eq!(changes(), made, "{answer:?}");
        assert_eq!(host.truth(), before, "{answer:?}");
        assert!(found.calls < 4_000, "{answer:?}: {} calls", found.calls);
    }
}

#[test]
fn the_default_windows_shows_the_defaults() {
    for writes in [None, Some(probe())] {
        let found = diagnosis(&host(&[]), writes.as_ref());
        for option in Windows::OPTIONS {
            if let Some(answer) = found.answer(option.name) {
                assert_eq!(answer, option.default, "{}", option.name);
            }
        }
    }
}

/// Answers that one probe cannot show, and those that it takes for another that means the same to it.
const NOT_SHOWN: [(&str, &str); 7] = [
    (
        "odd_record",
        "a record that cannot be read is listed as unreadable",
    ),
    ("later_ids", "it takes the right moment"),
    ("transient_query", "it takes the right moment"),
    ("transient_write", "it takes the right moment"),
    ("failing_from", "it takes the right moment"),
    ("call_time", "the time of a call is reported as a number"),
    (
        "rights",
        "an id that is denied is taken for one that answers 5",
    ),
];

/// The write probe finds each answer, and restores the host, except the keys that it lists.
#[test]
fn the_write_probe_finds_each_answer_and_restores_the_host() {
    let mut wrong = Vec::new();
    for answer in answers() {
        let host = host(&[answer]);
        let before = host.truth();
        let found = diagnosis(&host, Some(&probe()));
        let mut after = host.truth();
        for key in &found.left {
            assert_eq!(key.port().get(), probe().port, "{answer:?}");
            after.remove(key);
        }
        assert_eq!(after, before, "{answer:?}: {:?}", found.left);
        assert!(found.calls < 6_000, "{answer:?}: {} calls", found.calls);
        let is_shown = NOT_SHOWN.iter().all(|(option, _)| *option != answer.0);
        if is_shown && found.answer(answer.0) != Some(answer.1) {
            wrong.push(format!("{answer:?}: {:?}", found.answer(answer.0)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A key that stays bound is reported.
#[test]
fn a_key_that_cannot_be_deleted_is_listed() {
    let found = diagnosis(&host(&[("delete", "keeps")]), Some(&probe()));
    let left: Vec<_> = found.left.iter().map(ToString::to_string).collect();
    assert!(
        left.contains(&"ipport=127.0.0.1:49151".to_owned()),
        "{left:?}"
    );
}

#[test]
fn every_option_is_found_or_listed_as_not_probed() {
    for writes in [None, Some(probe())] {
        let found = diagnosis(&host(&[]), writes.as_ref());
        for option in Windows::OPTIONS {
            let is_listed = found.not_probed.contains_key(option.name);
            assert_ne!(
                found.answer(option.name).is_some(),
                is_listed,
                "{}",
                option.name
            );
        }
    }
}
