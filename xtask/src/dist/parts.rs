//! What the programs are made of: a CycloneDX list for the command line and one for the library.

use std::path::Path;

use super::{VERSION, write};
use crate::process::{Failure, cargo, cargo_target, run};
use crate::sources;

/// Writes both lists into a folder.
pub(crate) fn lists(folder: &Path) -> Result<(), Failure> {
    // cargo-cyclonedx writes a list beside every Cargo.toml.
    let copy = cargo_target().join("parts");
    sources::committed(&copy)?;
    run(cargo()
        .current_dir(&copy)
        .args(["cyclonedx", "--format", "json", "--spec-version", "1.5"])
        // What a program has on Windows and what it has on Linux.
        .args(["--target", "all", "--manifest-path"])
        .arg("certbind/Cargo.toml"))?;
    let here = format!("file://{}", copy.display());
    for (program, member) in [
        ("certbind", "certbind"),
        ("certbind-httpapi", "crates/httpapi"),
    ] {
        let list = copy.join(format!("{member}/{program}.cdx.json"));
        let text = std::fs::read_to_string(&list).map_err(|error| Failure::of(&list, &error))?;
        if !text.contains("pkg:cargo/redb@") {
            return Err(Failure::new(format!("{} lacks redb", list.display())));
        }
        // Where it was built is nobody's business.
        write(
            &folder.join(format!("{program}-{VERSION}.cdx.json")),
            &text.replace(&here, "file://"),
        )?;
    }
    Ok(())
}
