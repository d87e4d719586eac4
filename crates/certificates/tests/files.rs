//! Reading certificates in files and folders.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use std::net::IpAddr;

use certbind_certificates::{Folder, Name, hash_of_file, of_file};
use tempfile::TempDir;

const WWW: &[u8] = include_bytes!("fixtures/www-2025.pem");
const MAIL: &[u8] = include_bytes!("fixtures/mail-2025.pem");
const OLD_STYLE: &[u8] = include_bytes!("fixtures/old-style.pem");

fn dns(name: &str) -> Name {
    Name::Dns(name.to_owned())
}

fn names(file: &[u8]) -> Vec<Name> {
    of_file(file)[0].names().iter().cloned().collect()
}

#[test]
fn names_are_those_of_the_alternative_name() {
    assert_eq!(names(WWW), [dns("contoso.com"), dns("www.contoso.com")]);
    let ip = |text: &str| Name::Ip(text.parse::<IpAddr>().unwrap());
    let mail = [dns("mail.contoso.com"), ip("10.0.0.5"), ip("fe80::5")];
    assert_eq!(names(MAIL), mail);
}

#[test]
fn common_name_is_used_without_alternative_name() {
    assert_eq!(names(OLD_STYLE), [dns("intranet")]);
}

#[test]
fn the_hash_is_the_one_that_bindings_have() {
    let hash = hash_of_file(WWW).unwrap();
    assert_eq!(*of_file(WWW)[0].hash(), hash);
}

#[test]
fn every_certificate_of_a_pem_file_is_read() {
    let chain = [WWW, b"# the next\n", MAIL].concat();
    let subjects: Vec<_> = of_file(&chain)
        .iter()
        .map(|certificate| certificate.subject().to_owned())
        .collect();
    assert_eq!(
        subjects,
        [
            "CN=www.contoso.com,O=Contoso",
            "CN=mail.contoso.com,O=Contoso"
        ]
    );
}

#[test]
fn file_without_certificate_gives_none() {
    let der: &[u8] = include_bytes!("fixtures/www.contoso.com.der");
    assert_eq!(of_file(der).len(), 1);
    assert_eq!(of_file(include_bytes!("fixtures/bundle.pfx")).len(), 1);
    let request = include_bytes!("fixtures/request.csr.pem");
    for file in [&request[..], b"", b"notes", &der[..der.len() - 1]] {
        assert_eq!(of_file(file), []);
    }
}

/// Files without a certificate are reported.
#[test]
fn folder_has_each_certificate_once() {
    let folder = TempDir::new().unwrap();
    for (name, file) in [
        ("www.pem", WWW),
        ("copy.cer", WWW),
        ("mail.pem", MAIL),
        ("key.pfx", b"something else"),
    ] {
        std::fs::write(folder.path().join(name), file).unwrap();
    }
    std::fs::create_dir(folder.path().join("more")).unwrap();
    let read = Folder::read(folder.path()).unwrap();
    assert_eq!(read.certificates().count(), 2);
    let hash = hash_of_file(WWW).unwrap();
    assert!(read.get(&hash).unwrap().subject().contains("www"));
    assert_eq!(read.skipped_files(), [folder.path().join("key.pfx")]);
    let error = Folder::read(&folder.path().join("none")).unwrap_err();
    assert!(error.to_string().contains("none"), "{error}");
}
