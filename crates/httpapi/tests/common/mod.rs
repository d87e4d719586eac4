//! Finding the library, which cargo does not build for a test.

use std::path::PathBuf;
use std::sync::OnceLock;

use certbind_test_support::{cargo, packages};

/// The library, built from the current sources. Under Wine, which has no cargo, it is the library
/// of an earlier build.
pub(crate) fn library() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(build).clone()
}

fn build() -> PathBuf {
    let test = std::env::current_exe().expect("the test has a path");
    let folder = test
        .ancestors()
        .nth(2)
        .expect("a test is in target/debug/deps");
    if !cfg!(windows) {
        let target = folder.parent().expect("the target directory");
        let built = cargo(env!("CARGO"))
            .args(["build", "--quiet", "--lib"])
            .args(packages(&["certbind-httpapi"]))
            .arg("--target-dir")
            .arg(target)
            .status()
            .expect("cargo runs");
        assert!(built.success(), "the library is built");
    }
    let name = format!(
        "{}httpapi{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    folder.join(name)
}
