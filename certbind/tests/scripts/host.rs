//! A simulated host: a store, and certbind as its `netsh`, which can be set to fail or to kill the
//! script at a change.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Output};

use certbind_core::Binding;
use certbind_migrate::script::ChangeScripts;
use tempfile::TempDir;

use crate::commands::export;

/// Counts the commands that change something; `FAULT_AT` fails, `KILL_AT` ends the script.
const NETSH: &str = r#"#!/bin/sh
change=
case "$2" in add | delete) change=1 ;; update) [ "$4" = '/?' ] || change=1 ;; esac
if [ "$change" ]; then
    n=$(($(cat "$HOST/count") + 1))
    echo $n >"$HOST/count"
    if [ "$n" = "$FAULT_AT" ]; then
        echo "SSL Certificate $2 failed, Error: $FAULT"
        exit "$FAULT_EXIT"
    fi
    if [ "$n" = "$KILL_BEFORE" ]; then kill -9 $PPID; exit 1; fi
fi
"$HOST/real/netsh" "$@"
code=$?
if [ "$change" ] && [ "$n" = "$KILL_AFTER" ]; then kill -9 $PPID; fi
exit $code
"#;

/// Records its arguments, one a line.
const CERTUTIL: &str = r#"#!/bin/sh
printf '%s\n' "$@" >>"$HOST/certutil.txt"
exit "$CERTUTIL_EXIT"
"#;

pub(crate) struct SimulatedHost {
    folder: TempDir,
    release: &'static str,
}

impl SimulatedHost {
    pub(crate) fn new(release: &'static str, bindings: &[Binding]) -> Self {
        let folder = TempDir::new().unwrap();
        for part in ["real", "bin"] {
            std::fs::create_dir(folder.path().join(part)).unwrap();
        }
        let program = env!("CARGO_BIN_EXE_certbind");
        symlink(program, folder.path().join("real/netsh")).unwrap();
        symlink(program, folder.path().join("real/certbind")).unwrap();
        for (name, text) in [("netsh", NETSH), ("certutil", CERTUTIL)] {
            let path = folder.path().join("bin").join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        }
        let host = Self { folder, release };
        host.fill(bindings);
        host
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn store(&self) -> String {
        format!("redb:{}", self.file("host.redb").display())
    }

    /// Replaces the bindings of the host.
    pub(crate) fn fill(&self, bindings: &[Binding]) {
        let _ = std::fs::remove_file(self.file("host.redb"));
        for name in self.leftovers() {
            std::fs::remove_file(self.file(&name)).unwrap();
        }
        let path = self.file("host.json");
        export(&path, bindings);
        let done = self.certbind(&["import", path.to_str().unwrap()]);
        assert!(done.status.success(), "{done:?}");
    }

    /// The names of the files that scripts have left.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with("certbind-")).collect()
    }

    fn certbind(&self, arguments: &[&str]) -> Output {
        Command::new(self.file("real/certbind"))
            .args(["--store", &self.store()])
            .args(arguments)
            .output()
            .unwrap()
    }

    pub(crate) fn bindings(&self) -> Vec<Binding> {
        let listed = self.certbind(&["list", "--format", "json"]);
        assert!(listed.status.success(), "{listed:?}");
        serde_json::from_slice(&listed.stdout).unwrap()
    }

    pub(crate) fn write(&self, scripts: &ChangeScripts, extension: &str) {
        for (name, text) in [
            ("apply", Some(&scripts.apply)),
            ("rollback", Some(&scripts.rollback)),
            ("confirm", scripts.confirm.as_ref()),
        ] {
            if let Some(text) = text {
                std::fs::write(self.file(&format!("{name}.{extension}")), text).unwrap();
            }
        }
    }

    /// A shell script of the folder, to be run.
    pub(crate) fn command(&self, script: &str) -> Command {
        std::fs::write(self.file("count"), "0").unwrap();
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new("sh");
        command
            .arg(self.file(script))
            .env("PATH", format!("{}:{path}", self.file("bin").display()))
            .env("HOST", self.folder.path())
            .env("CERTBIND_STORE", self.store())
            .env("CERTBIND_NETSH", self.release);
        command
    }

    /// Runs a shell script of the folder; gives its exit code, if it was not killed, its output, and
    /// how many commands changed something.
    pub(crate) fn run(
        &self,
        script: &str,
        environment: &[(&str, &str)],
    ) -> (Option<i32>, String, u32) {
        let output = self
            .command(script)
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        let text =
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr);
        let count = std::fs::read_to_string(self.file("count")).unwrap();
        (output.status.code(), text, count.trim().parse().unwrap())
    }
}
