//! The rules of `deny.toml` for licences and sources hold for every dependency, with all features
//! and on every system. cargo-deny, which the workflow Dependencies runs, also checks advisories;
//! it takes minutes to build, and this check is in every run of the tests.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use spdx::{Expression, Licensee, ParseMode};

/// The only source from which packages may come.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The metadata of the packages of Cargo.lock, from cargo, which downloads those of other systems.
fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--all-features"])
        .arg("--format-version=1")
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo metadata: {said}");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

/// The licences that `deny.toml` allows.
fn allowed() -> Vec<Licensee> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deny.toml");
    let rules = std::fs::read_to_string(file).expect("deny.toml");
    let rules: toml::Table = rules.parse().expect("TOML");
    let licences = rules["licenses"]["allow"].as_array().expect("a list");
    let licences = licences
        .iter()
        .map(|name| name.as_str().expect("a licence"));
    licences
        .map(|name| Licensee::parse(name).expect("a licence of SPDX"))
        .collect()
}

/// Whether a package's licence expression is satisfied by the allowed licences.
fn is_allowed(licence: &str, allowed: &[Licensee]) -> bool {
    let expression = Expression::parse_mode(licence, ParseMode::LAX)
        .unwrap_or_else(|error| panic!("{licence}: {error}"));
    expression.evaluate(|asked| allowed.iter().any(|licence| licence.satisfies(asked)))
}

#[test]
fn every_dependency_has_a_licence_of_the_list() {
    let (allowed, packages) = (allowed(), packages());
    assert!(packages.len() > 300, "{} packages", packages.len());
    let refused: Vec<_> = packages
        .iter()
        .filter(|package| {
            let licence = package["license"].as_str();
            !licence.is_some_and(|licence| is_allowed(licence, &allowed))
        })
        .map(|package| {
            format!(
                "{} {}: {}",
                package["name"], package["version"], package["license"]
            )
        })
        .collect();
    assert!(refused.is_empty(), "not in deny.toml: {refused:#?}");
}

#[test]
fn licence_expressions_are_evaluated() {
    let allowed = allowed();
    for good in [
        "MIT",
        "MIT/Apache-2.0",
        "GPL-2.0-only OR MIT",
        "ISC AND MIT",
    ] {
        assert!(is_allowed(good, &allowed), "{good}");
    }
    for bad in [
        "GPL-3.0-only",
        "MIT AND LGPL-2.1-or-later",
        "MPL-2.0",
        "CC0-1.0",
    ] {
        assert!(!is_allowed(bad, &allowed), "{bad}");
    }
}

#[test]
fn every_dependency_is_of_crates_io_and_has_a_version() {
    for package in packages() {
        let name = package["name"].as_str().expect("a name");
        match package["source"].as_str() {
            Some(source) => assert_eq!(source, CRATES_IO, "{name}"),
            None => {
                for needed in package["dependencies"].as_array().expect("a list") {
                    let is_ours = !needed["path"].is_null();
                    assert!(is_ours || needed["req"] != "*", "{name}: {needed}");
                }
            }
        }
    }
}
