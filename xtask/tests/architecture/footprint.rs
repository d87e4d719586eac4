//! The core stays cheap to depend on.

use std::collections::BTreeSet;
use std::process::Command;

use crate::crates::root;

/// The packages that a program compiles for `certbind-core` with these features, the core included.
fn packages(features: &[&str]) -> BTreeSet<String> {
    packages_of("certbind-core", features)
}

fn packages_of(package: &str, features: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--package", package])
        .args(["--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .arg("--no-default-features")
        .args(["--features", &features.join(",")])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo tree failed");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let lines = text.lines().map(|line| line.trim_end_matches(" (*)"));
    lines
        .filter(|line| !line.is_empty())
        .map(Into::into)
        .collect()
}

#[test]
fn the_core_has_under_20_dependencies() {
    let plain = packages(&[]);
    assert!(plain.iter().any(|package| package.starts_with("bincode ")));
    assert!(plain.len() < 20, "{}: {plain:#?}", plain.len());
}

/// Types of other crates that users of the core would have to compile without using them.
#[test]
fn core_has_no_certificates_or_serialization() {
    let plain = packages(&[]);
    for heavy in [
        "serde",
        "serde_core",
        "x509-cert",
        "sha1",
        "rustls-pki-types",
        "idna",
    ] {
        let start = format!("{heavy} ");
        assert!(
            !plain.iter().any(|package| package.starts_with(&start)),
            "{heavy}"
        );
    }
    let full = packages(&["serde", "idna"]);
    assert!(full.iter().any(|package| package.starts_with("serde ")));
    assert!(full.iter().any(|package| package.starts_with("idna ")));
}

/// The drop-in library is loaded into programs under test: it contains the code of a simulator, and
/// none of the command line or of other backends.
#[test]
fn the_drop_in_library_does_not_contain_the_command_line() {
    let library = packages_of("certbind-httpapi", &[]);
    let has = |name: &str| {
        let start = format!("{name} ");
        library.iter().any(|package| package.starts_with(&start))
    };
    assert!(has("certbind-backends") && has("certbind-redb"));
    for foreign in [
        "certbind",
        "certbind-formats",
        "certbind-migrate",
        "certbind-etcd",
        "clap",
        "tokio",
    ] {
        assert!(!has(foreign), "{foreign}");
    }
}

/// A program that opens files compiles no client of etcd, and one that uses HTTP.sys no database.
#[test]
fn certbind_compiles_the_backends_of_its_features() {
    let has = |feature: &str, package: &str| {
        let start = format!("{package} ");
        let packages = packages_of("certbind", &[feature]);
        packages.iter().any(|package| package.starts_with(&start))
    };
    assert!(has("redb", "certbind-redb"));
    assert!(!has("redb", "certbind-etcd"));
    assert!(!has("redb", "tonic"));
    assert!(has("etcd", "certbind-etcd"));
    assert!(!has("etcd", "certbind-redb"));
    assert!(!has("httpsys", "certbind-redb"));
    assert!(!has("httpsys", "certbind-etcd"));
}
