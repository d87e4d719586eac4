//! The tarball and the Debian package: the same tree, to be unpacked anywhere or below `/usr`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::session::{self, Kit};
use super::{VERSION, write};
use crate::process::{Failure, cargo, cargo_target, output, root, run};
use crate::sources::afresh;
use crate::windows::copy;

/// The read-me of the tarball, for its users.
const READ_ME: &str = "\
certbind for Linux on x86_64, with glibc @ or newer

bin/certbind            the command line
bin/*.dsc.resource.json the resource for Microsoft DSC v3, which finds it in the folders of PATH
lib/certbind            for test harnesses (CERTBIND_KIT): the simulator's library and netsh
include, lib/pkgconfig  the library for C and C++
share                   manual pages, and completions for bash, zsh and fish

Unpack it anywhere, or copy its folders below /usr/local.
";

/// Builds the programs and installs them, with their generated files, below a prefix.
pub(crate) fn tarball(folder: &Path) -> Result<PathBuf, Failure> {
    run(cargo()
        .args(["build", "--locked", "--release", "--quiet"])
        .args(["--package", "certbind", "--package", "certbind-httpapi"]))?;
    let prefix = prefix();
    afresh(&prefix)?;
    let built = cargo_target().join("release");
    let sources = root();
    for (from, to) in [
        (built.join("certbind"), "bin/certbind"),
        (
            sources.join(super::DSC_MANIFEST),
            "bin/certbind.dsc.resource.json",
        ),
        (built.join("libhttpapi.so"), "lib/certbind/libhttpapi.so"),
        (
            sources.join("crates/httpapi/certbind-httpapi.pc"),
            "lib/pkgconfig/certbind-httpapi.pc",
        ),
        (
            sources.join("crates/httpapi/include/certbind_httpapi.h"),
            "include/certbind/certbind_httpapi.h",
        ),
        (
            sources.join("crates/httpapi/include/windows_on_linux.h"),
            "include/certbind/windows_on_linux.h",
        ),
        (sources.join("README.md"), "share/doc/certbind/README.md"),
        (
            sources.join("CHANGELOG.md"),
            "share/doc/certbind/CHANGELOG.md",
        ),
        (
            sources.join("LICENSE-MIT"),
            "share/doc/certbind/LICENSE-MIT",
        ),
        (
            sources.join("LICENSE-APACHE"),
            "share/doc/certbind/LICENSE-APACHE",
        ),
    ] {
        copy(&from, &prefix.join(to))?;
    }
    // A harness finds the program next to the library, and programs find netsh there.
    for name in ["certbind", "netsh"] {
        let link = prefix.join("lib/certbind").join(name);
        run(Command::new("ln")
            .args(["-s", "../../bin/certbind"])
            .arg(link))?;
    }
    let program = prefix.join("bin/certbind");
    run(Command::new(&program)
        .arg("man")
        .arg(prefix.join("share/man/man1")))?;
    for (shell, file) in [
        ("bash", "bash-completion/completions/certbind"),
        ("zsh", "zsh/site-functions/_certbind"),
        ("fish", "fish/vendor_completions.d/certbind.fish"),
    ] {
        let file = prefix.join("share").join(file);
        afresh(file.parent().unwrap_or(&prefix))?;
        let script = Command::new(&program).args(["completions", shell]).output();
        let script = script.map_err(|error| Failure::of(&program, &error))?;
        if !script.status.success() {
            let problem = format!("there are no completions for {shell}");
            return Err(Failure::new(problem));
        }
        std::fs::write(&file, script.stdout).map_err(|error| Failure::of(&file, &error))?;
    }
    let glibc = glibc_of(&[&program, &prefix.join("lib/certbind/libhttpapi.so")])?;
    write(&prefix.join("README"), &READ_ME.replace('@', &glibc))?;

    let name = format!("certbind-{VERSION}-x86_64-linux-gnu");
    let tarball = folder.join(format!("{name}.tar.gz"));
    run(Command::new("tar")
        .args([
            "--create",
            "--gzip",
            "--sort=name",
            "--owner=0",
            "--group=0",
        ])
        .arg("--numeric-owner")
        .arg(format!("--transform=s,^[.],{name},S"))
        .arg("--file")
        .arg(&tarball)
        .arg("--directory")
        .arg(&prefix)
        .arg("."))?;
    Ok(tarball)
}

/// Makes the package from the tree of [`tarball`].
pub(crate) fn package(folder: &Path) -> Result<PathBuf, Failure> {
    let package = folder.join(format!("certbind_{VERSION}_amd64.deb"));
    run(cargo()
        .args(["deb", "--no-build", "--package", "certbind", "--output"])
        .arg(&package))?;
    Ok(package)
}

/// Where the tree is put together; the Debian package's list of files names it.
fn prefix() -> PathBuf {
    cargo_target().join("release").join("prefix")
}

/// The newest glibc that programs ask for.
fn glibc_of(programs: &[&Path]) -> Result<String, Failure> {
    let mut newest = (0, 0);
    for program in programs {
        let script = "objdump -T \"$0\" | grep -o 'GLIBC_2[.][0-9]*' | sort -u";
        let asked = output(Command::new("sh").args(["-c", script]).arg(program))?;
        let versions = asked
            .lines()
            .filter_map(|line| line.strip_prefix("GLIBC_")?.split_once('.'))
            .filter_map(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        newest = versions.fold(newest, std::cmp::Ord::max);
    }
    match newest {
        (0, 0) => Err(Failure::new("no version of glibc is asked for")),
        (major, minor) => Ok(format!("{major}.{minor}")),
    }
}

pub(crate) fn tarball_works(tarball: &Path) -> Result<(), Failure> {
    let folder = cargo_target().join("release").join("unpacked");
    afresh(&folder)?;
    run(Command::new("tar")
        .arg("-xzf")
        .arg(tarball)
        .arg("-C")
        .arg(&folder))?;
    works(&folder.join(format!("certbind-{VERSION}-x86_64-linux-gnu")))
}

/// Installs the package, tries it, and removes it.
pub(crate) fn package_works(package: &Path) -> Result<(), Failure> {
    if Path::new("/usr/bin/certbind").exists() {
        return Err(Failure::new(
            "a certbind is installed: the package would take its place",
        ));
    }
    run(Command::new("apt-get")
        .args(["install", "-y", "-qq"])
        .arg(package)
        .env("DEBIAN_FRONTEND", "noninteractive"))?;
    let tried = works(Path::new("/usr"));
    run(Command::new("dpkg").args(["--purge", "certbind"]))?;
    tried?;
    match Path::new("/usr/lib/certbind").exists() {
        false => Ok(()),
        true => Err(Failure::new("the package has left files behind")),
    }
}

/// The resource manifest next to the program is the program's own, and its `export` contains a
/// binding.
fn dsc_works(prefix: &Path, records: &str) -> Result<(), Failure> {
    let file = prefix.join("bin/certbind.dsc.resource.json");
    let manifest = std::fs::read_to_string(&file).map_err(|error| Failure::of(&file, &error))?;
    let program = prefix.join("bin/certbind");
    let printed = output(Command::new(&program).args(["dsc", "manifest"]))?;
    if manifest != printed {
        let problem = format!("{} is of another program", file.display());
        return Err(Failure::new(problem));
    }
    let exported = output(
        Command::new(&program)
            .args(["dsc", "export", "--store", records])
            .stdin(Stdio::null()),
    )?;
    match exported.contains("sni.iis8.com") {
        true => Ok(()),
        false => Err(Failure::new("`dsc export` lacks a binding")),
    }
}

/// The program below a prefix lists an export, binds by `netsh`, compiles a C program, and has its
/// manual pages and completions.
fn works(prefix: &Path) -> Result<(), Failure> {
    let program = prefix.join("bin/certbind");
    let kit = prefix.join("lib/certbind");
    let folder = cargo_target().join("release").join("tried");
    afresh(&folder)?;
    let programs = Kit {
        certbind: &program,
        netsh: &kit.join("netsh"),
        library: &kit.join("libhttpapi.so"),
    };
    let records = session::works(&programs, &folder, |program| Command::new(program))?;
    dsc_works(prefix, &records)?;

    let words = output(
        Command::new("pkg-config")
            .args(["--cflags", "--libs", "certbind-httpapi"])
            .env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig")),
    )?;
    let client = folder.join("control");
    run(Command::new("gcc")
        .arg("-o")
        .arg(&client)
        .arg(root().join("crates/httpapi/tests/c/control.c"))
        .args(words.split_whitespace()))?;
    session::expect(
        Command::new(&client).env("LD_LIBRARY_PATH", &kit),
        "every check has passed",
    )?;

    let share = prefix.join("share");
    for file in [
        "man/man1/certbind.1",
        "man/man1/certbind-rotate.1",
        "bash-completion/completions/certbind",
        "fish/vendor_completions.d/certbind.fish",
    ] {
        // Debian's pages are compressed.
        let compressed = share.join(format!("{file}.gz"));
        if !share.join(file).is_file() && !compressed.is_file() {
            return Err(Failure::new(format!(
                "{file} is not in {}",
                share.display()
            )));
        }
    }
    Ok(())
}
