//! Wine's `cmd`, and certbind's `netsh.exe` over a simulated HTTP Server API.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use certbind_core::Binding;
use certbind_formats::netsh::Release;
use tempfile::TempDir;

use crate::batches::Case;
use crate::checks::{FAULTS, Point, Run, Script, ScriptHost};
use crate::commands::export;

/// The time after which Wine hangs.
const TIME_LIMIT: Duration = Duration::from_secs(300);

pub(crate) struct WineHost {
    folder: TempDir,
    release: Release,
}

/// The Windows programs of certbind, in a folder that `cargo xtask wine` names.
fn kit() -> PathBuf {
    std::env::var_os("CERTBIND_WINDOWS_KIT")
        .expect("CERTBIND_WINDOWS_KIT names the kit for Windows; run `cargo xtask wine`")
        .into()
}

/// The path as programs under Wine have it.
fn windows(path: &Path) -> String {
    format!("Z:{}", path.display()).replace('/', "\\")
}

/// The folder of the tests' `netsh.exe`, compiled once.
fn wrapper() -> &'static Path {
    static WRAPPER: OnceLock<(TempDir, Keeper)> = OnceLock::new();
    let (folder, _) = WRAPPER.get_or_init(|| {
        let folder = TempDir::new().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/wine_netsh.c");
        let compiled = Command::new("x86_64-w64-mingw32-gcc")
            .args(["-O1", "-Wall", "-Wextra", "-Werror", "-o"])
            .arg(folder.path().join("netsh.exe"))
            .arg(source)
            .status()
            .unwrap();
        assert!(compiled.success());
        (folder, Keeper::new())
    });
    folder.path()
}

/// A program that keeps Wine's server running: between two scripts it would end and start again.
struct Keeper(#[expect(dead_code, reason = "it ends when its input is closed")] Child);

impl Keeper {
    fn new() -> Self {
        let keeper = Command::new("wine")
            .arg("cmd")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(keeper.unwrap())
    }
}

/// The version of Windows that the simulated HTTP Server API has.
fn profile(release: Release) -> &'static str {
    match release {
        Release::Server2012R2 => "8",
        Release::Server2016 => "10-1607",
        other => other.name(),
    }
}

impl WineHost {
    pub(crate) fn new(case: &Case) -> Self {
        let host = Self {
            folder: TempDir::new().unwrap(),
            release: case.release,
        };
        std::fs::create_dir(host.scripts()).unwrap();
        let path = |script| host.scripts().join(script);
        std::fs::write(path("apply.cmd"), &case.scripts.apply).unwrap();
        std::fs::write(path("rollback.cmd"), &case.scripts.rollback).unwrap();
        for code in [None].into_iter().chain(FAULTS.map(|(code, _)| Some(code))) {
            let mut text = format!("store = {:?}\n", host.store("Z:"));
            let _ = writeln!(text, "profile = {:?}", profile(case.release));
            for call in ["set", "update", "delete"] {
                if let Some(code) = code {
                    let _ = writeln!(text, "[[fault]]\ncall = {call:?}\nnth = 1\nanswer = {code}");
                }
            }
            std::fs::write(host.api(code), text).unwrap();
        }
        host
    }

    /// The folder of the scripts. Its name contains characters that are special in `cmd`, but no
    /// percent sign, which Wine 8 loses from `%~dp0`.
    fn scripts(&self) -> PathBuf {
        self.folder.path().join("change & (more)^")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The configuration of the simulator in which the first change fails with a code.
    fn api(&self, fault: Option<u32>) -> PathBuf {
        self.file(&format!("host-{}.toml", fault.unwrap_or(0)))
    }

    fn store(&self, drive: &str) -> String {
        format!("redb:{drive}{}", self.file("host.redb").display())
    }

    /// certbind of this system on the file of the simulator.
    fn certbind(&self, arguments: &[&str]) -> Output {
        let output = Command::new(env!("CARGO_BIN_EXE_certbind"))
            .args(["--store", &self.store("")])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        output
    }

    fn command(&self, script: Script, point: Option<Point>) -> Command {
        let (event, at, fault) = match point {
            None => ("", 0, None),
            Some(Point::KillBefore(at)) => ("kill-before", at, None),
            Some(Point::KillAfter(at)) => ("kill-after", at, None),
            Some(Point::Fault(at, code, exit)) => ("fault", at, Some((code, exit))),
        };
        let name = match script {
            Script::Apply => "apply.cmd",
            Script::Rollback => "rollback.cmd",
        };
        let found = std::env::var("WINEPATH").unwrap_or_default();
        let path = format!("{};{}", windows(wrapper()), windows(Path::new(&found)));
        let (code, exit) = fault.unwrap_or_default();
        let mut command = Command::new("wine");
        command
            .args(["cmd", "/c", name])
            .current_dir(self.scripts())
            .env("WINEPATH", path)
            .env("CERTBIND_HTTPAPI", windows(&self.api(None)))
            .env("CERTBIND_NETSH", self.release.name())
            .env_remove("CERTBIND_STORE")
            .env("TEST_NETSH", windows(&kit().join("netsh.exe")))
            .env("TEST_COUNT", windows(&self.file("count")))
            .env("TEST_KILLED", windows(&self.file("killed")))
            .env("TEST_EVENT", event)
            .env("TEST_AT", at.to_string())
            .env("TEST_FAULT", windows(&self.api(fault.map(|_| code))))
            .env("TEST_FAULT_EXIT", exit.to_string());
        command
    }
}

impl ScriptHost for WineHost {
    fn reset(&mut self, bindings: &[Binding]) {
        let _ = std::fs::remove_file(self.file("host.redb"));
        for name in self.leftovers() {
            std::fs::remove_file(self.scripts().join(name)).unwrap();
        }
        let path = self.file("host.json");
        export(&path, bindings);
        self.certbind(&["import", path.to_str().unwrap()]);
    }

    fn bindings(&self) -> Vec<Binding> {
        serde_json::from_slice(&self.certbind(&["list", "--format", "json"]).stdout).unwrap()
    }

    fn execute(&mut self, script: Script, point: Option<Point>) -> Run {
        std::fs::write(self.file("count"), "0").unwrap();
        let _ = std::fs::remove_file(self.file("killed"));
        let printed = std::fs::File::create(self.file("printed")).unwrap();
        let begin = Instant::now();
        let mut child = self
            .command(script, point)
            .stdin(Stdio::null())
            .stderr(printed.try_clone().unwrap())
            .stdout(printed)
            .spawn()
            .unwrap();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if begin.elapsed() > TIME_LIMIT {
                child.kill().unwrap();
                panic!("{script:?}, {point:?}: Wine hangs");
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let text = std::fs::read(self.file("printed")).unwrap();
        let changes = std::fs::read_to_string(self.file("count")).unwrap();
        Run {
            code: match self.file("killed").exists() {
                true => None,
                false => status.code(),
            },
            text: String::from_utf8_lossy(&text).into_owned(),
            changes: changes.trim().parse().unwrap(),
        }
    }

    fn leftovers(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.scripts()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned());
        names.filter(|name| !name.ends_with(".cmd")).collect()
    }
}
