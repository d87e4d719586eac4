//! A copy of the sources of the last commit.

use std::path::Path;
use std::process::Command;

use crate::process::{Failure, root, run};

/// Fills a folder with exactly the sources of the last commit.
pub(crate) fn committed(folder: &Path) -> Result<(), Failure> {
    afresh(folder)?;
    let tar = folder.with_extension("tar");
    run(Command::new("git")
        .current_dir(root())
        .args(["archive", "--format=tar", "-o"])
        .arg(&tar)
        .arg("HEAD"))?;
    run(Command::new("tar")
        .arg("-xf")
        .arg(&tar)
        .arg("-C")
        .arg(folder))
}

/// Makes a folder that is empty.
pub(crate) fn afresh(folder: &Path) -> Result<(), Failure> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(|error| Failure::of(folder, &error))?;
    }
    std::fs::create_dir_all(folder).map_err(|error| Failure::of(folder, &error))
}
