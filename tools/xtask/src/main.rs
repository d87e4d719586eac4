//! `cargo xtask`: what developers run. Plain `cargo xtask` lists the tasks.

mod install;
mod process;
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
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let done: Result<(), Failure> = match (arguments.next().as_deref(), arguments.next()) {
        (Some("test"), None) => test::run(),
        (Some("tour"), None) => tour::run(),
        (Some("wine"), None) => install::windows().and_then(|()| windows::run_all()),
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
