//! `cargo xtask`: the tasks of developers. Plain `cargo xtask` lists the tasks.

mod bench;
mod book;
mod check;
mod cross;
mod demo;
mod deps;
mod dist;
mod fidelity;
mod generated;
mod install;
mod markdown;
mod messages;
mod metadata;
mod pictures;
mod process;
mod reliability;
mod semver;
mod sources;
mod test;
mod tests;
mod windows;

use std::path::Path;
use std::process::ExitCode;

use process::Failure;
use test::Install;

const TASKS: &str = "\
cargo xtask TASK

  check   the inner loop: format, lints, unit tests and a fast pass of each suite
  test    every check: format, lints, docs, all tests; what is missing is skipped or, in CI, an error
  test --install     the same, after installing what the tests need (Debian, root)
  wine    of these, the tests under Wine (installs what they need)
  wine scripts  change scripts in Wine's cmd, with what `wine` has built (CERTBIND_WINE=all: each kill, each fault)
  wine variants  a sample of the plausible Windows variants
  demo    build certbind and run it on the export of a host in examples/

  deps    licences, bans and sources of the dependencies (cargo-deny)
  msrv    build everything with the minimum supported Rust version
  minimal-versions   build with the minimum versions of the dependencies (nightly)
  semver  public API against the last release (cargo-semver-checks)

  dist    build the files of a release into target/dist and test them (Debian, root)
  manifests ZIP FOLDER   the winget, Scoop and Chocolatey manifests of a release's zip for Windows
  book    build docs/ as a book into target/book (mdbook)
  fidelity  write docs/fidelity.md and its pages from docs/fidelity/*.toml (--check: are they up to date?)
  reliability  write docs/reliability.md from docs/reliability/*.toml (--check: is it up to date?)
  messages  write docs/reference/errors.md, the errors and warnings of the sources (--check: is it up to date?)
  pictures  draw the pictures of the README into docs/pictures (chromium)

  bench   every hot path by itself
  bench compare      certbind and other engines, into benches/RESULTS.md (some ten minutes)
  bench serve        certbind serve and nginx (some five minutes)
  bench compare formats [EARLIER]  the readers of exports, next to another build of certbind
  bench counts       instructions of hot operations, compared with benches/counts.txt
  bench counts keep  the same, written there
";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let task: Vec<_> = arguments.iter().map(String::as_str).collect();
    // The spellings after `|` are former names.
    let done: Result<(), Failure> = match task.as_slice() {
        ["check"] => check::run(),
        ["test"] => test::run(Install::No),
        ["test", "--install"] => test::run(Install::Yes),
        ["demo"] | ["tour"] => demo::run(),
        ["wine"] => install::wine().and_then(|()| windows::run_all()),
        ["wine", "scripts"] => windows::change_scripts(),
        ["wine", "variants"] => windows::variants(),
        ["deps"] => deps::licences(),
        ["msrv"] | ["deps", "oldest-rust"] => deps::msrv(),
        ["minimal-versions"] | ["deps", "oldest-versions"] => deps::minimal_versions(),
        ["semver"] => semver::check(),
        ["dist"] => dist::run_all(),
        ["manifests", zip, folder] => dist::packaging::manifests(Path::new(zip), Path::new(folder)),
        ["book"] => book::build(),
        ["fidelity"] => fidelity::run(false),
        ["fidelity", "--check"] => fidelity::run(true),
        ["reliability"] => reliability::run(false),
        ["reliability", "--check"] => reliability::run(true),
        ["messages"] => messages::run(false),
        ["messages", "--check"] => messages::run(true),
        ["pictures"] => pictures::make(),
        ["bench"] => bench::paths(),
        ["bench", "compare"] => bench::compare(),
        ["bench", "serve"] => bench::serve(),
        ["bench", "compare", "formats"] => bench::compare_formats(None),
        ["bench", "compare", "formats", earlier] => bench::compare_formats(Some(earlier)),
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
