//! The first command of the README.

use std::process::Command;

/// Twice: an earlier run leaves a store, and a fresh checkout has none.
#[test]
fn demo_runs_on_a_fresh_checkout_and_again() {
    for _ in 0..2 {
        let demo = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("demo")
            .output()
            .expect("xtask starts");
        let (printed, complaint) = (text(&demo.stdout), text(&demo.stderr));
        assert!(demo.status.success(), "{printed}{complaint}");
        for part in [
            "Imported 6 bindings",
            "Would renew 5 bindings",
            "Renewed 5 bindings",
        ] {
            assert!(printed.contains(part), "{part}: {printed}");
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
