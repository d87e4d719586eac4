//! The targets of an audit: files, folders, patterns, lists and stores. What cannot be read is a host that
//! could not be assessed, and hides no other.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use certbind_audit::{HostExport, NotAssessed};
use certbind_backends::Access;
use certbind_core::{Scan, StoreError};
use certbind_formats::{ParseError, ReadOptions};
use clap::ValueEnum;

use crate::error::Error;
use crate::hive_logs::{self, HiveLogs};
use crate::host_disk;
use crate::input::{Input, is_standard_input, read_file};
use crate::parallel;
use crate::stores::{Opened, StoreUrl};

/// The source of a host's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HostFrom {
    /// The export, or else the file's name, or the folder of a hive that is called SYSTEM.
    Export,
    /// The file's name without its extension.
    File,
    /// The name of the folder that the file is in.
    Folder,
}

/// What a target stands for.
pub(crate) enum Target {
    Input(Input),
    /// A folder that cannot be read, or that has no file.
    Unreadable {
        path: PathBuf,
        why: String,
    },
}

/// The deepest folder that is read, counted from the target.
const MAX_DEPTH: usize = 32;

/// The files and stores that targets stand for, each once.
///
/// # Errors
/// If a pattern matches nothing or a list cannot be read: nothing is known of what is missing.
pub(crate) fn expand(targets: &[Input]) -> Result<Vec<Target>, Error> {
    let mut found = Vec::new();
    for target in targets {
        match target {
            Input::File(path) => match path.to_str().and_then(|path| path.strip_prefix('@')) {
                Some(list) => {
                    for line in lines(Path::new(list))? {
                        add(&line, &mut found)?;
                    }
                }
                None => add(target, &mut found)?,
            },
            Input::Store(_) => add(target, &mut found)?,
        }
    }
    let mut seen = HashSet::new();
    found.retain(|target| match target {
        Target::Input(input) => seen.insert(input.to_string()),
        Target::Unreadable { .. } => true,
    });
    Ok(found)
}

/// The targets in a list: one on each line, `#` for a remark.
fn lines(list: &Path) -> Result<Vec<Input>, Error> {
    let broken = |problem| Error::BrokenInput {
        path: list.to_owned(),
        problem,
    };
    let text = std::fs::read_to_string(list).map_err(|source| Error::Input {
        path: list.to_owned(),
        source,
    })?;
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.parse().map_err(broken)).collect()
}

fn add(target: &Input, found: &mut Vec<Target>) -> Result<(), Error> {
    let path = match target {
        Input::File(path) if !is_standard_input(path) => path,
        _ => {
            found.push(Target::Input(target.clone()));
            return Ok(());
        }
    };
    if path.is_dir() {
        let before = found.len();
        walk(path, MAX_DEPTH, found);
        if found.len() == before {
            found.push(Target::Unreadable {
                path: path.clone(),
                why: "the folder has no export".to_owned(),
            });
        }
        return Ok(());
    }
    let pattern = path.to_str().filter(|text| text.contains(['*', '?', '[']));
    match pattern.filter(|_| !path.exists()) {
        Some(pattern) => matching(pattern, found),
        None => {
            found.push(Target::Input(target.clone()));
            Ok(())
        }
    }
}

fn matching(pattern: &str, found: &mut Vec<Target>) -> Result<(), Error> {
    let paths = glob::glob(pattern).map_err(|error| Error::Pattern {
        pattern: pattern.to_owned(),
        problem: error.to_string(),
    })?;
    let before = found.len();
    for path in paths {
        match path {
            Ok(path) => add(&Input::File(path), found)?,
            Err(error) => found.push(Target::Unreadable {
                path: error.path().to_owned(),
                why: error.error().to_string(),
            }),
        }
    }
    if found.len() == before {
        return Err(Error::NoExport(pattern.to_owned()));
    }
    Ok(())
}

/// The files of a folder and of the folders in it, in the order of their names. Of the disk of a host
/// the only export is its hive. Hidden files, the
/// transaction logs of hives and the configuration of IIS are no exports.
fn walk(folder: &Path, depth: usize, found: &mut Vec<Target>) {
    let unreadable = |path: &Path, why: String| Target::Unreadable {
        path: path.to_owned(),
        why,
    };
    match host_disk::hive_of_windows(folder) {
        Ok(Some(hive)) => return found.push(Target::Input(Input::File(hive))),
        Ok(None) => {}
        Err(error) => return found.push(unreadable(folder, reason(error))),
    }
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(error) => return found.push(unreadable(folder, error.to_string())),
    };
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') || is_companion(&path) {
            continue;
        }
        if !path.is_dir() {
            found.push(Target::Input(Input::File(path)));
        } else if depth == 0 {
            found.push(unreadable(&path, "the folders are too deep".to_owned()));
        } else if path.is_symlink() {
            found.push(unreadable(
                &path,
                "a link to a folder is not followed".to_owned(),
            ));
        } else {
            walk(&path, depth - 1, found);
        }
    }
}

/// Whether a file belongs to an export and is none itself.
fn is_companion(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_lowercase();
    let is_log = || {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        let is_named_so = ["log", "log1", "log2"].contains(&&*extension.to_lowercase());
        is_named_so && path.with_extension("").is_file()
    };
    const OF_IIS: [&str; 3] = [
        "applicationhost.config",
        "administration.config",
        "redirection.config",
    ];
    OF_IIS.contains(&&*name) || name.ends_with(".layout.json") || is_log()
}

/// Reads targets, several at once: the hosts are in the order of the targets. What cannot be read is a host
/// that could not be assessed. `at` is called with each target before it is read.
///
/// # Errors
/// If the logs of a hive are none of it.
pub(crate) fn read_all(
    targets: Vec<Target>,
    from: HostFrom,
    logs: &HiveLogs,
    at: impl Fn(usize, &Target) + Sync,
) -> Result<Vec<HostExport>, Error> {
    let hosts = parallel::map(targets, |index, target| {
        at(index, &target);
        read_quietly(target, from, logs)
    });
    let hosts = hosts.into_iter().collect::<Result<Vec<_>, _>>()?;
    hosts.iter().for_each(report);
    Ok(hosts)
}

/// Prints what was replayed of the logs of a hive.
fn report(host: &HostExport) {
    if let Some(source) = &host.source {
        hive_logs::report(Path::new(source), &host.reading);
    }
}

/// Reads a target. What cannot be read is a host that could not be assessed.
pub(crate) fn read(target: Target, from: HostFrom, logs: &HiveLogs) -> Result<HostExport, Error> {
    let host = read_quietly(target, from, logs)?;
    report(&host);
    Ok(host)
}

fn read_quietly(target: Target, from: HostFrom, logs: &HiveLogs) -> Result<HostExport, Error> {
    let input = match target {
        Target::Input(input) => input.resolved(),
        Target::Unreadable { path, why } => {
            return Ok(unassessed(file_host(&path, from), &Input::File(path), why));
        }
    };
    let mut host = match &input {
        Input::Store(url) => match of_store(url) {
            Ok(host) => host,
            Err(error) => return Ok(unassessed(input.to_string(), &input, error.to_string())),
        },
        Input::File(path) => match of_file(path, from, logs) {
            Ok(host) => host,
            Err(error @ Error::Logs { .. }) => return Err(error),
            Err(error) => return Ok(unassessed(file_host(path, from), &input, reason(error))),
        },
    };
    host.source = Some(input.to_string());
    Ok(host)
}

/// The bindings that can be read. Each part that cannot is a broken record of the reading.
fn of_store(url: &StoreUrl) -> Result<HostExport, Error> {
    let store = Opened::open(url, Access::Read)?;
    let mut host = HostExport::of_bindings(url.to_string(), Vec::new());
    for binding in store.bindings().scan(&Scan::all())? {
        match binding {
            Ok(binding) => host.reading.export.bindings.push(binding),
            Err(StoreError::Unreadable { what, source }) => {
                let error = ParseError::of_record(what, source.to_string());
                host.reading.errors.push(error);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(host)
}

fn of_file(path: &Path, from: HostFrom, logs: &HiveLogs) -> Result<HostExport, Error> {
    let bytes = read_file(path).map_err(|source| Error::Input {
        path: path.to_owned(),
        source,
    })?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::BrokenInput {
            path: path.to_owned(),
            problem: "the file is empty".to_owned(),
        });
    }
    // One broken record hides no other: it is a finding itself.
    let options = ReadOptions {
        keep_going: true,
        ..ReadOptions::default()
    };
    let reading = logs.read(path, &bytes, &options)?;
    let told = reading.export.header.host.clone();
    let name = told.filter(|_| from == HostFrom::Export);
    Ok(HostExport::new(
        name.unwrap_or_else(|| file_host(path, from)),
        reading,
    ))
}

fn unassessed(name: String, input: &Input, why: String) -> HostExport {
    let mut host = HostExport::unassessed(name, NotAssessed::Unreadable(why));
    host.source = Some(input.to_string());
    host
}

/// The reason of an error, without the path that the report has anyway.
fn reason(error: Error) -> String {
    match error {
        Error::BrokenInput { problem, .. } => problem,
        Error::Input { source, .. } => source.to_string(),
        other => other.to_string(),
    }
}

/// The name that a file gives its host.
pub(crate) fn file_host(path: &Path, from: HostFrom) -> String {
    if is_standard_input(path) {
        return "standard input".to_owned();
    }
    let stem = path
        .file_stem()
        .unwrap_or(path.as_os_str())
        .to_string_lossy();
    let folder = || folder_host(path).unwrap_or_else(|| stem.clone().into_owned());
    match from {
        HostFrom::Folder => folder(),
        // Every host has a hive of this name.
        HostFrom::Export if stem.eq_ignore_ascii_case("system") => folder(),
        HostFrom::Export | HostFrom::File => stem.into_owned(),
    }
}

/// The nearest folder that is not one of every Windows, such as `config` and `System32`.
fn folder_host(path: &Path) -> Option<String> {
    const OF_WINDOWS: [&str; 4] = ["config", "regback", "system32", "windows"];
    let parents = path.parent()?.components().rev();
    let names = parents.filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    let mut names = names.filter(|name| !OF_WINDOWS.contains(&&*name.to_lowercase()));
    names.next().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hive_is_named_by_its_folder() {
        let name = |path: &str, from| file_host(Path::new(path), from);
        for (path, by_default, by_file, by_folder) in [
            ("a/web-01.txt", "web-01", "web-01", "a"),
            ("a/web-01/SYSTEM", "web-01", "SYSTEM", "web-01"),
            (
                "a/web-01/Windows/System32/config/SYSTEM",
                "web-01",
                "SYSTEM",
                "web-01",
            ),
            ("system", "system", "system", "system"),
            ("-", "standard input", "standard input", "standard input"),
        ] {
            assert_eq!(name(path, HostFrom::Export), by_default);
            assert_eq!(name(path, HostFrom::File), by_file);
            assert_eq!(name(path, HostFrom::Folder), by_folder);
        }
    }
}
