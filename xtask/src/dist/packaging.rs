//! The manifests of package managers for Windows, made from the templates in `packaging/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{VERSION, write};
use crate::process::{Failure, captured, cargo_target, root, run};
use crate::sources::afresh;

const TEMPLATES: [&str; 6] = [
    "winget/certbind.certbind.yaml",
    "winget/certbind.certbind.installer.yaml",
    "winget/certbind.certbind.locale.en-US.yaml",
    "scoop/certbind.json",
    "chocolatey/certbind.nuspec",
    "chocolatey/tools/chocolateyinstall.ps1",
];

/// Writes the manifests of a release's zip for Windows into a folder.
pub(crate) fn manifests(zip: &Path, folder: &Path) -> Result<(), Failure> {
    let sum = captured(Command::new("sha256sum").arg("--").arg(zip))?;
    let sum = sum.split_whitespace().next().unwrap_or_default();
    // GNU's sha256sum marks a name that it escapes by a backslash before the sum.
    let sum = sum.trim_start_matches('\\');
    for name in TEMPLATES {
        let template = root().join("packaging").join(name);
        let text =
            std::fs::read_to_string(&template).map_err(|error| Failure::of(&template, &error))?;
        let text = text.replace("{{version}}", VERSION);
        let file = folder.join(name);
        let parent = file.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(|error| Failure::of(parent, &error))?;
        write(&file, &text.replace("{{sha256}}", sum))?;
    }
    Ok(())
}

/// The manifests of a zip in one archive, in the folder of the release.
pub(crate) fn archive(zip: &Path, folder: &Path) -> Result<PathBuf, Failure> {
    let name = format!("certbind-{VERSION}-package-managers");
    let tree = cargo_target().join("release-manifests").join(&name);
    afresh(&tree)?;
    manifests(zip, &tree)?;
    let archive = folder.join(format!("{name}.zip"));
    run(Command::new("zip")
        .current_dir(tree.parent().unwrap_or(&tree))
        .args(["-q", "-X", "-r"])
        .args([&archive, Path::new(&name)]))?;
    Ok(archive)
}
