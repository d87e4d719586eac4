//! Software bills of materials (SBOM): for each artefact, the packages its program and its library are
//! built from.

use std::path::Path;

use super::{VERSION, write};
use crate::process::{Failure, cargo, cargo_target, run};
use crate::sources;

/// Rust's target, and how artefacts name it, and a package that no build for another system has.
const TARGETS: [(&str, &str, &str); 3] = [
    (
        "x86_64-unknown-linux-gnu",
        "x86_64-linux-gnu",
        "linux-raw-sys",
    ),
    (
        "aarch64-unknown-linux-gnu",
        "aarch64-linux-gnu",
        "linux-raw-sys",
    ),
    ("x86_64-pc-windows-gnu", "x86_64-windows", "windows-link"),
];

/// Writes the lists into a folder, in CycloneDX's JSON.
pub(crate) fn lists(folder: &Path) -> Result<(), Failure> {
    // cargo-cyclonedx writes a list next to every Cargo.toml.
    let copy = cargo_target().join("parts");
    sources::committed(&copy)?;
    let here = format!("file://{}", copy.display());
    for (target, system, own) in TARGETS {
        run(cargo()
            .current_dir(&copy)
            .args(["cyclonedx", "--format", "json", "--spec-version", "1.5"])
            .args(["--target", target, "--manifest-path"])
            .arg("certbind/Cargo.toml"))?;
        for (program, member) in [
            ("certbind", "certbind"),
            ("certbind-httpapi", "crates/httpapi"),
        ] {
            let list = copy.join(format!("{member}/{program}.cdx.json"));
            let text =
                std::fs::read_to_string(&list).map_err(|error| Failure::of(&list, &error))?;
            for part in ["redb", own] {
                if !text.contains(&format!("pkg:cargo/{part}@")) {
                    let problem = format!("{} for {target} lacks {part}", list.display());
                    return Err(Failure::new(problem));
                }
            }
            // The folder of the build is private.
            write(
                &folder.join(format!("{program}-{VERSION}-{system}.cdx.json")),
                &text.replace(&here, "file://"),
            )?;
        }
    }
    Ok(())
}
