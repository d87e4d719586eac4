//! The answers of the simulated API, through the store that writes to it and call by call.

#![allow(clippy::unwrap_used)]
#![expect(unsafe_code, reason = "calls a C interface")]

use std::collections::HashSet;
use std::ptr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use certbind_core::{
    Binding, BindingKey, BindingStore, CertHash, CtlIdentifier, Kind, MemoryStore, Record, Result,
    Scan, SslFlags, StoreError, Uuid,
};
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::win32::{self, ToWin32};
use certbind_httpsys::HttpSysStore;
use certbind_simulator::{Call, Inventory, Privilege, Profile, Simulator};
use tempfile::TempDir;
use windows_sys::Win32::Networking::HttpServer::{HTTP_INITIALIZE_CONFIG, HTTPAPI_VERSION};

const HASH: CertHash = CertHash::new([1; 20]);

struct Host {
    simulator: Arc<Simulator>,
    store: HttpSysStore<Arc<Simulator>>,
    _journal: TempDir,
}

fn host(simulator: Simulator) -> Host {
    let simulator = Arc::new(simulator);
    let folder = TempDir::new().unwrap();
    let journal = folder.path().to_owned();
    let store = HttpSysStore::builder(Arc::clone(&simulator))
        .journal(journal)
        .open()
        .unwrap();
    Host {
        simulator,
        store,
        _journal: folder,
    }
}

fn simulator() -> Simulator {
    Simulator::new(Arc::new(MemoryStore::new()))
}

fn binding(key: &str) -> Binding {
    let key: BindingKey = key.parse().unwrap();
    let record = match key.kind().names_certificate() {
        true => Record::new(HASH, None, Uuid::nil()),
        false => Record::central(Uuid::nil()),
    };
    Binding::new(key, record).unwrap()
}

fn code<T: std::fmt::Debug>(result: Result<T>) -> u32 {
    result.unwrap_err().win32_code()
}

#[test]
fn missing_certificate_is_1312() {
    let other = CertHash::new([2; 20]);
    let host = host(simulator().inventory(Inventory::Only(HashSet::from([other]))));
    assert_eq!(code(host.store.insert(binding("0.0.0.0:443"))), 1312);
    let mut record = binding("0.0.0.0:443").record().clone();
    record.certificate.as_mut().unwrap().hash = other;
    let good = binding("0.0.0.0:443").with_record(record).unwrap();
    host.store.insert(good.clone()).unwrap();
    // A bound key is reported before the certificate is checked, and an update checks it too.
    assert_eq!(code(host.store.insert(binding("0.0.0.0:443"))), 183);
    assert_eq!(code(host.store.update(binding("0.0.0.0:443"))), 1312);
    assert_eq!(host.store.get(good.key()).unwrap(), Some(good));
    // The central certificate store's records name no certificate.
    host.store.insert(binding("ccs=443")).unwrap();
}

#[test]
fn folder_is_an_inventory() {
    let folder = TempDir::new().unwrap();
    let pem = include_bytes!("../../certificates/tests/fixtures/www.contoso.com.pem");
    std::fs::write(folder.path().join("www.pem"), pem).unwrap();
    std::fs::write(folder.path().join("notes.txt"), "no certificate").unwrap();
    let hash = certbind_certificates::hash_of_file(pem).unwrap();
    let mut record = binding("0.0.0.0:443").record().clone();
    record.certificate.as_mut().unwrap().hash = hash;
    let named = binding("0.0.0.0:443").with_record(record).unwrap();
    let host = host(simulator().inventory(Inventory::of_folder(folder.path()).unwrap()));
    assert_eq!(code(host.store.insert(binding("0.0.0.0:443"))), 1312);
    // The state is that of the folder at the time of the call.
    std::fs::remove_file(folder.path().join("www.pem")).unwrap();
    assert_eq!(code(host.store.insert(named.clone())), 1312);
    std::fs::write(folder.path().join("later.pem"), pem).unwrap();
    host.store.insert(named).unwrap();
    let error = Inventory::of_folder(&folder.path().join("none")).unwrap_err();
    assert!(error.to_string().contains("none"), "{error}");
}

/// Another binding than [`binding`] of the key.
fn other(key: &str) -> Binding {
    let binding = binding(key);
    let mut record = binding.record().clone();
    record.flags = SslFlags::NEGOTIATE_CLIENT_CERT;
    binding.with_record(record).unwrap()
}

#[test]
fn a_standard_user_reads_and_changes_nothing() {
    let host = host(simulator().privilege(Privilege::StandardUser));
    host.simulator.insert(binding("0.0.0.0:443")).unwrap();
    assert_eq!(
        host.store.get(&"0.0.0.0:443".parse().unwrap()).unwrap(),
        Some(binding("0.0.0.0:443"))
    );
    assert_eq!(code(host.store.insert(binding("0.0.0.0:80"))), 5);
    assert_eq!(code(host.store.update(other("0.0.0.0:443"))), 5);
    assert_eq!(code(host.store.remove(&"0.0.0.0:443".parse().unwrap())), 5);
}

#[test]
fn only_scoped_ccs_takes_options() {
    let host = host(simulator());
    for (key, refused) in [("ccs=443", true), ("scopedccs=a.example:443", false)] {
        let mut record = binding(key).record().clone();
        record.flags = SslFlags::DISABLE_HTTP2;
        let result = host.store.insert(binding(key).with_record(record).unwrap());
        assert_eq!(result.is_err(), refused, "{key}: {result:?}");
    }
}

#[test]
fn release_has_exactly_its_kinds_and_functions() {
    for (profile, kinds, update) in [
        (Profile::Windows7, 1, false),
        (Profile::Windows8, 3, false),
        (Profile::Windows10V1607, 3, false),
        (Profile::Windows10V1703, 3, true),
        (Profile::Server2025, 4, true),
    ] {
        let host = host(simulator().profile(profile));
        assert_eq!(
            host.store.capabilities().kinds,
            &Kind::ALL[..kinds],
            "{profile}"
        );
        assert_eq!(host.simulator.has_update(), update, "{profile}");
        host.store.insert(binding("0.0.0.0:443")).unwrap();
        host.store.put(other("0.0.0.0:443")).unwrap();
        assert_eq!(host.simulator.calls(Call::Update) > 0, update, "{profile}");
    }
}

#[test]
fn host_names_compare_without_case() {
    let host = host(simulator());
    let spelled = binding("hostnameport=sni.iis8.com:443")
        .with_host_spelling("SNI.IIS8.com")
        .unwrap();
    host.store.insert(spelled.clone()).unwrap();
    assert_eq!(
        code(host.store.insert(binding("hostnameport=sni.iis8.com:443"))),
        183
    );
    assert_eq!(host.store.get(spelled.key()).unwrap(), Some(spelled));
}

#[test]
fn growing_record_is_read_whole() {
    let host = host(simulator());
    let key: BindingKey = "0.0.0.0:443".parse().unwrap();
    // Long enough that no caller has the room at hand.
    let long = |length| {
        let mut record = binding("0.0.0.0:443").record().clone();
        record.ctl_identifier = Some(CtlIdentifier::new(&"x".repeat(length)).unwrap());
        binding("0.0.0.0:443").with_record(record).unwrap()
    };
    host.simulator.insert(long(10_000)).unwrap();
    let grown = long(30_000);
    let (simulator, change) = (Arc::clone(&host.simulator), grown.clone());
    host.simulator.before(Call::QueryExact, 2, move || {
        simulator.put(change).unwrap();
    });
    assert_eq!(host.store.get(&key).unwrap(), Some(grown));
    assert!(host.simulator.calls(Call::QueryExact) > 2);
}

#[test]
fn faults_come_at_the_call_that_was_named_and_once() {
    let host = host(simulator());
    host.simulator.fail(Call::Set, 2, 87);
    host.simulator
        .delay(Call::Delete, 1, Duration::from_millis(60));
    host.store.insert(binding("0.0.0.0:1")).unwrap();
    assert_eq!(code(host.store.insert(binding("0.0.0.0:2"))), 87);
    host.store.insert(binding("0.0.0.0:2")).unwrap();
    let start = Instant::now();
    host.store.remove(&"0.0.0.0:2".parse().unwrap()).unwrap();
    assert!(start.elapsed() >= Duration::from_millis(60));
}

#[test]
fn an_enumeration_shows_changes_at_once() {
    let host = host(simulator());
    for port in 1..=50 {
        host.simulator
            .insert(binding(&format!("10.0.0.1:{port}")))
            .unwrap();
    }
    let found: Vec<_> = host
        .store
        .scan(&Scan::all())
        .unwrap()
        .collect::<Result<_>>()
        .unwrap();
    assert_eq!(found.len(), 50);
    host.store.remove(found[0].key()).unwrap();
    host.simulator.remove(found[1].key()).unwrap();
    assert_eq!(host.store.scan(&Scan::all()).unwrap().count(), 48);
}

#[test]
fn instances_are_independent() {
    let (one, other) = (host(simulator()), host(simulator()));
    one.simulator.fail(Call::Set, 1, 87);
    other.store.insert(binding("0.0.0.0:443")).unwrap();
    assert_eq!(
        one.store.get(&"0.0.0.0:443".parse().unwrap()).unwrap(),
        None
    );
}

#[test]
fn calls_need_initialization() {
    let simulator = simulator();
    let version = |major| HTTPAPI_VERSION {
        HttpApiMajorVersion: major,
        HttpApiMinorVersion: 0,
    };
    let query = || {
        // SAFETY: null pointers are looked at, not followed.
        unsafe {
            simulator.query(
                ptr::null_mut(),
                1,
                ptr::null(),
                0,
                ptr::null_mut(),
                0,
                ptr::null_mut(),
                ptr::null(),
            )
        }
    };
    // SAFETY: the reserved argument is null.
    let initialize =
        |major, flags| unsafe { simulator.initialize(version(major), flags, ptr::null_mut()) };
    // SAFETY: as above.
    let terminate = |flags| unsafe { simulator.terminate(flags, ptr::null_mut()) };

    assert_eq!(query(), 6);
    assert_eq!(initialize(3, HTTP_INITIALIZE_CONFIG), 87);
    assert_eq!(initialize(1, 8), 87);
    assert_eq!(initialize(1, HTTP_INITIALIZE_CONFIG), 0);
    assert_eq!(initialize(2, HTTP_INITIALIZE_CONFIG), 0);
    assert_eq!(query(), win32::INVALID_PARAMETER);
    assert_eq!(terminate(HTTP_INITIALIZE_CONFIG), 0);
    assert_eq!(query(), win32::INVALID_PARAMETER, "calls nest");
    assert_eq!(terminate(HTTP_INITIALIZE_CONFIG), 0);
    assert_eq!(query(), 6);
    assert_eq!(terminate(HTTP_INITIALIZE_CONFIG), 87);
}

#[test]
fn a_store_of_wrong_rights_shows_the_key_in_the_error() {
    let host = host(simulator().privilege(Privilege::StandardUser));
    match host.store.insert(binding("0.0.0.0:443")) {
        Err(StoreError::AccessDenied { key: Some(key), .. }) => {
            assert_eq!(key.to_string(), "ipport=0.0.0.0:443");
        }
        other => panic!("{other:?}"),
    }
}
