//! A long audit shows its progress, on a terminal alone.

use certbind_test_support::{require, shell};

use super::{Folder, LISTING};

/// The output of an audit whose input takes two seconds, on a terminal or on none.
fn printed(folder: &Folder, is_terminal: bool) -> String {
    let line = format!(
        "{{ sleep 2; cat web-01.txt; }} | {} audit -",
        env!("CARGO_BIN_EXE_certbind")
    );
    let output = shell(&line, is_terminal)
        .current_dir(folder.path("."))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let both = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&both).into_owned()
}

#[test]
fn long_audit_shows_its_step_on_a_terminal() {
    require!("script");
    let folder = Folder::new();
    folder.write("web-01.txt", LISTING);
    let shown = printed(&folder, true);
    assert!(shown.contains("Reading"), "{shown:?}");
    let shown = printed(&folder, false);
    assert!(!shown.contains("Reading"), "{shown:?}");
    assert!(shown.contains("in 6 bindings"), "{shown:?}");
}
