//! The Ansible collection, as `ansible-galaxy collection install` takes it.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::VERSION;
use crate::install;
use crate::process::{Failure, cargo_target, output, root, run};
use crate::sources::afresh;

/// A program of Ansible, with a folder of its own for its files.
fn ansible(program: &str) -> Command {
    let folder = cargo_target().join("collection");
    let programs = cargo_target().join("ansible/bin");
    let mut command = Command::new(programs.join(program));
    command
        .env("ANSIBLE_HOME", folder.join("home"))
        .env("ANSIBLE_COLLECTIONS_PATH", folder.join("installed"))
        .env("ANSIBLE_PYTHON_INTERPRETER", programs.join("python"));
    command
}

/// Builds the archive of the collection.
pub(crate) fn archive(folder: &Path) -> Result<PathBuf, Failure> {
    install::ansible()?;
    afresh(&cargo_target().join("collection"))?;
    run(ansible("ansible-galaxy")
        .args(["collection", "build", "--output-path"])
        .args([folder, &root().join("ansible")]))?;
    let archive = folder.join(format!("certbind-certbind-{VERSION}.tar.gz"));
    match archive.is_file() {
        true => Ok(archive),
        false => Err(Failure::new(format!(
            "the collection is not of version {VERSION}: set it in ansible/galaxy.yml"
        ))),
    }
}

/// Installs the archive, and binds a certificate with the program of the release.
pub(crate) fn works(archive: &Path) -> Result<(), Failure> {
    run(ansible("ansible-galaxy")
        .args(["collection", "install", "--offline"])
        .arg(archive))?;
    let store = cargo_target().join("collection/bindings.redb");
    let program = cargo_target().join("release/certbind");
    let hash = "5226dc6c54559761cd471b86eb51c096252c90f2";
    let parameters = format!(
        "key=0.0.0.0:443 hash={hash} app_id=IIS store=redb:{} certbind={}",
        store.display(),
        program.display()
    );
    let printed = output(
        ansible("ansible")
            .args(["localhost", "--connection", "local"])
            .args(["--module-name", "certbind.certbind.binding", "--args"])
            .arg(parameters),
    )?;
    match printed.contains("CHANGED") && printed.contains(hash) {
        true => Ok(()),
        false => Err(Failure::new(format!("Ansible printed: {printed}"))),
    }
}
