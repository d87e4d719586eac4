//! Runs of Ansible in a folder of a test's own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use certbind_test_support::skip;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_certbind");

const MODULE: &str = "certbind.certbind.binding";

pub(crate) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().unwrap()
}

/// A folder with the playbooks of a test, and the collection installed for Ansible.
pub(crate) struct Ansible {
    folder: TempDir,
    programs: PathBuf,
    simulator: Option<PathBuf>,
}

impl Ansible {
    /// Reports the test as skipped where ansible-core is not installed.
    pub(crate) fn new() -> Option<Self> {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let programs = target.join("ansible/bin");
        if !programs.join("ansible-playbook").is_file() {
            let why = format!(
                "needs {}, where `cargo xtask test --install` puts ansible-core",
                programs.display()
            );
            skip(&why);
            return None;
        }
        let folder = TempDir::new().unwrap();
        Some(Self {
            folder,
            programs,
            simulator: None,
        })
    }

    /// Has programs load a simulator with this configuration.
    pub(crate) fn simulated(mut self, configuration: &str) -> Self {
        let file = self.file("host.toml");
        std::fs::write(&file, configuration).unwrap();
        self.simulator = Some(file);
        self
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text_of(&self, name: &str) -> String {
        self.file(name).to_str().unwrap().to_owned()
    }

    /// The URL of a store in a file.
    pub(crate) fn store(&self) -> String {
        format!("redb:{}", self.text_of("bindings.redb"))
    }

    /// A program in this folder: it finds Ansible and certbind, and no configuration of the user.
    pub(crate) fn command(&self, program: &str) -> Command {
        let path = std::env::var("PATH").unwrap();
        let certbind = Path::new(PROGRAM).parent().unwrap();
        let (own, certbind) = (self.programs.display(), certbind.display());
        let mut command = Command::new(program);
        command
            .current_dir(&self.folder)
            .env("PATH", format!("{own}:{certbind}:{path}"))
            .env("HOME", self.folder.path())
            .env("ANSIBLE_HOME", self.file("home"))
            .env("ANSIBLE_NOCOLOR", "1")
            .env("ANSIBLE_PIPELINING", "1")
            .env("ANSIBLE_COLLECTIONS_PATH", self.file("collections"))
            .env("ANSIBLE_PYTHON_INTERPRETER", self.programs.join("python"))
            .env("LC_ALL", "C.UTF-8")
            .env_remove("CERTBIND_STORE");
        if let Some(file) = &self.simulator {
            command.env("CERTBIND_HTTPAPI", file);
        }
        command
    }

    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Output {
        self.command(program).args(arguments).output().unwrap()
    }

    /// Runs certbind, which has to succeed, with the store of [`Ansible::store`].
    pub(crate) fn certbind(&self, arguments: &[&str]) -> String {
        let store = self.store();
        succeeded(&self.run(PROGRAM, &[arguments, &["--store", &store]].concat()))
    }

    /// Installs the collection from the archive that Ansible builds.
    pub(crate) fn install(&self) {
        static ARCHIVE: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
        let (_, archive) = ARCHIVE.get_or_init(|| {
            let folder = TempDir::new().unwrap();
            let source = root().join("ansible");
            let built = self.run(
                "ansible-galaxy",
                &[
                    "collection",
                    "build",
                    source.to_str().unwrap(),
                    "--output-path",
                    folder.path().to_str().unwrap(),
                ],
            );
            succeeded(&built);
            let name = concat!("certbind-certbind-", env!("CARGO_PKG_VERSION"), ".tar.gz");
            let archive = folder.path().join(name);
            (folder, archive)
        });
        let archive = archive.to_str().unwrap();
        let arguments = ["collection", "install", "--offline", archive];
        succeeded(&self.run("ansible-galaxy", &arguments));
    }

    /// Runs a playbook of localhost with these tasks.
    pub(crate) fn play(&self, tasks: &[Value], options: &[&str]) -> Output {
        if !self.file("collections").exists() {
            self.install();
        }
        let play = json!([{
            "hosts": "localhost", "connection": "local", "gather_facts": false, "tasks": tasks,
        }]);
        std::fs::write(self.file("playbook.yml"), play.to_string()).unwrap();
        let arguments = ["-i", "localhost,", "playbook.yml"];
        self.run("ansible-playbook", &[&arguments[..], options].concat())
    }

    /// Runs the module once for each of these parameters. Returns the result that Ansible registers for
    /// each: a failure is one as well.
    pub(crate) fn results(&self, runs: &[Value], options: &[&str]) -> Vec<Value> {
        let names: Vec<_> = (0..runs.len()).map(|nth| format!("run{nth}")).collect();
        let mut tasks: Vec<_> = runs
            .iter()
            .zip(&names)
            .map(|(parameters, name)| {
                json!({ MODULE: parameters, "register": name, "ignore_errors": true })
            })
            .collect();
        let content = format!("{{{{ [{}] | to_json }}}}", names.join(", "));
        let dest = self.file("results.json");
        tasks.push(json!({
            "ansible.builtin.copy": { "content": content, "dest": dest },
            "check_mode": false,
            "diff": false,
        }));
        let printed = succeeded(&self.play(&tasks, options));
        let results = std::fs::read_to_string(&dest).expect(&printed);
        serde_json::from_str(&results).unwrap()
    }

    /// As [`Ansible::results`], in the store of [`Ansible::store`].
    pub(crate) fn of_store(&self, runs: &[Value], options: &[&str]) -> Vec<Value> {
        let runs = runs.iter().map(|run| {
            let mut run = run.clone();
            run["store"] = self.store().into();
            run
        });
        self.results(&runs.collect::<Vec<_>>(), options)
    }
}

pub(crate) fn succeeded(output: &Output) -> String {
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}{errors}");
    printed
}
