use std::process::Output;

use certbind_core::{Binding, Record};
use certbind_harness::{Call, CertificateState, Fault, Harness, Privilege};

const INSTALLER: &str = "../../examples/install.sh";
const HASH: [u8; 20] = [
    0x52, 0x26, 0xdc, 0x6c, 0x54, 0x55, 0x97, 0x61, 0xcd, 0x47, 0x1b, 0x86, 0xeb, 0x51, 0xc0, 0x96,
    0x25, 0x2c, 0x90, 0xf2,
];

/// Runs the installer. Its service starts, or fails.
fn install(host: &Harness, service: &str) -> Output {
    std::os::unix::fs::symlink(service, host.folder().join("start-service")).unwrap();
    let installer = std::path::absolute(INSTALLER).unwrap();
    let mut command = host.command("sh").unwrap();
    command.arg(installer).current_dir(host.folder());
    command.output().unwrap()
}

fn bound() -> Binding {
    let application = "4dc3e181-e14b-4a21-b022-59fc669b0914".parse().unwrap();
    let record = Record::new(HASH.into(), Some("MY".parse().unwrap()), application);
    Binding::new("ipport=0.0.0.0:443".parse().unwrap(), record).unwrap()
}

#[test]
fn the_certificate_is_bound() {
    let host = Harness::new().unwrap();
    assert!(install(&host, "/bin/true").status.success());
    host.assert_bindings([bound()]);
}

#[test]
fn a_service_that_does_not_start_leaves_the_host_as_it_was() {
    let host = Harness::new().unwrap();
    assert!(!install(&host, "/bin/false").status.success());
    host.assert_unchanged();
}

#[test]
fn a_missing_certificate_is_reported() {
    let host = Harness::new().unwrap();
    let host = host.certificate(HASH.into(), CertificateState::Absent);
    let done = install(&host, "/bin/true");
    assert!(String::from_utf8(done.stdout).unwrap().contains("1312"));
    host.assert_unchanged();
}

#[test]
fn a_standard_user_is_refused() {
    let host = Harness::new().unwrap().privilege(Privilege::StandardUser);
    assert!(!install(&host, "/bin/true").status.success());
    host.assert_unchanged();
}

#[test]
fn a_removal_that_fails_is_not_hidden() {
    let host = Harness::new().unwrap();
    let host = host.fault(Fault::at(Call::Delete, 1).answers(5));
    assert!(!install(&host, "/bin/false").status.success());
    host.assert_bindings([bound()]);
}
