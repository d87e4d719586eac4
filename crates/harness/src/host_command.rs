//! Commands that run programs on the host of a harness.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use crate::error::HarnessError;

/// A command that runs a program on the host of a harness, built as a [`Command`] is.
///
/// A program that fails and prints on its standard error that it could not load the library is an
/// error, [`HarnessError::NotLoaded`], in every way to run it, and so is one that Wine cannot load:
/// it has changed nothing, and a test of it would be void.
#[derive(Debug)]
pub struct HostCommand {
    command: Command,
    is_wine: bool,
}

impl HostCommand {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            command: Command::new(program),
            is_wine: false,
        }
    }

    /// A command that Wine runs.
    pub(crate) fn wine() -> Self {
        Self {
            command: Command::new("wine"),
            is_wine: true,
        }
    }

    pub(crate) fn command(&mut self) -> &mut Command {
        &mut self.command
    }

    /// Adds an argument.
    pub fn arg(&mut self, argument: impl AsRef<OsStr>) -> &mut Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    pub fn args(&mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> &mut Self {
        self.command.args(arguments);
        self
    }

    /// Sets a variable of the environment.
    pub fn env(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Self {
        self.command.env(name, value);
        self
    }

    /// Removes a variable of the environment.
    pub fn env_remove(&mut self, name: impl AsRef<OsStr>) -> &mut Self {
        self.command.env_remove(name);
        self
    }

    /// Sets the working directory.
    pub fn current_dir(&mut self, folder: impl AsRef<Path>) -> &mut Self {
        self.command.current_dir(folder);
        self
    }

    /// Sets the standard input.
    pub fn stdin(&mut self, input: impl Into<Stdio>) -> &mut Self {
        self.command.stdin(input);
        self
    }

    /// Sets the standard output.
    pub fn stdout(&mut self, output: impl Into<Stdio>) -> &mut Self {
        self.command.stdout(output);
        self
    }

    /// Runs the program until it exits, and returns its output.
    ///
    /// # Errors
    /// [`HarnessError::NotLoaded`]; [`HarnessError::File`] if it cannot be started.
    pub fn output(&mut self) -> Result<Output, HarnessError> {
        let output = self.command.output();
        let output = output.map_err(|error| self.not_started(error))?;
        let said = String::from_utf8_lossy(&output.stderr);
        let line = said.lines().find(|line| is_unloaded(line));
        check(output.status, line.map(ToOwned::to_owned), self.is_wine)?;
        Ok(output)
    }

    /// Runs the program until it exits. Its output goes to the output of the test.
    ///
    /// # Errors
    /// [`HarnessError::NotLoaded`]; [`HarnessError::File`] if it cannot be started.
    pub fn status(&mut self) -> Result<ExitStatus, HarnessError> {
        self.spawn()?.wait()
    }

    /// Starts the program.
    ///
    /// # Errors
    /// [`HarnessError::File`] if it cannot be started.
    pub fn spawn(&mut self) -> Result<HostChild, HarnessError> {
        let started = self.command.stderr(Stdio::piped()).spawn();
        let mut child = started.map_err(|error| self.not_started(error))?;
        let unloaded = child.stderr.take().map(copy);
        let program = self.command.get_program().to_owned();
        Ok(HostChild {
            child,
            program,
            unloaded,
            is_wine: self.is_wine,
        })
    }

    /// The command as one of the standard library, whose programs are not checked.
    #[must_use]
    pub fn into_unchecked(self) -> Command {
        self.command
    }

    fn not_started(&self, error: std::io::Error) -> HarnessError {
        HarnessError::file(self.command.get_program(), error)
    }
}

/// A program that runs on the host of a harness. It continues when this is dropped.
#[derive(Debug)]
pub struct HostChild {
    child: Child,
    program: OsString,
    unloaded: Option<Receiver<String>>,
    is_wine: bool,
}

/// How long to wait for the rest of a program's output: a process that it started may keep its
/// standard error open.
const REST: Duration = Duration::from_secs(1);

impl HostChild {
    /// The process: its number, its standard input and output, and [`kill`](Child::kill).
    pub fn process(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits for the program to end.
    ///
    /// # Errors
    /// [`HarnessError::NotLoaded`]; [`HarnessError::File`] if it cannot be waited for.
    pub fn wait(&mut self) -> Result<ExitStatus, HarnessError> {
        let ended = self.child.wait();
        let status = ended.map_err(|error| HarnessError::file(&self.program, error))?;
        // No line arrives once standard error is closed.
        let line = self
            .unloaded
            .take()
            .and_then(|lines| lines.recv_timeout(REST).ok());
        check(status, line, self.is_wine)?;
        Ok(status)
    }
}

/// Copies a program's output to the standard error of the test, and returns the line with the
/// library's loading error.
fn copy(from: ChildStderr) -> Receiver<String> {
    let (found, lines) = mpsc::channel();
    std::thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            // The output may have no reader.
            let _ = std::io::stderr().write_all(&line);
            let text = String::from_utf8_lossy(&line);
            if is_unloaded(&text) {
                let _ = found.send(text.trim_end().to_owned());
            }
            line.clear();
        }
    });
    lines
}

/// How Wine ends for a program that it cannot load: the last byte of `STATUS_DLL_NOT_FOUND` (0xC0000135). It
/// prints why, unless `WINEDEBUG` has it print nothing.
const DLL_NOT_FOUND: i32 = 0x35;

fn check(status: ExitStatus, unloaded: Option<String>, is_wine: bool) -> Result<(), HarnessError> {
    match unloaded {
        Some(line) if !status.success() => Err(HarnessError::NotLoaded(line.trim().to_owned())),
        None if is_wine && status.code() == Some(DLL_NOT_FOUND) => {
            let code = format!("exit code {DLL_NOT_FOUND}, which is Wine's STATUS_DLL_NOT_FOUND");
            Err(HarnessError::NotLoaded(code))
        }
        _ => Ok(()),
    }
}

/// Whether a line is that of a loader that has not found the library: of Linux, of .NET, of JNA, of Wine, of Go and of
/// Python on Windows. That of koffi does not name it.
fn is_unloaded(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    if line.contains("failed to load shared library") {
        return true;
    }
    let messages = [
        "import_dll library",
        "error while loading shared libraries:",
        "cannot open shared object file",
        "could not find module",
        "dllnotfoundexception",
        "unable to load library",
        "unable to load shared library",
    ];
    // Go: "Failed to load httpapi.dll: The specified module could not be found."
    let word = line.split_once("failed to load ").map(|(_, rest)| rest);
    let word = word.and_then(|rest| rest.split(' ').next());
    let of_go = word.is_some_and(|word| word.contains("httpapi") && word.ends_with(':'));
    of_go || line.contains("httpapi") && messages.iter().any(|message| line.contains(message))
}
