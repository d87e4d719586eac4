//! The zip for Windows, built by mingw-w64 and tried under Wine.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{VERSION, write};
use crate::process::{Failure, cargo_target, output, root, run};
use crate::sources::afresh;
use crate::windows::{Wine, copy};

const READ_ME: &str = "\
certbind for 64-bit Windows\r\n\
\r\n\
certbind.exe   the command line; it uses the httpapi.dll of Windows and no other\r\n\
certbind.dsc.resource.json\r\n\
               the resource for Microsoft DSC v3, which finds it in the folders of PATH\r\n\
harness\\       for test harnesses: the simulator's httpapi.dll and netsh.exe.\r\n\
               Not for a folder of PATH: programs beside them configure the simulator\r\n\
               and not Windows.\r\n\
harness\\wine\\ a DLL of Windows that Wine 8 lacks, for Wine alone\r\n\
\r\n\
Nothing else is needed. Not verified on real Windows: it was tried under Wine.\r\n";

pub(crate) fn zip(wine: &Wine, folder: &Path) -> Result<PathBuf, Failure> {
    run(wine.cargo("build").args([
        "--release",
        "--package",
        "certbind-httpapi",
        "--package",
        "certbind",
    ]))?;
    let name = format!("certbind-{VERSION}-x86_64-windows");
    let tree = cargo_target().join("release-windows").join(&name);
    afresh(&tree)?;
    for (from, to) in [
        ("certbind.exe", "certbind.exe"),
        ("certbind.exe", "harness/certbind.exe"),
        ("certbind.exe", "harness/netsh.exe"),
        ("httpapi.dll", "harness/httpapi.dll"),
    ] {
        let built = wine.built("release", from);
        needs_windows_alone(&built)?;
        copy(&built, &tree.join(to))?;
    }
    copy(
        &root().join("crates/httpapi/include/certbind_httpapi.h"),
        &tree.join("harness/certbind_httpapi.h"),
    )?;
    copy(
        &root().join(super::DSC_MANIFEST),
        &tree.join("certbind.dsc.resource.json"),
    )?;
    copy(&wine.shim(), &tree.join("harness/wine").join(Wine::SHIM))?;
    for text in ["LICENSE-APACHE", "LICENSE-MIT", "CHANGELOG.md"] {
        copy(&root().join(text), &tree.join(text))?;
    }
    write(&tree.join("README.txt"), READ_ME)?;
    let zip = folder.join(format!("{name}.zip"));
    run(Command::new("zip")
        .current_dir(tree.parent().unwrap_or(&tree))
        .args(["-q", "-X", "-r"])
        .args([&zip, Path::new(&name)]))?;
    Ok(zip)
}

/// A program must not ask for the compiler's DLLs, which no Windows has.
fn needs_windows_alone(program: &Path) -> Result<(), Failure> {
    let headers = output(
        Command::new("sh")
            .args([
                "-c",
                "x86_64-w64-mingw32-objdump -p \"$0\" | grep 'DLL Name:'",
            ])
            .arg(program),
    )?;
    match headers.lines().find(|line| line.contains(" lib")) {
        None => Ok(()),
        Some(line) => Err(Failure::new(format!("{}: {line}", program.display()))),
    }
}

/// Runs the programs of the zip in the same way as the tests under Wine.
pub(crate) fn zip_works(wine: &Wine, zip: &Path) -> Result<(), Failure> {
    let folder = cargo_target().join("release-windows").join("unpacked");
    afresh(&folder)?;
    run(Command::new("unzip")
        .arg("-q")
        .arg(zip)
        .arg("-d")
        .arg(&folder))?;
    let unpacked = folder.join(format!("certbind-{VERSION}-x86_64-windows"));
    let wine = &wine.with_shim(unpacked.join("harness/wine"));
    let version = format!("certbind {VERSION}");
    wine.expect(&unpacked.join("certbind.exe"), &["--version"], &version)?;
    // DSC looks for the manifest in the folders of PATH, and for the program it names there.
    if !unpacked.join("certbind.dsc.resource.json").is_file() {
        return Err(Failure::new("the zip has no DSC resource manifest"));
    }
    let schema = ["dsc", "schema"];
    wine.expect(&unpacked.join("certbind.exe"), &schema, "_inDesiredState")?;
    runs(wine, &unpacked.join("harness"))
}

/// Runs a kit: its `certbind.exe`, the C programs over its library, and a session with its `netsh.exe`.
pub(crate) fn runs(wine: &Wine, kit: &Path) -> Result<(), Failure> {
    let version = format!("certbind {VERSION}");
    wine.expect(&kit.join("certbind.exe"), &["--version"], &version)?;
    wine.c_program(kit)?;
    wine.session(kit)
}
