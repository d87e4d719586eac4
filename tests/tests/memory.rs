//! The suite over the reference.

use certbind_conformance::{Ephemeral, Redeclared};
use certbind_core::{MemoryStore, Result};

certbind_conformance::suite!(
    memory,
    Ephemeral<MemoryStore>,
    durability_not_checked = "the store ends with its value"
);

/// The output of the test program about durability, where it cannot be checked.
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

/// A durable store whose fixture has no address. The capabilities are those of the store, or without
/// a second process.
struct Durable<const MULTI_PROCESS: bool>(tempfile::TempDir);

impl<const MULTI_PROCESS: bool> certbind_conformance::Fixture for Durable<MULTI_PROCESS> {
    type Store = Redeclared<certbind_redb::RedbStore>;

    fn new() -> Self {
        Self(tempfile::TempDir::new().expect("a folder"))
    }

    fn open(&self) -> Result<Self::Store> {
        let store = certbind_redb::RedbStore::open(self.0.path().join("bindings.redb"))?;
        Ok(Redeclared::new(store, |declared| {
            declared.with_multi_process(MULTI_PROCESS)
        }))
    }
}

#[test]
#[should_panic = "or declare `Capabilities::with_multi_process(false)`"]
fn a_reason_needs_capabilities_that_say_so() {
    certbind_conformance::unchecked_durability_is_declared::<Durable<true>>();
}

#[test]
fn capabilities_without_a_second_process_are_a_reason() {
    certbind_conformance::unchecked_durability_is_declared::<Durable<false>>();
}

#[test]
#[should_panic = "no second process can open it; add `durability_not_checked"]
fn a_suite_needs_the_reason_if_capabilities_say_so() {
    certbind_conformance::acknowledged_changes_survive_a_kill::<Durable<false>>("memory::_");
}

#[test]
#[should_panic = "the fixture has no address"]
fn a_second_process_needs_an_address() {
    certbind_conformance::acknowledged_changes_survive_a_kill::<Durable<true>>("memory::_");
}
