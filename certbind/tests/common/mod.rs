//! The drop-in library, for the tests that need it.

use std::path::PathBuf;

/// Builds the library, and returns its path.
pub(crate) fn library() -> PathBuf {
    certbind_test_support::build(env!("CARGO"), &["certbind-httpapi"]).join("libhttpapi.so")
}
