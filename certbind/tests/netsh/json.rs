//! `json=`: the output of `show`, and the exports that `add` and `update` take.

use std::fs;
use std::path::{Path, PathBuf};

use certbind::netsh::Profile;
use certbind_core::{Binding, BindingStore, MemoryStore, Scan, strategy};
use certbind_formats::{Export, json};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::bench::{Bench, HASH, IIS, NEXT, run};

const RELEASE: Profile = Profile::Server2025;

/// Three bindings, one of them with an extended property.
fn filled() -> Bench {
    let bench = Bench::new(RELEASE);
    for line in [
        &format!("http add sslcert ipport=0.0.0.0:443 certhash={HASH} appid={IIS} reject=enable"),
        &format!(
            "http add sslcert hostnameport=a.Example:443 certhash={HASH} appid={IIS} certstorename=MY"
        ),
        &format!("http add sslcert ccs=443 appid={IIS}"),
        "http update sslpropertyex ccs=443 propertyid=0 receivewindow=65536",
    ] {
        bench.ok(line);
    }
    bench
}

/// A JSON export.
fn exported(bindings: &[Binding]) -> String {
    let export = Export {
        bindings: bindings.to_vec(),
        ..Export::default()
    };
    let mut text = Vec::new();
    json::write(&mut text, &export).unwrap();
    String::from_utf8(text).unwrap()
}

fn file(folder: &TempDir, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join("bindings.json");
    fs::write(&path, content).unwrap();
    path
}

fn words(verb: &str, file: &Path) -> Vec<String> {
    let file = format!("json={}", file.display());
    ["http", verb, "sslcert", &file].map(String::from).to_vec()
}

#[test]
fn an_export_can_be_added() {
    let folder = TempDir::new().unwrap();
    let from = filled();
    let file = file(&folder, exported(&from.bindings()));
    let to = Bench::new(RELEASE);
    let said = run(&to.store, RELEASE, &words("add", &file));
    assert_eq!(said.text, "\nSSL Certificate successfully added\n\n");
    assert_eq!(said.code, 0);
    assert_eq!(to.bindings(), from.bindings());
}

/// As C3D.Extensions.Aspire reads it (`NetshSslCert.cs`) and PSWSMan's CI on Server 2025.
#[test]
fn shown_json_has_the_members_of_windows() {
    let bench = filled();
    let shown: serde_json::Value =
        serde_json::from_str(&bench.ok("http show sslcert json=enable")).unwrap();
    let guid = &IIS[1..37];
    let hash = "UibcbFRVl2HNRxuG61HAliUskPI=";
    let expected = serde_json::json!({
        "SslCertificateBindings": [
            {"ConfigType": 6, "GuidString": IIS, "AppId": guid},
            {
                "ConfigType": 5, "SslHash": hash, "SslCertStoreName": "MY",
                "GuidString": IIS, "AppId": guid,
            },
            {
                "IpPort": "0.0.0.0:443", "ConfigType": 1, "SslHash": hash,
                "GuidString": IIS, "AppId": guid,
            },
        ],
        "message": "",
        "status": 0,
    });
    let by_type = |value: &serde_json::Value| {
        let mut bindings = value["SslCertificateBindings"].as_array().unwrap().clone();
        bindings.sort_by_key(|binding| std::cmp::Reverse(binding["ConfigType"].as_u64()));
        (bindings, value["message"].clone(), value["status"].clone())
    };
    assert_eq!(by_type(&shown), by_type(&expected));
}

#[test]
fn json_of_an_unbound_key_has_an_empty_array() {
    let shown = filled().fails("http show sslcert ccs=444 json=enable");
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let expected = serde_json::json!({
        "SslCertificateBindings": [],
        "message": "The system cannot find the file specified.",
        "status": 2,
    });
    assert_eq!(shown, expected);
}

/// It lacks the options: its contents must not replace a binding.
#[test]
fn shown_json_is_no_file_for_add() {
    let folder = TempDir::new().unwrap();
    let file = file(&folder, filled().ok("http show sslcert json=enable"));
    let to = Bench::new(RELEASE);
    let said = run(&to.store, RELEASE, &words("add", &file));
    assert_eq!(said.code, 1);
    assert!(said.text.contains("found no \"format\""), "{}", said.text);
    assert_eq!(to.bindings(), []);
}

#[test]
fn one_binding_round_trips_through_json() {
    let folder = TempDir::new().unwrap();
    let bench = filled();
    let before = bench.bindings();
    let file = file(&folder, exported(&bench.bindings()[2..]));
    bench.ok("http update sslpropertyex ccs=443 propertyid=0 receivewindow=1");
    bench.ok(&format!(
        "http update sslcert ipport=0.0.0.0:443 certhash={NEXT} appid={IIS}"
    ));
    let said = run(&bench.store, RELEASE, &words("update", &file));
    assert_eq!(said.text, "\nSSL Certificate successfully updated\n\n");
    let after = bench.bindings();
    assert_eq!(after[2], before[2]);
    assert_ne!(after[0], before[0], "what the file does not name stays");
}

#[test]
fn a_file_is_taken_as_a_whole_or_not_at_all() {
    let folder = TempDir::new().unwrap();
    let bench = filled();
    let file = file(&folder, exported(&bench.bindings()));
    bench.ok("http delete sslcert ipport=0.0.0.0:443");
    let before = bench.bindings();
    for (verb, noun, code) in [("add", "add", 183), ("update", "update", 2)] {
        let said = run(&bench.store, RELEASE, &words(verb, &file));
        let printed = format!("\nSSL Certificate {noun} failed, Error: {code}\n");
        assert!(said.text.starts_with(&printed), "{}", said.text);
        let which = ["hostnameport=a.example:443", "ipport=0.0.0.0:443"][usize::from(code == 2)];
        assert!(said.text.contains(which), "{}", said.text);
        assert_eq!(said.code, 1);
        assert_eq!(bench.bindings(), before);
    }
}

#[test]
fn utf_16_of_powershell_is_read() {
    let folder = TempDir::new().unwrap();
    let from = filled();
    let shown = exported(&from.bindings());
    let units = shown.replace('\n', "\r\n");
    let mut bytes = vec![0xff, 0xfe];
    bytes.extend(units.encode_utf16().flat_map(u16::to_le_bytes));
    let to = Bench::new(RELEASE);
    assert_eq!(
        run(&to.store, RELEASE, &words("add", &file(&folder, bytes))).code,
        0
    );
    assert_eq!(to.bindings(), from.bindings());
}

#[test]
fn a_file_that_says_nothing_is_named() {
    let folder = TempDir::new().unwrap();
    let bench = filled();
    let empty = exported(&[]);
    for (content, why) in [
        (empty.as_str(), "there is no binding in it"),
        (r#"[{"ipport": "0.0.0.0:443"}]"#, "line 1"),
        ("", "line 1"),
    ] {
        let path = file(&folder, content);
        let said = run(&bench.store, RELEASE, &words("add", &path));
        assert!(said.text.contains(why), "{}", said.text);
        assert!(said.text.contains(&path.display().to_string()));
        assert_eq!(said.code, 1);
    }
    let missing = folder.path().join("missing");
    assert_eq!(
        run(&bench.store, RELEASE, &words("update", &missing)).code,
        1
    );
}

#[test]
fn json_file_excludes_other_options() {
    let folder = TempDir::new().unwrap();
    let bench = filled();
    let file = file(&folder, exported(&bench.bindings()));
    bench.ok("http delete sslcert ccs=443");
    let said = bench.fails(&format!("http add sslcert ccs=443 json={}", file.display()));
    assert!(said.starts_with("One or more essential parameters"));
    bench.fails("http show sslcert json=yes");
    assert_eq!(
        bench.ok("http show sslcert json=disable"),
        bench.ok("http show sslcert")
    );
}

#[test]
fn older_releases_do_not_have_it() {
    for profile in Profile::ALL.into_iter().filter(|other| *other != RELEASE) {
        let said = Bench::new(profile).fails("http show sslcert json=enable");
        assert!(said.starts_with("One or more essential parameters"));
    }
}

proptest! {
    #[test]
    fn every_field_round_trips_through_json(
        bindings in proptest::collection::vec(strategy::binding(), 1..4)
    ) {
        let from = MemoryStore::new();
        for binding in bindings {
            from.put(binding).unwrap();
        }
        let all = |store: &MemoryStore| -> Vec<Binding> {
            store.scan(&Scan::all()).unwrap().map(Result::unwrap).collect()
        };
        let folder = TempDir::new().unwrap();
        let to = MemoryStore::new();
        let added = run(&to, RELEASE, &words("add", &file(&folder, exported(&all(&from)))));
        prop_assert_eq!(added.code, 0, "{}", added.text);
        prop_assert_eq!(all(&to), all(&from));
    }
}
