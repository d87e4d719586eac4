//! The library of a kit as the system's, in a Wine prefix.

use std::path::Path;

use crate::error::HarnessError;

/// Installs the `httpapi.dll` of a kit for Windows in the `system32` of a Wine prefix, for programs that
/// look for it there alone (Go's `NewLazySystemDLL`, `LOAD_LIBRARY_SEARCH_SYSTEM32`), and next to it the
/// kit's `bcryptprimitives.dll` (or `wine/bcryptprimitives.dll`, where releases have it), which the library
/// imports and Wine 8 lacks, unless the prefix has one.
///
/// Wine loads the library with `WINEDLLOVERRIDES=httpapi=n`; without it, Wine's own. A command of
/// [`Harness::wine`](crate::Harness::wine) has that variable. A prefix on which `wineboot` has not
/// run has no `system32` yet.
///
/// # Errors
/// [`HarnessError::File`] if the kit has no `httpapi.dll`, or the prefix no `system32` that can be written.
pub fn install_in_wine_prefix(kit: &Path, prefix: &Path) -> Result<(), HarnessError> {
    let system = prefix.join("drive_c/windows/system32");
    std::fs::metadata(&system).map_err(|error| HarnessError::file(&system, error))?;
    copy(&kit.join("httpapi.dll"), &system.join("httpapi.dll"))?;
    let shim = system.join("bcryptprimitives.dll");
    let of_kit = ["bcryptprimitives.dll", "wine/bcryptprimitives.dll"].map(|file| kit.join(file));
    match of_kit.iter().find(|file| file.exists()) {
        Some(file) if !shim.exists() => copy(file, &shim),
        _ => Ok(()),
    }
}

/// Replaces `to` atomically: a program that has the old file loaded keeps it.
fn copy(from: &Path, to: &Path) -> Result<(), HarnessError> {
    let new = to.with_extension("new");
    std::fs::copy(from, &new).map_err(|error| HarnessError::file(from, error))?;
    std::fs::rename(&new, to).map_err(|error| HarnessError::file(to, error))
}
