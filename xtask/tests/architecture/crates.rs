//! `docs/architecture.md` lists every crate, and dependencies between crates point down.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A crate of ours, and the crates of ours that it depends on, each with cargo's kind: null for
/// the crate itself, `dev` for its tests.
pub(crate) struct Package {
    pub(crate) folder: String,
    arrows: Vec<(String, Option<String>)>,
}

pub(crate) fn packages() -> BTreeMap<String, Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo's metadata");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let home = text(&metadata["workspace_root"]);
    let packages = metadata["packages"].as_array().expect("packages");
    let folder = |package: &Value| {
        let manifest = text(&package["manifest_path"]);
        let folder = Path::new(&manifest).parent().expect("a folder");
        let folder = folder.strip_prefix(&home).expect("a folder of ours");
        folder.display().to_string().replace('\\', "/")
    };
    let names: BTreeSet<_> = packages
        .iter()
        .map(|package| text(&package["name"]))
        .collect();
    let ours = packages.iter().map(|package| {
        let dependencies = package["dependencies"].as_array().expect("dependencies");
        let arrows = dependencies.iter().filter_map(|dependency| {
            let name = names.get(dependency["name"].as_str()?)?;
            dependency["path"].as_str()?;
            Some((name.clone(), dependency["kind"].as_str().map(Into::into)))
        });
        let arrows = arrows.collect();
        let folder = folder(package);
        (text(&package["name"]), Package { folder, arrows })
    });
    ours.collect()
}

/// The rows of the page's table, from the top: crate, folder, job.
fn rows() -> Vec<[String; 3]> {
    let page = std::fs::read_to_string(root().join("docs/architecture.md")).expect("the page");
    let rows = page.lines().filter_map(|line| {
        let cells = line.strip_prefix("| `")?.strip_suffix(" |")?;
        let mut cells = cells.split(" | ");
        let cell = |text: &str| text.trim_matches('`').to_owned();
        Some([
            cell(cells.next()?),
            cell(cells.next()?),
            cell(cells.next()?),
        ])
    });
    rows.collect()
}

#[test]
fn page_names_every_crate() {
    let (packages, rows) = (packages(), rows());
    for (name, package) in &packages {
        let row = rows.iter().find(|[crate_name, ..]| crate_name == name);
        let row = row.unwrap_or_else(|| panic!("docs/architecture.md does not name {name}"));
        assert_eq!(row[1], package.folder, "the folder of {name}");
        assert!(row[2].len() > 20, "the job of {name}: {:?}", row[2]);
    }
    assert_eq!(
        rows.len(),
        packages.len(),
        "the page names what is no crate"
    );
}

#[test]
fn every_arrow_points_down() {
    let rows = rows();
    let place = |name: &str| rows.iter().position(|[crate_name, ..]| crate_name == name);
    let mut arrows = 0;
    for (name, package) in packages() {
        for (to, kind) in package.arrows {
            // The tests of a crate may use a feature of the crate itself.
            if to == name && kind.as_deref() == Some("dev") {
                continue;
            }
            assert!(place(&name) < place(&to), "{name} -> {to} points up");
            arrows += 1;
        }
    }
    assert!(arrows > 40, "{arrows} arrows");
}

#[test]
fn a_backend_depends_on_the_core_alone() {
    let mut backends = 0;
    for (name, package) in packages() {
        if !package.folder.starts_with("backend-") {
            continue;
        }
        let arrows = package.arrows.iter().filter(|(_, kind)| kind.is_none());
        let mut known: Vec<_> = arrows.map(|(to, _)| to.as_str()).collect();
        known.retain(|to| !(name == "certbind-httpsys" && *to == "certbind-httpapi-abi"));
        assert_eq!(known, ["certbind-core"], "dependencies of {name}");
        backends += 1;
    }
    assert_eq!(backends, 3);
}
