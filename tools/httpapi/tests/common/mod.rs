//! Finding the library that cargo has just built.

use std::path::PathBuf;

/// The built library.
pub(crate) fn library() -> PathBuf {
    let test = std::env::current_exe().expect("the test has a path");
    let name = format!(
        "{}httpapi{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    let folders = test.ancestors().skip(1).take(2);
    let mut places = folders.map(|folder| folder.join(&name));
    places
        .find(|place| place.exists())
        .expect("cargo builds the library before its tests")
}
