//! `cargo xtask dist`: the files of a release, in `target/dist`, tested after unpacking and
//! installing them.

mod aarch64;
mod collection;
mod emulated;
mod linux;
pub(crate) mod packaging;
mod parts;
mod session;
mod wheels;
mod windows;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Failure, cargo_target, output, run};
use crate::sources::afresh;
use crate::{install, windows::Wine};

/// The resource manifest for Microsoft DSC v3, which is placed next to the program.
const DSC_MANIFEST: &str = "certbind/src/dsc/certbind.dsc.resource.json";

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Makes everything, then tries it.
pub(crate) fn run_all() -> Result<(), Failure> {
    install::releases()?;
    install::windows()?;
    let folder = cargo_target().join("dist");
    afresh(&folder)?;
    let wine = Wine::new()?;

    let tarball = linux::tarball(&folder)?;
    let package = linux::package(&folder)?;
    let zip = windows::zip(&wine, &folder)?;
    let wheel = wheels::linux_wheel(&folder)?;
    let windows_wheel = wheels::windows_wheel(&wine, &folder)?;
    let aarch64_wheel = aarch64::wheel(&folder)?;
    let collection = collection::archive(&folder)?;
    packaging::archive(&zip, &folder)?;
    parts::lists(&folder)?;
    checksums(&folder)?;

    linux::tarball_works(&tarball)?;
    linux::package_works(&package)?;
    windows::zip_works(&wine, &zip)?;
    wheels::linux_works(&wheel)?;
    wheels::windows_works(&wine, &windows_wheel)?;
    aarch64::works(&aarch64_wheel)?;
    collection::works(&collection)?;
    println!("\nThe release is in {}", folder.display());
    Ok(())
}

/// The SHA-256 of every file, in the form that `sha256sum --check` reads.
fn checksums(folder: &Path) -> Result<(), Failure> {
    let sums = output(
        Command::new("sha256sum")
            .current_dir(folder)
            .args(files_in(folder)?),
    )?;
    write(&folder.join("SHA256SUMS"), &sums)?;
    run(Command::new("sha256sum")
        .current_dir(folder)
        .args(["--check", "SHA256SUMS"]))
}

/// The names of the files in a folder, sorted.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = std::fs::read_dir(folder).map_err(|error| Failure::of(folder, &error))?;
    let mut files: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.path().is_file())
        .map(|entry| PathBuf::from(entry.file_name()))
        .collect();
    files.sort();
    Ok(files)
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text).map_err(|error| Failure::of(file, &error))
}
