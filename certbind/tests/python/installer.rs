//! The page "Test an installer", executed block by block.

use std::path::Path;
use std::process::Command;

use certbind_test_support::require;
use tempfile::TempDir;

use super::{kit, pytest, root};

fn page() -> String {
    std::fs::read_to_string(root().join("docs/test-an-installer.md")).unwrap()
}

/// The `nth` block of a language.
fn block(language: &str, nth: usize) -> String {
    let (page, fence) = (page(), format!("```{language}\n"));
    let block = page.split(&fence).nth(nth + 1).unwrap();
    block.split("```").next().unwrap().to_owned()
}

/// A folder with the installer.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("install.sh"), block("sh", 0)).unwrap();
    folder
}

/// Runs a program that prints at its end that every check has passed.
fn passes(command: &mut Command, folder: &Path, kit: &Path) {
    let done = command
        .current_dir(folder)
        .env("CERTBIND_KIT", kit)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&done.stdout);
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert!(
        done.status.success() && printed.ends_with("every check has passed\n"),
        "{printed}{complaint}"
    );
}

#[test]
fn installer_is_the_one_of_the_examples() {
    let example = std::fs::read_to_string(root().join("examples/install.sh")).unwrap();
    assert_eq!(block("sh", 0), example);
}

#[test]
fn python_tests_of_an_installer_pass_as_printed() {
    require!("pytest-3");
    let (folder, kit) = (folder(), kit());
    let tests = folder.path().join("test_install.py");
    std::fs::write(tests, block("python", 0)).unwrap();
    let command = block("console", 1);
    let words: Vec<_> = command.split_whitespace().collect();
    let ["$", "pytest", on_every_release @ ..] = &words[..] else {
        panic!("{command}");
    };
    // The plugin is loaded automatically where the package is installed.
    let plugin = ["-p", "certbind_harness.plugin"];
    for (options, passed) in [(&[][..], "5 passed"), (on_every_release, "35 passed")] {
        let done = pytest(&[&plugin, options].concat(), folder.path(), kit.path());
        let printed = String::from_utf8_lossy(&done.stdout);
        assert!(
            done.status.success() && printed.contains(passed),
            "{options:?}: {printed}"
        );
    }
}

#[test]
fn csharp_tests_of_an_installer_pass_as_printed() {
    require!("mcs", "mono");
    let (folder, kit) = (folder(), kit());
    let source = folder.path().join("tests.cs");
    std::fs::write(&source, block("csharp", 0)).unwrap();
    let compiled = Command::new("mcs")
        .current_dir(&folder)
        .args(["-warnaserror", "-out:tests.exe", "tests.cs"])
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{compiled:?}");
    passes(
        Command::new("mono").arg("tests.exe"),
        folder.path(),
        kit.path(),
    );
}

#[test]
fn shell_tests_of_an_installer_pass_as_printed() {
    let (folder, kit) = (folder(), kit());
    std::fs::write(folder.path().join("tests.sh"), block("sh", 1)).unwrap();
    passes(
        Command::new("sh").arg("tests.sh"),
        folder.path(),
        kit.path(),
    );
}
