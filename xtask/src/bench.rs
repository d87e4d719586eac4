//! Measurements: other engines in comparison, each hot path separately, and counted instructions.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::Command;

use crate::install;
use crate::process::{Failure, cargo, cargo_target, output, root, run};

/// The file of counts: an operation and its instructions per line.
const COUNTS: &str = "benches/counts.txt";

/// The file of comparisons.
const RESULTS: &str = "benches/RESULTS.md";

/// Growth of the instructions by up to this factor is not reported.
const TOLERATED: f64 = 1.05;

/// certbind compared with alternative engines, into `benches/RESULTS.md`.
pub(crate) fn compare() -> Result<(), Failure> {
    run(cargo().args([
        "build",
        "--release",
        "--package",
        "certbind-benches",
        "--bin",
        "compare",
    ]))?;
    let space = cargo_target().join("bench");
    std::fs::create_dir_all(&space).map_err(|error| Failure::of(&space, &error))?;
    run(Command::new(built("compare"))
        .arg("--folder")
        .arg(space)
        .arg("--out")
        .arg(root().join(RESULTS)))?;
    compare_formats(None)
}

/// The readers of exports compared with an earlier build of certbind, into the last section of
/// `benches/RESULTS.md`.
pub(crate) fn compare_formats(earlier: Option<&str>) -> Result<(), Failure> {
    run(cargo().args(["build", "--release", "--package", "certbind"]))?;
    let mut formats = Command::new("python3");
    formats
        .arg(root().join("benches/formats.py"))
        .arg(built("certbind"))
        .args(["--shuffled", "1000000", "--out"])
        .arg(root().join(RESULTS));
    if let Some(earlier) = earlier {
        formats.args(["--earlier", earlier]);
    }
    run(&mut formats)
}

/// `certbind serve` compared with nginx.
pub(crate) fn serve() -> Result<(), Failure> {
    install::nginx()?;
    run(cargo().args(["build", "--release", "--package", "certbind"]))?;
    run(cargo().args([
        "build",
        "--release",
        "--package",
        "certbind-benches",
        "--bin",
        "serve",
    ]))?;
    run(&mut Command::new(built("serve")))
}

/// Each hot path separately.
pub(crate) fn paths() -> Result<(), Failure> {
    run(cargo().args(["build", "--release", "--package", "certbind-httpapi"]))?;
    run(cargo().args(["bench", "--package", "certbind-benches"]))
}

/// Counts the instructions of the hot operations. They are stored, or compared with the stored
/// ones.
pub(crate) fn counts(keep: bool) -> Result<(), Failure> {
    install::valgrind()?;
    run(cargo().args([
        "build",
        "--release",
        "--package",
        "certbind-benches",
        "--bin",
        "counts",
    ]))?;
    let file = root().join(COUNTS);
    let before = match std::fs::read_to_string(&file) {
        Ok(text) => parse(&text),
        Err(_) if keep => BTreeMap::new(),
        Err(error) => return Err(Failure::of(&file, &error)),
    };
    let operations = output(&mut Command::new(built("counts")))?;
    let (mut now, mut grown) = (String::new(), Vec::new());
    for line in operations.lines() {
        let (operation, times) = line
            .split_once(' ')
            .and_then(|(operation, times)| Some((operation, times.parse::<u32>().ok()?)))
            .ok_or_else(|| Failure::new(format!("not an operation: {line:?}")))?;
        let [few, many] = [
            instructions(operation, times)?,
            instructions(operation, 2 * times)?,
        ];
        let each = many.saturating_sub(few) / u64::from(times);
        let printed = match before.get(operation) {
            Some(before) => {
                let times = each as f64 / *before as f64;
                if times > TOLERATED {
                    grown.push(format!("{operation} from {before} to {each}"));
                }
                format!("{operation} {each} ({:+.1} %)", (times - 1.0) * 100.0)
            }
            None => format!("{operation} {each} (new)"),
        };
        println!("{printed}");
        writeln!(now, "{operation} {each}").unwrap_or_default();
    }
    if keep {
        return std::fs::write(&file, now).map_err(|error| Failure::of(&file, &error));
    }
    match grown.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(format!(
            "more instructions by over 5 %: {}; `cargo xtask bench counts keep` accepts that",
            grown.join(", ")
        ))),
    }
}

fn built(name: &str) -> PathBuf {
    cargo_target().join("release").join(name)
}

fn parse(text: &str) -> BTreeMap<String, u64> {
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    lines
        .filter_map(|(operation, count)| Some((operation.to_owned(), count.parse().ok()?)))
        .collect()
}

/// The instructions of a whole run.
fn instructions(operation: &str, times: u32) -> Result<u64, Failure> {
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(built("counts"))
        .args([operation, &times.to_string()]);
    let done = valgrind
        .output()
        .map_err(|error| Failure::new(format!("valgrind cannot be run: {error}")))?;
    let said = String::from_utf8_lossy(&done.stderr);
    let collected = said
        .lines()
        .find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    collected
        .filter(|_| done.status.success())
        .ok_or_else(|| Failure::new(format!("valgrind counted nothing of {operation}: {said}")))
}
