//! The Python package, by its own tests and by the example of its page, over the library and programs
//! that were just built.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod installer;

use certbind_test_support::{require, skip};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

/// A folder as a release has it: the library, and the program.
fn kit() -> TempDir {
    let kit = TempDir::new().unwrap();
    symlink(common::library(), kit.path().join("libhttpapi.so")).unwrap();
    let program = env!("CARGO_BIN_EXE_certbind");
    symlink(program, kit.path().join("certbind")).unwrap();
    kit
}

/// Debian's pytest, and the Python that it is for: another may be first in the PATH.
fn pytest(arguments: &[&str], folder: &Path, kit: &Path) -> Output {
    Command::new("pytest-3")
        .args(arguments)
        .current_dir(folder)
        .env("PYTHONPATH", root().join("python"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("CERTBIND_KIT", kit)
        .env_remove("CERTBIND_STORE")
        .output()
        .unwrap()
}

#[test]
fn the_package_passes_its_own_tests() {
    require!("pytest-3");
    let kit = kit();
    let folder = root().join("python");
    let done = pytest(&["--quiet", "-rs"], &folder, kit.path());
    let printed = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success(),
        "{printed}{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let skipped = printed.lines().filter(|line| line.starts_with("SKIPPED"));
    let skipped: Vec<_> = skipped.collect();
    if !skipped.is_empty() {
        skip(&skipped.join("; "));
    }
}

#[test]
fn the_example_of_its_page_runs() {
    require!("pytest-3");
    let page = std::fs::read_to_string(root().join("docs/python.md")).unwrap();
    let (_, example) = page.split_once("```python\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let folder = TempDir::new().unwrap();
    for name in ["install.sh", "host-2022.txt"] {
        std::fs::copy(root().join("examples").join(name), folder.path().join(name)).unwrap();
    }
    std::fs::write(folder.path().join("test_installer.py"), example).unwrap();
    let kit = kit();
    let done = pytest(&["--verbose"], folder.path(), kit.path());
    let printed = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success() && printed.contains("2 passed"),
        "{printed}"
    );
}
