//! The batch files of a renewal, run by Wine's cmd with our netsh.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use super::{NEW, OLD, Wine};
use crate::process::{self, Failure};
use crate::sources::afresh;

/// Under load Wine 8 sometimes fails to start a program. A script can be run again then.
const ATTEMPTS: u32 = 4;

const KEYS: [&str; 2] = ["ipport=0.0.0.0:443", "hostnameport=www.contoso.com:443"];

/// A release whose netsh cannot update a binding, and one that can.
const DELETE_AND_ADD: &str = "2016";
const UPDATE: &str = "2022";

/// A host in a folder, and the scripts that renew its bindings.
struct Host<'a> {
    wine: &'a Wine,
    kit: &'a Path,
    folder: &'a Path,
}

impl Wine {
    /// Applied, applied again, killed while it is rolled back, rolled back, and refused by HTTP.sys.
    pub(super) fn change_scripts(&self, kit: &Path) -> Result<(), Failure> {
        let folder = self.target.join("session/change");
        afresh(&folder)?;
        let host = Host {
            wine: self,
            kit,
            folder: &folder,
        };
        // Without the layout of a listing, a script compares a few lines, and starts few programs.
        host.write("host.json", &export())?;
        let records = format!("redb:Z:{}", folder.join("host.redb").display());
        host.write(
            "absent.toml",
            &format!("store = {records:?}\n[[certificate]]\nhash = {NEW:?}\nstate = \"absent\"\n"),
        )?;
        let absent = format!("Z:{}", folder.join("absent.toml").display());
        let [export, scripts] = ["host.json", "scripts"].map(|name| host.path(name));
        host.certbind(&records, &["import", &export], "Imported 2 bindings")?;
        let rotate = [
            "rotate", "--from", OLD, "--to", NEW, &export, "--out", &scripts,
        ];
        host.certbind(&records, &rotate, "host: 2 to renew, 0 unchanged")?;

        host.runs(
            "apply",
            &records,
            DELETE_AND_ADD,
            0,
            "Done: 2 of 2 verified",
        )?;
        host.holds(&records, NEW)?;
        host.runs(
            "apply",
            &records,
            UPDATE,
            0,
            "[2/2] update hostnameport=www.contoso.com:443: already done",
        )?;
        host.kill("rollback", &records, DELETE_AND_ADD, "[1/2]")?;
        host.runs("rollback", &records, UPDATE, 0, "Done: 2 of 2 verified")?;
        host.holds(&records, OLD)?;
        host.runs("apply", &absent, DELETE_AND_ADD, 3, "Error: 1312")?;
        host.holds(&records, OLD)
    }
}

impl Host<'_> {
    fn path(&self, name: &str) -> String {
        format!("Z:{}", self.folder.join(name).display())
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.folder.join(name);
        std::fs::write(&path, text).map_err(|error| Failure::of(&path, &error))
    }

    /// A program with this simulated host. WINEPATH names the folder of netsh with backslashes: Wine's
    /// cmd finds no program in it otherwise.
    fn wine(&self, api: &str, netsh: &str) -> Command {
        let mut command = Command::new("wine");
        self.wine.environment(&mut command);
        let folders = [&self.wine.shim, self.kit].map(|it| format!("Z:{}", it.display()));
        command
            .env("WINEPATH", folders.join(";").replace('/', "\\"))
            .env("CERTBIND_HTTPAPI", api)
            .env("CERTBIND_NETSH", netsh)
            .env_remove("CERTBIND_STORE");
        command
    }

    fn script(&self, name: &str, api: &str, netsh: &str) -> Command {
        let mut command = self.wine(api, netsh);
        let script = self.path(&format!("scripts/host/{name}.cmd"));
        command.args(["cmd", "/c", &script.replace('/', "\\")]);
        command
    }

    /// Runs a script, which has to exit with this code and to print this.
    fn runs(
        &self,
        name: &str,
        api: &str,
        netsh: &str,
        code: i32,
        printed: &str,
    ) -> Result<(), Failure> {
        let mut found = String::new();
        for attempt in 1..=ATTEMPTS {
            println!("\n$ {name}.cmd (netsh of {netsh}, attempt {attempt})");
            let output = self.script(name, api, netsh).output();
            let output = output.map_err(|error| Failure::new(format!("wine: {error}")))?;
            found = String::from_utf8_lossy(&output.stdout).into_owned();
            found.push_str(&String::from_utf8_lossy(&output.stderr));
            print!("{found}");
            if output.status.code() == Some(code) && found.contains(printed) {
                return Ok(());
            }
        }
        Err(Failure::new(format!(
            "{name}.cmd: expected exit code {code} and {printed:?}, found:\n{found}"
        )))
    }

    /// Kills a script once it has printed the start of a line.
    fn kill(&self, name: &str, api: &str, netsh: &str, printed: &str) -> Result<(), Failure> {
        println!("\n$ {name}.cmd (netsh of {netsh}, killed after {printed})");
        let failed = |error| Failure::new(format!("wine: {error}"));
        let mut command = self.script(name, api, netsh);
        let mut child = command.stdout(Stdio::piped()).spawn().map_err(failed)?;
        if let Some(output) = child.stdout.take() {
            let mut lines = BufReader::new(output).lines().map_while(Result::ok);
            let _ = lines.find(|line| line.starts_with(printed));
        }
        child.kill().map_err(failed)?;
        child.wait().map(drop).map_err(failed)
    }

    fn certbind(&self, api: &str, arguments: &[&str], printed: &str) -> Result<(), Failure> {
        let mut command = self.wine(api, UPDATE);
        command.arg(self.kit.join("certbind.exe")).args(arguments);
        let found = process::output(&mut command)?;
        match found.contains(printed) {
            true => Ok(()),
            false => Err(Failure::new(format!(
                "expected {printed:?}, found:\n{found}"
            ))),
        }
    }

    /// Both keys have this certificate.
    fn holds(&self, api: &str, hash: &str) -> Result<(), Failure> {
        for key in KEYS {
            self.certbind(api, &["show", key], hash)?;
        }
        Ok(())
    }
}

fn export() -> String {
    let bindings = KEYS.map(|key| {
        format!(
            r#"{{"key": "{key}", "certificate": {{"hash": "{OLD}", "store_name": "MY"}},
            "app_id": "4dc3e181-e14b-4a21-b022-59fc669b0914"}}"#
        )
    });
    format!(
        r#"{{"format": "certbind-export", "version": 1, "header": {{}}, "bindings": [{}]}}"#,
        bindings.join(", ")
    )
}
