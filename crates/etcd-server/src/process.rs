//! A process that ends with this one.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// Starts the program, and ends it when its own standard input ends: this covers a process that
/// drops its end of the pipe, panics, or is killed. Until the shell has waited for it, its id is
/// not reused.
const GUARD: &str = r#"
log=$1 folder=$2; shift 2
"$@" </dev/null >>"$log" 2>&1 &
read -r word
kill -9 $!
wait $!
[ "$word" = keep ] || rm -rf "$folder"
"#;

/// A program that runs until this is dropped, or this process ends.
#[derive(Debug)]
pub(crate) struct ChildGuard {
    shell: Child,
    /// Closing it ends the program.
    leash: Option<ChildStdin>,
}

impl ChildGuard {
    /// Runs the program, with its output in the file `log`. `folder` is removed with it.
    pub(crate) fn start(
        program: &str,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        log: &Path,
        folder: &Path,
    ) -> Self {
        let mut shell = Command::new("sh")
            .args(["-c", GUARD, "sh"])
            .args([log, folder])
            .arg(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh starts");
        let leash = shell.stdin.take();
        Self { shell, leash }
    }

    /// Kills the program, as a power cut would, and keeps the folder.
    pub(crate) fn kill(mut self) {
        if let Some(leash) = &mut self.leash {
            leash.write_all(b"keep\n").expect("the shell listens");
        }
    }
}

impl Drop for ChildGuard {
    fn drop(&mut self) {
        drop(self.leash.take());
        // It ends in any case; only that it has ended would not be known.
        let _ = self.shell.wait();
    }
}
