//! `docs/fidelity.md` equals the page generated from its parts.

#[test]
fn fidelity_page_is_up_to_date() {
    let xtask = std::process::Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["fidelity", "--check"])
        .output()
        .expect("xtask runs");
    let said = String::from_utf8_lossy(&xtask.stderr);
    assert!(xtask.status.success(), "{said}");
}
