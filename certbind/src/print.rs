//! Text and JSON on standard output.

use std::io::{self, Write};

use serde::Serialize;

use crate::error::Error;
use crate::{secrets, terminal};

/// A value as JSON, for programs. Session ticket keys in it are withheld.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Error> {
    print(&json_text(value)?)
}

/// JSON that was written already.
pub(crate) fn print_json_text(json: &str) -> Result<(), Error> {
    print(&terminal::escaped_json(json))
}

pub(crate) fn json_text(value: &impl Serialize) -> Result<String, Error> {
    let json = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
    Ok(terminal::escaped_json(&(secrets::withheld(json) + "\n")))
}

/// Text whose data is escaped. Its colours are left out where there is no terminal.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    Ok(print_to_reader(text).or_else(|error| match error.kind() {
        // A reader that closes the pipe early does not change the exit code.
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(error),
    })?)
}

/// Standard output for a result that is printed incrementally, in bounded memory.
pub(crate) struct Stream(io::BufWriter<anstream::AutoStream<io::StdoutLock<'static>>>);

/// Whether there is still a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    Present,
    Gone,
}

impl Stream {
    pub(crate) fn new() -> Self {
        Self(io::BufWriter::with_capacity(
            1 << 16,
            anstream::stdout().lock(),
        ))
    }

    /// Prints text whose data is escaped. Without a reader the rest need not be made.
    pub(crate) fn print(&mut self, text: &str) -> Result<Reader, Error> {
        present(self.0.write_all(text.as_bytes()))
    }

    /// Writes everything that was printed so far.
    pub(crate) fn flush(&mut self) -> Result<Reader, Error> {
        present(self.0.flush())
    }
}

fn present(written: io::Result<()>) -> Result<Reader, Error> {
    match written {
        Ok(()) => Ok(Reader::Present),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(error.into()),
    }
}

/// Values as one JSON array, one value at a time, as [`print_json`] prints a list of them.
pub(crate) fn print_json_array<T: Serialize>(
    values: impl Iterator<Item = Result<T, Error>>,
) -> Result<(), Error> {
    let mut out = Stream::new();
    let mut start = "[\n";
    for value in values {
        let json = json_text(&value?)?;
        let indented: Vec<_> = json.lines().map(|line| format!("  {line}")).collect();
        if out.print(start)? == Reader::Gone || out.print(&indented.join("\n"))? == Reader::Gone {
            return Ok(());
        }
        start = ",\n";
    }
    out.print(if start == ",\n" { "\n]\n" } else { "[]\n" })?;
    out.flush()?;
    Ok(())
}

/// Prints text that is useful only to a reader: a closed pipe is an error.
pub(crate) fn print_to_reader(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
