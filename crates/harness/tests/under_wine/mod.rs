//! Windows programs on a host, run by Wine.
//!
//! `cargo xtask wine` runs these tests with what it has built for Windows.

use std::path::{Path, PathBuf};
use std::process::Command;

use certbind_harness::{Call, Fault, Harness, HarnessError, install_in_wine_prefix};
use certbind_test_support::require;

use crate::common::{PROGRAMS, bound, compile, compile_source, harness, run};

const COMPILER: &str = "x86_64-w64-mingw32-gcc";

fn variable(name: &str) -> PathBuf {
    std::env::var_os(name).expect(name).into()
}

/// The kit for Windows.
fn kit() -> PathBuf {
    variable("CERTBIND_WINDOWS_KIT")
}

fn c_program(harness: &Harness) -> PathBuf {
    let link = [PathBuf::from("-lhttpapi")];
    compile(harness, COMPILER, "bind.exe", &link)
}

#[test]
#[ignore = "needs a kit for Windows, named in CERTBIND_WINDOWS_KIT, and Wine"]
fn a_windows_program_binds() {
    let kit = kit();
    let harness = harness();
    let program = c_program(&harness);
    let (code, said) = run(&mut harness.wine(&kit, &program).unwrap());
    assert_eq!(code, Some(0), "{said}");
    harness.assert_bindings([bound()]);

    let harness = harness.fault(Fault::at(Call::Set, 1).answers(1312));
    let (code, said) = run(&mut harness.wine(&kit, &program).unwrap());
    assert_eq!(code, Some(3), "{said}");

    let mut netsh = harness.wine(&kit, kit.join("netsh.exe")).unwrap();
    let (_, listed) = run(netsh.args(["http", "show", "sslcert"]));
    harness.assert_export(listed.as_bytes());
}

/// Installs the library in the prefix, and runs a program that takes it from there although another copy is in the
/// folder of the program.
fn binds_by_the_library_of_the_prefix(harness: &Harness, program: &Path) {
    let kit = kit();
    install_in_wine_prefix(&kit, &variable("WINEPREFIX")).expect("installed");
    let (code, said) = run(&mut harness.wine(&kit, program).expect("a command"));
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.to_lowercase().contains("system32\\httpapi.dll"),
        "{said}"
    );
    harness.assert_bindings([bound()]);
}

/// As those of CsWin32 look for the library.
#[test]
#[ignore = "needs Wine, mingw-w64 and a kit for Windows, as `cargo xtask wine` has them"]
fn a_program_that_searches_system32_alone_binds() {
    let harness = harness();
    let program = compile_source(&harness, COMPILER, "system32.c", "system32.exe", &[]);
    binds_by_the_library_of_the_prefix(&harness, &program);
}

/// As `windows.NewLazySystemDLL` of golang.org/x/sys looks for it.
#[test]
#[ignore = "needs Wine, Go and a kit for Windows, as `cargo xtask wine` has them"]
fn a_go_program_that_loads_a_system_library_binds() {
    require!("go");
    let harness = harness();
    let program = harness.folder().join("system32.exe");
    let output = Command::new("go")
        .args(["build", "-o"])
        .arg(&program)
        .arg(format!("{PROGRAMS}/system32.go"))
        .env("GOOS", "windows")
        .env("GOARCH", "amd64")
        .env("CGO_ENABLED", "0")
        .env("GO111MODULE", "off")
        .env("GOCACHE", concat!(env!("CARGO_TARGET_TMPDIR"), "/go"))
        .output()
        .expect("go runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    binds_by_the_library_of_the_prefix(&harness, &program);

    let mut wine = harness.wine(&kit(), &program).unwrap();
    let failed = wine.env("WINEDLLOVERRIDES", "httpapi=").output();
    assert!(
        matches!(failed, Err(HarnessError::NotLoaded(ref line)) if line.contains("Failed to load")),
        "{failed:?}"
    );
}

/// Wine says why, or nothing.
#[test]
#[ignore = "needs a kit for Windows, named in CERTBIND_WINDOWS_KIT, and Wine"]
fn a_program_that_cannot_load_the_library_is_an_error() {
    let kit = kit();
    let harness = harness();
    let program = c_program(&harness);
    for debug in ["err+module", "-all"] {
        let mut wine = harness.wine(&kit, &program).unwrap();
        wine.env("WINEDLLOVERRIDES", "httpapi=")
            .env("WINEDEBUG", debug);
        let failed = wine.output();
        assert!(
            matches!(failed, Err(HarnessError::NotLoaded(_))),
            "{debug}: {failed:?}"
        );
    }
}
