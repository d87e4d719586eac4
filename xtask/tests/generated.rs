//! The generated pages of the book are up to date with their data.

fn is_up_to_date(task: &str) {
    let xtask = std::process::Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args([task, "--check"])
        .output()
        .expect("xtask runs");
    let said = String::from_utf8_lossy(&xtask.stderr);
    assert!(xtask.status.success(), "{said}");
}

#[test]
fn fidelity_pages_are_up_to_date() {
    is_up_to_date("fidelity");
}

/// Each test that `docs/reliability/` names exists, too.
#[test]
fn reliability_page_is_up_to_date() {
    is_up_to_date("reliability");
}

/// Every error and warning of the sources is in it.
#[test]
fn messages_page_is_up_to_date() {
    is_up_to_date("messages");
}
