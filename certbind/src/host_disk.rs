//! The disk of a host that is down: the hive in its folder of Windows.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::files;

/// Where the hive is, from the top of a disk, the folder of Windows, or a folder in it.
const PLACES: [&[&str]; 4] = [
    &["Windows", "System32", "config", "SYSTEM"],
    &["System32", "config", "SYSTEM"],
    &["config", "SYSTEM"],
    &["SYSTEM"],
];

/// The hive of a folder that is named as an input: also one directly in the folder.
///
/// # Errors
/// The folder has several hives, or cannot be read.
pub(crate) fn hive_of_input(folder: &Path) -> Result<Option<PathBuf>, Error> {
    hive(folder, &PLACES)
}

/// The hive of a folder among those that are searched for exports. A folder with a file called
/// `SYSTEM` may have other exports too, unless it is the folder `config` of Windows.
///
/// # Errors
/// As [`hive_of_input`].
pub(crate) fn hive_of_windows(folder: &Path) -> Result<Option<PathBuf>, Error> {
    let name = folder.file_name().unwrap_or_default();
    let is_named = |of_windows: &str| name.eq_ignore_ascii_case(of_windows);
    let places = match () {
        () if is_named("config") => &PLACES[3..],
        () if is_named("System32") => &PLACES[2..3],
        () => &PLACES[..2],
    };
    hive(folder, places)
}

fn hive(folder: &Path, places: &[&[&str]]) -> Result<Option<PathBuf>, Error> {
    for place in places {
        let mut found = Vec::new();
        search(folder, place, &mut found).map_err(|source| Error::Input {
            path: folder.to_owned(),
            source,
        })?;
        found.sort();
        match found.as_slice() {
            [] => {}
            [only] => return Ok(Some(only.clone())),
            [first, second, ..] => {
                return Err(Error::BrokenInput {
                    path: folder.to_owned(),
                    problem: format!(
                        "the folder has several hives, {} and {}; name one of them",
                        first.display(),
                        second.display()
                    ),
                });
            }
        }
    }
    Ok(None)
}

/// Finds the files at a place, in any case, compressed or not. Links are not followed, as they may lead to another disk.
fn search(folder: &Path, place: &[&str], found: &mut Vec<PathBuf>) -> io::Result<()> {
    let Some((name, rest)) = place.split_first() else {
        return Ok(());
    };
    for entry in files::entries(folder)? {
        let is_wanted = !entry.is_link && entry.is_folder != rest.is_empty();
        let found_name = entry.name();
        let found_name = match rest {
            [] => files::without_compression(&found_name),
            _ => &found_name,
        };
        if !is_wanted || !found_name.eq_ignore_ascii_case(name) {
            continue;
        }
        match rest {
            [] => found.push(entry.path),
            _ => search(&entry.path, rest, found)?,
        }
    }
    Ok(())
}
