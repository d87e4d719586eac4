//! A folder with stores and files, and the program run in it.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

pub(crate) const OLD: &str = "5226dc6c54559761cd471b86eb51c096252c90f2";
pub(crate) const NEW: &str = "8d90a17d2851f802b0a5619bf695b03544b8f5cb";
pub(crate) const IIS: &str = "4dc3e181-e14b-4a21-b022-59fc669b0914";

pub(crate) struct Bench(TempDir);

impl Bench {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.file(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_certbind"));
        command
            .args(arguments)
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .env_remove("CERTBIND_STORE")
            .env("CERTBIND_JOURNAL", self.file("journal"))
            .env("XDG_DATA_HOME", self.0.path());
        command
    }

    /// Runs a command that has to exit with this code, and returns its output.
    pub(crate) fn exits(&self, code: u8, arguments: &[&str]) -> String {
        exited(code, arguments, &self.command(arguments).output().unwrap())
    }

    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        self.exits(0, arguments)
    }

    /// Runs a command that has to fail with this code, and gives its complaint.
    pub(crate) fn fails(&self, code: u8, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        exited(code, arguments, &output);
        text(&output.stderr)
    }

    /// Runs a command that has to succeed, and gives its warnings.
    pub(crate) fn warns(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        exited(0, arguments, &output);
        text(&output.stderr)
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.ok(arguments)).unwrap()
    }

    /// Binds a key in a store.
    pub(crate) fn add(&self, store: &str, key: &str, options: &[&str]) {
        let certificate = ["--hash", OLD, "--store-name", "MY"];
        let named: &[&str] = if key.contains("ccs=") {
            &[]
        } else {
            &certificate
        };
        let add = ["--store", store, "add", key, "--app-id", IIS];
        self.ok(&[&add, named, options].concat());
    }

    /// All bindings of a store.
    pub(crate) fn held(&self, store: &str) -> serde_json::Value {
        self.json(&["--store", store, "list", "--format", "json"])
    }
}

pub(crate) fn exited(code: u8, arguments: &[&str], output: &Output) -> String {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    let exited = output.status.code();
    assert_eq!(exited, Some(code.into()), "{arguments:?}: {out}{err}");
    out
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
