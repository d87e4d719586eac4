//! The programs of the wheel for Linux on aarch64, built by Debian's compiler and tried under qemu.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::emulated::{self, System};
use super::session::{self, Kit};
use super::wheels;
use crate::cross;
use crate::process::{Failure, cargo_target, root, run};
use crate::sources::afresh;

const TARGET: &str = "aarch64-unknown-linux-gnu";
const COMPILER: &str = "aarch64-linux-gnu-gcc";

/// Builds the programs and their wheel.
pub(crate) fn wheel(folder: &Path) -> Result<PathBuf, Failure> {
    let target = cargo_target().join("aarch64");
    run(cross::cargo("build", TARGET, COMPILER, &target)
        .arg("--release")
        .args(["--package", "certbind", "--package", "certbind-httpapi"]))?;
    let built = target.join(TARGET).join("release");
    wheels::wheel_of(
        "aarch64",
        &["certbind", "libhttpapi.so"].map(|name| built.join(name)),
        folder,
    )
}

/// Installs the wheel as pip does on aarch64. qemu runs its programs through the session of the other artefacts, a C
/// program over its library, and Debian's Python with the documented tests of an installer.
pub(crate) fn works(wheel: &Path) -> Result<(), Failure> {
    let folder = cargo_target().join("wheels/tried-aarch64");
    let program = wheels::environment(&folder, &["auditwheel"])?;
    let tag = wheels::audit(&program, wheel)?;
    let installed = folder.join("installed");
    // pip refuses a wheel whose tag is not that of the system it installs for.
    run(program("pip")
        .args(["install", "--quiet", "--only-binary=:all:"])
        .args(["--python-version", emulated::PYTHON, "--platform", &tag])
        .arg("--target")
        .args([&installed, wheel])
        .arg("pytest"))?;

    let system = System::unpack()?;
    let kit = installed.join("certbind_harness/kit");
    let [certbind, netsh, library] =
        ["certbind", "netsh", "libhttpapi.so"].map(|name| kit.join(name));
    // So does the harness.
    run(Command::new("ln").args(["-s", "certbind"]).arg(&netsh))?;
    let programs = Kit {
        certbind: &certbind,
        netsh: &netsh,
        library: &library,
    };
    let tried = folder.join("tried");
    afresh(&tried)?;
    session::works(&programs, &tried, |program| system.program(program))?;
    c_program(&system, &kit, &tried)?;

    system.wrap(&certbind)?;
    wheels::write_documented_tests(&folder)?;
    run(system
        .python()
        .args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider"])
        .args(["--certbind-profile", "all", "test_install.py"])
        .current_dir(&folder)
        .env("PYTHONPATH", &installed)
        .env_remove("CERTBIND_KIT"))
}

fn c_program(system: &System, kit: &Path, folder: &Path) -> Result<(), Failure> {
    let client = folder.join("control");
    let sources = root().join("crates/httpapi");
    run(Command::new(COMPILER)
        .arg("-o")
        .arg(&client)
        .arg(sources.join("tests/c/control.c"))
        .arg("-I")
        .arg(sources.join("include"))
        .arg(kit.join("libhttpapi.so")))?;
    session::expect(
        system.program(&client).env("LD_LIBRARY_PATH", kit),
        "every check has passed",
    )
}
