//! The contents that `cargo publish` would upload: complete, described in its own words, and small.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Packages that are for this repository alone.
const PRIVATE: [&str; 7] = [
    "certbind-benches",
    "certbind-etcd-server",
    "certbind-fuzz",
    "certbind-httpapi",
    "certbind-sqlite",
    "certbind-test-support",
    "xtask",
];

/// A package contains only sources, schemas and texts.
const MAX_PACKAGE_BYTES: u64 = 1 << 20;

struct Package {
    name: String,
    folder: PathBuf,
    metadata: Value,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {arguments:?}: {complaint}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn packages() -> Vec<Package> {
    let metadata = cargo(&["metadata", "--no-deps", "--offline", "--format-version=1"]);
    let mut metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    let Value::Array(packages) = metadata["packages"].take() else {
        panic!("cargo lists no packages");
    };
    let packages = packages.into_iter().map(|metadata| {
        let manifest = Path::new(metadata["manifest_path"].as_str().expect("a path"));
        Package {
            name: metadata["name"].as_str().expect("a name").to_owned(),
            folder: manifest.parent().expect("a folder").to_owned(),
            metadata,
        }
    });
    packages.collect()
}

fn published() -> Vec<Package> {
    let mut packages = packages();
    packages.retain(|package| !PRIVATE.contains(&package.name.as_str()));
    assert!(packages.len() >= 15, "{} packages", packages.len());
    packages
}

/// The files of a package as cargo lists them, without those that cargo makes.
fn files(package: &Package) -> BTreeSet<String> {
    let list = cargo(&[
        "package",
        "--list",
        "--allow-dirty",
        "--offline",
        "--package",
        &package.name,
    ]);
    let made = [
        ".cargo_vcs_info.json",
        "Cargo.lock",
        "Cargo.toml",
        "Cargo.toml.orig",
    ];
    let files = list.lines().filter(|file| !made.contains(file));
    files.map(|file| file.replace('\\', "/")).collect()
}

#[test]
fn only_private_packages_are_not_published() {
    let packages = packages();
    let private = packages.iter().filter(|package| {
        let registries = package.metadata["publish"].as_array();
        registries.is_some_and(Vec::is_empty)
    });
    let private: BTreeSet<_> = private.map(|package| package.name.as_str()).collect();
    assert_eq!(private, BTreeSet::from(PRIVATE));
    let page = std::fs::read_to_string(root().join("docs/releasing.md")).expect("the page");
    for name in PRIVATE {
        let name = format!("`{name}`");
        assert!(
            page.contains(&name),
            "docs/releasing.md does not name {name}"
        );
    }
}

#[test]
fn published_packages_depend_on_published_packages() {
    for package in published() {
        let dependencies = package.metadata["dependencies"].as_array();
        for dependency in dependencies.expect("dependencies") {
            let name = dependency["name"].as_str().expect("a name");
            // A path without a version is left out of the package's development dependencies.
            let left_out = dependency["kind"] == "dev" && dependency["req"] == "*";
            assert!(
                left_out || !PRIVATE.contains(&name),
                "{} depends on {name}, which is not published",
                package.name
            );
            assert!(
                left_out || dependency["req"] != "*",
                "{} depends on any version of {name}",
                package.name
            );
        }
    }
}

/// The library is named after its package, so that the name in a `use` is known.
#[test]
fn libraries_are_named_after_their_packages() {
    for package in published() {
        let targets = package.metadata["targets"].as_array().expect("targets");
        let library = targets.iter().find(|target| target["kind"][0] == "lib");
        let library = library.unwrap_or_else(|| panic!("{} has no library", package.name));
        let expected = package.name.replace('-', "_");
        assert_eq!(library["name"], expected, "the library of {}", package.name);
    }
}

#[test]
fn packages_contain_both_licences_and_a_readme() {
    for package in published() {
        let files = files(&package);
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            assert!(
                files.contains(licence),
                "{} lacks {licence}: {files:?}",
                package.name
            );
            let read = |folder: &Path| std::fs::read_to_string(folder.join(licence));
            let (ours, own) = (read(&root()), read(&package.folder));
            assert_eq!(
                own.expect("a licence"),
                ours.expect("a licence"),
                "{licence} of {}",
                package.name
            );
        }
        assert!(
            files.contains("README.md"),
            "{} has no README",
            package.name
        );
    }
}

#[test]
fn packages_are_small_and_hold_sources_only() {
    for package in published() {
        let mut size = 0;
        for file in files(&package) {
            let top = file.split('/').next().unwrap_or_default();
            assert!(
                [
                    "src",
                    "schema",
                    "README.md",
                    "LICENSE-MIT",
                    "LICENSE-APACHE"
                ]
                .contains(&top),
                "{} contains {file}",
                package.name
            );
            let metadata = std::fs::metadata(package.folder.join(&file)).expect("a file");
            size += metadata.len();
        }
        assert!(
            size < MAX_PACKAGE_BYTES,
            "{} has {size} bytes",
            package.name
        );
    }
}

#[test]
fn readmes_have_absolute_links_and_a_tested_example() {
    for package in published() {
        let name = &package.name;
        let readme = std::fs::read_to_string(package.folder.join("README.md")).expect("a README");
        assert!(
            readme.starts_with(&format!("# {name}\n")),
            "the README of {name} has another title"
        );
        for link in readme.split("](").skip(1) {
            let link = link.split(')').next().unwrap_or_default();
            assert!(
                link.starts_with("https://"),
                "the README of {name} links to {link}"
            );
        }
        let examples =
            readme.matches("```rust\n").count() + readme.matches("```rust,no_run\n").count();
        assert!(examples > 0, "the README of {name} has no example");
        assert!(
            !readme.contains(",ignore") && !readme.contains(",compile_fail"),
            "an example in the README of {name} is not compiled"
        );
        let library = std::fs::read_to_string(package.folder.join("src/lib.rs")).expect("lib.rs");
        assert!(
            library.contains("#[doc = include_str!(\"../README.md\")]"),
            "the examples in the README of {name} are not tested"
        );
    }
}

#[test]
fn links_into_the_repository_lead_to_files() {
    const MAIN: &str = "https://github.com/certbind/certbind/blob/main/";
    let mut links = 0;
    for package in published() {
        let is_text = |file: &String| file == "README.md" || file.ends_with(".rs");
        for file in files(&package).into_iter().filter(is_text) {
            let file = package.folder.join(file);
            let text = std::fs::read_to_string(&file).expect("a text");
            for link in text.split(MAIN).skip(1) {
                let path = link.split([')', '#', '\n', '"']).next().unwrap_or_default();
                let path = path.trim_end();
                assert!(
                    root().join(path).exists(),
                    "{} links to {path}, which is not there",
                    file.display()
                );
                links += 1;
            }
        }
    }
    assert!(links > 30, "{links} links");
}

#[test]
fn packages_are_described_for_crates_io_and_docs_rs() {
    let mut descriptions = BTreeSet::new();
    for package in published() {
        let (name, metadata) = (&package.name, &package.metadata);
        let description = metadata["description"].as_str().unwrap_or_default();
        assert!(
            (30..130).contains(&description.len()) && !description.ends_with('.'),
            "the description of {name}: {description:?}"
        );
        assert!(descriptions.insert(description.to_owned()), "{description}");
        let page = format!("https://docs.rs/{name}");
        assert_eq!(metadata["documentation"], page, "documentation of {name}");
        assert_eq!(metadata["license"], "MIT OR Apache-2.0", "{name}");
        assert!(metadata["rust_version"].is_string(), "{name}");
        for list in ["keywords", "categories"] {
            let entries = metadata[list].as_array().map_or(0, Vec::len);
            assert!((1..=5).contains(&entries), "{list} of {name}");
        }
        let docs = &metadata["metadata"]["docs"]["rs"];
        assert_eq!(docs["all-features"], true, "docs.rs and {name}");
        if ["certbind-httpsys", "certbind-httpapi-abi"].contains(&name.as_str()) {
            let target = &docs["default-target"];
            assert_eq!(target, "x86_64-pc-windows-msvc", "docs.rs and {name}");
        }
    }
}

/// `conformance` and `httpapi` on crates.io belong to other projects; the documentation must not
/// lead to them.
#[test]
fn documents_name_packages_by_their_full_names() {
    let mut pages = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    pages.extend(
        published()
            .iter()
            .map(|package| package.folder.join("README.md")),
    );
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    assert!(pages.len() > 60, "{} pages", pages.len());
    let short = [
        "core",
        "redb",
        "httpsys",
        "etcd",
        "conformance",
        "httpapi",
        "formats",
        "audit",
    ];
    for page in pages {
        let text = std::fs::read_to_string(&page).expect("a page");
        for name in short {
            for command in [
                "-p ",
                "--package ",
                "cargo add ",
                "cargo add --dev ",
                "cargo install ",
            ] {
                let command = format!("{command}{name}");
                let whole = |at: usize| {
                    let next = text[at + command.len()..].chars().next();
                    !next.is_some_and(|next| next.is_alphanumeric() || "-_".contains(next))
                };
                assert!(
                    !text.match_indices(&command).any(|(at, _)| whole(at)),
                    "{} has `{command}`",
                    page.display()
                );
            }
        }
        assert!(
            !text.contains("`conformance`") && !text.contains(" conformance::"),
            "{} names the package `conformance`",
            page.display()
        );
    }
}
