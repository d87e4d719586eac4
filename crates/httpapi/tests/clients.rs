//! Programs in other languages, which share no declaration with the library, get the results of the
//! HTTP Server API from it.

#![cfg(target_os = "linux")]

mod common;

use certbind_test_support::require;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::library;
use tempfile::TempDir;

const TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");

/// Runs a client, which has to print that every check has passed.
fn passes(client: &mut Command) {
    let output = client
        .output()
        .unwrap_or_else(|error| panic!("{client:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{client:?}: {said}{complaint}");
    assert_eq!(said, "every check has passed\n");
}

fn c_client(folder: &Path) -> PathBuf {
    c_program(folder, "client")
}

fn c_program(folder: &Path, name: &str) -> PathBuf {
    let client = folder.join(name);
    let library = library();
    let output = Command::new("gcc")
        .args(["-Wall", "-Wextra", "-Werror", "-g", "-o"])
        .arg(&client)
        .arg(format!("{TESTS}/c/{name}.c"))
        .arg(format!(
            "-Wl,-rpath,{}",
            library.parent().expect("a folder").display()
        ))
        .arg(&library)
        .output()
        .expect("gcc runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    client
}

#[test]
fn c_program_uses_every_function() {
    require!("gcc");
    let folder = TempDir::new().expect("a temporary directory");
    passes(&mut Command::new(c_client(folder.path())));
}

#[test]
fn a_c_program_steers_its_simulator() {
    require!("gcc");
    let folder = TempDir::new().expect("a temporary directory");
    passes(&mut Command::new(c_program(folder.path(), "control")));
}

#[test]
fn c_program_configures_a_service() {
    require!("gcc");
    let folder = TempDir::new().expect("a temporary directory");
    let program = c_program(folder.path(), "service");
    passes(&mut Command::new(&program));
    let store = folder.path().join("bindings.redb");
    let mut url = std::ffi::OsString::from("redb:");
    url.push(&store);
    passes(Command::new(&program).env("CERTBIND_HTTPAPI", url));
    // The bindings of the program are in the file.
    let kept = certbind_redb::RedbStore::open_read_only(&store).expect("a store");
    let config = certbind_simulator::ServiceConfig::new(std::sync::Arc::new(kept));
    let reserved = config.url_reservations().expect("reservations");
    assert_eq!(reserved.len(), 1);
    assert_eq!(reserved[0].url.as_str(), "http://+:8080/App/");
}

/// In memory, and in a file that is opened for each call.
#[test]
fn servers_register_urls_as_wine_saw_on_windows() {
    require!("gcc");
    let folder = TempDir::new().expect("a temporary directory");
    let program = c_program(folder.path(), "server");
    passes(&mut Command::new(&program));
    let file = folder.path().join("simulator.toml");
    let text = "store = \"redb:bindings.redb\"\nshared = true\n";
    std::fs::write(&file, text).expect("written");
    passes(Command::new(&program).env("CERTBIND_HTTPAPI", file));
}

/// The words that pkg-config has for the library, where it is installed under `prefix`.
fn pkg_config(prefix: &Path, questions: &[&str]) -> Vec<String> {
    let output = Command::new("pkg-config")
        .args(questions)
        .arg("certbind-httpapi")
        .env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"))
        .output()
        .expect("pkg-config runs");
    assert!(output.status.success(), "{output:?}");
    let words = String::from_utf8(output.stdout).expect("text");
    words.split_whitespace().map(Into::into).collect()
}

/// As C and as C++.
#[test]
fn c_example_compiles_with_pkg_config() {
    require!("gcc", "g++", "pkg-config");
    let prefix = TempDir::new().expect("a temporary directory");
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let install = |from: PathBuf, to: &str| {
        let to = prefix
            .path()
            .join(to)
            .join(from.file_name().expect("a file"));
        std::fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        std::fs::copy(from, to).expect("copied");
    };
    install(library(), "lib/certbind");
    install(crate_folder.join("certbind-httpapi.pc"), "lib/pkgconfig");
    for header in ["certbind_httpapi.h", "windows_on_linux.h"] {
        install(
            crate_folder.join("include").join(header),
            "include/certbind",
        );
    }
    let version = pkg_config(prefix.path(), &["--modversion"]);
    assert_eq!(version, [env!("CARGO_PKG_VERSION")]);

    let page = std::fs::read_to_string(crate_folder.join("../../docs/c.md")).expect("the page");
    let (_, example) = page.split_once("```c\n").expect("an example");
    let (example, _) = example.split_once("```").expect("its end");
    for (compiler, file) in [("gcc", "example.c"), ("g++", "example.cpp")] {
        std::fs::write(prefix.path().join(file), example).expect("written");
        let compiled = Command::new(compiler)
            .current_dir(&prefix)
            .args(["-Wall", "-Wextra", "-Werror", "-o", "example", file])
            .args(pkg_config(prefix.path(), &["--cflags", "--libs"]))
            .output()
            .expect("the compiler runs");
        let complaint = String::from_utf8_lossy(&compiled.stderr);
        assert!(compiled.status.success(), "{compiler}: {complaint}");
        let mut program = Command::new(prefix.path().join("example"));
        passes(program.env("LD_LIBRARY_PATH", prefix.path().join("lib/certbind")));
    }

    let (_, block) = page.split_once("```console\n").expect("the commands");
    let (block, _) = block.split_once("```").expect("their end");
    let commands = block.lines().map(|line| line.strip_prefix("$ "));
    let commands: Option<Vec<_>> = commands.collect();
    std::fs::write(prefix.path().join("test.c"), example).expect("written");
    let mut shell = Command::new("sh");
    shell.args(["-e", "-c", &commands.expect("commands alone").join("\n")]);
    passes(
        shell
            .current_dir(&prefix)
            .env("PREFIX", prefix.path())
            .env("PKG_CONFIG_PATH", prefix.path().join("lib/pkgconfig")),
    );
}

#[test]
fn valgrind_finds_no_error() {
    require!("gcc", "valgrind");
    let folder = TempDir::new().expect("a temporary directory");
    for name in ["client", "control", "server"] {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--quiet", "--error-exitcode=99", "--leak-check=full"]);
        valgrind.args([
            "--errors-for-leak-kinds=definite",
            "--show-leak-kinds=definite",
        ]);
        passes(valgrind.arg(c_program(folder.path(), name)));
    }
}

#[test]
fn the_same_program_finds_its_records_in_a_file() {
    require!("gcc");
    let folder = TempDir::new().expect("a temporary directory");
    let store = format!("redb:{}", folder.path().join("bindings.redb").display());
    passes(Command::new(c_client(folder.path())).env("CERTBIND_HTTPAPI", store));
    assert!(folder.path().join("bindings.redb").exists());
}

#[test]
fn python_program_meets_faults_and_reads_back() {
    require!("python3");
    passes(
        Command::new("python3")
            .arg(format!("{TESTS}/python/client.py"))
            .arg(library()),
    );
}

#[test]
fn broken_configuration_is_printed() {
    require!("gcc");
    let folder = TempDir::new().expect("a temporary directory");
    let output = Command::new(c_client(folder.path()))
        .env("CERTBIND_HTTPAPI", "/nowhere/simulator.toml")
        .output()
        .expect("the client runs");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        said.matches("/nowhere/simulator.toml").count(),
        1,
        "once: {said}"
    );
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("got 21"),
        "HttpInitialize is not ready: {said}"
    );
}

#[test]
fn non_unicode_configuration_is_refused() {
    require!("gcc");
    let folder = TempDir::new().expect("a temporary directory");
    let output = Command::new(c_client(folder.path()))
        .env("CERTBIND_HTTPAPI", OsStr::from_bytes(b"redb:\xff.redb"))
        .output()
        .expect("the client runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("got 21"), "{said}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("UTF-8"));
}
