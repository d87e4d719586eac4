//! `cargo xtask manifests` fills the templates of `packaging/` with the version and the checksum.

use std::path::Path;
use std::process::Command;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The SHA-256 of the three bytes `abc` (FIPS 180-2, B.1).
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

#[test]
#[cfg(unix)]
fn manifests_have_the_version_and_the_checksum_of_the_zip() {
    let folder = tempfile::tempdir().expect("a folder");
    let zip = folder.path().join("release.zip");
    std::fs::write(&zip, "abc").expect("a file");
    let manifests = folder.path().join("manifests");
    let xtask = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("manifests")
        .args([&zip, &manifests])
        .output()
        .expect("xtask runs");
    let said = String::from_utf8_lossy(&xtask.stderr);
    assert!(xtask.status.success(), "{said}");

    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging");
    let mut checked = 0;
    for manager in ["winget", "scoop", "chocolatey", "chocolatey/tools"] {
        for entry in std::fs::read_dir(templates.join(manager)).expect("a folder") {
            let template = entry.expect("an entry").path();
            if template.is_dir() {
                continue;
            }
            let name = template.file_name().expect("a name");
            let file = manifests.join(manager).join(name);
            let text = std::fs::read_to_string(&file)
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let of_template = std::fs::read_to_string(&template).expect("a template");
            assert!(!text.contains("{{"), "{} has a placeholder", file.display());
            assert!(text.contains(VERSION), "{}", file.display());
            let checksums = of_template.matches("{{sha256}}").count();
            assert_eq!(text.matches(ABC).count(), checksums, "{}", file.display());
            checked += checksums;
        }
    }
    assert_eq!(checked, 3, "one checksum for each package manager");

    let scoop = std::fs::read(manifests.join("scoop/certbind.json")).expect("a file");
    let scoop: serde_json::Value = serde_json::from_slice(&scoop).expect("JSON");
    assert_eq!(scoop["version"], VERSION);
    assert_eq!(scoop["architecture"]["64bit"]["hash"], ABC);
}
