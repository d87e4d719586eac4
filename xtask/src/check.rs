//! `cargo xtask check`: the inner loop. It needs no root, and no program but Rust's own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use crate::process::{Failure, cargo, quietly};
use crate::test;

/// Test programs that pass in seconds, with a fraction of their cases: package, names.
const QUICK: &[(&str, &[&str])] = &[
    (
        "certbind-core",
        &[
            "batches",
            "codec",
            "errors",
            "extended",
            "forwarding",
            "keys",
            "records",
        ],
    ),
    ("certbind-conformance", &["memory", "redb", "httpsys"]),
    (
        "certbind-redb",
        &["bulk", "file_format", "opening", "tables"],
    ),
    (
        "certbind-httpapi-abi",
        &["abi_bytes", "abi_round_trips", "properties", "service_abi"],
    ),
    ("certbind-simulator", &["rules", "semantics", "service"]),
    ("certbind-certificates", &["files", "hash"]),
    ("certbind-audit", &["configuration", "documented"]),
    ("xtask", &["architecture", "book"]),
];

/// How many of the usual cases properties are tried with.
const CASES: &str = "1/16";

pub(crate) fn run() -> Result<(), Failure> {
    let begin = Instant::now();
    test::format()?;
    test::lints()?;
    let programs = build()?;
    for program in &programs {
        let mut command = Command::new(&program.executable);
        command
            .arg("--quiet")
            .current_dir(&program.folder)
            .env("CARGO_MANIFEST_DIR", &program.folder)
            .env("CARGO", cargo().get_program())
            .env("CERTBIND_CASES", CASES);
        println!("\n{}", program.name);
        quietly(&mut command)?;
    }
    println!(
        "\nFormat, lints and {} test programs have passed in {:.0} s. `cargo xtask test` runs all.",
        programs.len(),
        begin.elapsed().as_secs_f32()
    );
    Ok(())
}

struct Program {
    name: String,
    /// Where tests run: the folder of their package.
    folder: PathBuf,
    executable: PathBuf,
}

/// Builds the unit tests of every package and the test programs of [`QUICK`].
fn build() -> Result<Vec<Program>, Failure> {
    let mut command = cargo();
    command
        .args([
            "test",
            "--workspace",
            "--all-features",
            "--no-run",
            "--quiet",
        ])
        .args([
            "--message-format=json-render-diagnostics",
            "--lib",
            "--bins",
        ])
        .stderr(Stdio::inherit());
    for name in QUICK.iter().flat_map(|(_, names)| *names) {
        command.args(["--test", name]);
    }
    println!("\n$ cargo test --no-run …");
    let output = command
        .output()
        .map_err(|error| Failure::new(format!("cargo cannot be run: {error}")))?;
    if !output.status.success() {
        return Err(Failure::new("the tests do not compile"));
    }
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    let programs = messages.lines().filter_map(program).collect::<Vec<_>>();
    let expected: usize = QUICK.iter().map(|(_, names)| names.len()).sum();
    let found = programs
        .iter()
        .filter(|program| program.name.contains("::"));
    match found.count() {
        found if found == expected => Ok(programs),
        found => Err(Failure::new(format!(
            "{found} of {expected} quick test programs exist; xtask/src/check.rs lists them"
        ))),
    }
}

/// The test program of a cargo message, if it is to be run.
fn program(message: &str) -> Option<Program> {
    let message: Value = serde_json::from_str(message).ok()?;
    let executable = message["executable"].as_str()?;
    let folder = Path::new(message["manifest_path"].as_str()?).parent()?;
    let (target, kind) = (&message["target"], &message["target"]["kind"][0]);
    let (name, package) = (target["name"].as_str()?, package(folder)?);
    if message["profile"]["test"] != true {
        return None;
    }
    let name = match kind.as_str()? {
        "test" => {
            let quick = QUICK
                .iter()
                .any(|(of, names)| *of == package && names.contains(&name));
            quick.then(|| format!("{package}::{name}"))?
        }
        _ => name.to_owned(),
    };
    Some(Program {
        name,
        folder: folder.to_owned(),
        executable: executable.into(),
    })
}

/// The name in a manifest.
fn package(folder: &Path) -> Option<String> {
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    let name = manifest
        .lines()
        .find_map(|line| line.strip_prefix("name = "))?;
    Some(name.trim_matches('"').to_owned())
}
