//! Installs the tools of the checks that a fresh machine lacks.

use std::collections::BTreeSet;
use std::process::Command;

use crate::process::{Failure, answers, cargo, cargo_target, run};

/// A program that has to answer, and the Debian packages that bring it.
type Needed = (&'static str, &'static [&'static str]);

const GO: Needed = ("go", &["golang-go"]);

const NGINX: Needed = ("nginx", &["nginx-light"]);

/// What build scripts start.
const COMPILERS: &[Needed] = &[
    ("gcc", &["gcc"]),
    ("g++", &["g++"]),
    ("pkg-config", &["pkg-config"]),
];

const TESTS: &[Needed] = &[
    ("valgrind", &["valgrind"]),
    ("python3", &["python3"]),
    ("pytest-3", &["python3-pytest"]),
    ("/usr/share/java/jna.jar", &["libjna-java"]),
    ("javac", &["default-jdk-headless"]),
    (
        "/usr/share/java/bcpkix.jar",
        &["libbcprov-java", "libbcpkix-java"],
    ),
    ("strace", &["strace"]),
    ("mcs", &["mono-mcs"]),
    ("mono", &["mono-runtime"]),
    ("pip3", &["python3-pip"]),
    ("/usr/share/doc/python3-venv/copyright", &["python3-venv"]),
    ("node", &["nodejs"]),
    ("npm", &["npm"]),
    GO,
    ("chromium", &["chromium"]),
    ("chromedriver", &["chromium-driver"]),
    ("certtool", &["gnutls-bin"]),
    ("pk12util", &["libnss3-tools"]),
    ("openssl", &["openssl"]),
    ("minisign", &["minisign"]),
    ("curl", &["curl"]),
    ("pdftotext", &["poppler-utils"]),
    ("etcd", &["etcd-server"]),
    ("etcdctl", &["etcd-client"]),
    NGINX,
];

/// Programs that read and write registries, for the tests of exports and hives.
const REGISTRY: &[Needed] = &[
    ("wine", &["wine", "wine64"]),
    ("hivexregedit", &["libwin-hivex-perl"]),
];

/// The tools for releases. Cargo installs those that Debian lacks.
const RELEASES: &[Needed] = &[
    ("gcc", &["gcc"]),
    ("objdump", &["binutils"]),
    ("pkg-config", &["pkg-config"]),
    ("zip", &["zip"]),
    ("unzip", &["unzip"]),
    ("dpkg-shlibdeps", &["dpkg-dev"]),
    ("python3", &["python3"]),
    ("/usr/share/doc/python3-venv/copyright", &["python3-venv"]),
    ("aarch64-linux-gnu-gcc", &["gcc-aarch64-linux-gnu"]),
    (
        "/usr/aarch64-linux-gnu/include/stdio.h",
        &["libc6-dev-arm64-cross"],
    ),
    ("qemu-aarch64", &["qemu-user"]),
];

/// The tools that create a small file system, for the tests of a full disk.
const FULL_DISK: &[Needed] = &[("mount", &["mount"]), ("mkfs.ext4", &["e2fsprogs"])];

/// Debian's compiler comes with the sources of the standard library, which the tests build for
/// Windows.
const WINDOWS: &[Needed] = &[
    (
        "/usr/bin/cargo",
        &["cargo-web", "rustc-web", "rust-web-src"],
    ),
    ("x86_64-w64-mingw32-gcc", &["gcc-mingw-w64-x86-64"]),
    ("wine", &["wine", "wine64"]),
];

/// Installs the tools of the lints, and those that compile the tests.
pub(crate) fn compilers() -> Result<(), Failure> {
    for (component, program) in [("rustfmt", "rustfmt"), ("clippy", "cargo-clippy")] {
        if !answers(program, "--version") {
            run(Command::new("rustup").args(["component", "add", component]))?;
        }
    }
    packages(COMPILERS)
}

/// Installs the programs that the tests for the current system start.
pub(crate) fn tests() -> Result<(), Failure> {
    packages(TESTS)?;
    dotnet()?;
    npm("koffi", "koffi@3.3.4")?;
    // A library that writes certificate files.
    npm("node-forge", "node-forge@1.3.3")?;
    // A compiler of C# 10 (Roslyn 4.1) that .NET Core 3.1 runs is in this package alone.
    npm("roslyn", "@autorest/csharp@3.0.0-beta.20220622.5")?;
    multitool()?;
    sarif_tools()?;
    axe()?;
    ansible()
}

/// Microsoft's SARIF Multitool. Its program is made executable by a script of the package, and no script of
/// a package is run here.
fn multitool() -> Result<(), Failure> {
    npm("sarif-multitool", "@microsoft/sarif-multitool@5.7.0")?;
    let program = "sarif-multitool/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool";
    run(Command::new("chmod")
        .arg("+x")
        .arg(cargo_target().join(program)))
}

/// sarif-tools, in a virtual environment.
fn sarif_tools() -> Result<(), Failure> {
    let folder = cargo_target().join("sarif-tools");
    if folder.join("bin/sarif").is_file() {
        return Ok(());
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    run(Command::new(folder.join("bin/pip"))
        .args(["install", "--quiet"])
        .arg("sarif-tools==3.0.5"))
}

/// Ansible, in a virtual environment. Debian 12 has an older one.
pub(crate) fn ansible() -> Result<(), Failure> {
    let folder = cargo_target().join("ansible");
    if folder.join("bin/ansible-playbook").is_file() {
        return Ok(());
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    run(Command::new(folder.join("bin/pip"))
        .args(["install", "--quiet"])
        .arg("ansible-core==2.19.14"))
}

/// The newest .NET runtime that is a package of PyPI; Debian has none.
fn dotnet() -> Result<(), Failure> {
    let folder = cargo_target().join("dotnet");
    if folder.join("dotnetcore2/bin/dotnet").is_file() {
        return Ok(());
    }
    run(Command::new("pip3")
        .args(["install", "--quiet", "--no-deps", "--upgrade", "--target"])
        .arg(&folder)
        .arg("dotnetcore2==3.1.23"))
}

/// A package of npm that Debian lacks, in a folder of its own.
fn npm(name: &str, package: &str) -> Result<(), Failure> {
    let folder = cargo_target().join(name);
    if folder.join("node_modules").is_dir() {
        return Ok(());
    }
    run(Command::new("npm")
        .args(["install", "--silent", "--no-audit", "--no-fund"])
        // The packages contain the needed files; no script has to run.
        .args(["--ignore-scripts", "--prefix"])
        .arg(&folder)
        .arg(package))
}

/// The accessibility checks of Deque (axe-core), which tests run in a browser. Debian has no package of it.
fn axe() -> Result<(), Failure> {
    let folder = cargo_target().join("axe");
    if folder.join("axe_core_python/axe.min.js").is_file() {
        return Ok(());
    }
    run(Command::new("pip3")
        .args(["install", "--quiet", "--no-deps", "--upgrade", "--target"])
        .arg(&folder)
        .arg("axe-core-python==0.1.0"))
}

/// Installs the tools of the tests of registries and of full disks. If they cannot be installed,
/// these tests are skipped with a message; in CI it is an error.
pub(crate) fn optional_tests() -> Result<(), Failure> {
    if can_install() || std::env::var_os("CI").is_some() {
        packages(REGISTRY)?;
        packages(FULL_DISK)?;
    }
    Ok(())
}

/// Installs a browser, which paints pages.
pub(crate) fn browser() -> Result<(), Failure> {
    packages(&[("chromium", &["chromium"])])
}

/// Installs the tools for releases.
pub(crate) fn releases() -> Result<(), Failure> {
    packages(RELEASES)?;
    for (program, version) in [("cargo-deb", "3.8.0"), ("cargo-cyclonedx", "0.5.9")] {
        if !is_there(program) {
            run(cargo().args(["install", "--locked", "--version", version, program]))?;
        }
    }
    Ok(())
}

/// Installs valgrind, which counts instructions.
pub(crate) fn valgrind() -> Result<(), Failure> {
    packages(&[("valgrind", &["valgrind"])])
}

/// Installs nginx, for its comparison with `certbind serve`.
pub(crate) fn nginx() -> Result<(), Failure> {
    packages(&[NGINX])
}

/// Installs the tools of the tests under Wine.
pub(crate) fn windows() -> Result<(), Failure> {
    packages(WINDOWS)
}

/// What the tests under Wine need.
pub(crate) fn wine() -> Result<(), Failure> {
    windows()?;
    packages(&[GO])
}

/// Whether [`windows`] can do its work, or has nothing to do.
pub(crate) fn can_have_windows() -> bool {
    can_install() || has_windows()
}

/// Whether the tools of the tests under Wine are installed.
pub(crate) fn has_windows() -> bool {
    missing(WINDOWS).is_empty()
}

/// Prints which programs the tests will miss.
pub(crate) fn report_missing() {
    let missing: BTreeSet<_> = [COMPILERS, TESTS, REGISTRY, FULL_DISK, WINDOWS]
        .into_iter()
        .flat_map(missing)
        .collect();
    if !missing.is_empty() {
        let missing: Vec<_> = missing.into_iter().collect();
        println!(
            "Not installed: {}. The tests that need them are skipped. On Debian, as root, \
             `cargo xtask test --install` installs them.",
            missing.join(", ")
        );
    }
}

/// The Debian packages of the missing programs.
fn missing(needed: &[Needed]) -> Vec<&'static str> {
    let missing = needed.iter().filter(|(program, _)| !is_there(program));
    missing
        .flat_map(|(_, packages)| *packages)
        .copied()
        .collect()
}

/// Installs missing packages. The error lists them if that fails.
fn packages(needed: &[Needed]) -> Result<(), Failure> {
    let missing = missing(needed);
    if missing.is_empty() {
        return Ok(());
    }
    if !can_install() {
        return Err(Failure::new(format!(
            "the tests need {}; install them and try again (on Debian as root this is done for you)",
            missing.join(", ")
        )));
    }
    run(Command::new("apt-get").args(["update", "-qq"]))?;
    run(Command::new("apt-get")
        .args(["install", "-y", "-qq", "--no-install-recommends"])
        .args(missing)
        .env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Whether a program is installed: not all of them print their version.
fn is_there(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
}

/// Whether this is Debian, and we are root.
fn can_install() -> bool {
    let id = Command::new("id").arg("-u").output();
    answers("apt-get", "--version") && id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}
