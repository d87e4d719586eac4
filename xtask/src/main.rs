//! `cargo xtask`: what developers run. Plain `cargo xtask` lists the tasks.

mod bench;
mod book;
mod deps;
mod dist;
mod install;
mod pictures;
mod process;
mod sources;
mod test;
mod tour;
mod windows;

use std::process::ExitCode;

use process::Failure;

const TASKS: &str = "\
cargo xtask TASK

  test    every check: format, lints, docs, all tests; installs what they need (Debian, root)
  wine    of these, what runs under Wine
  tour    build certbind and show it on the export of a host in examples/
  deps    licences, bans and sources of what is depended on (cargo-deny)
  deps oldest-rust      everything built by the Rust that Cargo.toml calls the oldest
  deps oldest-versions  the programs built with the oldest dependencies allowed (nightly)
  dist    what a release ships, into target/dist, and whether it works (Debian, root)
  book    the pages of docs/ as a book, into target/book (mdbook)
  pictures  what the README shows, into docs/pictures (chromium)
  bench   every hot path by itself
  bench compare      certbind beside other engines, into benches/RESULTS.md (some ten minutes)
  bench counts       instructions of hot operations, against benches/counts.txt
  bench counts keep  the same, kept there
";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let task: Vec<_> = arguments.iter().map(String::as_str).collect();
    let done: Result<(), Failure> = match task.as_slice() {
        ["test"] => test::run(),
        ["tour"] => tour::run(),
        ["wine"] => install::windows().and_then(|()| windows::run_all()),
        ["deps"] => deps::licences(),
        ["deps", "oldest-rust"] => deps::oldest_rust(),
        ["deps", "oldest-versions"] => deps::oldest_versions(),
        ["dist"] => dist::run_all(),
        ["book"] => book::build(),
        ["pictures"] => pictures::make(),
        ["bench"] => bench::paths(),
        ["bench", "compare"] => bench::compare(),
        ["bench", "counts"] => bench::counts(false),
        ["bench", "counts", "keep"] => bench::counts(true),
        _ => {
            eprint!("{TASKS}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nxtask: {failure}");
            ExitCode::FAILURE
        }
    }
}
