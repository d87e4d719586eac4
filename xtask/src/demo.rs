//! `cargo xtask demo`: certbind on the export of a host.

use std::io;
use std::path::Path;
use std::process::Command;

use crate::process::{self, Failure, cargo, cargo_target, quietly, root};

/// The certificate that the host of `examples/` serves most of its sites with.
const OLD: &str = "61d34f532da121bbab64723c4871e72c92f03735";
/// A successor. Its names do not matter here.
const NEW: &str = "8d90a17d2851f802b0a5619bf695b03544b8f5cb";

/// Creates a folder, without the store of an earlier run.
fn empty(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => std::fs::create_dir_all(folder),
    }
}

/// Imports the host's bindings into a store, shows them, and renews a certificate.
pub(crate) fn run() -> Result<(), Failure> {
    // A run of all tests has built certbind with all features, and with others it would be built again.
    let packages: &[&str] = match std::env::var_os("CERTBIND_TEST_WORKSPACE") {
        Some(_) => &["--workspace", "--all-features", "--bins", "--examples"],
        None => &["--package", "certbind"],
    };
    process::run(cargo().args(["build", "--quiet"]).args(packages))?;
    let target = cargo_target();
    let folder = target.join("demo");
    empty(&folder).map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
    let store = folder.join("bindings.redb");
    let program = target
        .join("debug")
        .join(format!("certbind{}", std::env::consts::EXE_SUFFIX));
    let certbind = |arguments: &[&str]| {
        println!("\n$ certbind {}", arguments.join(" "));
        let mut command = Command::new(&program);
        command
            .current_dir(root())
            .env("CERTBIND_STORE", format!("redb:{}", store.display()))
            .args(arguments);
        quietly(&mut command)
    };
    println!("\n$ export CERTBIND_STORE=redb:{}", store.display());
    certbind(&["import", "examples/host-2022.txt"])?;
    certbind(&["list"])?;
    certbind(&["show", "hostnameport=sni.iis8.com:443"])?;
    certbind(&["rotate", OLD, NEW, "--dry-run"])?;
    certbind(&["rotate", OLD, NEW])?;
    certbind(&["list"])?;
    certbind(&["check"])
}
