//! The forms that files of certificates take.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use std::fs;
use std::path::Path;

use certbind_audit::Inventory;
use certbind_certificates::of_file;
use certbind_core::CertHash;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

const WWW: &[u8] = include_bytes!("fixtures/www.pem");
const AUTHORITY: &[u8] = include_bytes!("fixtures/authority.pem");
const BOTH: &[u8] = include_bytes!("fixtures/both.p7b");
const LOCKED: &[u8] = include_bytes!("fixtures/locked.pfx");

fn der(pem: &[u8]) -> Vec<u8> {
    CertificateDer::from_pem_slice(pem).unwrap().to_vec()
}

fn hash(pem: &[u8]) -> CertHash {
    *of_file(pem)[0].hash()
}

/// The certificates in a file, or the reason why there are none.
fn read(bytes: &[u8], passwords: &[&str]) -> Result<Vec<CertHash>, String> {
    let mut inventory = Inventory::none();
    let passwords: Vec<_> = passwords.iter().map(|it| (*it).to_owned()).collect();
    inventory.add_file("file", bytes, &passwords);
    match inventory.unread() {
        [unread] if inventory.is_empty() => Err(unread.why.clone()),
        [] | [_] => Ok(inventory
            .iter()
            .map(|held| *held.certificate.hash())
            .collect()),
        _ => panic!("{inventory:?}"),
    }
}

fn both() -> Vec<CertHash> {
    let mut both = vec![hash(WWW), hash(AUTHORITY)];
    both.sort();
    both
}

/// A serialized store: elements of an id, the encoding 1 and a length.
fn serialized(elements: &[(u32, &[u8])]) -> Vec<u8> {
    let mut store = b"\0\0\0\0CERT".to_vec();
    for (id, data) in elements {
        store.extend(id.to_le_bytes());
        store.extend(1_u32.to_le_bytes());
        store.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        store.extend(*data);
    }
    store.extend([0; 12]);
    store
}

#[test]
fn pem_and_der_are_read() {
    assert_eq!(read(WWW, &[]), Ok(vec![hash(WWW)]));
    assert_eq!(read(&der(WWW), &[]), Ok(vec![hash(WWW)]));
    assert_eq!(read(&[WWW, AUTHORITY].concat(), &[]), Ok(both()));
}

#[test]
fn pfx_opens_with_any_given_password() {
    let mut inventory = Inventory::none();
    inventory.add_file(
        "locked.pfx",
        LOCKED,
        &["wrong".to_owned(), "secret".to_owned()],
    );
    let subjects: Vec<_> = inventory
        .iter()
        .map(|held| held.certificate.subject())
        .collect();
    assert_eq!(subjects, ["CN=pfx.contoso.com"]);
    for passwords in [&[][..], &["wrong"]] {
        let why = read(LOCKED, passwords).unwrap_err();
        assert_eq!(why, "it is a PFX that none of the passwords opens");
    }
}

#[test]
fn pkcs_7_is_read_in_pem_and_in_der() {
    assert_eq!(read(BOTH, &[]), Ok(both()));
    let (_, binary) = x509_cert::der::pem::decode_vec(BOTH).unwrap();
    assert_eq!(read(&binary, &[]), Ok(both()));
}

#[test]
fn a_serialized_store_is_read_to_its_end() {
    let (www, authority) = (der(WWW), der(AUTHORITY));
    let store = serialized(&[(3, &[7; 20]), (32, &www), (11, b"name"), (32, &authority)]);
    assert_eq!(read(&store, &[]), Ok(both()));
    assert!(
        read(&serialized(&[]), &[])
            .unwrap_err()
            .contains("without a certificate")
    );
    assert!(
        read(&serialized(&[(32, b"nonsense")]), &[])
            .unwrap_err()
            .contains("cannot be read")
    );
}

#[test]
fn unreadable_certificate_hides_no_other() {
    const NONSENSE: &[u8] =
        b"-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n";
    let (_, mut pkcs7) = x509_cert::der::pem::decode_vec(BOTH).unwrap();
    let authority = der(AUTHORITY);
    let at = pkcs7
        .windows(authority.len())
        .position(|it| it == authority);
    // The tag of the signed content: no longer a sequence.
    pkcs7[at.unwrap() + 4] ^= 1;
    for file in [
        [NONSENSE, WWW].concat(),
        [WWW, NONSENSE].concat(),
        pkcs7,
        serialized(&[(32, b"nonsense"), (32, &der(WWW))]),
    ] {
        let mut inventory = Inventory::none();
        inventory.add_file("file", &file, &[]);
        assert_eq!(inventory.len(), 1);
        assert!(inventory.get(&hash(WWW)).is_some());
        let [unread] = inventory.unread() else {
            panic!("{inventory:?}");
        };
        assert_eq!(unread.why, "1 part of it cannot be read");
    }
}

#[test]
fn damaged_file_is_reported_without_panic() {
    let (www, authority) = (der(WWW), der(AUTHORITY));
    let (_, pkcs7) = x509_cert::der::pem::decode_vec(BOTH).unwrap();
    let store = serialized(&[(32, &www), (32, &authority)]);
    // The last twelve bytes are the closing element, of which four are read.
    for (file, whole) in [
        (&store, store.len() - 8),
        (&www, www.len()),
        (&pkcs7, pkcs7.len()),
    ] {
        for end in 0..whole {
            let mut inventory = Inventory::none();
            inventory.add_file("file", &file[..end], &[]);
            assert_eq!(inventory.unread().len(), 1, "{end} of {whole} bytes");
        }
    }
    for at in 0..pkcs7.len() {
        let mut damaged = pkcs7.clone();
        damaged[at] ^= 0xff;
        let _ = read(&damaged, &[]);
    }
    for at in (0..LOCKED.len()).step_by(16) {
        let _ = read(&LOCKED[..at], &["secret"]);
    }
}

#[test]
fn a_folder_is_read_and_no_folder_in_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("b.cer"), der(WWW)).unwrap();
    fs::write(folder.path().join("a.pem"), WWW).unwrap();
    fs::create_dir(folder.path().join("old")).unwrap();
    fs::write(folder.path().join("old/c.pem"), AUTHORITY).unwrap();
    let inventory = Inventory::read(folder.path(), &[]).unwrap();
    assert_eq!(inventory.len(), 1);
    // Of two files with one certificate the first by name is used, on every machine.
    assert_eq!(&*inventory.get(&hash(WWW)).unwrap().file, "a.pem");
    let file = Inventory::read(&folder.path().join("old/c.pem"), &[]).unwrap();
    assert!(file.get(&hash(AUTHORITY)).is_some());
    let missing = Inventory::read(Path::new("/nowhere/at/all"), &[]).unwrap_err();
    assert!(missing.to_string().contains("/nowhere/at/all"));
}

#[test]
fn an_empty_inventory_is_not_the_same_as_none() {
    assert!(!Inventory::none().is_given());
    let folder = tempfile::tempdir().unwrap();
    assert!(Inventory::read(folder.path(), &[]).unwrap().is_given());
}
