//! The session in which the programs of an artefact are tried: an export is listed, and a certificate is bound by
//! `netsh` through the library.

use std::path::Path;
use std::process::Command;

use crate::process::{Failure, output, root, run};

/// The programs of an artefact.
pub(crate) struct Kit<'a> {
    pub(crate) certbind: &'a Path,
    pub(crate) netsh: &'a Path,
    pub(crate) library: &'a Path,
}

/// Runs the session in an empty folder, each program as `start` has it run, and returns the URL of the
/// store that it leaves.
pub(crate) fn works(
    kit: &Kit<'_>,
    folder: &Path,
    start: impl Fn(&Path) -> Command,
) -> Result<String, Failure> {
    let records = format!("redb:{}", folder.join("bindings.redb").display());
    run(start(kit.certbind)
        .arg("import")
        .arg(root().join("examples/host-2022.txt"))
        .args(["--store", &records]))?;
    let list = ["list", "--store", &records];
    expect(start(kit.certbind).args(list), "sni.iis8.com")?;

    let hash = "5226dc6c54559761cd471b86eb51c096252c90f2";
    let key = "ipport=0.0.0.0:50443";
    let netsh = |arguments: &[&str]| {
        let mut netsh = start(kit.netsh);
        netsh
            .args(arguments)
            .env(
                "CERTBIND_STORE",
                format!("httpsys:{}", kit.library.display()),
            )
            .env("CERTBIND_HTTPAPI", &records);
        netsh
    };
    let certificate = format!("certhash={hash}");
    let application = "appid={4dc3e181-e14b-4a21-b022-59fc669b0914}";
    expect(
        &mut netsh(&["http", "add", "sslcert", key, &certificate, application]),
        "SSL Certificate successfully added",
    )?;
    expect(&mut netsh(&["http", "show", "sslcert", key]), hash)?;
    expect(start(kit.certbind).args(list), key)?;
    Ok(records)
}

/// Runs a program, which has to succeed and to print this.
pub(crate) fn expect(command: &mut Command, text: &str) -> Result<(), Failure> {
    match output(command)?.contains(text) {
        true => Ok(()),
        false => Err(Failure::new(format!(
            "expected {text:?} in the output above"
        ))),
    }
}
