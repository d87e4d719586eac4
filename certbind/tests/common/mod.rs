//! The drop-in library, for the tests that need it.

use std::path::PathBuf;

use certbind_test_support::{cargo, packages};

/// Builds the library, and returns its path.
pub(crate) fn library() -> PathBuf {
    let built = cargo(env!("CARGO"))
        .args(["build", "--quiet", "--lib"])
        .args(packages(&["certbind-httpapi"]))
        .status()
        .unwrap();
    assert!(built.success());
    let program = PathBuf::from(env!("CARGO_BIN_EXE_certbind"));
    program.with_file_name("libhttpapi.so")
}
