//! A model of the program `dsc` with a command resource: it starts the commands that the manifest
//! names in the manifest's folder, sends the instance on standard input, and checks inputs and
//! outputs by the schema.
//!
//! The rules are from `lib/dsc-lib/src/dscresources/command_resource.rs` in the repository
//! PowerShell/DSC at commit 00ec8fbc04d895851caac82b9e76798f1b4e9dd8, and of the pages on Microsoft
//! Learn that `docs/dsc.md` links.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const HASH: &str = "5226dc6c54559761cd471b86eb51c096252c90f2";
pub(crate) const NEXT: &str = "8d90a17d2851f802b0a5619bf695b03544b8f5cb";
pub(crate) const IIS: &str = "4dc3e181-e14b-4a21-b022-59fc669b0914";

/// An engine over one store.
pub(crate) struct Engine {
    pub(crate) folder: TempDir,
    manifest: Value,
    schema: jsonschema::Validator,
    environment: Vec<(&'static str, String)>,
}

/// The result of `test`.
pub(crate) struct Tested {
    pub(crate) in_desired_state: bool,
    pub(crate) state: Value,
    pub(crate) differences: Vec<String>,
}

impl Engine {
    /// Over a store in a file that does not exist yet.
    pub(crate) fn redb() -> Self {
        Self::new(|folder| {
            let file = folder.join("bindings.redb");
            vec![("CERTBIND_STORE", format!("redb:{}", file.display()))]
        })
    }

    /// With the environment that a function names for its folder.
    pub(crate) fn new(environment: impl Fn(&Path) -> Vec<(&'static str, String)>) -> Self {
        let folder = TempDir::new().unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_certbind"));
        let printed = |what| Command::new(program).args(["dsc", what]).output().unwrap();
        let manifest = printed("manifest").stdout;
        let file = folder.path().join("certbind.dsc.resource.json");
        std::fs::write(file, &manifest).unwrap();
        let schema = serde_json::from_slice(&printed("schema").stdout).unwrap();
        Self {
            environment: environment(folder.path()),
            manifest: serde_json::from_slice(&manifest).unwrap(),
            schema: jsonschema::validator_for(&schema).unwrap(),
            folder,
        }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command of the program over the store.
    pub(crate) fn certbind(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_certbind"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("XDG_DATA_HOME", self.folder.path())
            .env("CERTBIND_JOURNAL", self.file("journal"))
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The output of a command of the program, which has to succeed.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let output = self.certbind(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The bindings of the store.
    pub(crate) fn bound(&self) -> Value {
        serde_json::from_str(&self.ok(&["list", "--format", "json"])).unwrap()
    }

    /// Starts the command of an operation according to the manifest.
    pub(crate) fn start(&self, operation: &str, input: impl AsRef<[u8]>) -> Output {
        let method = &self.manifest[operation];
        assert_eq!(method["executable"], "certbind");
        assert_eq!(method["input"], "stdin");
        let arguments = method["args"].as_array().unwrap();
        let arguments: Vec<_> = arguments.iter().map(|it| it.as_str().unwrap()).collect();
        let mut command = self.certbind(&arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A refused command line is not read.
        let _ = child.stdin.take().unwrap().write_all(input.as_ref());
        child.wait_with_output().unwrap()
    }

    /// The lines of JSON that an operation prints. It has to succeed.
    fn lines(&self, operation: &str, input: Option<&Value>) -> Vec<Value> {
        if let Some(input) = input {
            self.check(input);
        }
        let text = input.map(ToString::to_string).unwrap_or_default();
        let output = self.start(operation, &text);
        let messages = messages(&output);
        let context = format!("{operation} {text}: {messages:?}");
        assert_eq!(output.status.code(), Some(0), "{context}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "{context}");
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    }

    /// Checks an instance by the schema.
    fn check(&self, instance: &Value) {
        let errors = self.schema.iter_errors(instance);
        let errors: Vec<_> = errors.map(|it| it.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}: {instance}");
    }

    /// Whether the schema allows an instance.
    pub(crate) fn allows(&self, instance: &Value) -> bool {
        self.schema.is_valid(instance)
    }

    pub(crate) fn get(&self, instance: &Value) -> Value {
        let [state] = <[Value; 1]>::try_from(self.lines("get", Some(instance))).unwrap();
        self.check(&state);
        state
    }

    /// The state after it, and the names of the changed properties.
    pub(crate) fn set(&self, instance: &Value) -> (Value, Vec<String>) {
        self.state_and_names("set", instance)
    }

    /// The expected state, and the names of the properties that would change.
    pub(crate) fn what_if(&self, instance: &Value) -> (Value, Vec<String>) {
        self.state_and_names("whatIf", instance)
    }

    pub(crate) fn test(&self, instance: &Value) -> Tested {
        let (state, differences) = self.state_and_names("test", instance);
        let in_desired_state = state["_inDesiredState"].as_bool().unwrap();
        assert_eq!(in_desired_state, differences.is_empty(), "{state}");
        Tested {
            in_desired_state,
            state,
            differences,
        }
    }

    fn state_and_names(&self, operation: &str, instance: &Value) -> (Value, Vec<String>) {
        assert_eq!(self.manifest[operation]["return"], "stateAndDiff");
        let lines = self.lines(operation, Some(instance));
        let [state, names] = <[Value; 2]>::try_from(lines).unwrap();
        self.check(&state);
        let names: Vec<String> = serde_json::from_value(names).unwrap();
        let mut once = names.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), names.len(), "{names:?}");
        for name in &names {
            let is_shown = state.get(name).is_some();
            let is_unbound = state["_exist"] == false;
            assert!(is_shown || is_unbound, "{name} is not in {state}");
        }
        (state, names)
    }

    /// The instances, all or those that a filter selects.
    pub(crate) fn export(&self, filter: Option<&Value>) -> Vec<Value> {
        let filter = filter.map(ToString::to_string).unwrap_or_default();
        let output = self.start("export", filter);
        assert_eq!(output.status.code(), Some(0), "{:?}", messages(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.inspect(|state| self.check(state)).collect()
    }

    /// The error of an operation that has to fail with a code, which the manifest declares.
    pub(crate) fn fails(&self, operation: &str, code: u8, input: impl AsRef<[u8]>) -> String {
        let output = self.start(operation, &input);
        let input = String::from_utf8_lossy(input.as_ref()).into_owned();
        let messages = messages(&output);
        let context = format!("{operation} {input}: {messages:?}");
        assert_eq!(output.status.code(), Some(code.into()), "{context}");
        assert!(output.stdout.is_empty(), "{context}");
        let codes = &self.manifest["exitCodes"];
        assert!(codes[code.to_string()].is_string(), "{codes}");
        let (level, message) = messages.last().unwrap();
        assert_eq!(level, "error", "{context}");
        message.clone()
    }
}

/// The messages of an operation. DSC reads an object with one of these fields, a text each; it does
/// not report other lines.
pub(crate) fn messages(output: &Output) -> Vec<(String, String)> {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    let lines = text.lines().map(|line| {
        let message: serde_json::Map<String, Value> =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(message.len(), 1, "{line}");
        let (level, text) = message.into_iter().next().unwrap();
        assert!(
            ["error", "warn", "info", "debug"].contains(&&*level),
            "{line}"
        );
        (level, text.as_str().unwrap().to_owned())
    });
    lines.collect()
}
