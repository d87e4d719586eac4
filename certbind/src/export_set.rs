//! The export files of several hosts: files, folders, glob patterns and lists.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::file_name;
use crate::input::{Contents, Input};

/// The export of one host.
pub(crate) struct HostExport {
    pub(crate) path: PathBuf,
    pub(crate) contents: Contents,
}

/// Reads the exports, by host. The host is named by the export, or else by its file name.
///
/// # Errors
/// If one cannot be read, or two are of one host: an omitted host would go undetected.
pub(crate) fn read(arguments: &[String]) -> Result<BTreeMap<String, HostExport>, Error> {
    let mut hosts: BTreeMap<String, HostExport> = BTreeMap::new();
    let mut paths: BTreeMap<String, PathBuf> = BTreeMap::new();
    for path in expand(arguments)? {
        let contents = Input::File(path.clone()).resolved().read()?;
        let header = contents.reading.as_ref().map(|it| &it.export.header);
        let name = header.and_then(|header| header.host.clone());
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let name = name.unwrap_or_else(|| stem.into_owned());
        // The name becomes the name of a folder.
        let problem = match file_name::check(&name) {
            _ if name.contains(' ') => Some(format!("{name:?} is not a host name")),
            Ok(()) => None,
            Err(problem) => Some(format!("{name:?} is not a host name: {problem}")),
        };
        if let Some(problem) = problem {
            return Err(Error::BrokenInput { path, problem });
        }
        // Windows and macOS take folders for one whose names differ in case alone.
        if let Some(other) = paths.insert(name.to_lowercase(), path.clone()) {
            return Err(Error::ExportsOfOneHost {
                paths: [other, path],
            });
        }
        hosts.insert(name, HostExport { path, contents });
    }
    Ok(hosts)
}

/// The files that the arguments name, each once.
pub(crate) fn expand(arguments: &[String]) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for argument in arguments {
        if let Some(list) = argument.strip_prefix('@') {
            let path = Path::new(list);
            let text = crate::read_file::read_text(path).map_err(|source| Error::Input {
                path: path.to_owned(),
                source,
            })?;
            let lines = text.lines().map(str::trim);
            let lines = lines.filter(|line| !line.is_empty() && !line.starts_with(['#', '@']));
            files.extend(expand(&lines.map(str::to_owned).collect::<Vec<_>>())?);
            continue;
        }
        let path = Path::new(argument);
        let mut found = if path.is_dir() {
            folder(path)?
        } else if path.exists() || !argument.contains(['*', '?', '[']) {
            vec![path.to_owned()]
        } else {
            pattern(argument)?
        };
        if found.is_empty() {
            return Err(Error::NoExport(argument.clone()));
        }
        found.sort();
        files.extend(found);
    }
    let mut seen = std::collections::BTreeSet::new();
    files.retain(|file| seen.insert(file.clone()));
    Ok(files)
}

fn folder(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable = |source| Error::Input {
        path: path.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if entry.path().is_file() && !is_hidden {
            files.push(entry.path());
        }
    }
    Ok(files)
}

fn pattern(text: &str) -> Result<Vec<PathBuf>, Error> {
    let paths = glob::glob(text).map_err(|error| Error::Pattern {
        pattern: text.to_owned(),
        problem: error.to_string(),
    })?;
    let found = paths.collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|error| Error::Input {
        path: error.path().to_owned(),
        source: error.into(),
    })?;
    Ok(found.into_iter().filter(|path| path.is_file()).collect())
}
