//! The `certbind` program. Under the name `netsh` it is `netsh`.

use std::process::ExitCode;

fn main() -> ExitCode {
    certbind::main(std::env::args_os())
}
