//! Pages of the book that are generated from data.

use std::collections::BTreeMap;
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::process::{Failure, root};

/// A page, by its path from the root, and its text.
pub(crate) struct Page {
    path: &'static str,
    text: String,
}

impl Page {
    pub(crate) fn new(path: &'static str, text: String) -> Self {
        Self { path, text }
    }
}

/// Writes the pages of a task, or with `--check` fails if one is not up to date.
pub(crate) fn run(pages: &[Page], task: &str, is_check: bool) -> Result<(), Failure> {
    for Page { path, text } in pages {
        let file = root().join(path);
        if !is_check {
            std::fs::write(&file, text).map_err(|error| failure(&file, error))?;
            continue;
        }
        let found = std::fs::read_to_string(&file).map_err(|error| failure(&file, error))?;
        if found != *text {
            let message = format!("{path} is out of date; run `cargo xtask {task}`");
            return Err(Failure::new(message));
        }
    }
    Ok(())
}

/// A template with its placeholders replaced.
pub(crate) fn placed(template: &str, parts: &[(&str, String)]) -> Result<String, Failure> {
    let path = root().join(template);
    let mut text = std::fs::read_to_string(&path).map_err(|error| failure(&path, error))?;
    for (placeholder, part) in parts {
        if !text.contains(placeholder) {
            return Err(failure(&path, format!("it lacks {placeholder}")));
        }
        text = text.replace(placeholder, part);
    }
    Ok(text)
}

/// The TOML files of a folder, by their names.
pub(crate) fn files<T: DeserializeOwned>(folder: &Path) -> Result<BTreeMap<String, T>, Failure> {
    let mut files = BTreeMap::new();
    for entry in folder.read_dir().map_err(|error| failure(folder, error))? {
        let path = entry.map_err(|error| failure(folder, error))?.path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).map_err(|error| failure(&path, error))?;
        let file: T = toml::from_str(&text).map_err(|error| failure(&path, error))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        files.insert(name.into_owned(), file);
    }
    Ok(files)
}

pub(crate) fn failure(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}
