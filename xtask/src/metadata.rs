//! The metadata of the workspace, from cargo.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::process::{Failure, captured, cargo, root};

/// A package that is published.
pub(crate) struct Published {
    pub(crate) name: String,
    /// Its manifest, relative to the workspace's root.
    pub(crate) manifest: PathBuf,
}

/// The packages that are published.
pub(crate) fn published() -> Result<Vec<Published>, Failure> {
    let printed = captured(cargo().args(["metadata", "--no-deps", "--format-version=1"]))?;
    let metadata: Value = serde_json::from_str(&printed)
        .map_err(|error| Failure::new(format!("cargo metadata: {error}")))?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let published = packages.filter(|package| package["publish"].is_null());
    let published = published.filter_map(|package| {
        let manifest = Path::new(package["manifest_path"].as_str()?);
        Some(Published {
            name: package["name"].as_str()?.to_owned(),
            manifest: manifest.strip_prefix(root()).ok()?.to_owned(),
        })
    });
    Ok(published.collect())
}
