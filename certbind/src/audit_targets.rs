//! The targets of an audit: files, folders, patterns, lists and stores. An unreadable target counts
//! as a host that could not be assessed, and does not affect the others.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use certbind_audit::{HostExport, NotAssessed};
use certbind_backends::Access;
use certbind_certificates::check_named_path;
use certbind_core::{Scan, StoreError};
use certbind_formats::{ParseError, ReadOptions};
use clap::ValueEnum;
use rayon::prelude::*;

use crate::error::Error;
use crate::export_files::{self, Unread};
use crate::files;
use crate::hive_logs::{self, HiveLogs};
use crate::input::{Input, is_standard_input};
use crate::long_listing;
use crate::stores::{Opened, StoreUrl};

/// The source of a host's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HostFrom {
    /// The name in the export, or else the file's name, or that of the folder of a hive that is
    /// called SYSTEM.
    Export,
    /// The file's name without its extension.
    File,
    /// The name of the folder that the file is in.
    Folder,
}

/// One file or store of a target.
pub(crate) enum Target {
    Input(Input),
    /// A folder that cannot be read or has no export, a pattern that matches nothing, or a list of
    /// targets that cannot be read.
    Unreadable {
        path: PathBuf,
        why: String,
    },
}

impl Target {
    fn of(file: Result<PathBuf, Unread>) -> Self {
        match file {
            Ok(path) => Self::Input(Input::File(path)),
            Err(Unread { path, why }) => Self::Unreadable { path, why },
        }
    }
}

/// The targets of a command.
#[derive(Default)]
pub(crate) struct Expanded {
    /// The files and stores.
    pub(crate) targets: Vec<Target>,
    /// The folders and archives that they were found in.
    pub(crate) folders: Vec<PathBuf>,
}

/// The files and stores of the targets, without duplicates. A pattern that matches nothing, an unreadable
/// list and a line of a list that is no target are unreadable targets.
pub(crate) fn expand(targets: &[Input]) -> Expanded {
    let mut found = Expanded::default();
    for target in targets {
        match target {
            Input::File(path) => match path.to_str().and_then(|path| path.strip_prefix('@')) {
                Some(list) => of_list(Path::new(list), &mut found),
                None => add(target, &mut found),
            },
            Input::Store(_) => add(target, &mut found),
        }
    }
    let mut seen = HashSet::new();
    found.targets.retain(|target| match target {
        Target::Input(input) => seen.insert(input.to_string()),
        Target::Unreadable { .. } => true,
    });
    found
}

/// The most broken lines of a list that are quoted.
const MAX_BROKEN_LINES: usize = 5;

/// Adds the targets in a list: one on each line, `#` for a remark.
fn of_list(list: &Path, found: &mut Expanded) {
    let unreadable = |why| Target::Unreadable {
        path: list.to_owned(),
        why,
    };
    let text = match crate::read_file::read_text(list) {
        Ok(text) => text,
        Err(error) => return found.targets.push(unreadable(error.to_string())),
    };
    let mut broken = Vec::new();
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    for (line, number) in lines.zip(1_u64..) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match of_line(line) {
            Ok(input) => add(&input, found),
            Err(problem) => broken.push(format!("line {number}: {line}: {problem}")),
        }
    }
    if !broken.is_empty() {
        let more = broken.len().saturating_sub(MAX_BROKEN_LINES);
        broken.truncate(MAX_BROKEN_LINES);
        if more > 0 {
            broken.push(format!("{more} more"));
        }
        found.targets.push(unreadable(broken.join("; ")));
    }
}

/// The target on a line of a list, whose author may be a stranger, as that of a plan.
fn of_line(line: &str) -> Result<Input, String> {
    let input: Input = line.parse()?;
    let path = match &input {
        Input::Store(url) if !url.may_be_named_by_plans() => {
            let why = "it would run code or connect to a server; name it on the command line";
            return Err(why.to_owned());
        }
        Input::Store(url) => url.file(),
        Input::File(path) => Some(path.clone()),
    };
    match check_named_path(&path.unwrap_or_default().to_string_lossy()) {
        Ok(()) => Ok(input),
        Err(problem) => Err(problem.to_string()),
    }
}

fn add(target: &Input, found: &mut Expanded) {
    let Input::File(path) = target else {
        return found.targets.push(Target::Input(target.clone()));
    };
    if is_standard_input(path) {
        files::keep_standard_input();
    }
    if files::is_folder(path) {
        found.folders.push(path.clone());
        let before = found.targets.len();
        found
            .targets
            .extend(export_files::of_folder(path).into_iter().map(Target::of));
        if found.targets.len() == before {
            found.targets.push(Target::Unreadable {
                path: path.clone(),
                why: "the folder has no export".to_owned(),
            });
        }
        return;
    }
    let pattern = path.to_str().filter(|text| text.contains(['*', '?', '[']));
    match pattern.filter(|_| !files::exists(path)) {
        Some(pattern) => matching(pattern, found),
        None => found.targets.push(Target::Input(target.clone())),
    }
}

fn matching(pattern: &str, found: &mut Expanded) {
    let unreadable = |why| Target::Unreadable {
        path: pattern.into(),
        why,
    };
    let paths = match glob::glob(pattern) {
        Ok(paths) => paths,
        Err(error) => {
            return found
                .targets
                .push(unreadable(format!("it is not a pattern: {error}")));
        }
    };
    let before = found.targets.len();
    for path in paths {
        match path {
            Ok(path) => add(&Input::File(path), found),
            Err(error) => found.targets.push(Target::Unreadable {
                path: error.path().to_owned(),
                why: error.error().to_string(),
            }),
        }
    }
    if found.targets.len() == before {
        found
            .targets
            .push(unreadable("no file matches the pattern".to_owned()));
    }
}

/// Reads targets, several at once: the hosts are in the order of the targets. An unreadable target
/// counts as a host that could not be assessed. `at` is called with each target before it is read.
///
/// # Errors
/// If the logs do not belong to the hive.
pub(crate) fn read_all(
    targets: Vec<Target>,
    from: HostFrom,
    logs: &HiveLogs,
    at: impl Fn(usize, &Target) + Sync,
) -> Result<Vec<HostExport>, Error> {
    let targets = targets.into_par_iter().enumerate();
    let hosts: Vec<_> = targets
        .map(|(index, target)| {
            at(index, &target);
            read(target, from, logs)
        })
        .collect();
    let hosts = hosts.into_iter().collect::<Result<Vec<_>, _>>()?;
    hosts.iter().for_each(report);
    Ok(hosts)
}

/// Prints the replayed entries of the logs of a hive.
fn report(host: &HostExport) {
    if let Some(source) = &host.source {
        hive_logs::report(Path::new(source), &host.reading);
    }
}

/// Reads a target, and prints nothing. An unreadable target counts as a host that could not be assessed.
fn read(target: Target, from: HostFrom, logs: &HiveLogs) -> Result<HostExport, Error> {
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
            Err(error) => return Ok(unassessed(file_host(path, from), &input, error.reason())),
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
    // One broken record hides no other: it is a finding itself.
    let options = ReadOptions {
        keep_going: true,
        ..ReadOptions::default()
    };
    let reading = match logs.read_hive(path, &options)? {
        Some(reading) => Some(reading),
        None => long_listing::read(path, &options)?,
    };
    let reading = match reading {
        Some(reading) => reading,
        None => logs.read(path, not_blank(path)?, &options)?,
    };
    let printed = reading.export.header.host.clone();
    let name = printed.filter(|_| from == HostFrom::Export);
    Ok(HostExport::new(
        name.unwrap_or_else(|| file_host(path, from)),
        reading,
    ))
}

/// The bytes of a file that has any.
fn not_blank(path: &Path) -> Result<Vec<u8>, Error> {
    let bytes = files::read(path).map_err(|source| Error::Input {
        path: path.to_owned(),
        source,
    })?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::BrokenInput {
            path: path.to_owned(),
            problem: "the file is empty".to_owned(),
        });
    }
    Ok(bytes)
}

fn unassessed(name: String, input: &Input, why: String) -> HostExport {
    let mut host = HostExport::unassessed(name, NotAssessed::Unreadable(why));
    host.source = Some(input.to_string());
    host
}

/// The name of the host of standard input.
const STANDARD_INPUT: &str = "standard input";

/// The name of a file's host.
pub(crate) fn file_host(path: &Path, from: HostFrom) -> String {
    if is_standard_input(path) {
        return STANDARD_INPUT.to_owned();
    }
    let stem = files::stem(path);
    let folder = || folder_host(path).unwrap_or_else(|| stem.clone());
    match from {
        HostFrom::Folder => folder(),
        // Every host has a hive of this name.
        HostFrom::Export if stem.eq_ignore_ascii_case("system") => folder(),
        HostFrom::Export | HostFrom::File => stem,
    }
}

/// The nearest folder that is not one of every Windows, such as `config` and `System32`.
fn folder_host(path: &Path) -> Option<String> {
    const OF_WINDOWS: [&str; 4] = ["config", "regback", "system32", "windows"];
    // The folder of a relative path may be the working directory, or above it.
    let path = match path.starts_with("-") {
        true => path.to_owned(),
        false => std::path::absolute(path).ok()?,
    };
    let parents = path.parent()?.components().rev();
    let names = parents.filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    let mut names = names.filter(|name| !OF_WINDOWS.contains(&&*name.to_lowercase()));
    let name = names.next()?;
    if name == "-" {
        return Some(STANDARD_INPUT.to_owned());
    }
    // An archive of a host's folder is named as the folder would be.
    Some(files::without_archive(&name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_relative_path_is_the_working_directory() {
        let folder = std::env::current_dir().unwrap();
        let folder = folder.file_name().unwrap().to_str().unwrap();
        for path in ["SYSTEM", "./SYSTEM", "web-01.txt"] {
            assert_eq!(file_host(Path::new(path), HostFrom::Folder), folder);
        }
        assert_eq!(file_host(Path::new("system"), HostFrom::Export), folder);
    }

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
            ("-/web-01.txt", "web-01", "web-01", "standard input"),
            ("-/web-01/SYSTEM", "web-01", "SYSTEM", "web-01"),
            ("-/SYSTEM", "standard input", "SYSTEM", "standard input"),
            ("a/web-01.txt.gz", "web-01", "web-01", "a"),
            ("a/set.zip/web-01/SYSTEM.xz", "web-01", "SYSTEM", "web-01"),
            (
                "a/web-01.tar.gz/Windows/System32/config/SYSTEM",
                "web-01",
                "SYSTEM",
                "web-01",
            ),
            ("-", "standard input", "standard input", "standard input"),
        ] {
            assert_eq!(name(path, HostFrom::Export), by_default);
            assert_eq!(name(path, HostFrom::File), by_file);
            assert_eq!(name(path, HostFrom::Folder), by_folder);
        }
    }
}
