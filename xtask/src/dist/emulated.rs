//! Debian for aarch64, as far as Python needs it, in a folder; qemu runs its programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Failure, cargo_target, run};
use crate::sources::afresh;

/// Python, and the libraries that it and the programs of a wheel need.
const PACKAGES: [&str; 8] = [
    "libc6",
    "libexpat1",
    "libffi8",
    "libgcc-s1",
    "libpython3.11-minimal",
    "libpython3.11-stdlib",
    "python3.11-minimal",
    "zlib1g",
];

/// The version of Debian's Python.
pub(crate) const PYTHON: &str = "3.11";

/// The files of a system for aarch64.
pub(crate) struct System(PathBuf);

impl System {
    /// Downloads the packages with a configuration of apt of its own and unpacks them. The packages of this system,
    /// and the architectures that it knows, stay as they are.
    pub(crate) fn unpack() -> Result<Self, Failure> {
        let folder = cargo_target().join("emulated");
        let [archives, system] = ["archives", "system"].map(|name| folder.join(name));
        afresh(&folder)?;
        for folder in [
            &archives,
            &system,
            &folder.join("state/lists/partial"),
            &folder.join("cache/archives/partial"),
        ] {
            afresh(folder)?;
        }
        let status = folder.join("status");
        super::write(&status, "")?;
        let apt = |arguments: &[&str]| {
            let mut apt = Command::new("apt-get");
            apt.current_dir(&archives).arg("-qq");
            for (option, value) in [
                ("APT::Architecture", "arm64".into()),
                ("APT::Architectures::", "arm64".into()),
                ("APT::Sandbox::User", "root".into()),
                ("Dir::State", folder.join("state").display().to_string()),
                ("Dir::State::status", status.display().to_string()),
                ("Dir::Cache", folder.join("cache").display().to_string()),
            ] {
                apt.arg("-o").arg(format!("{option}={value}"));
            }
            apt.args(arguments);
            apt
        };
        run(&mut apt(&["update"]))?;
        run(apt(&["download"]).args(PACKAGES))?;
        for archive in super::files_in(&archives)? {
            run(Command::new("dpkg")
                .arg("-x")
                .args([&archives.join(archive), &system]))?;
        }
        Ok(Self(system))
    }

    /// A program of this architecture.
    pub(crate) fn program(&self, program: &Path) -> Command {
        let mut qemu = Command::new("qemu-aarch64");
        qemu.arg("-L").args([&self.0, program]);
        qemu
    }

    pub(crate) fn python(&self) -> Command {
        self.program(&self.0.join(format!("usr/bin/python{PYTHON}")))
    }

    /// Puts a script in the place of a program, which has qemu run it under the name by which it was started: the
    /// kernel starts no program of another architecture.
    pub(crate) fn wrap(&self, program: &Path) -> Result<(), Failure> {
        let real = program.with_extension("aarch64");
        std::fs::rename(program, &real).map_err(|error| Failure::of(program, &error))?;
        let script = format!(
            "#!/bin/sh\nexec qemu-aarch64 -L '{}' -0 \"$0\" '{}' \"$@\"\n",
            self.0.display(),
            real.display()
        );
        super::write(program, &script)?;
        run(Command::new("chmod").arg("+x").arg(program))
    }
}
