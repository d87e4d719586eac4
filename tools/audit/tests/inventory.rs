//! Certificates from files of every form.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use std::path::Path;

use audit::Inventory;
use certificates::Certificate;
use tempfile::TempDir;

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read(folder.join(name)).unwrap()
}

fn certificate(name: &str) -> Certificate {
    certificates::of_file(&fixture(name)).remove(0)
}

/// The DER form of a certificate in a PEM file.
fn der(name: &str) -> Vec<u8> {
    let pem = String::from_utf8(fixture(name)).unwrap();
    let output = std::process::Command::new("openssl")
        .args(["x509", "-outform", "DER"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .and_then(|mut openssl| {
            std::io::Write::write_all(&mut openssl.stdin.take().unwrap(), pem.as_bytes())?;
            openssl.wait_with_output()
        });
    output.unwrap().stdout
}

/// A serialized store with a property in front of each certificate, as Windows writes them.
fn serialized(certificates: &[Vec<u8>]) -> Vec<u8> {
    let mut store = b"\0\0\0\0CERT".to_vec();
    let mut element = |id: u32, data: &[u8]| {
        let length = u32::try_from(data.len()).unwrap();
        for number in [id, 1, length] {
            store.extend(number.to_le_bytes());
        }
        store.extend(data);
    };
    for certificate in certificates {
        element(3, &[0x5a; 20]);
        element(32, certificate);
    }
    store.extend([0; 12]);
    store
}

fn hashes(inventory: &Inventory) -> Vec<String> {
    let held = inventory.iter();
    held.map(|held| held.certificate.hash().to_string())
        .collect()
}

fn of(name: &str, bytes: &[u8], passwords: &[&str]) -> Inventory {
    let passwords: Vec<_> = passwords.iter().map(|it| (*it).to_owned()).collect();
    let mut inventory = Inventory::none();
    inventory.add_file(name, bytes, &passwords);
    inventory
}

#[test]
fn every_form_of_a_file_gives_its_certificates() {
    let [www, authority] =
        ["www.pem", "authority.pem"].map(|it| certificate(it).hash().to_string());
    let mut both = vec![www.clone(), authority];
    both.sort();
    let chain = [fixture("www.pem"), fixture("authority.pem")].concat();
    let store = serialized(&[der("www.pem"), der("authority.pem")]);
    for (name, bytes, expected) in [
        (
            "www.pem",
            fixture("www.pem"),
            &both[both.iter().position(|it| *it == www).unwrap()..][..1],
        ),
        ("www.cer", der("www.pem"), std::slice::from_ref(&www)),
        ("chain.pem", chain, &both),
        ("both.p7b", fixture("both.p7b"), &both),
        ("my.sst", store, &both),
    ] {
        let inventory = of(name, &bytes, &[]);
        assert_eq!(inventory.unread(), [], "{name}");
        assert_eq!(hashes(&inventory), expected, "{name}");
    }
}

#[test]
fn a_pfx_opens_with_one_of_the_passwords() {
    let pfx = fixture("locked.pfx");
    assert_eq!(of("locked.pfx", &pfx, &["wrong", "secret"]).len(), 1);
    let locked = of("locked.pfx", &pfx, &["wrong"]);
    assert!(locked.is_empty());
    assert!(
        locked.unread()[0].why.contains("none of the passwords"),
        "{locked:?}"
    );
}

#[test]
fn files_that_are_cut_are_told_of_and_hurt_nothing() {
    let store = serialized(&[der("www.pem")]);
    for (name, bytes) in [
        ("my.sst", store),
        ("both.p7b", fixture("both.p7b")),
        ("locked.pfx", fixture("locked.pfx")),
        ("www.cer", der("www.pem")),
    ] {
        for end in 0..bytes.len() - 12 {
            let inventory = of(name, &bytes[..end], &["secret"]);
            let is_told = !inventory.unread().is_empty();
            // A chain that lost its last certificate still has the first.
            assert!(is_told || !inventory.is_empty(), "{name} of {end} bytes");
        }
    }
}

#[test]
fn a_folder_is_read_and_what_is_no_certificate_in_it_is_told() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("a.pem", &fixture("www.pem"));
    write("b.pem", &fixture("www.pem"));
    write("notes.txt", b"remember");
    std::fs::create_dir(folder.path().join("more")).unwrap();
    let inventory = Inventory::read(folder.path(), &[]).unwrap();
    assert_eq!(inventory.len(), 1, "the same twice is one");
    assert_eq!(&*inventory.iter().next().unwrap().file, "a.pem");
    assert_eq!(&*inventory.unread()[0].file, "notes.txt");
    assert!(Inventory::read(&folder.path().join("nowhere"), &[]).is_err());
}
