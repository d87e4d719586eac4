//! Common mistakes in the URLs of stores: each message contains the correct input.

use std::path::{Path, PathBuf};

use certbind_formats::ReadOptions;

use crate::files;
use crate::hive_logs::HiveLogs;
use crate::registry::registry;

/// Less alike than this, a word is no slip for another.
const ALIKE: f64 = 0.6;

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
            "it is a file and no store; to list an export, type `certbind list {text}`, and to make a store \
             of it, `certbind import {text} --store redb:PATH`"
        ));
    }
    if let Some((scheme, address)) = text.split_once(':') {
        let schemes = registry().backends().iter().map(|backend| backend.scheme());
        let alike =
            schemes.map(|known| (strsim::normalized_damerau_levenshtein(known, scheme), known));
        let nearest = alike.filter(|(alike, _)| *alike >= ALIKE);
        let nearest = nearest.max_by(|a, b| a.0.total_cmp(&b.0));
        return nearest.map(|(_, known)| {
            format!("there are no {scheme}: stores; did you mean {known}:{address}?")
        });
    }
    let is_path = text.contains(['/', '\\']) || path.extension().is_some_and(|it| it == "redb");
    is_path.then(|| format!("a store in a file is named by its URL; type redb:{text}"))
}

/// Whether a file is an export.
pub(crate) fn is_export(path: &Path) -> bool {
    let Ok(bytes) = files::read(path) else {
        return false;
    };
    let reading = HiveLogs::Ignored.read(path, &bytes, &ReadOptions::default());
    reading.is_ok_and(|reading| !reading.export.bindings.is_empty())
}

/// The folder with the name most similar to that of a missing one.
pub(crate) fn nearest(folder: &Path) -> Option<PathBuf> {
    let name = folder.file_name()?.to_string_lossy().to_lowercase();
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let entries = parent.read_dir().ok()?.flatten();
    let folders = entries.filter(|entry| entry.path().is_dir());
    let alike = folders.map(|entry| {
        let other = entry.file_name().to_string_lossy().to_lowercase();
        (
            strsim::normalized_damerau_levenshtein(&name, &other),
            entry.file_name(),
        )
    });
    let nearest = alike.filter(|(alike, _)| *alike >= ALIKE);
    let (_, name) = nearest.max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(folder.with_file_name(name))
}
