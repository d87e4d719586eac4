//! A backend of another package plugs into the program.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use std::io;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use certbind::{Access, OpenStore, StoreBackend};
use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, CertHash,
    MemoryStore, Record, Result, Scan, StoreError, Uuid,
};
use tempfile::TempDir;

/// The arguments of the program, in a process that one of the tests started.
const ARGUMENTS: &str = "CERTBIND_REGISTRY_TEST";

/// The first line of a file of [`Lines`].
const MAGIC: &str = "lines of keys";

/// A store in a text file with a key in each line, all with one record. It has no tables. The layout of
/// an imported listing is kept for files named `.lines` only.
struct Lines;

struct LinesStore {
    path: std::path::PathBuf,
    keys: MemoryStore,
}

impl LinesStore {
    fn open(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| StoreError::io("read", path, e))?;
        let keys = MemoryStore::new();
        for line in text.lines().skip(1) {
            let record = Record::new(CertHash::new([7; 20]), None, Uuid::nil());
            keys.insert(Binding::new(line.parse()?, record)?)?;
        }
        let path = path.to_owned();
        Ok(Self { path, keys })
    }

    fn save(&self) -> Result<()> {
        let mut text = format!("{MAGIC}\n");
        for binding in self.keys.scan(&Scan::all())? {
            text += &format!("{}\n", binding?.key());
        }
        std::fs::write(&self.path, text).map_err(|e| StoreError::io("write", &self.path, e))
    }
}

impl BindingStore for LinesStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities::full()
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        self.keys.get(key)
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        self.keys.scan(scan)
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        let applied = self.keys.apply(batch)?;
        self.save()?;
        Ok(applied)
    }
}

impl StoreBackend for Lines {
    fn scheme(&self) -> &'static str {
        "lines"
    }

    fn help(&self) -> &'static [(&'static str, &'static str)] {
        &[("lines:PATH", "a text file with a key in each line")]
    }

    fn open(&self, address: &str, access: Access) -> Result<Option<OpenStore>> {
        let path = Path::new(address);
        if !path.exists() {
            if access != Access::Create {
                return Ok(None);
            }
            std::fs::write(path, format!("{MAGIC}\n"))
                .map_err(|e| StoreError::io("create", path, e))?;
        }
        let store = OpenStore::new(Arc::new(LinesStore::open(path)?));
        Ok(Some(match path.extension() {
            Some(extension) if extension == "lines" => {
                store.with_layout_file(path.with_extension("layout"), Uuid::from_u128(1))
            }
            _ => store,
        }))
    }

    fn owns(&self, file: &Path) -> io::Result<bool> {
        Ok(std::fs::read(file)?.starts_with(MAGIC.as_bytes()))
    }

    fn may_be_named_by_plans(&self, _: &str) -> bool {
        true
    }
}

/// The program with the backend, if this process was started as that.
#[test]
#[ignore = "started by the other tests"]
fn program() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else {
        return;
    };
    let arguments = arguments.split('\n').map(Into::into);
    let code = certbind::main_with(&[&Lines], arguments);
    // An `ExitCode` does not expose its number.
    let number = (0..=u8::MAX).find(|number| ExitCode::from(*number) == code);
    std::process::exit(number.unwrap().into());
}

struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        let bench = Self(TempDir::new().unwrap());
        let (code, said) = bench.run(&[
            "add",
            "0.0.0.0:443",
            "--hash",
            &"07".repeat(20),
            "--app-id",
            "4dc3e181-e14b-4a21-b022-59fc669b0914",
            "--store",
            "lines:a.lines",
        ]);
        assert_eq!(code, 0, "{said}");
        bench
    }

    /// The exit code, and everything that is printed.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let arguments = [&["certbind"], arguments].concat().join("\n");
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["program", "--exact", "--ignored", "--nocapture"])
            .current_dir(self.0.path())
            .env(ARGUMENTS, arguments)
            .env_remove("CERTBIND_STORE")
            .output()
            .unwrap();
        let [out, err] =
            [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        (output.status.code().unwrap(), out + &err)
    }
}

#[test]
fn a_store_of_the_backend_is_read_and_changed() {
    let bench = Bench::new();
    let (code, said) = bench.run(&["list", "--store", "lines:a.lines"]);
    assert!(code == 0 && said.contains("0.0.0.0:443"), "{said}");
    let (code, said) = bench.run(&["list", "--store", "lines:missing"]);
    assert!(
        code == 1 && said.contains("no binding store at lines:missing"),
        "{said}"
    );
    let (code, said) = bench.run(&["check", "--store", "lines:a.lines"]);
    assert!(code == 0 && said.contains("1 binding"), "{said}");
    let (code, said) = bench.run(&["check", "--discard-wal", "--store", "lines:a.lines"]);
    assert_eq!(code, 0, "{said}");
}

/// The help lists the backend of another package.
#[test]
fn help_and_url_errors_show_the_syntax() {
    let bench = Bench::new();
    let (_, said) = bench.run(&["help", "stores"]);
    assert!(
        said.contains("lines:PATH        a text file with a key in each line"),
        "{said}"
    );
    let (code, said) = bench.run(&["list", "--store", "sqlite:a"]);
    assert!(code == 2 && said.contains("lines:PATH"), "{said}");
}

#[test]
fn output_never_overwrites_a_store_of_the_backend() {
    let bench = Bench::new();
    let export = ["export", "--store", "lines:a.lines", "-o", "a.lines"];
    let (code, said) = bench.run(&export);
    assert!(
        code != 0 && said.contains("is a binding store, or a part of one, and is not overwritten"),
        "{said}"
    );
    let text = std::fs::read_to_string(bench.0.path().join("a.lines")).unwrap();
    assert!(text.starts_with(MAGIC), "{text}");
}

#[test]
fn plan_and_diff_open_the_backend() {
    let bench = Bench::new();
    for source in ["lines:a.lines", "a.lines"] {
        let (code, said) = bench.run(&["diff", source, "memory:"]);
        assert!(
            code == 1 && said.contains("0.0.0.0:443"),
            "{source}: {said}"
        );
        let plan = ["plan", source, "lines:b.lines", "-o", "plan.json"];
        let (code, said) = bench.run(&plan);
        assert_eq!(code, 0, "{source}: {said}");
    }
    let (code, said) = bench.run(&["apply", "--yes", "plan.json"]);
    assert_eq!(code, 0, "{said}");
    let (code, said) = bench.run(&["diff", "a.lines", "b.lines"]);
    assert_eq!(code, 0, "{said}");
}

/// The layout of an imported listing is stored in the file that the backend names, and not at all
/// without one.
#[test]
fn layouts_are_kept_where_the_backend_says() {
    let bench = Bench::new();
    let listing = |store| {
        let (code, said) = bench.run(&["export", "--format", "netsh", "--store", store]);
        assert_eq!(code, 0, "{store}: {said}");
        // The text after the test runner's own lines.
        let at = said.find("C:\\>").or(said.find("SSL Certificate")).unwrap();
        let end = said.rfind("Ctl Store Name").unwrap();
        said[at..end].to_owned()
    };
    let default = listing("lines:a.lines");
    let (code, said) = bench.run(&[
        "export",
        "--format",
        "netsh",
        "--store",
        "lines:a.lines",
        "-o",
        "listing.txt",
    ]);
    assert_eq!(code, 0, "{said}");
    let path = bench.0.path().join("listing.txt");
    let printed = std::fs::read_to_string(&path).unwrap();
    // A prompt before the listing, as a terminal's window shows it.
    std::fs::write(&path, format!("C:\\>netsh http show sslcert\r\n{printed}")).unwrap();
    for store in ["lines:b.lines", "lines:b.plain"] {
        let (code, said) = bench.run(&["import", "listing.txt", "--store", store]);
        assert_eq!(code, 0, "{store}: {said}");
    }
    assert!(bench.0.path().join("b.layout").is_file());
    assert!(!bench.0.path().join("b.plain.layout.json").exists());
    assert!(listing("lines:b.lines").starts_with("C:\\>netsh http show sslcert"));
    assert_eq!(listing("lines:b.plain"), default);
}

#[test]
fn netsh_service_commands_need_tables() {
    let bench = Bench::new();
    let words = ["http", "add", "urlacl", "url=http://+:80/", "user=Everyone"];
    let run = |store| {
        let arguments = [&["netsh"], &words[..], &["--store", store]].concat();
        // Options of the program precede the words of netsh.
        let arguments = [&["--store", store], &arguments[..arguments.len() - 2]].concat();
        bench.run(&arguments)
    };
    let (code, said) = run("lines:a.lines");
    assert!(code != 0, "{code}: {said}");
    let (code, said) = run("redb:b.redb");
    assert_eq!(code, 0, "{said}");
}
