//! A long audit shows its progress, on a terminal alone.

use std::process::Command;

use certbind_test_support::require;

use super::{Folder, LISTING};

/// The output of an audit whose input takes two seconds, with a terminal from util-linux's `script`
/// or without one.
fn printed(folder: &Folder, is_terminal: bool) -> String {
    let line = format!(
        "{{ sleep 2; cat web-01.txt; }} | {} audit -",
        env!("CARGO_BIN_EXE_certbind")
    );
    let mut command = match is_terminal {
        true => Command::new("script"),
        false => Command::new("sh"),
    };
    match is_terminal {
        true => command.args(["--quiet", "--return", "--command", &line, "/dev/null"]),
        false => command.args(["-c", &line]),
    };
    let output = command
        .current_dir(folder.path("."))
        .env("TERM", "xterm")
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
