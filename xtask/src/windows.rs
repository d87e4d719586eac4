//! What runs on Windows, run under Wine: the suites, a C program against the drop-in library, and
//! a session of the command line.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cross;
use crate::process::{self, Failure, cargo_target, root, run};
use crate::sources::afresh;
use crate::tests::{self, SEED};

const TARGET: &str = "x86_64-pc-windows-gnu";

/// How many pairs of answers `windows_variants` draws.
const PAIRS: &str = "CERTBIND_PAIRS";

/// Two certificates. What they are of does not matter to the simulator.
const OLD: &str = "5226dc6c54559761cd471b86eb51c096252c90f2";
const NEW: &str = "8d90a17d2851f802b0a5619bf695b03544b8f5cb";

/// A host that lacks the certificate that the suite takes for one that is not there.
const GUEST: &str = r#"
[[certificate]]
hash = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
state = "absent"
"#;

/// What is built to be run.
const PROGRAMS: &[&str] = &["--package", "certbind-httpapi", "--package", "certbind"];

/// What is tested, one call of cargo each.
const TESTS: [&[&str]; 3] = [
    &["--package", "certbind-httpsys", "--lib"],
    &[
        "--package",
        "certbind-conformance",
        "--test",
        "redb",
        "--test",
        "httpsys",
    ],
    &[
        "--package",
        "certbind-httpapi",
        "--tests",
        "--package",
        "certbind-simulator",
    ],
];

/// Cross-builds what [`run_all`] runs, on one core.
pub(crate) fn build() -> Result<(), Failure> {
    let wine = Wine::new()?;
    run(wine.cargo("build").args(PROGRAMS).args(["--jobs", "1"]))?;
    for tests in TESTS {
        run(wine
            .cargo("test")
            .args(tests)
            .args(["--jobs", "1", "--no-run"]))?;
    }
    Ok(())
}

/// Cross-builds, and runs under Wine.
pub(crate) fn run_all() -> Result<(), Failure> {
    let wine = Wine::new()?;
    run(wine.cargo("build").args(PROGRAMS))?;
    for tests in TESTS {
        run(wine.cargo("test").args(tests))?;
    }
    let kit = wine.target.join(TARGET).join("debug");
    copy(&kit.join("certbind.exe"), &kit.join("netsh.exe"))?;
    copy(&wine.shim(), &kit.join(Wine::SHIM))?;
    wine.variants()?;
    wine.c_program(&kit)?;
    wine.passes_on()?;
    wine.harness()?;
    wine.session(&kit)?;
    wine.change_scripts()?;
    wine.guest()
}

/// Runs change scripts, with the programs that [`run_all`] has built and installed.
pub(crate) fn change_scripts() -> Result<(), Failure> {
    Wine::new()?.change_scripts()
}

/// Runs the sample of plausible Windows variants.
pub(crate) fn variants() -> Result<(), Failure> {
    Wine::new()?.variants()
}

/// A Wine of the tests' own.
pub(crate) struct Wine {
    /// Where everything is built.
    target: PathBuf,
    /// DLLs that are put next to the programs.
    shim: PathBuf,
    prefix: PathBuf,
}

impl Wine {
    /// A DLL that every Rust program imports. Debian's Wine lacks it.
    pub(crate) const SHIM: &str = "bcryptprimitives.dll";

    pub(crate) fn new() -> Result<Self, Failure> {
        let target = cargo_target().join("windows");
        let wine = Self {
            shim: target.join("shim"),
            prefix: target.join("wine"),
            target,
        };
        std::fs::create_dir_all(&wine.shim).map_err(|error| Failure::of(&wine.shim, &error))?;
        let source = root().join("crates/httpapi/tests/wine/bcryptprimitives.c");
        run(Command::new("x86_64-w64-mingw32-gcc")
            .args(["-shared", "-o"])
            .arg(wine.shim())
            .arg(source)
            .arg("-ladvapi32"))?;
        Ok(wine)
    }

    /// The same Wine, with the [`SHIM`](Self::SHIM) of another folder.
    pub(crate) fn with_shim(&self, folder: PathBuf) -> Self {
        Self {
            target: self.target.clone(),
            shim: folder,
            prefix: self.prefix.clone(),
        }
    }

    pub(crate) fn shim(&self) -> PathBuf {
        self.shim.join(Self::SHIM)
    }

    pub(crate) fn cargo(&self, command: &str) -> Command {
        let mut cargo = cross::cargo(command, TARGET, "x86_64-w64-mingw32-gcc", &self.target);
        cargo.env(cross::variable(TARGET, "RUNNER"), "wine");
        self.environment(&mut cargo);
        cargo
    }

    fn environment(&self, command: &mut Command) {
        command
            .env("WINEPREFIX", &self.prefix)
            .env("WINEPATH", &self.shim)
            .env("WINEDEBUG", "-all")
            .env("WINEDLLOVERRIDES", "httpapi=n;mscoree=;mshtml=");
    }

    /// The file of the simulator that replaces the system's.
    fn records(&self) -> PathBuf {
        self.target.join("session/bindings.redb")
    }

    /// What a profile has built.
    pub(crate) fn built(&self, profile: &str, name: &str) -> PathBuf {
        self.target.join(TARGET).join(profile).join(name)
    }

    /// The C client, compiled against mingw-w64's own `http.h`, with the DLL of a kit next to it.
    pub(crate) fn c_program(&self, kit: &Path) -> Result<(), Failure> {
        let folder = self.target.join("client");
        copy(&kit.join("httpapi.dll"), &folder.join("httpapi.dll"))?;
        copy(&self.shim(), &folder.join(Self::SHIM))?;
        // What a server starts with has functions that mingw's import library lacks.
        let libraries = ["-lhttpapi".into(), folder.join("httpapi.dll")];
        for (name, library) in ["client", "server"].into_iter().zip(libraries) {
            let program = folder.join(name).with_extension("exe");
            run(Command::new("x86_64-w64-mingw32-gcc")
                .args(["-Wall", "-Wextra", "-Werror", "-o"])
                .arg(&program)
                .arg(root().join(format!("crates/httpapi/tests/c/{name}.c")))
                .arg(library))?;
            self.expect(&program, &[], "every check has passed")?;
        }
        Ok(())
    }

    /// The C client again, its calls passed on to a second copy of our DLL and written down.
    fn passes_on(&self) -> Result<(), Failure> {
        let folder = self.target.join("client");
        let (second, trace) = (
            // Wine gives the last of two modules that are called alike to who asks by name.
            folder.join("second/passed-on.dll"),
            folder.join("trace.jsonl"),
        );
        copy(&self.built("debug", "httpapi.dll"), &second)?;
        if trace.exists() {
            std::fs::remove_file(&trace).map_err(|error| Failure::of(&trace, &error))?;
        }
        let mut client = Command::new("wine");
        client.arg(folder.join("client.exe"));
        self.environment(&mut client);
        client
            .env_remove("CERTBIND_HTTPAPI")
            .env("CERTBIND_PASS", format!("Z:{}", second.display()))
            .env("CERTBIND_TRACE", format!("Z:{}", trace.display()));
        let printed = process::output(&mut client)?;
        if !printed.contains("every check has passed") {
            return Err(Failure::new("the client has not passed"));
        }
        let trace = format!("Z:{}", trace.display());
        let certbind = self.built("debug", "certbind.exe");
        self.expect(
            &certbind,
            &["trace", "--replay", "memory:", &trace],
            " 0 otherwise",
        )
    }

    /// A Windows program on a host of the crate `harness`, which runs here and not under Wine.
    fn harness(&self) -> Result<(), Failure> {
        self.test_here("programs")
    }

    /// The batch files of generated hosts in Wine's cmd: a sample, or with `CERTBIND_WINE=all` every
    /// kill and every fault.
    fn change_scripts(&self) -> Result<(), Failure> {
        self.install(&self.target.join(TARGET).join("debug"))?;
        self.test_here("scripts")
    }

    /// The tests of a program that run here, and start Windows programs under Wine. One after another:
    /// Wine's cmd gives the same random numbers to each script, so that two at once would have the same
    /// temporary files.
    fn test_here(&self, test: &str) -> Result<(), Failure> {
        let mut cargo = process::cargo();
        cargo
            .args([
                "test",
                "--workspace",
                "--all-features",
                "--test",
                test,
                "--",
            ])
            .args(["--ignored", "--nocapture", "--test-threads=1", "under_wine"])
            .env("CERTBIND_TEST_WORKSPACE", "1")
            .env(
                "CERTBIND_WINDOWS_KIT",
                self.target.join(TARGET).join("debug"),
            );
        if std::env::var_os(SEED).is_none()
            && let Some(seed) = tests::seed()
        {
            cargo.env(SEED, seed);
        }
        self.environment(&mut cargo);
        run(&mut cargo)
    }

    /// The store of the HTTP Server API on plausible variants of Windows: a few of them alone, and
    /// `CERTBIND_PAIRS` drawn pairs, by the same seed as on Linux. `CERTBIND_SEED` draws others by hand.
    fn variants(&self) -> Result<(), Failure> {
        let mut test = self.cargo("test");
        test.args(["--package", "certbind-conformance"])
            .args(["--test", "windows_variants", "--"])
            .args(["sample_of_answers", "random_pairs_of_answers"]);
        if std::env::var_os(PAIRS).is_none() {
            test.env(PAIRS, "30");
        }
        run(&mut test)
    }

    /// Makes the DLL of a kit the system's.
    fn install(&self, kit: &Path) -> Result<(), Failure> {
        let system = self.prefix.join("drive_c/windows/system32/httpapi.dll");
        copy(&kit.join("httpapi.dll"), &system)
    }

    /// The command line of a kit over `httpsys:`, its default on Windows, with the kit's DLL as the
    /// system's.
    pub(crate) fn session(&self, kit: &Path) -> Result<(), Failure> {
        self.install(kit)?;
        let [certbind, netsh] = ["certbind.exe", "netsh.exe"].map(|name| kit.join(name));
        let records = self.records();
        crate::sources::afresh(records.parent().unwrap_or(&records))?;
        let app = "4dc3e181-e14b-4a21-b022-59fc669b0914";
        let key = "hostnameport=www.contoso.com:443";
        let add = [
            "add",
            key,
            "--hash",
            OLD,
            "--app-id",
            app,
            "--store-name",
            "MY",
        ];
        self.expect(&certbind, &add, "Bound hostnameport=www.contoso.com:443")?;
        let appid = format!("appid={{{app}}}");
        let hash = format!("certhash={OLD}");
        let netsh_add = ["http", "add", "sslcert", "ipport=[::]:443", &hash, &appid];
        self.expect(&netsh, &netsh_add, "SSL Certificate successfully added")?;
        self.expect(&certbind, &["show", key], OLD)?;
        self.expect(&certbind, &["rotate", OLD, NEW], "Renewed 2 bindings")?;
        self.expect(&netsh, &["http", "show", "sslcert"], NEW)?;
        self.expect(
            &certbind,
            &["delete", key],
            "Deleted hostnameport=www.contoso.com:443",
        )?;
        self.expect(&certbind, &["list"], "ipport=[::]:443")?;
        self.moves(&certbind)
    }

    /// The bindings of a host moved into the API, from there into a file, and taken back.
    fn moves(&self, certbind: &Path) -> Result<(), Failure> {
        let folder = self.target.join("session/moves");
        afresh(&folder)?;
        let path = |path: &Path| format!("Z:{}", path.display());
        let host = path(&root().join("examples/host-2022.txt"));
        let [plan, undo, copy] =
            ["plan.json", "plan.undo.json", "copy.json"].map(|name| path(&folder.join(name)));
        let file = format!("redb:{}", path(&folder.join("moved.redb")));
        for (arguments, printed) in [
            (
                ["plan", &host, "httpsys:", "--prune", "-o", &plan].as_slice(),
                "5 to create, 1 to replace",
            ),
            (&["apply", &plan, "--yes"], "Applied: 6 bindings"),
            (&["diff", &host, "httpsys:"], "The same: 6 bindings"),
            (&["plan", "httpsys:", &file, "-o", &copy], "6 to create"),
            (&["apply", &copy, &file, "--yes"], "Applied: 6 bindings"),
            (&["diff", "httpsys:", &file], "The same: 6 bindings"),
            (&["apply", &undo, "--yes"], "Applied: 6 bindings"),
            (&["list"], NEW),
        ] {
            self.expect(certbind, arguments, printed)?;
        }
        self.rolls_back(certbind, &plan)?;
        self.expect(certbind, &["list"], NEW)
    }

    /// Changes without a confirmation. The plan that undoes them is in a folder for administrators.
    fn rolls_back(&self, certbind: &Path, plan: &str) -> Result<(), Failure> {
        let mut apply = self.command(certbind, &["apply", plan, "--yes", "--confirm", "1s"]);
        let output = apply.output();
        let output = output.map_err(|error| Failure::new(error.to_string()))?;
        let printed = String::from_utf8_lossy(&output.stdout);
        if output.status.success() || !printed.contains("Rolled back") {
            return Err(Failure::new(format!("nothing is rolled back:\n{printed}")));
        }
        let waiting = self.prefix.join("drive_c/ProgramData/certbind/unconfirmed");
        match waiting.is_dir() {
            true => Ok(()),
            false => Err(Failure::new(format!("{} is missing", waiting.display()))),
        }
    }

    /// What runs over HTTP.sys on Windows: the suite on a host that others use, with the system's
    /// `httpapi.dll`, which [`session`](Self::session) has made ours.
    fn guest(&self) -> Result<(), Failure> {
        let configuration = self.target.join("session/guest.toml");
        std::fs::write(&configuration, GUEST)
            .map_err(|error| Failure::of(&configuration, &error))?;
        run(self
            .cargo("test")
            .args(["--package", "certbind-conformance", "--test", "guest"])
            .args([
                "--features",
                "certbind-conformance/real-httpsys",
                "--",
                "real",
            ])
            .env("RUST_TEST_THREADS", "1")
            .env("CERTBIND_TEST_CERTIFICATES", [OLD, NEW].join(","))
            .env("CERTBIND_HTTPAPI", configuration))
    }

    /// A program over the simulator that replaces the system's.
    fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut wine = Command::new("wine");
        wine.arg(program).args(arguments);
        self.environment(&mut wine);
        let records = self.records();
        wine.env("CERTBIND_HTTPAPI", format!("redb:Z:{}", records.display()));
        if ["client.exe", "server.exe"]
            .iter()
            .any(|name| program.ends_with(name))
        {
            wine.env_remove("CERTBIND_HTTPAPI");
        }
        wine.env_remove("CERTBIND_STORE");
        wine
    }

    /// Runs a program, which has to succeed and to print this.
    pub(crate) fn expect(
        &self,
        program: &Path,
        arguments: &[&str],
        printed: &str,
    ) -> Result<(), Failure> {
        let found = process::output(&mut self.command(program, arguments))?;
        if found.contains(printed) {
            return Ok(());
        }
        Err(Failure::new(format!(
            "expected {printed:?} in what it printed:\n{found}"
        )))
    }
}

pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Failure::of(folder, &error))?;
    }
    std::fs::copy(from, to)
        .map(drop)
        .map_err(|error| Failure::of(from, &error))
}
