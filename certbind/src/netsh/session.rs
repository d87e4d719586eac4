//! Commands one after another: from standard input, or from a script.

use std::io::{self, BufRead, Write};
use std::path::Path;

use super::context::{self, Command, Context};
use super::dispatch::Netsh;
use super::messages::{self, Answer, DONE};
use super::tokenize;

/// How deep scripts may run each other.
const DEEPEST: usize = 16;

/// Commands that share a context.
pub(super) struct Session<'a> {
    netsh: &'a Netsh<'a>,
    context: Context,
    /// Those that `pushd` kept.
    kept: Vec<Context>,
    /// How many scripts run one in another.
    depth: usize,
    /// The worst that happened.
    code: u8,
}

impl<'a> Session<'a> {
    pub(super) fn new(netsh: &'a Netsh<'a>, context: Context) -> Self {
        Self {
            netsh,
            context,
            kept: Vec::new(),
            depth: 0,
            code: DONE,
        }
    }

    /// Reads commands as they come and answers each before the next, with the prompt that Windows
    /// prints even without a terminal.
    pub(super) fn listen(mut self, input: &mut dyn BufRead, out: &mut dyn Write) -> io::Result<u8> {
        let mut line = Vec::new();
        loop {
            out.write_all(self.context.prompt().as_bytes())?;
            out.flush()?;
            line.clear();
            if input.read_until(b'\n', &mut line)? == 0 {
                return Ok(self.code);
            }
            let goes_on = match std::str::from_utf8(&line) {
                Ok(text) => self.line(text.trim_end_matches(['\r', '\n']), out)?,
                Err(_) => {
                    self.print_answer(messages::unreadable("The line", "it is not in UTF-8"), out)?
                }
            };
            if !goes_on {
                return Ok(self.code);
            }
        }
    }

    /// Executes the commands of a file. Lines that begin with `#` are comments. A failed command
    /// does not prevent the next ones.
    pub(super) fn play(mut self, file: &Path, out: &mut dyn Write) -> io::Result<u8> {
        self.exec(file, out)?;
        Ok(self.code)
    }

    /// Runs the commands of a file, and returns whether the session continues.
    fn exec(&mut self, file: &Path, out: &mut dyn Write) -> io::Result<bool> {
        let name = file.display().to_string();
        if self.depth == DEEPEST {
            return self.print_answer(messages::unreadable(&name, "scripts run each other"), out);
        }
        self.depth += 1;
        let goes_on = self.lines_of(file, &name, out);
        self.depth -= 1;
        goes_on
    }

    fn lines_of(&mut self, file: &Path, name: &str, out: &mut dyn Write) -> io::Result<bool> {
        let script = match crate::read_file::read(file) {
            Ok(bytes) => decoded(&bytes).ok_or("it is neither in UTF-8 nor in UTF-16".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        match script {
            Ok(text) => {
                for line in text.lines() {
                    if !line.trim_start().starts_with('#') && !self.line(line, out)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Err(why) => self.print_answer(messages::unreadable(name, &why), out),
        }
    }

    /// Runs one line, and returns whether the session continues.
    fn line(&mut self, line: &str, out: &mut dyn Write) -> io::Result<bool> {
        let words = tokenize::words(line.trim_start_matches('\u{feff}'));
        if words.is_empty() {
            return Ok(true);
        }
        match context::command(self.context, self.netsh.profile, &words) {
            Some(Command::Enter(context)) => self.context = context,
            Some(Command::Up) => self.context = Context::Root,
            Some(Command::Leave) => return Ok(false),
            Some(Command::Push(named)) => {
                self.kept.push(self.context);
                self.context = named.unwrap_or(self.context);
            }
            // Without a context that was kept, nothing happens (inferred).
            Some(Command::Pop) => self.context = self.kept.pop().unwrap_or(self.context),
            Some(Command::Exec(file)) => return self.exec(Path::new(file), out),
            command => {
                let code = self.netsh.respond(command, &words, out)?;
                self.code = self.code.max(code);
            }
        }
        Ok(true)
    }

    fn print_answer(&mut self, answer: Answer, out: &mut dyn Write) -> io::Result<bool> {
        self.code = self.code.max(answer.code);
        self.netsh.print(&answer, out)?;
        Ok(true)
    }
}

/// A script's text: UTF-8, or UTF-16 as PowerShell writes it.
fn decoded(bytes: &[u8]) -> Option<String> {
    match bytes {
        [0xff, 0xfe, units @ ..] if units.len() % 2 == 0 => {
            let units = units.chunks_exact(2);
            let units = units.map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
            String::from_utf16(&units.collect::<Vec<_>>()).ok()
        }
        _ => {
            let text = std::str::from_utf8(bytes).ok()?;
            Some(text.trim_start_matches('\u{feff}').to_owned())
        }
    }
}
