//! Common mistakes in the URLs of stores: each message contains the correct input.

use std::path::{Path, PathBuf};

use certbind_formats::ReadOptions;

use crate::hive_logs::HiveLogs;
use crate::registry::registry;

/// Less alike than this, a word is not a typo of another.
const ALIKE: f64 = 0.6;

/// How a store is created.
pub(crate) const CREATE: &str = "`certbind add` and `certbind import` create one";

/// The message for a text without the scheme of a backend, if the mistake is a known one.
pub(crate) fn of_url(text: &str) -> Option<String> {
    let path = Path::new(text);
    let owner = registry().owner_of(path);
    if let Ok(Some(backend)) = owner {
        return Some(format!(
            "it is the path of a store; type {}:{text}",
            backend.scheme()
        ));
    }
    if path.is_file() {
        return Some(format!(
            "it is a file, not a store; to list an export, type `certbind list {text}`, and to \
             make a store \
             of it, `certbind import {text} --store redb:PATH`"
        ));
    }
    let is_redb = path
        .extension()
        .is_some_and(|it| it.eq_ignore_ascii_case("redb"));
    // `C:\web.redb`: a drive.
    let is_drive = text
        .as_bytes()
        .get(1..3)
        .is_some_and(|it| matches!(it, b":\\" | b":/"));
    if let Some((scheme, address)) = text.split_once(':')
        && !is_drive
    {
        let schemes = registry().backends().iter().map(|backend| backend.scheme());
        let alike = schemes.map(|known| {
            let scheme = scheme.to_ascii_lowercase();
            (
                strsim::normalized_damerau_levenshtein(known, &scheme),
                known,
            )
        });
        let nearest = alike.filter(|(alike, _)| *alike >= ALIKE);
        let nearest = nearest.max_by(|a, b| a.0.total_cmp(&b.0));
        return nearest.map(|(_, known)| {
            format!("there are no {scheme}: stores; did you mean {known}:{address}?")
        });
    }
    let is_path = text.contains(['/', '\\']) || is_redb;
    is_path.then(|| format!("a store in a file is named by its URL; type redb:{text}"))
}

/// Whether a file is an export.
pub(crate) fn is_export(path: &Path) -> bool {
    let reading = HiveLogs::Ignored.read_file(path, &ReadOptions::default());
    reading.is_ok_and(|reading| !reading.export.bindings.is_empty())
}

/// The folder with the name most similar to that of a missing one.
pub(crate) fn nearest(folder: &Path) -> Option<PathBuf> {
    nearest_entry(folder, Path::is_dir)
}

/// What to do about a store that does not exist: the file of a similar name, if there is one.
pub(crate) fn missing_file(path: &Path) -> String {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|it| matches!(it.try_exists(), Ok(false))) {
        let hint = nearest(folder).map(|other| format!("; did you mean {}?", other.display()));
        let folder = folder.display();
        return format!(
            "the folder {folder} does not exist{}",
            hint.unwrap_or_default()
        );
    }
    let is_store = |path: &Path| path.is_file() && matches!(registry().owner_of(path), Ok(Some(_)));
    match nearest_entry(path, is_store) {
        Some(other) => format!("did you mean {}? {CREATE}", other.display()),
        None => CREATE.to_owned(),
    }
}

/// The same of a host without a record in etcd, by its URL.
pub(crate) fn missing_host(url: &str) -> String {
    let fleet = url.rsplit_once('/').map_or(url, |(fleet, _)| fleet);
    format!(
        "etcd has no record of this host: `certbind list --fleet {fleet}/` lists the hosts, and \
         `certbind import` creates a record"
    )
}

/// The entry of the same folder with the most similar name.
fn nearest_entry(path: &Path, is_meant: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let entries = parent.read_dir().ok()?.flatten();
    let alike = entries.map(|entry| {
        let other = entry.file_name().to_string_lossy().to_lowercase();
        let alike = strsim::normalized_damerau_levenshtein(&name, &other);
        (alike, entry)
    });
    let alike = alike.filter(|(alike, entry)| *alike >= ALIKE && is_meant(&entry.path()));
    let (_, nearest) = alike.max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(path.with_file_name(nearest.file_name()))
}
