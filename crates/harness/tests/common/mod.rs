//! Helpers that the tests of programs share.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::OnceLock;

use certbind_core::{Binding, Record, Uuid};
use certbind_harness::{Harness, HostCommand, Kit};
use certbind_test_support::build;

pub(crate) const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs");

/// A harness with the kit that is built from the current sources.
pub(crate) fn harness() -> Harness {
    static KIT: OnceLock<Kit> = OnceLock::new();
    Harness::with(KIT.get_or_init(built)).expect("a harness")
}

/// The folder of that kit.
pub(crate) fn kit() -> PathBuf {
    drop(harness());
    let test = std::env::current_exe().expect("the test has a path");
    test.ancestors().nth(2).expect("target/debug").to_owned()
}

fn built() -> Kit {
    let folder = build(env!("CARGO"), &["certbind-httpapi", "certbind"]);
    Kit::in_folder(folder).expect("they are there")
}

/// The binding that every program makes.
pub(crate) fn bound() -> Binding {
    let hash: [u8; 20] = std::array::from_fn(|i| u8::try_from(i + 1).expect("up to 20"));
    let store = "MY".parse().expect("a name");
    let record = Record::new(hash.into(), Some(store), Uuid::nil());
    Binding::new("0.0.0.0:443".parse().expect("a key"), record).expect("a binding")
}

/// The C program, compiled with `compiler`.
pub(crate) fn compile(harness: &Harness, compiler: &str, name: &str, link: &[PathBuf]) -> PathBuf {
    compile_source(harness, compiler, "bind.c", name, link)
}

/// Compiles one of the C programs.
pub(crate) fn compile_source(
    harness: &Harness,
    compiler: &str,
    source: &str,
    name: &str,
    link: &[PathBuf],
) -> PathBuf {
    let program = harness.folder().join(name);
    let output = Command::new(compiler)
        .args(["-Wall", "-Wextra", "-Werror", "-I"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../httpapi/include"))
        .arg("-o")
        .arg(&program)
        .arg(format!("{PROGRAMS}/{source}"))
        .args(link)
        .output()
        .unwrap_or_else(|error| panic!("{compiler}: {error}"));
    assert!(output.status.success(), "{}", said(&output));
    program
}

/// Runs a program, and returns its exit code and its output.
pub(crate) fn run(command: &mut HostCommand) -> (Option<i32>, String) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    (output.status.code(), said(&output))
}

fn said(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}{}", String::from_utf8_lossy(&output.stderr))
}
