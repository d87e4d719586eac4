//! A trace for publication has no names, and is replayed with the same results.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use certbind_core::{
    Binding, BindingStore, ErrorHeaders, ExtendedProperties, Header, MemoryStore, PropertyValue,
    Record, Scan, Uuid,
};
use certbind_httpapi_abi::HttpApi;
use certbind_httpsys::{HttpSysStore, ServiceApi};
use certbind_simulator::Simulator;
use certbind_trace::{Entry, HostTrace, Recorder, ReplayOutcome, read, replay};
use serde_json::Value;

const IIS: u128 = 0x4dc3e181_e14b_4a21_b022_59fc669b0914;
const OWN: u128 = 0x7d2f_9a61_5c1e_4b83_9d04_1f6b_e2a8_c750;

/// Keys whose order differs from that of their text, and from that of the kinds of addresses.
const KEYS: [&str; 10] = [
    "ipport=0.0.0.0:443",
    "ipport=8.8.4.4:443",
    "ipport=127.0.0.1:8443",
    "ipport=172.16.9.9:443",
    "ipport=203.0.113.77:443",
    "ipport=[fd12:3456::7]:443",
    "hostnameport=*.zeta.fabrikam.net:443",
    "hostnameport=alpha.zeta.fabrikam.net:443",
    "hostnameport=Shop.Contoso.com:443",
    "scopedccs=old.contoso.com:443",
];

/// What must not be in the published file, in lower case.
const NAMES: [&str; 17] = [
    "8.8.4.4",
    "172.16.9.9",
    "203.0.113.77",
    "fd12:",
    "zeta",
    "fabrikam",
    "alpha",
    "shop",
    "contoso",
    "old.",
    "01010101",
    "7d2f9a61",
    "secretstore",
    "trusted-ctl",
    "3623811015",
    "intranet",
    "token=abc",
];

fn binding(key: &str, number: u8) -> Binding {
    let spelling = key.split_once('=').unwrap().1.rsplit_once(':').unwrap().0;
    let key: certbind_core::BindingKey = key.parse().unwrap();
    let app_id = Uuid::from_u128(if number == 0 { IIS } else { OWN });
    let mut record = if key.kind().names_certificate() {
        let store = if number == 0 { "MY" } else { "SecretStore" };
        Record::new(
            [number.max(1); 20].into(),
            Some(store.parse().unwrap()),
            app_id,
        )
    } else {
        Record::central(app_id)
    };
    if number == 1 {
        record.ctl_identifier = Some("trusted-ctl".parse().unwrap());
        let header = Header::new("X-Debug", b"token=abc").unwrap();
        let headers = ErrorHeaders::new(400, vec![header]).unwrap();
        let property = PropertyValue::ErrorHeaders(headers).into();
        record.extended = ExtendedProperties::new([property]).unwrap();
    }
    let has_host = key.host().is_some();
    let binding = Binding::new(key, record).unwrap();
    if has_host {
        binding.with_host_spelling(spelling).unwrap()
    } else {
        binding
    }
}

/// The calls of programs that bind the keys, list and unbind them, and reserve URLs.
fn traced() -> Vec<Entry> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace.jsonl");
    let simulator = Simulator::new(Arc::new(MemoryStore::new()));
    let api: Arc<dyn HttpApi> = Arc::new(Recorder::append(simulator, &file).unwrap());
    let store = HttpSysStore::builder(Arc::clone(&api))
        .journal(folder.path().join("journal"))
        .open()
        .unwrap();
    for (key, number) in KEYS.into_iter().zip(0..) {
        store.insert(binding(key, number)).unwrap();
    }
    assert_eq!(store.scan(&Scan::all()).unwrap().count(), KEYS.len());
    assert!(store.insert(binding(KEYS[8], 8)).is_err());
    store.remove(&KEYS[8].parse().unwrap()).unwrap();
    let service = ServiceApi::initialize(Arc::clone(&api)).unwrap();
    for record in [
        "urlacl http://+:80/app/ D:(A;;GX;;;S-1-5-21-3623811015-3361044348-30300820-1104)",
        "urlacl https://intranet.contoso.com:443/app/ D:(A;;GX;;;WD)",
        "urlacl http://203.0.113.77:80/ D:(A;;GX;;;WD)",
        "iplisten 172.16.9.9",
    ] {
        service.set(&record.parse().unwrap()).unwrap();
    }
    drop((store, service));
    drop(api);
    let entries = read(&std::fs::read(&file).unwrap()).unwrap();
    entries.into_iter().map(|(_, entry)| entry).collect()
}

fn differences(calls: &[Entry]) -> Vec<usize> {
    let simulator = Simulator::new(Arc::new(MemoryStore::new()));
    let calls: Vec<_> = (1..).zip(calls.iter().cloned()).collect();
    let outcomes = (1..).zip(replay(&simulator, &calls));
    let other = outcomes.filter(|(_, outcome)| matches!(outcome, ReplayOutcome::Differs { .. }));
    other.map(|(at, _)| at).collect()
}

fn published() -> (Vec<Entry>, HostTrace) {
    let calls = traced();
    let before = KEYS.map(|key| binding(key, 3)).to_vec();
    let trace = HostTrace::new("10.0.20348.2849", before, calls.clone()).unwrap();
    let is_known = |id: Uuid| id == Uuid::from_u128(IIS);
    (calls, trace.with_pseudonyms(is_known).unwrap())
}

#[test]
fn no_name_is_published() {
    let (calls, trace) = published();
    let original = serde_json::to_string(&calls).unwrap().to_lowercase();
    let text = serde_json::to_string(&trace).unwrap().to_lowercase();
    for name in NAMES {
        // Bytes of headers are numbers.
        assert!(
            original.contains(name) || name == "token=abc",
            "{name} was not in the trace"
        );
        assert!(!text.contains(name), "{name} is published");
    }
    let header = |text: &str| text.contains("116,111,107,101,110") || text.contains("token");
    assert!(!header(&text), "the value of a header is published");
    for kept in [
        "0.0.0.0:443",
        "127.0.0.1:8443",
        "4dc3e181",
        "\"my\"",
        "http://+:80/app/",
    ] {
        assert!(text.contains(kept), "{kept} is not kept");
    }
}

/// Enumerations by index give the records in the order of the keys.
#[test]
fn pseudonyms_are_replayed_with_the_same_results() {
    let (calls, trace) = published();
    assert_eq!(differences(&calls), [] as [usize; 0]);
    assert_eq!(differences(&trace.calls), [] as [usize; 0]);
    let file = serde_json::to_vec(&trace).unwrap();
    assert_eq!(HostTrace::read(&file).unwrap(), trace);
}

#[test]
fn equal_names_have_equal_pseudonyms() {
    let (_, trace) = published();
    let keys: Vec<_> = trace
        .before
        .iter()
        .map(|binding| binding.key().to_string())
        .collect();
    assert_eq!(
        keys,
        [
            "ipport=0.0.0.0:443",
            "ipport=10.0.0.1:443",
            "ipport=127.0.0.1:8443",
            "ipport=192.0.2.1:443",
            "ipport=192.0.2.2:443",
            "ipport=[2001:db8::1]:443",
            "hostnameport=*.host1.domain1.example2:443",
            "hostnameport=host2.host1.domain1.example2:443",
            "hostnameport=host3.domain1.example1:443",
            "scopedccs=host2.domain1.example1:443",
        ]
    );
    let spelled: Vec<_> = trace
        .before
        .iter()
        .filter_map(Binding::host_spelling)
        .collect();
    assert!(spelled.contains(&"HOST3.DOMAIN1.EXAMPLE1"), "{spelled:?}");
    let value = serde_json::to_value(&trace).unwrap();
    let services = value["calls"].as_array().unwrap().iter();
    let services: Vec<_> = services
        .filter_map(|call| call["argument"]["service"].as_str())
        .collect();
    for record in [
        "urlacl http://+:80/app/ D:(A;;GX;;;S-1-5-21-1-2-1-1104)",
        "urlacl https://host1.domain1.example1:443/app/ D:(A;;GX;;;WD)",
        "urlacl http://192.0.2.2:80/ D:(A;;GX;;;WD)",
        "iplisten 192.0.2.1",
    ] {
        assert!(services.contains(&record), "{record} in {services:?}");
    }
    assert!(
        matches!(value["before"][1]["app_id"], Value::String(ref id) if id.starts_with("ce270000"))
    );
}
