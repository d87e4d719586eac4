//! The sources of the program: of its package and of those that it is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::scan;
use crate::generated::failure;
use crate::process::Failure;

/// The program, and the library that simulates HTTP.sys, which prints errors in its configuration.
const ROOTS: [&str; 2] = ["certbind", "certbind-httpapi"];

/// A source, by its path from the root.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

#[derive(Deserialize)]
struct Workspace {
    workspace: Members,
}

#[derive(Deserialize)]
struct Members {
    members: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Manifest {
    package: Package,
    #[serde(default)]
    dependencies: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
}

/// The sources, without those of tests, in the order of their paths.
pub(crate) fn of_program(root: &Path) -> Result<Vec<Source>, Failure> {
    let mut packages = BTreeMap::new();
    let workspace: Workspace = parsed(&root.join("Cargo.toml"))?;
    for folder in workspace.workspace.members {
        let manifest: Manifest = parsed(&root.join(&folder).join("Cargo.toml"))?;
        packages.insert(manifest.package.name, (folder, manifest.dependencies));
    }
    let mut reached = BTreeSet::new();
    let mut pending: Vec<_> = ROOTS.map(str::to_owned).to_vec();
    while let Some(name) = pending.pop() {
        if let Some((_, dependencies)) = packages.get(&name)
            && reached.insert(name)
        {
            pending.extend(dependencies.keys().cloned());
        }
    }
    let mut sources = Vec::new();
    for name in reached {
        read_folder(root, &packages[&name].0.join("src"), &mut sources)?;
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

fn parsed<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| failure(path, error))?;
    toml::from_str(&text).map_err(|error| failure(path, error))
}

fn read_folder(root: &Path, folder: &Path, sources: &mut Vec<Source>) -> Result<(), Failure> {
    let full = root.join(folder);
    let mut folders = Vec::new();
    let mut files = Vec::new();
    for entry in full.read_dir().map_err(|error| failure(&full, error))? {
        let path = entry.map_err(|error| failure(&full, error))?.path();
        let is_source = path.extension().is_some_and(|extension| extension == "rs");
        if path.is_dir() {
            folders.push(path);
        } else if is_source {
            let text = std::fs::read_to_string(&path).map_err(|error| failure(&path, error))?;
            files.push((path, text));
        }
    }
    let tests: BTreeSet<_> = files
        .iter()
        .flat_map(|(_, text)| scan::test_modules(text))
        .collect();
    let stem = |path: &Path| {
        path.file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    for (path, text) in files {
        let is_test = tests.contains(&stem(&path)) || stem(&path) == "tests";
        if !is_test {
            let path = folder.join(path.file_name().unwrap_or_default());
            let path = path.display().to_string().replace('\\', "/");
            sources.push(Source { path, text });
        }
    }
    for path in folders {
        let name = stem(&path);
        if !tests.contains(&name) && name != "tests" {
            read_folder(root, &folder.join(name), sources)?;
        }
    }
    Ok(())
}
