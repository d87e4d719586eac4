//! The store that a plan file names. The author of the file may be unknown, and must not choose
//! which code runs, which machine receives credentials, and which file is created or opened.

use std::io;
use std::path::{Component, Path, PathBuf};

use certbind_certificates::check_named_path;
use certbind_migrate::Plan;

use crate::error::Error;
use crate::stores::StoreUrl;

/// The store that a plan names as its target, if it is one that the user expects: this host's
/// HTTP.sys, the store that commands open without `--store`, or an existing file below the folder
/// of the plan or the current one. No file outside of these folders is accessed.
///
/// # Errors
/// [`Error::NoTarget`] if it is another.
pub(crate) fn of(plan: &Plan, file: &Path) -> Result<StoreUrl, Error> {
    let target = plan.header().target.as_deref();
    let refused = |why| Error::NoTarget {
        target: target.unwrap_or("no store").to_owned(),
        why,
    };
    let url = match target.map(str::parse::<StoreUrl>) {
        Some(Ok(url)) if url.may_be_named_by_plans() => url,
        _ => {
            return Err(refused(
                "it is not a store, or opening it would run code or connect to a server",
            ));
        }
    };
    if let Some(store) = url.file() {
        check(&store, file, default_store().as_deref()).map_err(refused)?;
    }
    Ok(url)
}

/// The file that commands open without `--store`.
fn default_store() -> Option<PathBuf> {
    let named = std::env::var("CERTBIND_STORE").ok();
    let named = named.filter(|url| !url.is_empty());
    let url = match named {
        Some(url) => url.parse().ok()?,
        None => StoreUrl::default().ok()?,
    };
    std::path::absolute(url.file()?).ok()
}

/// Checks the path of a store that a plan file names.
fn check(store: &Path, plan: &Path, default: Option<&Path>) -> Result<(), &'static str> {
    const ABSENT: &str = "the store does not exist";
    const ELSEWHERE: &str =
        "it is neither below the folder of the plan nor below the current folder";
    let text = store.to_str().ok_or(ELSEWHERE)?;
    check_named_path(text).map_err(|_| "it is a path of another machine, or of a device")?;
    let store = std::path::absolute(store).map_err(|_| ELSEWHERE)?;
    if default == Some(&*store) {
        return match store.is_file() {
            true => Ok(()),
            false => Err(ABSENT),
        };
    }
    let folders = folders_of(plan);
    let below = |folder: &PathBuf| {
        let rest = store.strip_prefix(folder).ok()?;
        Some((folder.clone(), rest.to_owned()))
    };
    let (folder, rest) = folders.iter().find_map(below).ok_or(ELSEWHERE)?;
    match is_file_below(&folder, &rest) {
        Ok(true) => Ok(()),
        Ok(false) => Err("its path contains a link or `..`, or it is not a file"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(ABSENT),
        Err(_) => Err("it cannot be inspected"),
    }
}

/// The folder of a plan and the current one, as written and with links resolved.
fn folders_of(plan: &Path) -> Vec<PathBuf> {
    let beside = match plan.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut folders = Vec::new();
    for folder in [beside, Path::new(".")] {
        folders.extend(std::path::absolute(folder).ok());
        folders.extend(folder.canonicalize().ok());
    }
    folders
}

/// Whether a path in a folder is a file, without links, whose target could be outside.
fn is_file_below(folder: &Path, rest: &Path) -> io::Result<bool> {
    let mut path = folder.to_owned();
    let mut is_file = false;
    for component in rest.components() {
        let Component::Normal(name) = component else {
            return Ok(false);
        };
        path.push(name);
        let found = path.symlink_metadata()?;
        if found.is_symlink() {
            return Ok(false);
        }
        is_file = found.is_file();
    }
    Ok(is_file)
}
