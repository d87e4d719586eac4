//! The export files of a folder or an archive.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::error::Error;
use crate::files;
use crate::host_disk;

/// A part of a folder that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unread {
    pub(crate) path: PathBuf,
    pub(crate) why: String,
}

/// The deepest folder that is read, counted from the first.
const MAX_DEPTH: usize = 32;

/// The files of a folder and of the folders in it, in the order of their names. Of the disk of a host
/// the only export is its hive. Hidden files, the transaction logs of hives and the configuration of IIS
/// are not exports. An archive is read as a folder.
pub(crate) fn of_folder(folder: &Path) -> Vec<Result<PathBuf, Unread>> {
    let mut found = Vec::new();
    walk(folder, MAX_DEPTH, &mut found);
    found
}

/// The file to read for a path: if it is a folder, the `SYSTEM` hive in it; if it is an archive, the one
/// export in it; otherwise the path.
///
/// # Errors
/// The folder has no hive, or several; the archive has no export, or several; they cannot be read.
pub(crate) fn only(path: &Path) -> Result<PathBuf, Error> {
    if !files::is_folder(path) {
        return Ok(path.to_owned());
    }
    if let Some(hive) = host_disk::hive_of_input(path)? {
        return Ok(hive);
    }
    let is_archive = files::is_in_archive(path);
    let broken = |problem: &str| Error::BrokenInput {
        path: path.to_owned(),
        problem: problem.to_owned(),
    };
    if !is_archive {
        return Err(broken(
            "the folder has no hive, neither Windows\\System32\\config\\SYSTEM nor SYSTEM; name a \
             file, or the folder that the disk is mounted on",
        ));
    }
    match of_folder(path).as_slice() {
        [] => Err(broken("the archive has no export")),
        [Ok(only)] => Ok(only.clone()),
        [Err(unread), ..] => Err(Error::BrokenInput {
            path: unread.path.clone(),
            problem: unread.why.clone(),
        }),
        [Ok(first), others @ ..] => Err(broken(&format!(
            "the archive has {} files that may be exports; name one of them, such as {}",
            others.len() + 1,
            first.display()
        ))),
    }
}

fn walk(folder: &Path, depth: usize, found: &mut Vec<Result<PathBuf, Unread>>) {
    let unread = |path: &Path, why: String| {
        Err(Unread {
            path: path.to_owned(),
            why,
        })
    };
    match host_disk::hive_of_windows(folder) {
        Ok(Some(hive)) => return found.push(Ok(hive)),
        Ok(None) => {}
        Err(error) => return found.push(unread(folder, error.reason())),
    }
    let entries = match files::entries(folder) {
        Ok(entries) => entries,
        Err(error) => return found.push(unread(folder, error.to_string())),
    };
    let names: Vec<_> = entries.iter().map(files::Entry::name).collect();
    let is_left_out = |name: &str| name.starts_with('.') || is_companion(name, &names);
    // To tell whether it is an archive, a file is opened.
    let entries = entries.par_iter().zip(&names).filter_map(|(entry, name)| {
        let is_archive = || !entry.is_folder && files::is_folder(&entry.path);
        (!is_left_out(name)).then(|| (entry, is_archive()))
    });
    for (entry, is_archive) in entries.collect::<Vec<_>>() {
        let path = &entry.path;
        if !entry.is_folder && !is_archive {
            found.push(Ok(path.clone()));
        } else if depth == 0 {
            found.push(unread(path, "the folders are too deep".to_owned()));
        } else if entry.is_folder && entry.is_link {
            let why = "a link to a folder is not followed".to_owned();
            found.push(unread(path, why));
        } else {
            walk(path, depth - 1, found);
        }
    }
}

/// Whether a file belongs to an export next to it and is not an export itself.
fn is_companion(name: &str, names: &[String]) -> bool {
    const OF_IIS: [&str; 3] = [
        "applicationhost.config",
        "administration.config",
        "redirection.config",
    ];
    const OF_HIVES: [&str; 3] = ["log", "log1", "log2"];
    let name = files::without_compression(name).to_lowercase();
    let is_log = || {
        let (hive, extension) = name.rsplit_once('.').unwrap_or_default();
        let is_hive = |other: &String| files::without_compression(other).to_lowercase() == hive;
        OF_HIVES.contains(&extension) && names.iter().any(is_hive)
    };
    OF_IIS.contains(&name.as_str()) || name.ends_with(".layout.json") || is_log()
}
