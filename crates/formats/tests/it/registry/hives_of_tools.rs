//! Hives that hivex makes, and hivex's reading of ours.

use std::collections::HashSet;
use std::fmt::Write;
use std::process::Command;

use certbind_formats::{Format, ReadOptions, WarningKind, detect, read};
use certbind_test_support::require;

use super::fixture;
use super::reg_round_trips::{assert_same, some_bindings, sorted, text_of, written};
use super::tools::run;
use crate::listings::{bound, keys};
use certbind_test_support::hive::{file, key};

const PREFIX: &str = r"HKEY_LOCAL_MACHINE\SYSTEM";

#[test]
fn a_hive_of_hivex_is_read() {
    let hive = fixture("hivex.hive");
    assert_eq!(detect(&hive), Format::Hive);
    let reading = read(&hive, &ReadOptions::default()).unwrap();
    assert_eq!(
        sorted_keys(&reading),
        [
            "ccs=443",
            "hostnameport=sni.iis8.com:443",
            "hostnameport=www.contoso.com:443",
            "ipport=0.0.0.0:443",
            "ipport=[2001:db8::1]:8443",
            "scopedccs=shop.contoso.com:443",
        ]
    );
    assert_eq!(reading.export.header.host.as_deref(), Some("WEB-01"));
    let first = bound(&reading, "0.0.0.0:443").record();
    assert_eq!(first.flags.bits(), 0x12);
    assert_eq!(first.check_mode.bits(), 0x1_0001);
    assert_eq!(
        first.app_id.to_string(),
        "4dc3e181-e14b-4a21-b022-59fc669b0914"
    );
    let sni = bound(&reading, "hostnameport=sni.iis8.com:443");
    assert_eq!(sni.host_spelling(), Some("SNI.IIS8.com"));
    let printed: Vec<_> = reading.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        printed,
        [
            "SslBindingInfo: the value \"DefaultSslCertCheckMode\" is in no binding's key; \
             HTTP.sys is not known to read it there, and it is not converted",
            "UrlAclInfo: \"http://+:80/x/\" was ignored: security descriptor \
             \"010004801400000024000000000000003400000001020000…\": it is truncated",
            "the bindings of ControlSet002 (1) were ignored; ControlSet001 is the current control set",
        ]
    );
    assert_eq!(reading.warnings[0].kind, WarningKind::Value);
}

#[test]
fn export_of_a_hive_equals_the_hive() {
    let hive = read(&fixture("hivex.hive"), &ReadOptions::default()).unwrap();
    let text = read(&fixture("hivex-export.reg"), &ReadOptions::default()).unwrap();
    assert_same(text.export.bindings, &sorted(hive.export.bindings));
}

/// hivexregedit names keys from the root of the hive on, and begins with a backslash, if it is given no
/// prefix.
#[test]
fn export_without_a_prefix_equals_the_hive() {
    let text = String::from_utf8(fixture("hivex-export.reg")).unwrap();
    let prefix = format!("[{PREFIX}\\");
    assert!(text.contains(&prefix));
    let without = text.replace(&prefix, "[\\");
    let [named, nameless] = [&text, &without].map(|text| {
        let reading = read(text.as_bytes(), &ReadOptions::default()).unwrap();
        (reading.export, reading.registry, reading.warnings)
    });
    assert!(!named.0.bindings.is_empty());
    assert_eq!(nameless, named);
}

#[test]
fn hivex_reads_our_export_alike() {
    require!("hivexregedit");
    let folder = tempfile::tempdir().unwrap();
    let hive = folder.path().join("SYSTEM");
    std::fs::write(&hive, file(&key("ROOT"))).unwrap();
    // hivexregedit takes the bytes of a text for its characters.
    let mut bindings = some_bindings(64);
    bindings.retain(|binding| text_of(&written(vec![binding.clone()])).is_ascii());
    assert!(bindings.len() > 20);
    let written = written(bindings.clone());
    let merged = folder.path().join("merged.reg");
    std::fs::write(&merged, with_ancestors(&written)).unwrap();
    run(Command::new("hivexregedit")
        .args(["--merge", "--prefix", PREFIX])
        .args([&hive, &merged]));

    let reading = read(&std::fs::read(&hive).unwrap(), &ReadOptions::default()).unwrap();
    assert_eq!(reading.warnings, []);
    assert_same(reading.export.bindings, &bindings);

    let back = run(Command::new("hivexregedit")
        .args(["--export", "--prefix", PREFIX])
        .arg(&hive)
        .arg("\\"));
    let reading = read(&back.stdout, &ReadOptions::default()).unwrap();
    assert_eq!(reading.warnings, []);
    assert_same(reading.export.bindings, &bindings);
}

/// hivexregedit takes UTF-8, and a key only after its parent. An offline hive has no
/// `CurrentControlSet`.
fn with_ancestors(written: &[u8]) -> String {
    let text = text_of(written);
    let text = text
        .replace("\r\n", "\n")
        .replace("CurrentControlSet", "ControlSet001");
    let mut all = String::new();
    let mut seen = HashSet::new();
    for line in text.lines() {
        let path = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'));
        if let Some(path) = path {
            for (end, _) in path.match_indices('\\').skip(2) {
                if seen.insert(path[..end].to_owned()) {
                    writeln!(all, "[{}]\n", &path[..end]).unwrap();
                }
            }
        }
        writeln!(all, "{line}").unwrap();
    }
    format!("{all}\n[{PREFIX}\\Select]\n\"Current\"=dword:00000001\n\n")
}

fn sorted_keys(reading: &certbind_formats::ReadOutcome) -> Vec<String> {
    let mut keys = keys(reading);
    keys.sort();
    keys
}
