//! The suite over the reference.

use certbind_conformance::Ephemeral;
use certbind_core::MemoryStore;

certbind_conformance::suite!(
    memory,
    Ephemeral<MemoryStore>,
    durability_not_checked = "the store ends with its value"
);

/// What the test program prints about durability, where it cannot be checked.
#[test]
fn the_report_says_that_durability_is_not_checked() {
    let program = std::env::current_exe().expect("the test has a path");
    let output = std::process::Command::new(program)
        .arg("memory::")
        .args([
            "--skip",
            "follow",
            "--skip",
            "linearizable",
            "--skip",
            "scans",
        ])
        .output()
        .expect("the test starts");
    let report = String::from_utf8(output.stdout).expect("UTF-8");
    let line = "test memory::durability_not_checked ... ignored, the store ends with its value\n";
    assert!(report.contains(line), "{report}");
    for check in ["survive_a_kill", "are_synced"] {
        assert!(!report.contains(check), "{report}");
    }
}

/// A store whose suite wrongly says that its durability cannot be checked.
struct Durable(tempfile::TempDir);

impl certbind_conformance::Fixture for Durable {
    type Store = certbind_redb::RedbStore;

    fn new() -> Self {
        Self(tempfile::TempDir::new().expect("a folder"))
    }

    fn open(&self) -> certbind_core::Result<Self::Store> {
        certbind_redb::RedbStore::open(self.0.path().join("bindings.redb"))
    }

    fn address(&self) -> Option<String> {
        let path = self.0.path().join("bindings.redb");
        path.to_str().map(str::to_owned)
    }
}

#[test]
#[should_panic = "declares that it is durable"]
fn a_durable_store_with_an_address_is_checked() {
    certbind_conformance::durability_cannot_be_checked::<Durable>();
}
