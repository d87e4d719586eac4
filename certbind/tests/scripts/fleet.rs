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

pub(crate) const OLD: [u8; 20] = [0x52; 20];
pub(crate) const NEW: [u8; 20] = [0x8d; 20];

pub(crate) fn certbind(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_certbind"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), text)
}

pub(crate) fn bindings(certificate: [u8; 20]) -> Vec<Binding> {
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

pub(crate) fn list(path: &Path, release: Release, bindings: Vec<Binding>) {
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
    // Another program changed one host as well.
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
    // The renewal of renewed hosts changes nothing and succeeds, also by a prefix that no binding
    // has any more; it fails if no binding uses either certificate.
    let list_02 = at("new/web02.txt");
    let again = |from: &str, to: &str| {
        let arguments = [
            "rotate",
            "--from",
            from,
            "--to",
            to,
            list_02.to_str().unwrap(),
            "--out",
            "again",
        ];
        certbind(folder.path(), &arguments)
    };
    let old = CertHash::new(OLD).to_string();
    for from in [old.as_str(), "5252"] {
        let (code, text) = again(from, &new);
        assert_eq!(code, 0, "{text}");
        assert!(text.contains("Already renewed"), "{text}");
    }
    for from in [old.as_str(), "5252"] {
        let (code, text) = again(from, &"ab".repeat(20));
        assert_eq!(code, 1, "{text}");
    }
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

/// Three hosts: a listing in a folder, a JSON export and a registry export.
fn three_hosts() -> TempDir {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["exports", "more"] {
        std::fs::create_dir(at(name)).unwrap();
    }
    list(&at("exports/a.txt"), Release::Server2022, bindings(OLD));
    list(&at("more/x.txt"), Release::Server2016, bindings(OLD));
    for (format, file) in [("json", "exports/b.json"), ("reg", "exports/c.reg")] {
        let store = format!("redb:{}", at(format).display());
        let (code, text) = certbind(folder.path(), &["--store", &store, "import", "more/x.txt"]);
        assert_eq!(code, 0, "{text}");
        let export = ["--store", &store, "export", "--format", format, "-o", file];
        let (code, text) = certbind(folder.path(), &export);
        assert_eq!(code, 0, "{text}");
    }
    std::fs::remove_file(at("more/x.txt")).unwrap();
    list(&at("more/d e.txt"), Release::Server2019, bindings(NEW));
    std::fs::rename(at("more/d e.txt"), at("more/d.txt")).unwrap();
    folder
}

fn rotate(folder: &Path, exports: &[&str], more: &[&str]) -> (i32, String) {
    let new = CertHash::new(NEW).to_string();
    let start = ["rotate", "--from", "5252", "--to", &new];
    certbind(
        folder,
        &[&start, exports, &["--out", "change"], more].concat(),
    )
}

#[test]
fn folders_patterns_and_lists_name_exports_of_any_format() {
    let folder = three_hosts();
    std::fs::write(
        folder.path().join("hosts.list"),
        "# hosts\n\nexports/?.json\nmore\n",
    )
    .unwrap();
    for (exports, expected) in [
        (vec!["exports"], "6 bindings of 3 of 3 hosts"),
        (vec!["exports/[bc].*"], "4 bindings of 2 of 2 hosts"),
        (vec!["@hosts.list"], "2 bindings of 1 of 2 hosts"),
        (
            vec!["@hosts.list", "exports/a.txt"],
            "4 bindings of 2 of 3 hosts",
        ),
        // The same file twice is one host.
        (
            vec!["exports/a.txt", "exports/a*"],
            "2 bindings of 1 of 1 hosts",
        ),
    ] {
        let (code, text) = rotate(folder.path(), &exports, &[]);
        assert_eq!(code, 0, "{exports:?}: {text}");
        assert!(text.contains(expected), "{exports:?}: {text}");
        std::fs::remove_dir_all(folder.path().join("change")).unwrap();
    }
    for exports in [vec!["none*.txt"], vec!["@none.list"], vec!["none.txt"]] {
        let (code, text) = rotate(folder.path(), &exports, &[]);
        assert!(code > 0 && text.contains("none"), "{exports:?}: {text}");
        assert!(!folder.path().join("change").exists());
    }
}

#[test]
fn summaries_name_every_host_and_key() {
    let folder = three_hosts();
    let (code, printed) = rotate(folder.path(), &["exports", "more"], &["--format", "json"]);
    assert_eq!(code, 0, "{printed}");
    let read =
        |name: &str| std::fs::read_to_string(folder.path().join("change").join(name)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&read("summary.json")).unwrap();
    // A warning follows: of the new certificate only the hash is known.
    let mut printed = serde_json::Deserializer::from_str(&printed).into_iter();
    let printed: serde_json::Value = printed.next().unwrap().unwrap();
    assert_eq!(json, printed);
    assert_eq!(json["old"], CertHash::new(OLD).to_string());
    assert_eq!(json["new"], CertHash::new(NEW).to_string());
    let renewed = ["ipport=0.0.0.0:443", "hostnameport=www.contoso.com:443"];
    for host in ["a", "b", "c"] {
        let host = &json["hosts"][host];
        assert_eq!(host["renewed"], serde_json::json!(renewed));
        assert_eq!(
            (&host["unchanged"], &host["already"]),
            (&1.into(), &0.into())
        );
        for script in host["scripts"].as_array().unwrap() {
            assert!(!read(script.as_str().unwrap()).is_empty());
        }
    }
    let done = &json["hosts"]["d"];
    assert_eq!(
        (&done["unchanged"], &done["already"]),
        (&3.into(), &2.into())
    );
    assert_eq!(done["scripts"], serde_json::json!([]));
    assert!(!folder.path().join("change/d/apply.cmd").exists());
    for name in ["summary.txt", "summary.html"] {
        let text = read(name);
        for part in [&renewed[..], &[&*CertHash::new(OLD).to_string()]].concat() {
            assert!(text.contains(part), "{name} lacks {part}: {text}");
        }
        assert!(!text.contains('\u{1b}'), "{name}");
    }
    let html = read("summary.html");
    assert_eq!(html.matches("<tr><td>").count(), 4, "{html}");
}

#[test]
fn verify_has_exit_codes_for_pipelines() {
    let folder = three_hosts();
    let (code, text) = rotate(folder.path(), &["exports"], &[]);
    assert_eq!(code, 0, "{text}");
    let verify = |more: &[&str]| {
        certbind(
            folder.path(),
            &[&["verify", "--plan", "change"], more].concat(),
        )
    };
    let json = |more: &[&str]| {
        let (code, text) = verify(&[more, &["--format", "json"]].concat());
        (
            code,
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
        )
    };
    // The listings of before.
    let (code, report) = json(&["exports"]);
    assert_eq!(
        (code, &report["ok"], &report["renewed"]),
        (1, &false.into(), &0.into())
    );
    // The planned state, in other formats than those of the exports.
    let after = [
        "change/a/after.json",
        "change/b/after.txt",
        "change/c/after.txt",
    ];
    std::fs::create_dir(folder.path().join("new")).unwrap();
    for (path, name) in after.iter().zip(["a.json", "b.txt", "c.txt"]) {
        std::fs::copy(
            folder.path().join(path),
            folder.path().join("new").join(name),
        )
        .unwrap();
    }
    let (code, report) = json(&["new"]);
    assert_eq!(
        (code, &report["ok"], &report["planned"]),
        (0, &true.into(), &6.into())
    );
    // A host too many.
    let (code, report) = json(&["new", "more"]);
    assert_eq!(
        (code, &report["hosts"]["d"]["problem"]),
        (1, &"not in the plan".into())
    );
    // Errors.
    std::fs::write(folder.path().join("new/b.txt"), "no listing").unwrap();
    let (code, text) = verify(&["new"]);
    assert!(code == 2 && text.contains("b.txt"), "{text}");
    let (code, text) = certbind(folder.path(), &["verify", "exports", "--plan", "none"]);
    assert!(code == 2 && text.contains("none"), "{text}");
}
