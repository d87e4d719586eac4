//! Libraries that cannot be loaded, or are of another kind.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]
#![allow(unsafe_code, reason = "loads libraries")]

use std::error::Error;
use std::fs;
use std::path::Path;

use certbind_httpsys::LibraryApi;

fn refusal(path: &Path) -> String {
    // SAFETY: no such file is a library with these functions; the one that is a library is the C
    // library, which this program has loaded.
    unsafe { LibraryApi::load(path) }.unwrap_err().to_string()
}

#[test]
fn missing_library_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("httpapi.dll");
    let error = refusal(&path);
    assert!(
        error.contains("cannot load") && error.contains(path.to_str().unwrap()),
        "{error}"
    );
}

/// The loader would wait for the writer of a pipe.
#[cfg(unix)]
#[test]
fn pipes_and_folders_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("httpapi.so");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for path in [pipe.as_path(), folder.path()] {
        let error = refusal(path);
        assert!(error.contains("it is not a regular file"), "{error}");
    }
}

#[test]
fn loader_error_is_a_source() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("httpapi.dll");
    // SAFETY: there is no such file.
    let error = unsafe { LibraryApi::load(&path) }.unwrap_err();
    let io = error.source().unwrap();
    let loader = io.source().unwrap();
    assert!(loader.is::<libloading::Error>(), "{loader:?}");
    let message = error.to_string();
    assert_eq!(message.matches(&loader.to_string()).count(), 1, "{message}");
}

#[test]
fn a_bare_name_is_not_looked_for_elsewhere() {
    // The C library is on every search path, and not in the current directory.
    let error = refusal(Path::new("libc.so.6"));
    let here = std::env::current_dir().unwrap().join("libc.so.6");
    assert!(error.contains(here.to_str().unwrap()), "{error}");
}

#[test]
fn a_file_that_is_no_library_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("httpapi.dll");
    fs::write(&path, "no library").unwrap();
    let error = refusal(&path);
    assert!(error.contains("cannot load"), "{error}");
}

/// The error names the first missing function.
#[cfg(target_os = "linux")]
#[test]
fn library_without_a_function_is_refused() {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let library = maps
        .split_whitespace()
        .find(|word| word.contains("/libc.so"));
    let error = refusal(Path::new(library.expect("a program has the C library")));
    assert!(
        error.contains("cannot find the function HttpInitialize of"),
        "{error}"
    );
}
