//! The renewal of five hosts: from their listings to scripts, executed on simulated hosts that still
//! have the old certificate, and verified by their new listings.

use std::path::Path;
use std::process::Command;

use certbind_core::{Binding, CertHash, Record, Uuid};
use certbind_formats::Export;
use certbind_formats::netsh::{self, Release};
use tempfile::TempDir;

use crate::RELEASES;
use crate::host::SimulatedHost;

const OLD: [u8; 20] = [0x52; 20];
const NEW: [u8; 20] = [0x8d; 20];

fn certbind(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_certbind"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), text)
}

fn bindings(certificate: [u8; 20]) -> Vec<Binding> {
    let keys = [
        "ipport=0.0.0.0:443",
        "hostnameport=www.contoso.com:443",
        "ipport=0.0.0.0:8443",
    ];
    let hashes = [certificate, certificate, [0x11; 20]];
    let bound = keys.iter().zip(hashes).map(|(key, hash)| {
        let store = Some("MY".parse().unwrap());
        let mut record = Record::new(CertHash::new(hash), store, Uuid::from_u128(7));
        record
            .flags
            .insert(certbind_core::SslFlags::NEGOTIATE_CLIENT_CERT);
        Binding::new(key.parse().unwrap(), record).unwrap()
    });
    let mut bound: Vec<_> = bound.collect();
    bound.sort_by(|a, b| a.key().cmp(b.key()));
    bound
}

fn list(path: &Path, release: Release, bindings: Vec<Binding>) {
    let mut text = Vec::new();
    let export = Export {
        bindings,
        ..Export::default()
    };
    netsh::write(&mut text, &export, &release.layout()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[test]
fn five_hosts_are_renewed_from_their_listings() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("exports")).unwrap();
    std::fs::create_dir(at("new")).unwrap();
    let names: Vec<_> = (1..=5).map(|number| format!("web{number:02}")).collect();
    let mut hosts = Vec::new();
    for (name, release) in names.iter().zip(RELEASES) {
        hosts.push(SimulatedHost::new(release.name(), &bindings(OLD)));
        list(&at(&format!("exports/{name}.txt")), release, bindings(OLD));
    }
    let new = CertHash::new(NEW).to_string();
    // A unique prefix, and a pattern that certbind expands itself.
    let rotate = [
        "rotate",
        "--from",
        "5252",
        "--to",
        &new,
        "exports/*.txt",
        "--out",
        "change",
        "--script",
        "sh",
    ];
    let (code, text) = certbind(folder.path(), &rotate);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("10 bindings of 5 of 5 hosts"), "{text}");
    for file in [
        "summary.txt",
        "summary.json",
        "summary.html",
        "web01/before.txt",
        "web05/after.txt",
    ] {
        assert!(at("change").join(file).exists(), "{file}");
    }
    let verify = ["verify", "new", "--plan", "change"];
    for (at_host, ((name, host), release)) in names.iter().zip(&hosts).zip(RELEASES).enumerate() {
        for script in ["apply.sh", "rollback.sh"] {
            std::fs::copy(at("change").join(name).join(script), host.file(script)).unwrap();
        }
        let (code, text, _) = host.run("apply.sh", &[]);
        assert_eq!(code, Some(0), "{name}: {text}");
        list(&at(&format!("new/{name}.txt")), release, host.bindings());
        let (code, text) = certbind(folder.path(), &verify);
        if at_host < 4 {
            assert_eq!(code, 1, "{text}");
            assert!(text.contains("web05: no new export"), "{text}");
        } else {
            assert_eq!(code, 0, "{text}");
            assert!(
                text.contains("10 of 10 bindings renewed, nothing else changed"),
                "{text}"
            );
        }
    }
    // One host that somebody changed as well.
    let mut changed = bindings(NEW);
    changed.pop();
    list(&at("new/web03.txt"), Release::Server2019, changed);
    let (code, text) = certbind(folder.path(), &verify);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("web03: ") && text.contains("differs from the plan"),
        "{text}"
    );
    assert!(!text.contains("web02"), "{text}");
    // The renewal of renewed hosts does nothing and succeeds; that of an unknown certificate fails.
    let list_02 = at("new/web02.txt");
    let again = |from: &str| {
        let arguments = [
            "rotate",
            "--from",
            from,
            "--to",
            &new,
            list_02.to_str().unwrap(),
            "--out",
            "again",
        ];
        certbind(folder.path(), &arguments)
    };
    let (code, text) = again(&CertHash::new(OLD).to_string());
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("Already renewed"), "{text}");
    assert_eq!(again("ffff").0, 1);
}

#[test]
fn unreadable_listing_stops_the_renewal() {
    let folder = TempDir::new().unwrap();
    list(
        &folder.path().join("a.txt"),
        Release::Server2022,
        bindings(OLD),
    );
    std::fs::write(folder.path().join("b.txt"), "no listing").unwrap();
    std::fs::write(folder.path().join("hosts.list"), "a.txt\nb.txt\n").unwrap();
    let new = CertHash::new(NEW).to_string();
    let arguments = [
        "rotate",
        "--from",
        "5252",
        "--to",
        &new,
        "@hosts.list",
        "--out",
        "change",
    ];
    let (code, text) = certbind(folder.path(), &arguments);
    assert_eq!(code, 3, "{text}");
    assert!(
        text.contains("b.txt") && !folder.path().join("change").exists(),
        "{text}"
    );
}
