//! Where a configuration file may have the library write.
//!
//! Such a file may come with a test suite of an unknown author. Files that it names for writing
//! have to be below its own folder, unless the environment variable `CERTBIND_HTTPAPI_OUTSIDE` is
//! `allow`.

use std::io;
use std::path::{Component, Path, PathBuf};

use certbind_certificates::check_named_path;

use crate::config_error::ConfigError;
use crate::environment;

const ALLOW: &str = "CERTBIND_HTTPAPI_OUTSIDE";

/// The path in a folder, where it may be written to. Links are followed: their targets have to be
/// inside as well.
///
/// # Errors
/// [`ConfigError::Outside`], and those of [`named`].
pub(crate) fn path(folder: &Path, path: &Path) -> Result<PathBuf, ConfigError> {
    if is_allowed() {
        return Ok(folder.join(path));
    }
    let whole = named(folder, path)?;
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let is_inside = || io::Result::Ok(resolved(&whole)?.starts_with(folder.canonicalize()?));
    match is_inside() {
        Ok(true) => Ok(whole),
        _ => Err(ConfigError::Outside {
            path: path.to_owned(),
            allow: ALLOW,
        }),
    }
}

/// The path in a folder, where it may be read.
///
/// # Errors
/// [`ConfigError::Named`] for a path of another machine, which would receive the user's
/// credentials, and for a device. The path is not accessed.
pub(crate) fn named(folder: &Path, path: &Path) -> Result<PathBuf, ConfigError> {
    if !is_allowed() {
        check_named_path(&path.to_string_lossy()).map_err(|problem| ConfigError::Named {
            path: path.to_owned(),
            problem,
            allow: ALLOW,
        })?;
    }
    Ok(folder.join(path))
}

fn is_allowed() -> bool {
    environment::variable(ALLOW).is_some_and(|text| text == "allow")
}

/// The target of a path whose end may not exist yet.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let mut missing = Vec::new();
    let mut existing = path.as_path();
    loop {
        match existing.canonicalize() {
            Ok(found) => {
                missing.reverse();
                return Ok(missing.into_iter().fold(found, |all, name| all.join(name)));
            }
            // A link to a missing target would be followed.
            Err(error) if existing.is_symlink() => return Err(error),
            Err(error) => match (existing.parent(), existing.components().next_back()) {
                (Some(parent), Some(Component::Normal(name))) => {
                    missing.push(name);
                    existing = parent;
                }
                _ => return Err(error),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_below_the_folder_are_taken() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("a/b.redb");
        for path in [Path::new("bindings.redb"), Path::new("./new/x"), &inside] {
            let taken = super::path(folder.path(), path).unwrap();
            assert_eq!(taken, folder.path().join(path));
        }
    }

    #[test]
    fn paths_that_lead_out_are_refused() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("suite");
        std::fs::create_dir(&folder).unwrap();
        let refused = |path: &Path| {
            let error = super::path(&folder, path).unwrap_err().to_string();
            assert!(error.contains(ALLOW), "{error}");
        };
        refused(Path::new("../x"));
        refused(Path::new("new/../../x"));
        refused(&outside.path().join("x"));
        // By its text: to look at it would send credentials to the server.
        for path in [r"\\server\share\x", "//server/share/x", r"\\.\pipe\x"] {
            let error = super::path(&folder, Path::new(path)).unwrap_err();
            assert!(matches!(error, ConfigError::Named { .. }), "{error}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(outside.path(), folder.join("link")).unwrap();
            refused(Path::new("link/x"));
            std::os::unix::fs::symlink("../x", folder.join("file")).unwrap();
            refused(Path::new("file"));
        }
    }
}
