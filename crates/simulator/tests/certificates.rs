//! Certificates that a record cannot name, and the codes that a set and an update answer.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]
#![expect(unsafe_code, reason = "calls a C interface")]

mod caller;

use std::collections::HashSet;

use caller::{Caller, Function, binding, simulator};
use certbind_core::{Binding, BindingStore, CertHash, StoreName};
use certbind_simulator::{CertificateState, InstallError, Inventory, Simulator};

/// The certificate of `binding`.
const HASH: CertHash = CertHash::new([1; 20]);

fn set(api: &Simulator, binding: &Binding) -> u32 {
    Caller::new(api).asks(Function::Set, binding)
}

fn update(api: &Simulator, binding: &Binding) -> u32 {
    Caller::new(api).asks(Function::Update, binding)
}

fn in_store(name: Option<&str>) -> Binding {
    let binding = binding("0.0.0.0:443");
    let mut record = binding.record().clone();
    let name = name.map(|name| StoreName::new(name).unwrap());
    record.certificate.as_mut().unwrap().store_name = name;
    binding.with_record(record).unwrap()
}

#[test]
fn unusable_certificate_is_1312() {
    for state in [CertificateState::WithoutKey, CertificateState::Absent] {
        let api = simulator();
        api.certificate(HASH, state);
        let bound = binding("0.0.0.0:443");
        assert_eq!(set(&api, &bound), 1312, "{state:?}");
        assert_eq!(api.get(bound.key()).unwrap(), None, "{state:?}");
        api.certificate(HASH, CertificateState::Usable);
        assert_eq!(set(&api, &bound), 0);
    }
}

#[test]
fn configured_certificate_overrides_the_inventory() {
    let other = CertHash::new([9; 20]);
    let inventory = Inventory::Only(HashSet::from([other]));
    let api = simulator().inventory(inventory);
    assert_eq!(set(&api, &binding("0.0.0.0:443")), 1312);
    api.certificate(HASH, CertificateState::Usable);
    assert_eq!(set(&api, &binding("0.0.0.0:443")), 0);
}

#[test]
fn fresh_key_is_87_for_some_calls() {
    let api = simulator();
    let bound = binding("0.0.0.0:443");
    assert_eq!(set(&api, &bound), 0);
    api.certificate(HASH, CertificateState::Settling { attempts: 2 });
    // Calls that do not get as far as the certificate are no attempts.
    assert_eq!(set(&api, &bound), 183);
    assert_eq!(update(&api, &binding("0.0.0.0:444")), 2);
    assert_eq!(update(&api, &bound), 87);
    assert_eq!(set(&api, &binding("0.0.0.0:444")), 87);
    assert_eq!(set(&api, &binding("0.0.0.0:444")), 0);
    assert_eq!(update(&api, &bound), 0);
}

#[test]
fn a_certificate_that_goes_leaves_its_bindings() {
    let api = simulator();
    let bound = binding("0.0.0.0:443");
    assert_eq!(set(&api, &bound), 0);
    api.certificate(HASH, CertificateState::Absent);
    assert_eq!(Caller::new(&api).exact(bound.key()), 122);
    assert_eq!(api.get(bound.key()).unwrap(), Some(bound));
}

/// In this simulator, and in another over the same folder.
#[test]
fn installed_certificate_can_be_bound_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let certificates = folder.path().join("certificates");
    std::fs::create_dir(&certificates).unwrap();
    let inventory = Inventory::of_folder(&certificates).unwrap();
    let hosts = [(); 2].map(|()| simulator().inventory(inventory.clone()));
    let pem = include_bytes!("../../certificates/tests/fixtures/www-2025.pem");
    let hash = certbind_certificates::hash_of_file(pem).unwrap();
    let bound = binding("0.0.0.0:443");
    let mut record = bound.record().clone();
    record.certificate.as_mut().unwrap().hash = hash;
    let bound = bound.with_record(record).unwrap();
    for host in &hosts {
        assert_eq!(set(host, &bound), 1312);
    }
    hosts[0].certificate(hash, CertificateState::WithoutKey);
    assert_eq!(hosts[0].install_certificate(pem).unwrap(), hash);
    for host in &hosts {
        assert_eq!(set(host, &bound), 0);
    }

    let refused = hosts[0].install_certificate(b"no certificate");
    assert!(matches!(refused, Err(InstallError::Certificate(_))));
    std::fs::remove_dir_all(&certificates).unwrap();
    let refused = hosts[0].install_certificate(pem);
    assert!(matches!(refused, Err(InstallError::Folder { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// In any case of its name; a null name is `MY`.
#[test]
fn missing_store_is_1312() {
    let api = simulator();
    api.without_store(StoreName::new("WebHosting").unwrap());
    assert_eq!(set(&api, &in_store(Some("webhosting"))), 1312);
    assert_eq!(set(&api, &in_store(None)), 0);
    let api = simulator();
    api.without_store(StoreName::new("my").unwrap());
    assert_eq!(set(&api, &in_store(None)), 1312);
    assert_eq!(set(&api, &in_store(Some("MY"))), 1312);
    assert_eq!(set(&api, &in_store(Some("WebHosting"))), 0);
    assert_eq!(set(&api, &binding("ccs=443")), 0, "it names no certificate");
}
