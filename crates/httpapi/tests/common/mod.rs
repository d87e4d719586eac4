//! Finding the library, which cargo does not build for a test.

use std::path::PathBuf;
use std::sync::OnceLock;

/// The library, built from the current sources. Under Wine, which has no cargo, it is the library
/// of an earlier build.
pub(crate) fn library() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(build).clone()
}

fn build() -> PathBuf {
    let folder = if cfg!(windows) {
        let test = std::env::current_exe().expect("the test has a path");
        test.ancestors()
            .nth(2)
            .expect("a test is in target/debug/deps")
            .to_owned()
    } else {
        certbind_test_support::build(env!("CARGO"), &["certbind-httpapi"])
    };
    let name = format!(
        "{}httpapi{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    folder.join(name)
}
